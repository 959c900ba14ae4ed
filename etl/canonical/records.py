"""Record sets: the flat tables of one record type and its children, joined by `record_id`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from etl.canonical.record_types import RecordType, record_type


@dataclass(frozen=True)
class RecordSet:
    """Records of one type.

    Attributes:
        record_type: name of the type, ``freight_invoice``.
        tables: the main table under `record_type`, and one table for each child type; every
            table has its type's `arrow_schema` and `record_id` joins them.
    """

    record_type: str
    tables: Mapping[str, pa.Table]

    @classmethod
    def empty(cls, name: str) -> RecordSet:
        """No records of the type `name`, with all its tables."""
        kind = record_type(name)
        tables = {kind.name: kind.arrow_schema.empty_table()}
        for table, child in kind.children.items():
            tables[table] = record_type(child).arrow_schema.empty_table()
        return cls(name, tables)

    @classmethod
    def concat(cls, parts: Sequence[RecordSet]) -> RecordSet:
        """One set of all `parts`, which must be of one type.

        Raises:
            ValueError: no parts, different types, or two parts use the same `record_id`
                (see :meth:`with_record_offset`).
        """
        if not parts or len({part.record_type for part in parts}) > 1:
            raise ValueError("concat takes one or more record sets of the same type")
        joined = cls(
            parts[0].record_type,
            {
                name: pa.concat_tables([part.tables[name] for part in parts])
                for name in parts[0].tables
            },
        )
        if len(parts) > 1 and len(pc.unique(joined.main["record_id"])) < joined.num_records:
            raise ValueError("record_id is used by two of the record sets: offset them first")
        return joined

    @property
    def type(self) -> RecordType:
        """The record type."""
        return record_type(self.record_type)

    @property
    def main(self) -> pa.Table:
        """The main table, one row a record."""
        return self.tables[self.record_type]

    @property
    def children(self) -> dict[str, pa.Table]:
        """The child tables by name."""
        return {name: table for name, table in self.tables.items() if name != self.record_type}

    @property
    def num_records(self) -> int:
        """Number of records."""
        return int(self.main.num_rows)

    def select(self, mask: npt.NDArray[np.bool_] | pa.Array) -> RecordSet:
        """The records where `mask` (one boolean a record) is true, with their children.

        Record ids are kept."""
        keep = pa.array(mask, type=pa.bool_())
        main = self.main.filter(keep)
        if main.num_rows == self.num_records:
            return self
        ids = column(main, "record_id")
        tables = {
            name: table.filter(pc.is_in(table["record_id"], value_set=ids))
            for name, table in self.children.items()
        }
        return RecordSet(self.record_type, {self.record_type: main, **tables})

    def batches(self, size: int) -> Iterator[RecordSet]:
        """The records in their order, `size` at a time, with their children."""
        if self.num_records <= size:
            yield self
            return
        children = {}
        for name, unordered in self.children.items():
            rows, table = self.parent_rows(name), unordered
            if np.any(rows[1:] < rows[:-1]):
                order = np.argsort(rows, kind="stable")
                rows, table = rows[order], table.take(pa.array(order))
            children[name] = table, rows
        for start in range(0, self.num_records, size):
            tables = {self.record_type: self.main.slice(start, size)}
            for name, (table, rows) in children.items():
                first, end = np.searchsorted(rows, (start, start + size))
                tables[name] = table.slice(first, end - first)
            yield RecordSet(self.record_type, tables)

    def with_record_offset(self, offset: int) -> RecordSet:
        """The same records with `offset` added to every `record_id`."""
        return RecordSet(
            self.record_type,
            {
                name: table.set_column(
                    table.schema.get_field_index("record_id"),
                    table.schema.field("record_id"),
                    pc.add(table["record_id"], pa.scalar(offset, pa.int64())),
                )
                for name, table in self.tables.items()
            },
        )

    def with_tables(self, tables: Mapping[str, pa.Table]) -> RecordSet:
        """The same records with some tables replaced."""
        return RecordSet(self.record_type, {**self.tables, **tables})

    def parent_rows(self, child: str) -> npt.NDArray[np.int64]:
        """For each row of a child table, the index of its record's row in the main table.

        Raises:
            ValueError: a child row belongs to no record.
        """
        wanted = column_values(self.tables[child], "record_id")
        ids = column_values(self.main, "record_id")
        if len(ids) and ids[0] == 0 and np.array_equal(ids, np.arange(len(ids))):
            rows = wanted
            known = (wanted >= 0) & (wanted < len(ids))
        else:
            order = np.argsort(ids, kind="stable")
            places = np.minimum(np.searchsorted(ids[order], wanted), max(len(ids) - 1, 0))
            rows = order[places] if len(ids) else np.zeros(0, np.int64)
            known = ids[rows] == wanted if len(ids) else np.zeros(len(wanted), np.bool_)
        if not known.all():
            raise ValueError(f"{child} has rows whose record_id is no {self.record_type}'s")
        return rows


def column(table: pa.Table, name: str) -> pa.Array:
    """A column as one array, without a copy where it is one already."""
    chunks = table[name]
    return chunks.chunk(0) if chunks.num_chunks == 1 else chunks.combine_chunks()


def repeated(value: str | None, count: int, kind: pa.DataType | None = None) -> pa.Array:
    """A text, or null, `count` times, as what is the same in all rows stands in them.

    The longest that was asked for lately is kept: tables and chunks share it.

    Args:
        kind: the type; None: text.
    """
    kept = _kept(value, kind or pa.string())
    if len(kept[0]) < count:
        kept[0] = pa.repeat(pa.scalar(value, kept[0].type), 1 << count.bit_length())
    return kept[0].slice(0, count)


@lru_cache(maxsize=16)
def _kept(value: str | None, kind: pa.DataType) -> list[pa.Array]:
    """A place for what is repeated."""
    return [pa.array([value], kind)]


def column_values(table: pa.Table, name: str) -> npt.NDArray[np.int64]:
    """An int64 column without nulls as a numpy array."""
    values: npt.NDArray[np.int64] = table[name].to_numpy()
    return values
