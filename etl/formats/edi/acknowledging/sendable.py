"""Text of ours, and copies of a partner's values, in characters that can be sent.

X12 has no release character: a separator inside of a value would end it. Beyond ASCII nothing is
sure to arrive, and the EDIFACT repertoire UNOA has no small letters.
"""

from __future__ import annotations

import unicodedata

from etl.formats.edi.delimiters import Delimiters

_LIKE = str.maketrans({"ß": "ss", "æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L"})
"""Letters that Unicode does not take apart."""


def plain_text(text: str, delimiters: Delimiters, *, capitals: bool = False) -> str:
    """Free text of ours in printable ASCII; letters lose their accents, what has no likeness and
    what is a separator becomes a blank.

    Args:
        capitals: whether there are no small letters (UNOA).
    """
    text = text.translate(_LIKE)
    likeness = unicodedata.normalize("NFKD", text.upper() if capitals else text)
    likeness = "".join(each for each in likeness if not unicodedata.combining(each))
    taken = _taken(delimiters)
    fit = (each if _printable(each) and each not in taken else " " for each in likeness)
    return " ".join("".join(fit).split())


def copy_of(value: str | None, delimiters: Delimiters, most: int) -> str | None:
    """A partner's value, cut to `most` characters; None where it cannot be sent as it is. Defects
    quote long values with ``…`` at the end, which is left out."""
    if not value or not value.strip():
        return None
    taken = _taken(delimiters)
    start = value.removesuffix("…")[:most].rstrip()
    return start if all(_printable(each) and each not in taken for each in start) else None


def echoed(value: str, charset: str) -> str:
    """A value that goes back as it came; a blank for what the charset does not have and for control
    characters, which stand only in broken files."""
    return "".join(
        each if each.isprintable() and _encodable(each, charset) else " " for each in value
    )


def lines(text: str, width: int, most: int) -> list[str]:
    """Text cut into at most `most` lines of up to `width` characters, at blanks where it can be."""
    found: list[str] = []
    rest = text.strip()
    while rest and len(found) < most:
        cut = len(rest) if len(rest) <= width else rest.rfind(" ", 1, width + 1)
        cut = width if cut < 1 else cut
        found.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return found


def _taken(delimiters: Delimiters) -> str:
    """Characters that would be taken for separators, where nothing can release them."""
    if delimiters.release is not None:
        return ""
    separators = (delimiters.element, delimiters.component, delimiters.terminator)
    repetition = () if delimiters.repetition is None else (delimiters.repetition,)
    return "".join(map(chr, (*separators, *repetition)))


def _printable(character: str) -> bool:
    return " " <= character <= "~"


def _encodable(text: str, charset: str) -> bool:
    try:
        text.encode(charset)
    except UnicodeEncodeError:
        return False
    return True
