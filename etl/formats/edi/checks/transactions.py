"""What is wrong with the envelopes of the transactions of a buffer: ST and SE, UNH and UNT."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from etl.defects import Severity
from etl.formats.edi.checks.findings import TransactionFindings
from etl.formats.edi.elements import unpadded
from etl.formats.edi.reading.declaration import Declaration
from etl.formats.edi.reading.parts import Part
from etl.formats.edi.reading.segments import Indexes, Mask, SegmentIndex
from etl.formats.edi.reading.transactions import Kind, Transactions, same_number


class TransactionChecks:
    """Checks header and trailer of the transactions of one buffer and reports to `findings`."""

    def __init__(
        self,
        index: SegmentIndex,
        transactions: Transactions,
        declaration: Declaration,
        part: Part,
        findings: TransactionFindings,
    ) -> None:
        self._index, self._transactions = index, transactions
        self._declaration, self._part, self._findings = declaration, part, findings
        self._envelope = declaration.syntax.transaction

    def structures(self) -> Indexes:
        """The structure that each transaction is read by; -1 where the mapping is not for it, or
        none is known: these get a defect."""
        declared, kinds = self._declaration, self._transactions.kinds
        refusals = [self._refusal(kind) for kind in kinds]
        used = np.array(
            [
                -1 if refusal else declared.structures.nearest(kind)
                for kind, refusal in zip(kinds, refusals, strict=True)
            ],
            np.int64,
        )
        for number, refusal in enumerate(refusals):
            if refusal is None:
                continue
            code, message, value, expected = refusal
            for record in np.flatnonzero(self._transactions.kind == number).tolist():
                self._findings.tell(
                    code,
                    Severity.REJECT,
                    record,
                    self._transactions.start[record],
                    message,
                    place=declared.syntax.document_at,
                    value=value,
                    expected=expected,
                )
        return np.append(used, -1)[self._transactions.kind]

    def _refusal(self, kind: Kind) -> tuple[str, str, str, str] | None:
        """Why a kind of transaction is not read: code, message, found and expected."""
        declared, name = self._declaration, self._envelope.name
        if declared.document is not None and kind.document != declared.document:
            message = f"no mapping is declared for this {name}"
            return "NO_MAPPING", message, kind.document, declared.document
        readable = declared.syntax.version_form.fullmatch(kind.version)
        if not readable or (declared.versions and not kind.version.startswith(declared.versions)):
            expected = " or ".join(declared.versions) or "a version of the standard"
            message = f"no mapping is declared for this version of the {name}"
            return "NO_MAPPING", message, kind.version, expected
        if declared.structures.nearest(kind) < 0:
            message = f"no structure of this {name} is known"
            return "NO_STRUCTURE", message, kind.document, ", ".join(declared.structures.documents)
        return None

    def run(self) -> None:
        """Count and number of the trailer, numbers used twice, missing trailers and groups."""
        transactions, severities = self._transactions, self._declaration.envelope
        trailer, group = self._envelope.trailer, self._declaration.syntax.group
        cut_off = np.flatnonzero(~transactions.closed)
        if self._part.breaks_off:
            cut_off = cut_off[:-1]
        for record in cut_off.tolist():
            self._findings.tell(
                f"{trailer}_MISSING",
                severities["trailers"],
                record,
                transactions.stop[record] - 1,
                f"the {self._envelope.name} breaks off after this segment; ask the partner to send "
                "it again",
                expected=f"{trailer} with number {transactions.numbers[record].as_py()}",
            )
        if self._declaration.syntax.groups_required:
            for record in np.flatnonzero(transactions.group < 0).tolist():
                self._findings.tell(
                    f"{group.header}_MISSING",
                    severities["trailers"],
                    record,
                    transactions.start[record],
                    f"the {self._envelope.name} stands outside of any functional {group.name}",
                    expected=f"a {group.header} before it",
                )
        self._kept_out()
        self._functional_groups()
        self._counts()
        self._references()
        self._used_twice()

    def _kept_out(self) -> None:
        """Transactions of interchanges that are not taken at all."""
        transactions = self._transactions
        for place, interchange in enumerate(transactions.interchanges):
            if interchange.kept_out is None:
                continue
            code, message = interchange.kept_out
            for record in np.flatnonzero(transactions.interchange == place).tolist():
                self._findings.tell(
                    code, Severity.REJECT, record, transactions.start[record], message
                )

    def _functional_groups(self) -> None:
        """Groups that say they hold something else than they do (GS01)."""
        declared, transactions = self._declaration, self._transactions
        header = declared.syntax.group.header
        severity = declared.envelope[declared.syntax.interchange.header.lower()]
        if not declared.syntax.groups_required:
            return
        pairs = np.unique(np.stack([transactions.group, transactions.kind]), axis=1).T.tolist()
        for group, kind in pairs:
            document = transactions.kinds[kind].document
            right = declared.structures.groups(document)
            if group < 0 or not right or transactions.groups[group].element(1) in right:
                continue
            said = transactions.groups[group]
            held = (transactions.group == group) & (transactions.kind == kind)
            self._findings.tell(
                f"{header}_CONTENT",
                severity,
                int(np.flatnonzero(held)[0]),
                transactions.start[np.flatnonzero(held)[0]],
                f"{header}01 says {said.element(1)!r}, which is not of this {self._envelope.name}",
                place=declared.syntax.document_at,
                value=document,
                expected=f"a group with {header}01 {' or '.join(right)}",
            )

    def _counts(self) -> None:
        transactions, envelope = self._transactions, self._envelope
        closed = np.flatnonzero(transactions.closed)
        trailers = transactions.stop[closed] - 1
        held = transactions.stop[closed] - transactions.start[closed]
        if self._part.goes_on and len(closed) and closed[0] == 0:
            held[0] += self._part.shift
        expected = pa.array(held).cast(pa.string())
        cells = self._index.cells(self._index.pick(trailers), envelope.count_at)
        counts = self._index.strings(cells)
        for at in _differing(counts, expected):
            found = counts[at].as_py() or ""
            if not same_number(unpadded(found), expected[at].as_py()):
                self._findings.tell(
                    f"{envelope.trailer}_COUNT",
                    self._declaration.envelope["counts"],
                    closed[at],
                    trailers[at],
                    f"{envelope.trailer}{envelope.count_at:02} does not count the segments of "
                    f"the {envelope.name}: some may be lost or broken; ask the partner to send it "
                    "again",
                    place=envelope.count_at,
                    value=found,
                    expected=expected[at].as_py(),
                )

    def _references(self) -> None:
        transactions, envelope = self._transactions, self._envelope
        severity = self._declaration.envelope["references"]
        closed = np.flatnonzero(transactions.closed)
        trailers = transactions.stop[closed] - 1
        opened = transactions.numbers.take(pa.array(closed))
        cells = self._index.cells(self._index.pick(trailers), envelope.repeated_at)
        repeated = self._index.strings(cells)
        for at in _differing(repeated, opened):
            found, expected = repeated[at].as_py() or "", opened[at].as_py() or ""
            if unpadded(found) != unpadded(expected):
                self._findings.tell(
                    f"{envelope.trailer}_REFERENCE",
                    severity,
                    closed[at],
                    trailers[at],
                    f"{envelope.trailer}{envelope.repeated_at:02} is not the number of the "
                    f"{envelope.header} before it",
                    place=envelope.repeated_at,
                    value=found,
                    expected=expected,
                )
        for record in np.flatnonzero(_mask(transactions.numbers.is_null())).tolist():
            self._findings.tell(
                f"{envelope.header}_NUMBER_MISSING",
                severity,
                record,
                transactions.start[record],
                f"{envelope.header}{envelope.number_at:02} is empty",
                place=envelope.number_at,
                expected=f"a {envelope.name} control number",
            )

    def _used_twice(self) -> None:
        transactions = self._transactions
        numbers = transactions.numbers.to_pylist()
        around = np.where(
            transactions.group >= 0, transactions.group, -1 - transactions.interchange
        )
        changes = np.flatnonzero(np.diff(around)) + 1
        for begin, end in pairwise([0, *changes.tolist(), len(numbers)]):
            first = begin + (self._part.goes_on and begin == 0)
            if first >= end:
                continue
            seen = self._seen(begin)
            some = set(numbers[first:end])
            if len(some) < end - first or not seen.isdisjoint(some):
                self._tell_used_twice(seen, first, numbers[first:end])
            seen |= some

    def _seen(self, record: int) -> set[str | None]:
        """The control numbers that came before in the group, or interchange, of a transaction."""
        transactions = self._transactions
        group = int(transactions.group[record])
        interchange = int(transactions.interchange[record])
        if group >= 0:
            return transactions.groups[group].seen
        if interchange >= 0:
            return transactions.interchanges[interchange].messages
        return set()

    def _tell_used_twice(self, before: set[str | None], begin: int, numbers: list[str]) -> None:
        seen = {*before, None}
        for record, number in enumerate(numbers, start=begin):
            if number in seen and number is not None:
                self._findings.tell(
                    f"DUPLICATE_{self._envelope.header}",
                    self._declaration.envelope["duplicates"],
                    record,
                    self._transactions.start[record],
                    f"the {self._envelope.name} control number was used before; ask the partner "
                    "whether it was sent twice",
                    place=self._envelope.number_at,
                    value=number,
                    expected="a number not used before in the group or interchange",
                )
            seen.add(number)


def _differing(found: pa.Array, expected: pa.Array) -> list[int]:
    same = pc.equal(found, expected).fill_null(False)
    return np.flatnonzero(~_mask(same)).tolist()


def _mask(values: pa.BooleanArray) -> Mask:
    return np.asarray(values.to_numpy(zero_copy_only=False), bool)
