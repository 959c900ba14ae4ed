"""A wrong `source:` block names key, found and expected."""

from typing import Any

import pytest

from etl.formats.edifact import FORMAT
from etl.raw import DeclarationError


@pytest.mark.parametrize(
    ("block", "key", "expected"),
    [
        ({"document": "ORDERS"}, "source.document", "INVOIC"),
        ({"document": "INVOIC", "row": "LIN"}, "source.row", "UNH"),
        ({"document": "INVOIC", "charset": "utf-16"}, "source.charset", "single-byte"),
        ({"document": "INVOIC", "envelope": {"isa": "warn"}}, "source.envelope.isa", "junk, unb"),
        ({"document": "INVOIC", "envelope": {"unb": "no"}}, "source.envelope.unb", "ignore"),
        ({"structure": {"lenghts": "warn"}}, "source.structure.lenghts", "'lengths'"),
        ({"structure": ["codes"]}, "source.structure", "counts: warn"),
        ({"document": "INVOIC", "version": "D96A"}, "source.version", "'versions'"),
        ({"deviations": {"lengths": {}}}, "source.deviations", "a list"),
    ],
)
def test_names_what_is_wrong(block: dict[str, Any], key: str, expected: str) -> None:
    with pytest.raises(DeclarationError) as raised:
        FORMAT.reader({"format": "edifact", **block})
    assert raised.value.key == key
    assert expected in raised.value.expected


@pytest.mark.parametrize("versions", ["D96A", ["D96A", "D01B"], ["D9"], ["D"], []])
def test_takes_versions_and_beginnings_of_them(versions: Any) -> None:
    FORMAT.reader({"format": "edifact", "document": "INVOIC", "versions": versions})


def test_takes_every_document_where_none_is_named() -> None:
    reader = FORMAT.reader({"format": "edifact"})
    for path in ("CNI/STS.01", "UNS/MOA.01.2", "UCI.04", "ERC.01"):
        reader.check_path(path)
