"""What the EDI benchmarks measure of ours: files to tables, and to canonical records.

Imports stand inside, so that a peer's process does not pay for ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measuring import PROJECT, Run, Work

if TYPE_CHECKING:
    from etl.mapping import Plan
    from etl.raw import Reader, SourceFile


def on_disk(path: Path) -> SourceFile:
    """A file as it is read from the disk."""
    from etl.raw import SourceFile  # noqa: PLC0415

    return SourceFile(path.name, "", path.stat().st_size, lambda: path.open("rb"))


def in_memory(name: str, data: bytes) -> SourceFile:
    """A file whose bytes are at hand: what is measured is not the disk."""
    from etl.raw import SourceFile  # noqa: PLC0415

    return SourceFile(name, "", len(data), lambda: BytesIO(data))


def to_tables(
    files: Sequence[SourceFile],
    source: Mapping[str, Any],
    header: Sequence[str],
    lines: Mapping[str, Sequence[str]],
) -> Work:
    """Columns of each transaction, and of rows with the transaction that each belongs to.

    Gives the number of rows, all row declarations together.
    """
    from etl.formats import format_named  # noqa: PLC0415

    reader = format_named(source["format"]).reader(source)

    def work() -> int:
        count = 0
        for chunk in reader.read(files):
            assert not chunk.defects, chunk.defects[0]
            records = chunk.records()
            assert all(len(records.column(path)) == len(records) for path in header)
            for row, paths in lines.items():
                rows = chunk.children(row)
                assert all(len(rows.column(path)) == len(rows.record) for path in paths)
                count += len(rows)
        return count

    return work


WITHOUT_ELEMENTS = dict.fromkeys(("elements", "lengths", "types", "codes", "notes"), "ignore")
"""Severities with which envelopes, segments and loops are checked, but not every element: of these,
only what is mapped is looked at, by the mapping."""


def to_typed(files: Sequence[SourceFile], mapping_file: Path, *, elements: bool = True) -> Work:
    """Typed canonical tables with their lineage; gives the number of charges.

    Args:
        elements: whether the reader checks every element too.
    """
    from etl.mapping import Context  # noqa: PLC0415

    reader, plan = _compiled(mapping_file, elements)

    def work() -> int:
        charges = 0
        for chunk in reader.read(files):
            assert not chunk.defects, chunk.defects[0]
            charges += plan.tables(chunk, Context("benchmark"))["charge_line"].num_rows
        return charges

    return work


def to_records(files: Sequence[SourceFile], mapping_file: Path, *, elements: bool = True) -> Work:
    """The same, completed: keys and record hashes, held against the schemas and the mapping's own
    rules."""
    from etl.mapping import Context  # noqa: PLC0415

    reader, plan = _compiled(mapping_file, elements)

    def work() -> int:
        charges = 0
        for chunk in reader.read(files):
            mapped = plan.apply(chunk, Context("benchmark"))
            assert not mapped.defects, mapped.defects[0]
            assert not mapped.findings, mapped.findings[0]
            charges += mapped.records.tables["charge_line"].num_rows
        return charges

    return work


def canonical_runs(file: Callable[[], Path], mapping: Path, least: float) -> dict[str, Run]:
    """A file to typed tables, which is to reach `least` MB per CPU-second, and to completed
    records; each with and without every element checked."""

    def run(title: str, work: Callable[..., Work], elements: bool, goal: float | None) -> Run:
        return Run(
            title,
            lambda: work([on_disk(file())], mapping, elements=elements),
            lambda: file().stat().st_size / 1e6,
            least=goal,
        )

    checked = "etl: the same, every element checked"
    return {
        "typed": run("etl: reader + mapping -> typed tables", to_typed, False, least),
        "typed_elements": run(checked, to_typed, True, None),
        "records": run("etl: completed records, keys and hashes", to_records, False, None),
        "elements": run(checked, to_records, True, None),
    }


def _compiled(mapping_file: Path, elements: bool) -> tuple[Reader, Plan]:
    from etl.formats import format_named  # noqa: PLC0415
    from etl.mapping import compile_mapping, load_code_lists, load_mapping  # noqa: PLC0415

    mapping = load_mapping(mapping_file, mapping_file.name)
    source = {**mapping.source, "structure": {} if elements else WITHOUT_ELEMENTS}
    reader = format_named(mapping.source["format"]).reader(source)
    return reader, compile_mapping(mapping, reader, load_code_lists(PROJECT / "mappings" / "codes"))
