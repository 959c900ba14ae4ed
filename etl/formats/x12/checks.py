"""What is wrong with the envelopes of the transaction sets of a buffer: ST and SE."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from etl.defects import Severity
from etl.formats.x12.declaration import Declaration
from etl.formats.x12.findings import TransactionFindings
from etl.formats.x12.segments import Mask, SegmentIndex
from etl.formats.x12.transactions import Transactions, element, same_number


class TransactionChecks:
    """Checks ST and SE of the transactions of one buffer and reports to `findings`."""

    def __init__(
        self,
        index: SegmentIndex,
        transactions: Transactions,
        declaration: Declaration,
        findings: TransactionFindings,
    ) -> None:
        self._index, self._transactions = index, transactions
        self._declaration, self._findings = declaration, findings

    def mapped(self) -> Mask:
        """Which transactions the mapping is for; the others get the defect NO_MAPPING."""
        index, transactions, declared = self._index, self._transactions, self._declaration
        document = declared.structure.document
        right_set = index.equal(index.cells(index.pick(transactions.start), 1), (document,))
        for record in np.flatnonzero(~right_set).tolist():
            self._findings.tell(
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
            self._findings.tell(
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
            self._findings.tell(
                "SE_MISSING",
                severities["trailers"],
                record,
                transactions.stop[record] - 1,
                "the transaction set breaks off after this segment; ask the partner to send it "
                "again",
                expected=f"SE with number {transactions.numbers[record].as_py()}",
            )
        for record in np.flatnonzero(transactions.group < 0).tolist():
            self._findings.tell(
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
                self._findings.tell(
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
                self._findings.tell(
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
            self._findings.tell(
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
                self._findings.tell(
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


def _differing(found: pa.Array, expected: pa.Array) -> list[int]:
    same = pc.equal(found, expected).fill_null(False)
    return np.flatnonzero(~_mask(same)).tolist()


def _mask(values: pa.BooleanArray) -> Mask:
    return np.asarray(values.to_numpy(zero_copy_only=False), bool)
