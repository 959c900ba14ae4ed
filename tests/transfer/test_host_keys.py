from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.errors import ConfigurationError
from etl.transfer.host_keys import parse_pins, preferred_types
from tests.services.sshd import write_key

SUPPORTED = ["ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-512", "rsa-sha2-256"]


def test_key_and_fingerprint_name_the_same_key_as_openssh_does(tmp_path: Path) -> None:
    line = write_key(tmp_path / "key")
    (tmp_path / "key.pub").write_text(line)
    printed = subprocess.run(
        ["ssh-keygen", "-lf", str(tmp_path / "key.pub")],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()[1]
    pins = parse_pins(f"{line} comment\n\n{printed}\n", "acme")
    assert [pin.fingerprint for pin in pins] == [printed, printed]
    assert [pin.type for pin in pins] == ["ssh-ed25519", None]


def test_nothing_pinned_is_no_pin() -> None:
    assert parse_pins(" \n", "acme") == ()


@pytest.mark.parametrize(
    "text",
    [
        "ssh-ed25519",
        "ssh-ed25519 ????",
        "ssh-ed25519 AAAA",
        "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIJ0",
        "SHA256:short",
        "SHA256:" + "!" * 43,
        "MD5:16:27:ac:a5:76:28:2d:36",
        "yes",
    ],
)
def test_what_is_no_key_is_told_with_what_is_expected(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"acme: endpoint.host_key: .*SHA256:"):
        parse_pins(text, "acme")


@given(st.text(min_size=1))
def test_any_text_is_pins_or_a_configuration_error(text: str) -> None:
    try:
        pins = parse_pins(text, "acme")
    except ConfigurationError:
        return
    assert all(pin.fingerprint.startswith("SHA256:") for pin in pins)


def test_the_pinned_types_are_asked_for_first(tmp_path: Path) -> None:
    command = ["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", tmp_path / "rsa"]
    subprocess.run(command, check=True)
    pins = parse_pins((tmp_path / "rsa.pub").read_text(), "acme")
    assert preferred_types(pins, SUPPORTED) == [
        "rsa-sha2-512",
        "rsa-sha2-256",
        "ssh-ed25519",
        "ecdsa-sha2-nistp256",
    ]


def test_a_fingerprint_asks_for_the_usual_order(tmp_path: Path) -> None:
    pins = parse_pins("SHA256:" + "A" * 43, "acme")
    assert preferred_types(pins, SUPPORTED) == SUPPORTED
