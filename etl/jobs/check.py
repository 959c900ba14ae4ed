"""Check: is everything that is declared right, and do the servers let us in?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from etl.config.partner import Partner
from etl.config.project import Project
from etl.errors import ConfigurationError, EtlError
from etl.jobs.endpoints import endpoint_settings
from etl.jobs.samples import run_samples, sample_folder
from etl.jobs.targets import open_target
from etl.jobs.workspace import CompiledMapping, compile_file, reading_for
from etl.mapping import CodeLists, load_code_lists
from etl.reconcile import tolerances_of
from etl.transfer.endpoint import open_endpoint


@dataclass(frozen=True, slots=True)
class Checked:
    """One thing that was tried.

    Attributes:
        subject: a file, a partner's endpoint, or the target.
        ok: whether it is right.
        message: what was found and, where it is wrong, what to do.
    """

    subject: str
    ok: bool
    message: str


def check_project(project: Project) -> Iterator[Checked]:
    """Everything that can be checked without a network: mappings, code lists, samples."""
    yield Checked(
        "schedules.yaml", True, f"{len(project.jobs)} jobs, {len(project.partners)} partners"
    )
    shown = project.shown(project.code_lists)
    try:
        codes = load_code_lists(project.code_lists)
        yield Checked(shown, True, "code lists are right")
    except ConfigurationError as error:
        yield Checked(shown, False, str(error))
        return
    tolerances = project.reconcile.tolerances
    try:
        tolerances_of(tolerances)
        yield Checked(tolerances.shown_as, True, "tolerances are right")
    except ConfigurationError as error:
        yield Checked(tolerances.shown_as, False, str(error))
    for partner in project.partners.values():
        yield from _check_partner(project, partner, codes)
    for path in sorted({job.push.mapping for job in project.jobs.values() if job.push}):
        ready = _compiled(project, path, codes)
        right = Checked(project.shown(path), True, "mapping is right")
        yield ready if isinstance(ready, Checked) else right


def check_connections(project: Project) -> Iterator[Checked]:
    """Each endpoint of each partner, and the target with the rights that it needs."""
    for partner in project.partners.values():
        try:
            with open_endpoint(endpoint_settings(partner, project.root)) as endpoint:
                for finding in endpoint.check():
                    yield Checked(finding.subject, finding.ok, finding.message)
        except EtlError as error:
            yield Checked(partner.id, False, str(error))
    try:
        for found in open_target(project, "check").check():
            yield Checked(f"{project.target}: {found.what}", found.level != "error", found.message)
    except EtlError as error:
        yield Checked(project.target, False, str(error))


def _check_partner(project: Project, partner: Partner, codes: CodeLists) -> Iterator[Checked]:
    for rule in partner.documents:
        ready = _compiled(project, rule.path, codes)
        if isinstance(ready, Checked):
            yield ready
            continue
        yield Checked(project.shown(rule.path), True, "mapping is right")
        results = list(run_samples(partner, rule, ready))
        if not results:
            folder = project.shown(sample_folder(partner, rule))
            yield Checked(project.shown(rule.path), False, f"has no samples; put one into {folder}")
        for result in results:
            subject = project.shown(result.path)
            if result.difference is None:
                yield Checked(subject, True, f"gives its {result.records} records")
            else:
                yield Checked(subject, False, result.difference)


def _compiled(project: Project, path: Path, codes: CodeLists) -> CompiledMapping | Checked:
    """The mapping ready to run, or what is wrong with it."""
    shown = project.shown(path)
    try:
        return compile_file(path, shown, codes, reading_for(project, path))
    except ConfigurationError as error:
        return Checked(shown, False, str(error))
