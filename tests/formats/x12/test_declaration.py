"""A wrong `source:` block names key, found and expected."""

from typing import Any

import pytest

from etl.formats.x12 import FORMAT
from etl.raw import DeclarationError


@pytest.mark.parametrize(
    ("block", "key", "expected"),
    [
        ({"document": "211"}, "source.document", "210"),
        ({"document": "210", "row": "LX"}, "source.row", "ST"),
        ({"document": "210", "charset": "utf-16"}, "source.charset", "single-byte"),
        ({"document": "210", "charset": "cp037"}, "source.charset", "ASCII"),
        ({"document": "210", "charset": "nonsense"}, "source.charset", "utf-8"),
        ({"document": "210", "charset": "shift_jis"}, "source.charset", "single-byte"),
        ({"document": "210", "envelope": {"count": "warn"}}, "source.envelope.count", "'counts'"),
        ({"document": "210", "envelope": {"counts": "no"}}, "source.envelope.counts", "ignore"),
        ({"document": "210", "envelope": "warn"}, "source.envelope", "counts: warn"),
        ({"document": "210", "structure": {"unknown": 1}}, "source.structure.unknown", "reject"),
        ({"document": "210", "version": "004010"}, "source.version", "'versions'"),
    ],
)
def test_names_what_is_wrong(block: dict[str, Any], key: str, expected: str) -> None:
    with pytest.raises(DeclarationError) as raised:
        FORMAT.reader({"format": "x12", **block})
    assert raised.value.key == key
    assert expected in raised.value.expected


@pytest.mark.parametrize("charset", ["utf-8", "UTF8", "latin-1", "iso-8859-15", "cp1252", "ascii"])
def test_takes_utf_8_and_single_byte_charsets(charset: str) -> None:
    FORMAT.reader({"format": "x12", "document": "210", "charset": charset})
