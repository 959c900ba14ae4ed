import pytest

from tests.cli.conftest import CommandLine


@pytest.mark.parametrize(
    ("key", "known_as"),
    [
        ("C-1", "invoice number"),
        ("PROC-1", "PRO"),
        ("BOLC-1", "BOL"),
        ("LD-C1", "shipment"),
        ("bills.edi", "file name"),
    ],
)
def test_any_number_leads_to_the_whole_chain(
    finished: CommandLine, key: str, known_as: str
) -> None:
    found = finished.json("trace", key)
    assert known_as in found["matched"]
    assert found["files"][0]["original_name"] == "bills.edi"
    [push] = found["pushes"]
    assert push["business_key"] == "acme-freight/freight_invoice/C1/0"
    printed = finished("trace", key).output
    assert push["external_id"] in printed
    assert "originals/" in printed


def test_a_hash_and_an_external_id_are_keys_too(finished: CommandLine) -> None:
    found = finished.json("trace", "C-1")
    sha256, external_id = found["files"][0]["sha256"], found["pushes"][0]["external_id"]
    assert finished.json("trace", sha256[:10])["matched"] == ["sha256"]
    assert finished.json("trace", external_id)["matched"] == ["external id"]


def test_an_unknown_key_is_said_and_is_no_success(finished: CommandLine) -> None:
    assert "nothing is known" in finished("trace", "4711-unknown", code=1).output
