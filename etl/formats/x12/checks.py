"""What is wrong inside the transaction sets of a buffer: counts, numbers, segments, characters."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from etl.defects import Severity
from etl.formats.x12.declaration import Declaration
from etl.formats.x12.findings import Findings
from etl.formats.x12.segments import Indexes, Mask, SegmentIndex
from etl.formats.x12.transactions import Transactions, element, same_number

MOST_PER_TRANSACTION = 10
"""Defects of one code that are told of one transaction; more would say nothing new."""


class TransactionChecks:
    """Checks the transactions of one buffer and reports to `findings`."""

    def __init__(
        self,
        index: SegmentIndex,
        transactions: Transactions,
        declaration: Declaration,
        findings: Findings,
    ) -> None:
        self._index, self._transactions = index, transactions
        self._declaration, self._findings = declaration, findings
        self._told: Counter[tuple[int, str]] = Counter()

    def mapped(self) -> Mask:
        """Which transactions the mapping is for; the others get the defect NO_MAPPING."""
        index, transactions, declared = self._index, self._transactions, self._declaration
        document = declared.structure.document
        right_set = index.equal(index.cells(index.pick(transactions.start), 1), (document,))
        for record in np.flatnonzero(~right_set).tolist():
            self._tell(
                "NO_MAPPING",
                Severity.REJECT,
                record,
                transactions.start[record],
                "no mapping is declared for this transaction set",
                place=1,
                value=element(index.elements(transactions.start[record]), 1),
                expected=document,
            )
        versions = [element(group.elements, 8) for group in transactions.groups]
        known = [
            (found.isalnum() or not found)
            and (not declared.versions or found.startswith(declared.versions))
            for found in versions
        ]
        right: Mask = right_set & np.array([*known, True])[transactions.group]
        for record in np.flatnonzero(right_set & ~right).tolist():
            self._tell(
                "NO_MAPPING",
                Severity.REJECT,
                record,
                transactions.start[record],
                "no mapping is declared for this version of the transaction set (GS08)",
                value=versions[transactions.group[record]],
                expected=" or ".join(declared.versions) or "letters and digits",
            )
        return right

    def envelopes(self) -> None:
        """SE count and number, numbers used twice, missing SE and GS."""
        transactions, severities = self._transactions, self._declaration.envelope
        for record in np.flatnonzero(~transactions.closed).tolist():
            self._tell(
                "SE_MISSING",
                severities["trailers"],
                record,
                transactions.stop[record] - 1,
                "the transaction set breaks off after this segment; ask the partner to send it "
                "again",
                expected=f"SE with number {transactions.numbers[record].as_py()}",
            )
        for record in np.flatnonzero(transactions.group < 0).tolist():
            self._tell(
                "GS_MISSING",
                severities["trailers"],
                record,
                transactions.start[record],
                "the transaction set stands outside of any functional group",
                expected="a GS before it",
            )
        self._counts()
        self._references()
        self._used_twice()

    def _counts(self) -> None:
        transactions = self._transactions
        closed = np.flatnonzero(transactions.closed)
        trailers = transactions.stop[closed] - 1
        held = pa.array(transactions.stop[closed] - transactions.start[closed]).cast(pa.string())
        counts = self._index.strings(self._index.cells(self._index.pick(trailers), 1))
        for at in _differing(counts, held):
            found, expected = counts[at].as_py() or "", held[at].as_py()
            if not same_number(found.strip(), expected):
                self._tell(
                    "SE_COUNT",
                    self._declaration.envelope["counts"],
                    closed[at],
                    trailers[at],
                    "SE01 does not count the segments of the transaction set: some may be lost "
                    "or broken; ask the partner to send it again",
                    place=1,
                    value=found,
                    expected=expected,
                )

    def _references(self) -> None:
        transactions, severity = self._transactions, self._declaration.envelope["references"]
        closed = np.flatnonzero(transactions.closed)
        trailers = transactions.stop[closed] - 1
        opened = transactions.numbers.take(pa.array(closed))
        repeated = self._index.strings(self._index.cells(self._index.pick(trailers), 2))
        for at in _differing(repeated, opened):
            found, expected = repeated[at].as_py() or "", opened[at].as_py() or ""
            if found.strip() != expected.strip():
                self._tell(
                    "SE_REFERENCE",
                    severity,
                    closed[at],
                    trailers[at],
                    "SE02 is not the number of the ST before it",
                    place=2,
                    value=found,
                    expected=expected,
                )
        for record in np.flatnonzero(_mask(transactions.numbers.is_null())).tolist():
            self._tell(
                "ST_NUMBER_MISSING",
                severity,
                record,
                transactions.start[record],
                "ST02 is empty",
                place=2,
                expected="a transaction set control number",
            )

    def _used_twice(self) -> None:
        transactions = self._transactions
        numbers = transactions.numbers.to_pylist()
        changes = np.flatnonzero(np.diff(transactions.group)) + 1
        for begin, end in pairwise([0, *changes.tolist(), len(numbers)]):
            group = transactions.group[begin:end].max(initial=-1)
            seen = transactions.groups[group].seen if group >= 0 else set()
            some = set(numbers[begin:end])
            if len(some) < end - begin or not seen.isdisjoint(some):
                self._tell_used_twice(seen, begin, numbers[begin:end])
            seen |= some

    def _tell_used_twice(self, before: set[str | None], begin: int, numbers: list[str]) -> None:
        seen = {*before, None}
        for record, number in enumerate(numbers, start=begin):
            if number in seen and number is not None:
                self._tell(
                    "DUPLICATE_ST",
                    self._declaration.envelope["duplicates"],
                    record,
                    self._transactions.start[record],
                    "the transaction set control number was used before in this group; ask the "
                    "partner whether it was sent twice",
                    place=2,
                    value=number,
                    expected="a number not used before in the group",
                )
            seen.add(number)

    def structure(self, slots: npt.NDArray[np.uint8], mapped: Mask) -> None:
        """Segments that the transaction set does not know, misses, or has in the wrong place.

        `slots` has the place of each segment, 0 for those without one and for all segments of
        transactions that are not `mapped`.
        """
        index, levels = self._index, self._declaration.levels
        placeless = np.flatnonzero(slots == 0)
        owners = self._transactions.owners(placeless)
        concerned = (owners >= 0) & mapped[owners] if len(mapped) else owners >= 0
        for segment, record in zip(placeless[concerned], owners[concerned], strict=True):
            unknown = index.classes[segment] == 0
            self._tell(
                "UNKNOWN_SEGMENT" if unknown else "MISPLACED_SEGMENT",
                levels["unknown" if unknown else "misplaced"],
                record,
                segment,
                f"transaction set {self._declaration.structure.document} has no such segment"
                if unknown
                else "the segment has no place here, so that no path reaches it",
                value=index.text(segment),
                expected="a segment of the transaction set",
            )
        self._empty()
        structure = self._declaration.structure
        for segment_id in structure.required:
            found = np.flatnonzero(slots == structure.slot(structure.transaction, segment_id))
            present = np.zeros(len(self._transactions), bool)
            present[self._transactions.owners(found)] = True
            for record in np.flatnonzero(mapped & ~present).tolist():
                self._tell(
                    "MISSING_SEGMENT",
                    levels["missing"],
                    record,
                    self._transactions.start[record],
                    f"the transaction set has no {segment_id}; ask the partner to send it again",
                    expected=segment_id,
                )

    def _empty(self) -> None:
        """Terminators with nothing between them; they cost nothing, so this only warns."""
        for offset in self._index.empty.tolist():
            before = int(np.searchsorted(self._index.start, offset)) - 1
            around = self._transactions.owners(np.array([before, before + 1]))
            self._tell(
                "EMPTY_SEGMENT",
                Severity.WARN if self._declaration.levels["unknown"] else None,
                around[0] if around[0] == around[1] else -1,
                max(before, 0),
                "a segment terminator follows this segment with nothing between them",
                offset=offset,
                expected="a segment",
            )

    def characters(self, undecodable: Indexes, unprintable: Indexes) -> None:
        """Report bytes at offsets of the buffer that no text can have."""
        charset = self._declaration.charset
        for offset in undecodable.tolist():
            self._character(
                "UNDECODABLE",
                offset,
                f"this byte is no {charset}; agree on a charset with the partner and set "
                "source.charset",
                f"text in {charset}",
            )
        for offset in unprintable.tolist():
            self._character(
                "CONTROL_CHARACTER",
                offset,
                "a control character stands in the data; ask the partner to send it again",
                "a printable character",
            )

    def _character(self, code: str, offset: int, message: str, expected: str) -> None:
        index = self._index
        segment = int(np.searchsorted(index.start, offset, "right")) - 1
        if segment < 0:
            return
        owner = self._transactions.owners(np.array([segment]))[0]
        place = index.data.count(index.delimiters.element, index.start[segment], offset) or None
        self._tell(
            code,
            Severity.REJECT,
            owner,
            segment,
            message,
            place=place,
            offset=offset,
            expected=expected,
        )

    def _tell(
        self,
        code: str,
        severity: Severity | None,
        record: int,
        segment: int,
        message: str,
        *,
        place: int | None = None,
        offset: int | None = None,
        value: str | None = None,
        expected: str | None = None,
    ) -> None:
        """Report for transaction `record`; -1: for the file that `segment` is in."""
        record, segment = int(record), int(segment)
        self._told[record, code] += 1
        if severity is None or self._told[record, code] > MOST_PER_TRANSACTION:
            return
        places = self._findings.places
        if record < 0:
            file, at = places.of(segment, place)
        else:
            file, at = places.inside(self._transactions, record, segment, place)
        if offset is not None:
            at = replace(at, byte_offset=places.at(offset)[1].byte_offset)
        self._findings.add(
            code,
            severity,
            message,
            (file, at),
            record=record if record >= 0 else None,
            value=value,
            expected=expected,
        )


def _differing(found: pa.Array, expected: pa.Array) -> list[int]:
    same = pc.equal(found, expected).fill_null(False)
    return np.flatnonzero(~_mask(same)).tolist()


def _mask(values: pa.BooleanArray) -> Mask:
    return np.asarray(values.to_numpy(zero_copy_only=False), bool)
