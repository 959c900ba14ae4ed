"""Validation of record sets against the JSON Schemas of their types.

Whole columns are checked with Arrow compute, distinct values first; the JSON Schema validator
sees only the values that failed there, to say exactly what is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from jsonschema import Draft202012Validator

from etl.canonical.record_types import Field, RecordType, record_type
from etl.canonical.records import RecordSet, column
from etl.canonical.views import json_value
from etl.defects import Defect, Position

MISSING_VALUE = "MISSING_VALUE"
BAD_VALUE = "BAD_VALUE"


@dataclass(frozen=True, slots=True)
class Violation:
    """A cell that breaks its type's schema.

    Attributes:
        code: ``MISSING_VALUE`` or ``BAD_VALUE``.
        table, row, field: the cell; `row` is the row in that table.
        record: row of the record in the main table.
        message: a sentence.
        value: what stands there, None where nothing does.
        expected: what should stand there.
    """

    code: str
    table: str
    row: int
    field: str
    record: int
    message: str
    value: str | None
    expected: str


def validate(records: RecordSet) -> list[Defect]:
    """One defect for each cell that breaks the schema; `record` is the row in the main table."""
    return [
        Defect(
            code=violation.code,
            message=violation.message,
            position=lineage_position(records.tables[violation.table], violation.row),
            value=violation.value,
            expected=violation.expected,
            record=violation.record,
        )
        for violation in violations(records)
    ]


def violations(records: RecordSet) -> Iterator[Violation]:
    """The cells that break the schemas, table by table and field by field.

    A missing value that would have been made from another missing one (a normalised number, an
    inherited currency) is not told again."""
    for name, table in records.tables.items():
        is_main = name == records.record_type
        kind = records.type if is_main else record_type(records.type.children[name])
        owners: npt.NDArray[np.int64] | None = None
        for field in kind.fields.values():
            if not (field.required or field.is_restricted):
                continue
            values = column(table, field.name)
            rows = np.flatnonzero(_failing(field, values))
            if not len(rows):
                continue
            if owners is None:
                owners = np.arange(table.num_rows) if is_main else records.parent_rows(name)
            told_elsewhere = _missing_at_the_root(field, kind, table, records, owners)
            for row in rows.tolist():
                value = values[row].as_py()
                if value is not None or not told_elsewhere[row]:
                    yield _violation(name, row, field, int(owners[row]), value)


def _missing_at_the_root(
    field: Field,
    kind: RecordType,
    table: pa.Table,
    records: RecordSet,
    owners: npt.NDArray[np.int64],
) -> npt.NDArray[np.bool_]:
    """For each row whether the required value that the field is made from is missing too."""
    missing = np.zeros(table.num_rows, np.bool_)
    if field.normalised_from in kind.required:
        roots = column(table, field.normalised_from)
        missing |= roots.is_null().to_numpy(zero_copy_only=False)
    if field.inherits in records.type.required:
        roots = column(records.main, field.inherits)
        missing |= roots.is_null().to_numpy(zero_copy_only=False)[owners]
    return missing


def _failing(field: Field, values: pa.Array) -> npt.NDArray[np.bool_]:
    """Which cells break the field's rules."""
    failing = np.zeros(len(values), np.bool_)
    if field.required and values.null_count:
        failing |= values.is_null().to_numpy(zero_copy_only=False)
    if field.is_restricted and _may_fail(field.rules, values):
        distinct = values.unique().drop_null()
        wrong = distinct.filter(pc.invert(_allowed(field.rules, distinct)))
        if len(wrong):
            failing |= pc.is_in(values, value_set=wrong).to_numpy(zero_copy_only=False)
    return failing


def _may_fail(rules: Mapping[str, Any], values: pa.Array) -> bool:
    """False where no value can break the rules: numbers are nearly all distinct, and only long."""
    if values.null_count == len(values):
        return False
    if rules.keys() & {"enum", "pattern", "minimum"}:
        return True
    longest: int = pc.max(pc.binary_length(values)).as_py()
    return longest > int(rules["maxLength"])


def _allowed(rules: Mapping[str, Any], values: pa.Array) -> pa.Array:
    allowed = pa.repeat(pa.scalar(True), len(values))
    if "enum" in rules:
        allowed = pc.and_(allowed, pc.is_in(values, value_set=pa.array(rules["enum"])))
    if "pattern" in rules:
        allowed = pc.and_(allowed, pc.match_substring_regex(values, rules["pattern"]))
    if "minimum" in rules:
        allowed = pc.and_(allowed, pc.greater_equal(values, rules["minimum"]))
    if "maxLength" in rules:
        allowed = pc.and_(allowed, pc.less_equal(pc.utf8_length(values), rules["maxLength"]))
    return allowed


def _violation(table: str, row: int, field: Field, record: int, value: Any) -> Violation:
    name = f"{table}.{field.name}"
    if value is None:
        return Violation(
            MISSING_VALUE, table, row, field.name, record,
            f"{name} is missing", None, field.description,
        )  # fmt: skip
    shown = json_value(value)
    errors = _validator(table, field.name).iter_errors(shown)
    said = "; ".join(_short(error.message) for error in errors)
    return Violation(
        BAD_VALUE, table, row, field.name, record, f"{name}: {said}", str(shown)[:200],
        _expected(field),
    )  # fmt: skip


def _short(message: str) -> str:
    """The sentence, which holds the value, without the middle of a long one."""
    return message if len(message) <= 300 else f"{message[:200]} … {message[-80:]}"


def _expected(field: Field) -> str:
    if "enum" in field.rules:
        return "one of " + ", ".join(map(str, field.rules["enum"]))
    if "maxLength" in field.rules:
        return f"{field.description}, at most {field.rules['maxLength']} characters"
    return field.description


@lru_cache(maxsize=256)
def _validator(table: str, field: str) -> Draft202012Validator:
    return Draft202012Validator(dict(record_type(table).fields[field].rules))


def lineage_position(table: pa.Table, row: int) -> Position:
    """What the lineage columns know of a row's place."""
    cell = table.slice(row, 1).to_pylist()[0]
    in_segments = cell["interchange_no"] is not None
    return Position(
        file=cell["file_name"] or "",
        interchange=cell["interchange_no"],
        group=cell["group_no"],
        document=cell["document_no"],
        segment=cell["position"] if in_segments else None,
        row=None if in_segments else cell["position"],
    )
