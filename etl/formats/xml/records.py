"""The record elements of one XML file, in batches that stand on their own."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, BinaryIO

from lxml import etree

from etl.defects import Position, Severity
from etl.formats.charsets import CharsetWatch
from etl.formats.padding import Unpadded
from etl.formats.refusal import RefusedError
from etl.formats.xml.declaration import Declaration
from etl.formats.xml.paths import Location, source_line
from etl.formats.xml.prolog import checked_prolog, declared_encoding

_BLOCK = 64 * 1024
_CODES = {32: "UNKNOWN_ENCODING", 81: "UNDECODABLE", 114: "XML_LIMIT"}
"""libxml2's error numbers: unsupported encoding, invalid bytes, and its own caps (depth 256, text
of 10 MB, names, entities), which hold because huge_tree is off."""


def batches(
    stream: BinaryIO,
    declaration: Declaration,
    batch_bytes: int,
    doubts: list[RefusedError] | None = None,
) -> Iterator[tuple[list[etree._Element], int]]:
    """The complete record elements of `stream`, with the bytes read for them.

    A batch ends after about `batch_bytes`. Its records keep the elements around them, as far as
    they were read, whatever is read later. Raises :class:`RefusedError` where the document can't
    be read further, after the batch with the records that were complete before.

    Args:
        doubts: takes what is to be warned of, when all was read.
    """
    etree.clear_error_log()
    parser = etree.XMLPullParser(
        events=("end",),
        tag=declaration.row.tag,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    pending: list[etree._Element] = []
    found = False
    text = Unpadded(stream)
    block, read, since_record = checked_prolog(text), 0, 0
    refused: RefusedError | None = None
    watch = CharsetWatch(declared_encoding(block))
    while block and refused is None:
        watch.see(block)
        refused = _fed(parser, block)
        read += len(block)
        since_record += len(block)
        complete = [
            element
            for _, element in parser.read_events()
            if isinstance(element, etree._Element) and declaration.row.finds(element)
        ]
        if complete:
            pending += complete
            found, since_record = True, 0
        elif refused is None and since_record > declaration.max_record_bytes:
            refused = _too_large(declaration)
        if read >= batch_bytes and len(pending) > 1 and refused is None:
            yield _on_their_own(pending[:-1]), read
            pending, read = pending[-1:], 0
        block = text.read(_BLOCK)
    if refused is None:
        refused = _at_end(parser, declaration.row, found)
    if pending:
        yield pending, read
    if doubts is not None and watch.doubt is not None:
        doubts.append(watch.doubt)
    if refused is not None:
        raise refused


def _fed(parser: etree.XMLPullParser, block: bytes) -> RefusedError | None:
    try:
        parser.feed(block)
    except etree.XMLSyntaxError as error:
        return _broken(error)
    return None


def _at_end(parser: etree.XMLPullParser, row: Location, found: bool) -> RefusedError | None:
    """What the end of the document shows: it is cut off, or it holds no record."""
    try:
        root = parser.close()
    except etree.XMLSyntaxError as error:
        return _broken(error)
    if found:
        return None
    ours = row.absolute and root.tag == row.steps[0] and len(row.steps) > 1
    return RefusedError(
        "NO_RECORDS",
        "the document is whole but holds no record"
        if ours
        else "the document is another than source.row describes; check the row and its "
        "namespaces in the mapping, or ask the partner what they sent",
        at=Position(row=source_line(root), xpath=f"/{root.tag}"),
        value=str(root.tag),
        expected=f"at least one element {row.text} ({row.tag})",
        severity=Severity.WARN if ours else Severity.REJECT,
    )


def _on_their_own(records: list[etree._Element]) -> list[etree._Element]:
    """Move `records` out of the growing document, into a copy of what stands around them.

    That bounds memory by the batch, and leaves paths such as ``../cbc:ID`` valid for good.
    """
    parents = [parent for record in records if (parent := record.getparent()) is not None]
    for record, parent in zip(records, parents, strict=True):
        parent.remove(record)
    surroundings = copy.deepcopy(parents[0].getroottree().getroot())
    for record, parent in zip(records, parents, strict=True):
        around = surroundings
        for index in _place(parent):
            around = around[index]
        around.append(record)
    return records


def _place(element: etree._Element) -> list[int]:
    """The child indexes that lead from the root to `element`."""
    steps: list[int] = []
    while (parent := element.getparent()) is not None:
        steps.insert(0, parent.index(element))
        element = parent
    return steps


def _too_large(declaration: Declaration) -> RefusedError:
    limit = declaration.max_record_bytes // 1024 // 1024
    return RefusedError(
        "RECORD_TOO_LARGE",
        "a record does not end within the limit, nothing from it on is read; raise "
        "source.max_record_mb in the mapping if it is wanted",
        expected=f"records of at most {limit} MB",
    )


def _broken(error: etree.XMLSyntaxError) -> RefusedError:
    """The refusal for libxml2's error; its log knows places that the exception may lack."""
    log: Any = error.error_log
    last = log.last_error
    line, column = error.position
    message, code = str(error.msg), 0
    if last is not None:
        message, code = last.message.strip(), last.type
        line, column = (line, column) if line else (last.line, last.column)
    return RefusedError(
        _CODES.get(code, "MALFORMED_XML"),
        f"the document breaks off as XML here ({message}); records that were complete before are "
        "taken, the rest is not: ask the partner to send it again",
        at=Position(row=line or None, column=str(column) if line else None),
        expected="well-formed XML",
    )
