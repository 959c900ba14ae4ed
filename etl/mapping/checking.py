"""The checks of a mapping, held against complete records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from etl.canonical import RecordSet
from etl.defects import Defect, Severity
from etl.mapping.declaration import Check
from etl.mapping.evaluation import holds, sides
from etl.mapping.expressions import Expression
from etl.mapping.reporting import Report, file_of
from etl.mapping.scope import Mask, Scope, count_by_record, sum_by_record
from etl.mapping.steps import as_text


@dataclass(frozen=True, slots=True)
class CheckPlan:
    """A check as declared, with its rule parsed."""

    declared: Check
    rule: Expression


@dataclass(frozen=True, slots=True)
class Finding:
    """A fact that the business has to judge; the record itself is in order.

    Attributes:
        record: index of the record in its chunk.
        reason: such as ``TOTAL_MISMATCH``.
        message: a sentence.
        value, expected: the left and the right side of the rule's comparison, where it is one.
    """

    record: int
    reason: str
    message: str
    value: str | None
    expected: str | None


@dataclass
class Checked:
    """What the checks found."""

    defects: list[Defect] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


@dataclass
class RecordNames:
    """Completed records as the names of an expression; source values are the main table's."""

    records: RecordSet
    main: Scope

    def __len__(self) -> int:
        return self.records.num_records

    def source(self, path: str) -> pa.Array:
        """The values of a path in the top-level rows."""
        return self.main.source(path)

    def field(self, name: str) -> pa.Array:
        """The values of a field of the main table."""
        return self.records.main[name].combine_chunks()

    def sum(self, child: str, field: str) -> pa.Array:
        """For each record the sum over its child rows."""
        table = self.records.tables[child]
        return sum_by_record(table["record_id"], table[field], len(self))

    def count(self, child: str) -> pa.Array:
        """For each record the number of its child rows."""
        return count_by_record(self.records.tables[child]["record_id"], len(self))


def check_records(
    checks: Sequence[CheckPlan], records: RecordSet, main: Scope, report: Report, sound: Mask
) -> Checked:
    """Hold the records against all checks.

    Args:
        checks: in the order of the mapping.
        records: completed records, ids 0 ... n-1.
        main: the scope that they were mapped in.
        report: gives positions.
        sound: the records to check; those refused already would only give errors after errors.
    """
    checked = Checked()
    names = RecordNames(records, main)
    for check in checks:
        declared = check.declared
        holding = holds(check.rule, names, declared.tolerance)
        failing = pc.invert(holding).to_numpy(zero_copy_only=False) & sound
        if not failing.any():
            continue
        compared = sides(check.rule, names)
        for record in np.flatnonzero(failing).tolist():
            value, expected = _shown(compared, record)
            message = f"{declared.rule} does not hold"
            if not declared.is_data:
                finding = Finding(record, declared.reason, message, value, expected)
                checked.findings.append(finding)
                continue
            checked.defects.append(
                Defect(
                    code=declared.reason,
                    message=message,
                    position=report.position(main, record, _paths(check.rule, main)),
                    value=value,
                    expected=expected,
                    record=record,
                    file=file_of(main, record),
                    severity=Severity.WARN if declared.warns_only else Severity.REJECT,
                )
            )
    return checked


def _shown(
    compared: tuple[pa.Array, pa.Array] | None, record: int
) -> tuple[str | None, str | None]:
    if compared is None:
        return None, None
    left, right = (as_text(side.slice(record, 1))[0].as_py() for side in compared)
    return left, right


def _paths(rule: Expression, main: Scope) -> tuple[str, ...]:
    """Where the first value that the rule reads comes from."""
    of_fields = [path for name in rule.fields for path in main.paths.get(name, ())]
    return (*rule.paths, *of_fields)[:1]
