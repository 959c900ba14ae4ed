import hashlib
import json
from pathlib import Path

import pytest

from etl.archive import manifest as manifests
from tests.archive.conftest import Sealed


def test_a_manifest_comes_back_as_it_was(sealed: Sealed) -> None:
    manifest = sealed.manifests[2]
    data = manifest.to_bytes()
    assert manifests.parse(data) == manifest
    assert hashlib.sha256(data).hexdigest() == manifest.sha256


def test_the_same_batch_gives_the_same_manifest(sealed: Sealed, tmp_path: Path) -> None:
    twin = Sealed(type(sealed.archive)(tmp_path / "twin"), [])
    for number in range(3):
        twin.add(number)
    assert twin.manifests == sealed.manifests


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"garbage",
        b"[]",
        b"null",
        b"{}",
        b'{"format": 1}',
        b'{"format": 2}',
        b"\xff\xfe",
    ],
)
def test_what_is_not_a_manifest_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        manifests.parse(data)


def test_an_unknown_field_of_a_file_is_refused(sealed: Sealed) -> None:
    raw = json.loads(sealed.manifests[0].to_bytes())
    raw["files"][0]["mode"] = "x"
    with pytest.raises(ValueError, match="not a manifest"):
        manifests.parse(json.dumps(raw).encode())


def test_the_sequence_is_read_from_the_first_lines(sealed: Sealed, tmp_path: Path) -> None:
    assert manifests.sequence_in(sealed.folder(2) / "manifest.json") == 3
    (tmp_path / "other").write_bytes(b"{}")
    with pytest.raises(ValueError, match="has no sequence number"):
        manifests.sequence_in(tmp_path / "other")
