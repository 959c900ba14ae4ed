"""Reference numbers in the one form in which they are compared, whoever compares them.

A number is stored, looked up, filtered and joined in this form: in columns, in a filter, and typed
by a person. No other code takes a number apart for comparing.

Characters that only look different (full-width letters and digits, ligatures, roman numerals) are
one by Unicode's compatibility form NFKC, without which a bill written in them would be another one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_OFFSET = np.int32


def normalise(values: pa.Array) -> pa.Array:
    """Capital letters and digits only, leading zeros kept; null where nothing remains.

    This is the form in which numbers of different sources are compared: "inv-00123 ",
    "INV 00123" and "ＩＮＶ００１２３" are the same number, "INV123" is another.
    """
    if pc.all(pc.string_is_ascii(values)).as_py() is False:
        stripped = _plain(values)
    else:
        upper = pc.utf8_upper(values)
        if pc.all(pc.utf8_is_alnum(upper)).as_py() is not False:
            return upper
        stripped = _without_ascii_signs(upper)
    return pc.if_else(pc.equal(stripped, ""), pa.scalar(None, pa.string()), stripped)


def normalised(field: str) -> pc.Expression:
    """The same of a column `field`, for filtering tables that are not in memory yet."""
    plain: pc.Expression = _plain(pc.field(field))
    return plain


def normalised_text(value: str) -> str | None:
    """The same of one number, as a person types it."""
    text: str | None = normalise(pa.array([value], pa.string()))[0].as_py()
    return text


def _plain(values: Any) -> Any:
    """Text of any characters, or an expression of it, without signs and marks; may be empty."""
    upper = pc.utf8_upper(pc.utf8_normalize(values, form="NFKC"))
    composed = pc.utf8_normalize(upper, form="NFKC")  # a capital may have a form of its own again
    kept = pc.replace_substring_regex(composed, pattern=r"[^\p{L}\p{N}]", replacement="")
    return pc.utf8_normalize(kept, form="NFKC")  # what a sign has kept apart


def _without_ascii_signs(upper: pa.Array) -> pa.Array:
    """Capital letters and digits of upper case ASCII text, all bytes of the column at once."""
    _, offsets, data = upper.buffers()
    bounds = np.frombuffer(offsets, _OFFSET, len(upper) + 1, upper.offset * 4)
    text = np.frombuffer(data, np.uint8)[bounds[0] : bounds[-1]]
    kept = ((text >= ord("0")) & (text <= ord("9"))) | ((text >= ord("A")) & (text <= ord("Z")))
    kept_before = np.zeros(len(text) + 1, _OFFSET)
    np.cumsum(kept, out=kept_before[1:])
    stripped = pa.StringArray.from_buffers(
        len(upper), pa.py_buffer(kept_before[bounds - bounds[0]]), pa.py_buffer(text[kept])
    )
    return pc.if_else(upper.is_valid(), stripped, pa.scalar(None, pa.string()))
