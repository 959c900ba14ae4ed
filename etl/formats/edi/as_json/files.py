"""A file as JSON and back, byte for byte: what an engineer edits or a script searches.

The form is an object with `syntax` and `parts`; a part is as much of the file as has the same
separators:

- `before`: what stands in front of it, as Latin-1: a UNA, a byte order mark, anything else
- `charset`: Python codec of its text
- `separators`: `element`, `component`, `terminator`, and where there are any `repetition` and
  `release`
- `between`: what stands between two segments, mostly a line end
- `line_breaks`: of a wrapped file, ``[offset, characters]`` of each line break in the text
- `segments`: a list starts with a segment's id; text stands as it is, in place of `between`

An element is text, a list of components, or a list of repetitions that are lists of components;
``{"raw": …}`` is one whose text would be written with other release characters. An ISA has texts
only, padding included.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from etl.defects import Position
from etl.formats.edi.as_json.elements import element_form, element_value, in_short
from etl.formats.edi.delimiters import BLANKS, SEPARATORS, Delimiters
from etl.formats.edi.notation import FIXED, Notation
from etl.formats.edi.reading.framing import Piece, pieces
from etl.formats.edi.syntax import Syntax
from etl.raw import DeclarationError

_LINE_BREAKS = re.compile(r"[\r\n]+")
_ADVICE = "UNA"


def to_json(data: bytes, syntax: Syntax, charset: str | None = None) -> Iterator[str]:
    """The lines of the JSON text of a file, a segment a line, each with its newline.

    Args:
        charset: Python codec; None: the one that each interchange declares, else UTF-8. Text that
            it cannot be is Latin-1, which any bytes are.

    Raises :class:`etl.formats.refusal.RefusedError` where no interchange header can be read.
    """
    size, end = len(data) + 1, 0
    yield f'{{"syntax": {_dumped(syntax.name)}, "parts": ['
    # one block: a part then ends only where the separators change
    whole = pieces(BytesIO(data), syntax, "latin-1", block=size, large=size, largest=size)
    for number, piece in enumerate(whole):
        before = data[end : piece.offset]
        end = len(data) if piece.closes else piece.offset + len(piece.text.raw)
        part = _part(before, data[piece.offset : end], piece, charset)
        yield ("," if number else "") + "\n  {\n"
        for key, value in part.head.items():
            yield f"    {_dumped(key)}: {_dumped(value)},\n"
        yield '    "segments": [\n'
        yield ",\n".join(f"      {_dumped(item)}" for item in part.items)
        yield "\n    ]\n  }"
    yield "\n]}\n"


def from_json(document: Any) -> bytes:
    """The bytes of a file in JSON form.

    Raises:
        DeclarationError: it has not this form; names key, found and expected.
        UnwritableError: a value that cannot stand in the text.
    """
    parts = _wanted(document, "parts", Sequence, "", "a list of parts")
    return b"".join(_part_bytes(part, f"parts[{at}]") for at, part in enumerate(parts))


@dataclass(frozen=True, slots=True)
class _Part:
    head: Mapping[str, Any]
    items: Sequence[Any]


def _part(before: bytes, raw: bytes, piece: Piece, charset: str | None) -> _Part:
    delimiters = piece.header.delimiters
    codec, text, notation = _decoded(raw, delimiters, charset or piece.header.charset or "utf-8")
    head: dict[str, Any] = {
        "before": before.decode("latin-1"),
        "charset": codec,
        "separators": {
            name: separator for name in SEPARATORS if (separator := getattr(notation, name))
        },
    }
    if piece.text.wrapped:
        head["line_breaks"] = [[at.start(), at[0]] for at in _LINE_BREAKS.finditer(text)]
        text = _LINE_BREAKS.sub("", text)
    found = list(_found(text, notation))
    gaps = Counter(gap for gap, _ in found[1:])
    between = max(gaps, key=lambda gap: gaps[gap], default="")
    head["between"] = between
    return _Part(head, list(_items(found, between)))


def _decoded(raw: bytes, delimiters: Delimiters, charset: str) -> tuple[str, str, Notation]:
    for codec in (charset, "latin-1"):
        try:
            return codec, raw.decode(codec), Notation(delimiters, codec)
        except UnicodeDecodeError:
            continue
    raise AssertionError("any bytes are Latin-1")


def _found(text: str, notation: Notation) -> Iterator[tuple[str, Any]]:
    """Each segment with what stands before it; at the end what stands there, and None."""
    blanks = "".join(
        chr(blank) for blank in BLANKS if chr(blank) not in (notation.terminator, notation.element)
    )
    *segments, rest = notation.segments(text)
    gap = ""
    for segment in segments:
        solid = segment.lstrip(blanks)
        gap += segment[: len(segment) - len(solid)]
        if solid and not solid.startswith(_ADVICE):
            yield gap, _segment(solid, notation)
            gap = ""
        else:
            gap += solid + notation.terminator
    yield gap + rest, None


def _items(found: Sequence[tuple[str, Any]], between: str) -> Iterator[Any]:
    for number, (gap, segment) in enumerate(found):
        if gap != (between if number else ""):
            yield gap
        if segment is not None:
            yield segment


def _segment(text: str, notation: Notation) -> list[Any]:
    if text.startswith(FIXED + notation.element):
        return text.split(notation.element)
    segment_id, *elements = notation.elements(text)
    return [segment_id, *(_element(element, notation) for element in elements)]


def _element(text: str, notation: Notation) -> Any:
    value = notation.value(text)
    if notation.release and notation.joined(value, Position()) != text:
        return {"raw": text}
    return element_form(value)


def _part_bytes(part: Any, key: str) -> bytes:
    before = _wanted(part, "before", str, key, "text of Latin-1")
    charset = _wanted(part, "charset", str, key, "a Python codec such as utf-8")
    between = _wanted(part, "between", str, key, "what stands between two segments")
    items = _wanted(part, "segments", list, key, "a list of segments")
    try:
        notation = Notation(_delimiters(part, key, charset), charset)
        text = _joined(items, between, notation, f"{key}.segments")
        wrapped = _wrapped(text, part.get("line_breaks", []), f"{key}.line_breaks")
        return bytes(before.encode("latin-1") + wrapped.encode(charset))
    except LookupError:
        raise DeclarationError(f"{key}.charset", repr(charset), "a Python codec") from None
    except UnicodeEncodeError as error:
        found = repr(error.object[error.start : error.end])
        raise DeclarationError(key, found, f"characters that {error.encoding} has") from None


def _delimiters(part: Mapping[str, Any], key: str, charset: str) -> Delimiters:
    declared = _wanted(part, "separators", dict, key, "an object")
    for name in SEPARATORS[:3]:
        _wanted(declared, name, str, f"{key}.separators", "one character")
    found = {name: str(declared.get(name, "")).encode(charset) for name in SEPARATORS}
    for name, byte in found.items():
        if len(byte) > 1 or (not byte and name in SEPARATORS[:3]):
            raise DeclarationError(f"{key}.separators.{name}", repr(declared[name]), "one byte")
    element, component, terminator = (found[name][0] for name in SEPARATORS[:3])
    repetition, release = (found[name][0] if found[name] else None for name in SEPARATORS[3:])
    return Delimiters(element, component, repetition, terminator, release)


def _wrapped(text: str, line_breaks: Any, key: str) -> str:
    """The text with its line breaks; each one has its offset in the wrapped text."""
    texts, begin, inserted = list[str](), 0, 0
    for number, each in enumerate(line_breaks):
        match each:
            case [int(offset), str(characters)] if offset - inserted >= begin:
                texts += text[begin : offset - inserted], characters
                begin, inserted = offset - inserted, inserted + len(characters)
            case _:
                expected = "an offset after the one before, and characters"
                raise DeclarationError(f"{key}[{number}]", in_short(each), expected)
    return "".join([*texts, text[begin:]])


def _joined(items: Sequence[Any], between: str, notation: Notation, key: str) -> str:
    texts: list[str] = []
    gap = ""
    for number, item in enumerate(items):
        if isinstance(item, str):
            texts.append(item)
            gap = ""
        else:
            texts += gap, _segment_text(item, notation, f"{key}[{number}]"), notation.terminator
            gap = between
    return "".join([*texts, gap])


def _segment_text(item: Any, notation: Notation, key: str) -> str:
    if not isinstance(item, list) or not item or not isinstance(item[0], str):
        raise DeclarationError(key, in_short(item), "a list that starts with a segment id")
    segment_id, *elements = item
    if segment_id == FIXED and all(isinstance(each, str) for each in elements):
        return notation.element.join(item)
    texts = [
        _element_text(element, notation, Position(segment_id=segment_id, element=number), key)
        for number, element in enumerate(elements, start=1)
    ]
    return notation.element.join((segment_id, *texts))


def _element_text(element: Any, notation: Notation, position: Position, key: str) -> str:
    if isinstance(element, Mapping) and isinstance(element.get("raw"), str):
        return str(element["raw"])
    return notation.joined(element_value(element, f"{key}[{position.element}]"), position)


def _wanted(mapping: Any, name: str, kind: type, key: str, expected: str) -> Any:
    value = mapping.get(name) if isinstance(mapping, Mapping) else None
    if not isinstance(value, kind):
        raise DeclarationError(f"{key}.{name}".lstrip("."), in_short(value), expected)
    return value


def _dumped(value: Any) -> str:
    """JSON on one line; what a terminal might take for a command is written as an escape."""
    text = json.dumps(value, ensure_ascii=False)
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else json.dumps(each)[1:-1] for each in text)
