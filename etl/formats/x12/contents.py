"""What is wrong inside the transaction sets of a buffer: segments and characters."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from etl.defects import Severity
from etl.formats.x12.buffer import Buffer
from etl.formats.x12.declaration import Declaration
from etl.formats.x12.findings import MOST_ALIKE, TransactionFindings
from etl.formats.x12.segments import Indexes, Mask, SegmentIndex
from etl.formats.x12.transactions import Transactions


class ContentChecks:
    """Checks segments and characters of one buffer and reports to `findings`."""

    def __init__(
        self,
        index: SegmentIndex,
        transactions: Transactions,
        declaration: Declaration,
        findings: TransactionFindings,
    ) -> None:
        self._index, self._transactions = index, transactions
        self._declaration, self._findings = declaration, findings

    def run(self, buffer: Buffer, slots: npt.NDArray[np.uint8], mapped: Mask) -> None:
        """All checks. `slots` has the place of each segment in the structure, 0 for those without
        one and for all segments of transactions that are not `mapped`."""
        self._unknown(slots, mapped)
        self._missing(slots, mapped)
        self._empty()
        charset = self._declaration.charset
        self._characters(
            buffer.undecodable,
            "UNDECODABLE",
            f"this byte is no {charset}; agree on a charset with the partner and set "
            "source.charset",
            f"text in {charset}",
        )
        self._characters(
            buffer.unprintable,
            "CONTROL_CHARACTER",
            "a control character stands in the data; ask the partner to send it again",
            "a printable character",
        )

    def _unknown(self, slots: npt.NDArray[np.uint8], mapped: Mask) -> None:
        """Segments that the transaction set does not know, or not where they stand."""
        index, levels = self._index, self._declaration.levels
        placeless = np.flatnonzero(slots == 0)
        owners = self._transactions.owners(placeless)
        concerned = owners >= 0
        concerned[concerned] = mapped[owners[concerned]]
        placeless, owners = placeless[concerned], owners[concerned]
        unknown = index.classes[placeless] == 0
        for kind, code, level, message in (
            (
                unknown,
                "UNKNOWN_SEGMENT",
                levels["unknown"],
                f"transaction set {self._declaration.structure.document} has no such segment",
            ),
            (
                ~unknown,
                "MISPLACED_SEGMENT",
                levels["misplaced"],
                "the segment has no place here, so that no path reaches it",
            ),
        ):
            segments, records = _first_few(placeless[kind], owners[kind])
            for segment, record in zip(segments.tolist(), records.tolist(), strict=True):
                self._findings.tell(
                    code,
                    level,
                    record,
                    segment,
                    message,
                    value=index.text(segment),
                    expected="a segment of the transaction set, in its place",
                )

    def _missing(self, slots: npt.NDArray[np.uint8], mapped: Mask) -> None:
        """Required segments that are missing."""
        structure = self._declaration.structure
        for segment_id in structure.required:
            found = np.flatnonzero(slots == structure.slot(structure.transaction, segment_id))
            present = np.zeros(len(self._transactions), bool)
            present[self._transactions.owners(found)] = True
            for record in np.flatnonzero(mapped & ~present).tolist():
                self._findings.tell(
                    "MISSING_SEGMENT",
                    self._declaration.levels["missing"],
                    record,
                    self._transactions.start[record],
                    f"the transaction set has no {segment_id}; ask the partner to send it again",
                    expected=segment_id,
                )

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
                Severity.WARN if self._declaration.levels["unknown"] else None,
                record,
                segment,
                "a segment terminator follows this segment with nothing between them",
                offset=offset,
                expected="a segment",
            )

    def _characters(self, offsets: Indexes, code: str, message: str, expected: str) -> None:
        """Bytes at some offsets that no text can have: the first one of each segment."""
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
            separator = index.delimiters.element
            self._findings.tell(
                code,
                Severity.REJECT,
                record,
                segment,
                message,
                place=index.data.count(separator, int(index.start[segment]), offset) or None,
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
