"""A compiled mapping: a plan over columns, applied to one chunk of the source after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as declared

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from etl.canonical import RecordSet, RecordType, complete, record_type
from etl.defects import Defect, Severity
from etl.errors import Problem
from etl.mapping.checking import CheckPlan, Finding, check_records
from etl.mapping.evaluation import holds
from etl.mapping.expressions import Expression
from etl.mapping.left_out import Choice, left_out
from etl.mapping.lossy import lossy_paths
from etl.mapping.reporting import Report
from etl.mapping.scope import Cells, Context, Scope
from etl.mapping.tables import MappedTable, mapped_table
from etl.mapping.values import Value
from etl.raw import Chunk


@dataclass(frozen=True)
class BlockPlan:
    """One block of a child table.

    Attributes:
        row: the source's row declaration.
        fields: in the order of the file.
        before: condition on source values, held against the rows before they are mapped.
        after: condition on mapped fields.
        ignore: whether its rows are left out knowingly.
    """

    row: str | None
    fields: Mapping[str, Value]
    before: Expression | None
    after: Expression | None
    ignore: bool = False


@dataclass(frozen=True)
class Mapped:
    """What a mapping made of a chunk.

    Attributes:
        records: all records of the chunk, completed; `record_id` 0 ... n-1 is the index of the
            chunk's top-level row.
        rejected: for each record whether a defect keeps it out.
        defects: what reader, mapping, schema and checks found, in this order.
        findings: what the business has to judge.
    """

    records: RecordSet
    rejected: npt.NDArray[np.bool_]
    defects: list[Defect]
    findings: list[Finding]


@dataclass(frozen=True)
class Begun:
    """The start of a record that is too large to be held whole.

    Attributes:
        tables: its child rows so far, by child table.
        defects: what was found in them.
    """

    tables: Mapping[str, pa.Table]
    defects: list[Defect]


@dataclass(frozen=True)
class Plan:
    """A mapping compiled for its source.

    Attributes:
        label: the mapping's name and version, for the lineage.
        kind: the record type.
        fields: fields of the main table that need no children.
        children: the blocks of each child table.
        late_fields: fields of the main table computed from the children.
        checks: rules for complete records.
        choices: what the blocks of each child table choose their rows by.
        warnings: what of the mapping may be meant otherwise than it is written.
    """

    label: str
    kind: RecordType
    fields: Mapping[str, Value]
    children: Mapping[str, tuple[BlockPlan, ...]]
    late_fields: Mapping[str, Value]
    checks: tuple[CheckPlan, ...]
    choices: Mapping[str, tuple[Choice, ...]] = declared(default_factory=dict)
    warnings: tuple[Problem, ...] = ()

    def apply(self, chunk: Chunk, context: Context, begun: Begun | None = None) -> Mapped:
        """Map a chunk. Never raises for content: what can't be mapped becomes a defect.

        Args:
            chunk: one whose last record is whole.
            begun: what :meth:`begin` made of the chunks before that hold the start of its record.

        Raises:
            ConfigurationError: a `function:` of the mapping failed.
        """
        main, tables = self._mapped(chunk, context, begun)
        told = [*(begun.defects if begun else ()), *chunk.defects]
        incomplete = RecordSet(
            self.kind.name, {name: table.table for name, table in tables.items()}
        )
        records = complete(incomplete, context.partner)
        report = Report(chunk)
        broken = _rejected(told, len(main))
        defects = [*told, *report.refused_cells(tables)]
        defects += report.violated_rules(records, tables, broken)
        rejected = _rejected(defects, len(main))
        checked = check_records(self.checks, records, main, report, ~rejected)
        defects += checked.defects
        rejected |= _rejected(checked.defects, len(main))
        defects += lossy_paths(chunk)
        return Mapped(records, rejected, defects, checked.findings)

    def tables(self, chunk: Chunk, context: Context) -> dict[str, pa.Table]:
        """The canonical tables of a chunk of whole records, typed and with their lineage, before
        they are completed and checked."""
        _, tables = self._mapped(chunk, context, None)
        return {name: each.table for name, each in tables.items()}

    def begin(self, chunk: Chunk, context: Context, begun: Begun | None = None) -> Begun:
        """Map the child rows of a chunk whose record goes on in the next one.

        The record itself is mapped with its last chunk, when all of its values are there.
        """
        _, tables = self._begun(chunk, context)
        defects = [*chunk.defects, *Report(chunk).refused_cells(tables), *lossy_paths(chunk)]
        if begun is None:
            return Begun({name: each.table for name, each in tables.items()}, defects)
        return Begun(
            {
                name: pa.concat_tables([begun.tables[name], each.table])
                for name, each in tables.items()
            },
            [*begun.defects, *defects],
        )

    def nothing(self) -> Mapped:
        """What a chunk gives whose record is not whole yet."""
        return Mapped(RecordSet.empty(self.kind.name), np.zeros(0, np.bool_), [], [])

    def _mapped(
        self, chunk: Chunk, context: Context, begun: Begun | None
    ) -> tuple[Scope, dict[str, MappedTable]]:
        """The main table's rows, and all tables."""
        main, children = self._begun(chunk, context)
        if begun is not None:
            children = {name: each.after(begun.tables[name]) for name, each in children.items()}
        main.children = {name: child.table for name, child in children.items()}
        _map(self.late_fields, main)
        table = mapped_table(self.kind, [main], chunk, self.label)
        return main, {self.kind.name: table, **children}

    def _begun(self, chunk: Chunk, context: Context) -> tuple[Scope, dict[str, MappedTable]]:
        """The main table's rows with the fields that need no children, and the child tables."""
        main = Scope(self.kind.name, chunk.records(), context)
        _map(self.fields, main)
        _fill_from_context(self.kind, main)
        return main, {name: self._child(name, main, chunk) for name in self.kind.children}

    def _child(self, name: str, main: Scope, chunk: Chunk) -> MappedTable:
        scopes = []
        for block in self.children.get(name, ()):
            scope = Scope(name, chunk.children(block.row), main.context, parent=main)
            if block.before is not None:
                scope.keep(holds(block.before, scope))
            _map(block.fields, scope)
            if block.after is not None:
                scope.keep(holds(block.after, scope))
            scopes.append(scope)
        blocks = self.children.get(name, ())
        fields = [block.fields for block in blocks]
        found = [left_out(choice, scopes, fields, chunk) for choice in self.choices.get(name, ())]
        giving = [scope for block, scope in zip(blocks, scopes, strict=True) if not block.ignore]
        table = mapped_table(record_type(self.kind.children[name]), giving, chunk, self.label)
        return replace(table, left_out=[each for each in found if each is not None])


def _map(fields: Mapping[str, Value], scope: Scope) -> None:
    for name, value in fields.items():
        scope.paths[name] = value.paths
        scope.mapped[name] = value.column(Cells(scope, name))


def _fill_from_context(kind: RecordType, main: Scope) -> None:
    """Fields that the partner and the file say, where the document does not."""
    known = {
        "carrier_scac": main.context.carrier_scac,
        "received_date": main.context.received_date,
    }
    for field in kind.fields.values():
        if not field.from_context or known.get(field.name) is None:
            continue
        value = pa.scalar(known[field.name], field.arrow_type)
        mapped = main.mapped.get(field.name)
        main.mapped[field.name] = (
            pa.repeat(value, len(main)) if mapped is None else mapped.fill_null(value)
        )


def _rejected(defects: Sequence[Defect], records: int) -> npt.NDArray[np.bool_]:
    rejected = np.zeros(records, np.bool_)
    for defect in defects:
        if defect.record is not None and defect.severity is Severity.REJECT:
            rejected[defect.record] = True
    return rejected
