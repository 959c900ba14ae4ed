"""Completion: what follows from a record's own content, the same for every source.

Defaults of the schema, values inherited from the parent, normalised numbers, line numbers, the
business key and the record hash.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from etl.canonical.hashing import record_hashes
from etl.canonical.keys import business_keys
from etl.canonical.record_types import Field, RecordType, record_type
from etl.canonical.records import RecordSet, column, column_values, repeated
from etl.reference_numbers import normalise


def complete(records: RecordSet, partner: str) -> RecordSet:
    """The same records with everything filled in that follows from their content.

    Args:
        records: tables of the types' Arrow schemas; what is missing is null.
        partner: who sent them; goes into `partner` and the business key.
    """
    main = _fill(records.main, records.type, None, None)
    main = _set(main, "partner", repeated(partner, main.num_rows))
    tables = {records.record_type: main}
    for name, table in records.children.items():
        rows = records.parent_rows(name)
        child = _fill(table, record_type(records.type.children[name]), main, rows)
        tables[name] = _set(child, "partner", repeated(partner, child.num_rows))
    completed = RecordSet(records.record_type, tables)
    main = _set(main, "business_key", business_keys(records.type, main, partner))
    main = _set(main, "record_hash", record_hashes(completed))
    return completed.with_tables({records.record_type: main})


def _fill(
    table: pa.Table,
    kind: RecordType,
    parent: pa.Table | None,
    parent_rows: npt.NDArray[np.int64] | None,
) -> pa.Table:
    for field in kind.fields.values():
        missing = table[field.name].null_count
        if not missing:
            continue
        values = column(table, field.name)
        if field.inherits and parent is not None:
            inherited = column(parent, field.inherits).take(pa.array(parent_rows))
            values = _coalesce(values, inherited)
        if field.normalised_from:
            values = _coalesce(values, normalise(column(table, field.normalised_from)))
        if field.sequence:
            values = _coalesce(values, _numbers_within(column_values(table, "record_id")))
        if field.default is not None:
            values = values.fill_null(_default(field))
        if values.null_count < missing:
            table = _set(table, field.name, values)
    return table


def _coalesce(values: pa.Array, other: pa.Array) -> pa.Array:
    return other if values.null_count == len(values) else pc.coalesce(values, other)


def _default(field: Field) -> pa.Scalar:
    return pa.scalar(str(field.default), pa.string()).cast(field.arrow_type)


def _numbers_within(record_ids: npt.NDArray[np.int64]) -> pa.Array:
    """1, 2, 3 ... within each record, in the order of the rows."""
    order = np.argsort(record_ids, kind="stable")
    begins = np.flatnonzero(np.diff(record_ids[order], prepend=-1))
    counts = np.diff(begins, append=len(order))
    numbers = np.empty(len(order), np.int64)
    numbers[order] = np.arange(1, len(order) + 1) - np.repeat(begins, counts)
    return pa.array(numbers)


def _set(table: pa.Table, name: str, values: pa.Array) -> pa.Table:
    index = table.schema.get_field_index(name)
    return table.set_column(index, table.schema.field(name), values)
