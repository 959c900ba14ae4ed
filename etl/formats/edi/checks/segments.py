"""What is wrong inside the transactions of a buffer: segments and characters."""

from __future__ import annotations

import numpy as np

from etl.defects import Severity
from etl.formats.edi.checks.findings import MOST_ALIKE, TransactionFindings
from etl.formats.edi.reading.content import Reading
from etl.formats.edi.reading.segments import Indexes
from etl.formats.edi.reading.shapes import Fault, ShapeFault


class ContentChecks:
    """Checks segments and characters of one buffer and reports to `findings`."""

    def __init__(self, reading: Reading, findings: TransactionFindings) -> None:
        self._reading, self._findings = reading, findings
        self._index, self._transactions = reading.index, reading.transactions
        self._levels = reading.declaration.levels

    def run(self) -> None:
        """All checks."""
        self._sequences()
        self._empty()
        buffer = self._reading.buffer
        charset = self._reading.declaration.charset or "the charset that the interchange declares"
        self._characters(
            buffer.undecodable,
            "UNDECODABLE",
            f"this byte is not of {charset}; agree on a charset with the partner and set "
            "source.charset",
            "text in the agreed charset",
        )
        self._characters(
            buffer.unprintable,
            "CONTROL_CHARACTER",
            "a control character stands in the data; ask the partner to send it again",
            "a printable character",
        )
        self._characters(
            buffer.look_alike,
            "SUSPECT_CHARSET",
            f"this text is UTF-8 but is read as {charset}, so that its letters are wrong; if the "
            "partner sends UTF-8, set charset: utf-8",
            "text in the declared charset",
            self._levels["charset"],
        )
        self._characters(
            buffer.unassigned,
            "SUSPECT_CHARSET",
            f"this byte is no letter in {charset}, but one in Windows-1252; ask the partner what "
            "they send, and set charset: cp1252 if it is that",
            "a letter of the declared charset",
            self._levels["charset"],
        )

    def _sequences(self) -> None:
        """Segments that are unknown, misplaced, out of order, too many, or missing."""
        shapes = self._reading.shapes
        for shape, faults in shapes.faults.items():
            for record in np.flatnonzero(shapes.of == shape).tolist():
                for fault in faults:
                    self._tell(record, fault)

    def _tell(self, record: int, fault: ShapeFault) -> None:
        reading, index = self._reading, self._index
        segment = int(self._transactions.start[record]) + fault.segment
        structures = reading.declaration.structures
        structure = structures.all[reading.used[record]]
        document = structure.label
        place = structures.table.places[fault.place]
        match fault.fault:
            case Fault.NO_PLACE if index.segment_id(segment) not in structure.segments:
                code, level = "UNKNOWN_SEGMENT", "unknown"
                message = f"{document} has no such segment"
                expected = "a segment that it has; one of the partner's own stands in deviations"
            case Fault.NO_PLACE:
                code, level = "MISPLACED_SEGMENT", "misplaced"
                message = "the segment has no place here, so that no path reaches it"
                expected = "a segment in its place"
            case Fault.OUT_OF_ORDER:
                code, level = "OUT_OF_ORDER", "order"
                message = f"{document} has this segment before what stands before it here"
                expected = "the segments in the order of the structure"
            case Fault.TOO_MANY:
                assert place is not None
                code = "TOO_MANY_SEGMENTS" if place.loop is None else "TOO_MANY_LOOPS"
                level = "repeats"
                message = "the segment, or the loop that it starts, comes more often than it may"
                expected = f"{place.segment_id} at most {place.repeat} times"
            case Fault.MISSING:
                assert place is not None
                if self._comes_elsewhere(record, fault, place.segment_id):
                    return
                code, level = "MISSING_SEGMENT", "missing"
                around = f"loop {place.parent.path}" if place.parent and place.parent.path else ""
                message = (
                    f"the {around or reading.declaration.syntax.transaction.name} has no "
                    f"{place.segment_id}; ask the partner to send it again"
                )
                expected = place.segment_id
        told = None if fault.fault is Fault.MISSING else index.text(segment)
        severity = self._levels[level]
        if code == "UNKNOWN_SEGMENT" and reading.approximate(record):
            # the version's own structure may have it: it must not cost the transaction
            severity = severity and Severity.WARN
            message += f", which stands in for {reading.version_of(record)}"
        self._findings.tell(code, severity, record, segment, message, value=told, expected=expected)

    def _comes_elsewhere(self, record: int, fault: ShapeFault, segment_id: str) -> bool:
        """Whether a missing segment is told otherwise, or may come in the next part: a trailer is
        checked with the envelopes."""
        if segment_id == self._reading.declaration.syntax.transaction.trailer:
            return True
        part = self._reading.part
        return part.breaks_off and fault.segment == 0

    def _empty(self) -> None:
        """Terminators with nothing between them; they cost nothing, so this only warns."""
        before = np.maximum(np.searchsorted(self._index.start, self._index.empty) - 1, 0)
        owners = self._transactions.owners(before)
        owners[self._transactions.owners(before + 1) != owners] = -1
        offsets, _ = _first_few(self._index.empty, owners)
        before, owners = _first_few(before, owners)
        found = zip(offsets.tolist(), before.tolist(), owners.tolist(), strict=True)
        for offset, segment, record in found:
            self._findings.tell(
                "EMPTY_SEGMENT",
                Severity.WARN if self._levels["unknown"] else None,
                record,
                segment,
                "a segment terminator follows this segment with nothing between them",
                offset=offset,
                expected="a segment",
            )

    def _characters(
        self,
        offsets: Indexes,
        code: str,
        message: str,
        expected: str,
        severity: Severity | None = Severity.REJECT,
    ) -> None:
        """Bytes at some offsets that are no text, or another than is meant: the first one of each
        segment."""
        index = self._index
        segments = np.searchsorted(index.start, offsets, "right") - 1
        segments, first = np.unique(segments, return_index=True)
        offsets = offsets[first][segments >= 0]
        segments = segments[segments >= 0]
        owners = self._transactions.owners(segments)
        offsets, _ = _first_few(offsets, owners)
        segments, owners = _first_few(segments, owners)
        found = zip(offsets.tolist(), segments.tolist(), owners.tolist(), strict=True)
        for offset, segment, record in found:
            before = index.positions[index.first[segment] : index.last[segment]]
            self._findings.tell(
                code,
                severity,
                record,
                segment,
                message,
                place=int(np.searchsorted(before, offset)) or None,
                offset=offset,
                expected=expected,
            )


def _first_few(places: Indexes, owners: Indexes) -> tuple[Indexes, Indexes]:
    """No more places of any one transaction than are told; all outside of transactions."""
    order = np.argsort(owners, kind="stable")
    ranks = np.empty(len(owners), np.int64)
    ranks[order] = np.arange(len(owners)) - np.searchsorted(owners[order], owners[order])
    few = (ranks < MOST_ALIKE) | (owners < 0)
    return places[few], owners[few]
