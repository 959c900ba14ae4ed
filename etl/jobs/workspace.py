"""What a run works with: the declared project, its ledger, archive and inbox, its mappings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from etl.archive import Archive
from etl.config.edi import EdiReading
from etl.config.partner import Partner
from etl.config.project import Job, Project
from etl.errors import ConfigurationError, Problem
from etl.formats import format_named
from etl.jobs.edi.source import reading_in, source_with_defaults
from etl.ledger import Ledger, open_ledger
from etl.mapping import CodeLists, Mapping, Plan, compile_mapping, load_code_lists, load_mapping
from etl.raw import DeclarationError, Reader
from etl.reconcile import Tolerances, tolerances_of
from etl.transfer.inbox import Inbox


def utc_now() -> datetime:
    """The machine's clock, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class CompiledMapping:
    """A mapping ready to run: as declared, the reader of its files, its plan over columns."""

    mapping: Mapping
    reader: Reader
    plan: Plan


def compile_file(
    path: Path, shown_as: str, codes: CodeLists, reading: EdiReading | None = None
) -> CompiledMapping:
    """Read, check and compile a mapping file; raises ConfigurationError with all its problems.

    Args:
        reading: what the mapping's partner declares for all of its EDI.
    """
    mapping = load_mapping(path, shown_as)
    source = source_with_defaults(mapping.source, reading or EdiReading())
    try:
        reader = format_named(source["format"]).reader(source)
    except DeclarationError as error:
        place = mapping.file.place(["source"])
        raise ConfigurationError(f"{place}: {error}") from None
    return CompiledMapping(mapping, reader, compile_mapping(mapping, reader, codes))


def reading_for(project: Project, path: Path) -> EdiReading:
    """How a mapping reads EDI: as the partner in whose folder it lies, and the environment, say."""
    return reading_in(project, _declared_reading(project, path))


def _declared_reading(project: Project, path: Path) -> EdiReading:
    partner = project.partners.get(path.parent.name)
    own = partner is not None and partner.folder == path.parent
    return partner.edi.read if partner is not None and own else EdiReading()


@dataclass
class Workspace:
    """Everything a stage may touch; opened once a command and passed down.

    Attributes:
        clock: gives the time in UTC; a test puts its own in.
    """

    project: Project
    ledger: Ledger
    archive: Archive
    inbox: Inbox
    clock: Callable[[], datetime] = utc_now
    _compiled: dict[Path, CompiledMapping] = field(default_factory=dict)

    @cached_property
    def code_lists(self) -> CodeLists:
        """The shared code lists; raises ConfigurationError."""
        return load_code_lists(self.project.code_lists)

    @cached_property
    def tolerances(self) -> Tolerances:
        """The tolerances of the freight audit; raises ConfigurationError."""
        return tolerances_of(self.project.reconcile.tolerances)

    def compiled(self, path: Path) -> CompiledMapping:
        """The mapping file at `path`, checked and compiled once; raises ConfigurationError."""
        if path not in self._compiled:
            self._compiled[path] = compile_file(
                path, self.project.shown(path), self.code_lists, reading_for(self.project, path)
            )
        return self._compiled[path]

    def compile_all(self, job: Job) -> None:
        """Compile every mapping that `job` may need, so that a wrong one is known beforehand.

        Raises:
            ConfigurationError: with the problems of all of them.
        """
        paths = [rule.path for name in job.partners for rule in self.partner_of(name).documents]
        if job.push is not None:
            paths.append(job.push.mapping)
        problems: list[Problem] = []
        for path in paths:
            try:
                self.compiled(path)
            except ConfigurationError as error:
                problems += error.problems or [
                    Problem(self.project.shown(path), None, "", str(error), "a mapping")
                ]
        if problems:
            # a wrong code list is a problem of every mapping that looks codes up
            raise ConfigurationError(list(dict.fromkeys(problems)))

    def versions(self) -> dict[str, str]:
        """The mappings used so far and the sha256 of their files, for the manifest; the
        partner.yaml as well where it says how EDI is read."""
        used = {
            f"{each.mapping.name}@{each.mapping.version}": path
            for path, each in sorted(self._compiled.items())
        }
        for path in sorted(self._compiled):
            if _declared_reading(self.project, path) != EdiReading():
                used[f"{path.parent.name}/partner.yaml"] = path.with_name("partner.yaml")
        return {name: sha256(path.read_bytes()).hexdigest() for name, path in used.items()}

    def partner_of(self, name: str) -> Partner:
        """The declared partner `name`."""
        return self.project.partners[name]


@contextmanager
def open_workspace(
    project: Project, clock: Callable[[], datetime] = utc_now
) -> Iterator[Workspace]:
    """Open the ledger and folders of `project`, and close the ledger at the end."""
    ledger = open_ledger(project.ledger.resolve(), clock)
    try:
        yield Workspace(
            project=project,
            ledger=ledger,
            archive=Archive(project.folders.archive),
            inbox=Inbox(project.folders.inbox, clock),
            clock=clock,
        )
    finally:
        ledger.close()
