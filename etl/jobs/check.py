"""Check: is everything that is declared right, and do the servers let us in?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
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
        warns: whether it is right, and yet may be meant otherwise.
    """

    subject: str
    ok: bool
    message: str
    warns: bool = False


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
    named = {rule.path for partner in project.partners.values() for rule in partner.documents}
    pushed = {job.push.mapping for job in project.jobs.values() if job.push}
    for path in sorted({*pushed, *_mapping_files(project)} - named):
        ready = _compiled(project, path, codes)
        if isinstance(ready, Checked):
            yield ready
            continue
        yield from _right(project, path, ready)
        partner_of = project.partners.get(path.parent.name)
        if partner_of is not None:
            yield from _run_samples(project, partner_of, path.stem, ready)


def _mapping_files(project: Project) -> Iterator[Path]:
    """Every mapping file there is, those included that nothing names yet."""
    for path in project.root.glob("mappings/*/*.yaml"):
        if path.name != "partner.yaml" and path.parent != project.code_lists:
            yield path


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
    yield from _unreached_patterns(project, partner)
    for rule in partner.documents:
        ready = _compiled(project, rule.path, codes)
        if isinstance(ready, Checked):
            yield ready
            continue
        yield from _right(project, rule.path, ready)
        results = list(_run_samples(project, partner, rule.mapping, ready))
        if not results:
            folder = project.shown(sample_folder(partner, rule.mapping))
            yield Checked(project.shown(rule.path), False, f"has no samples; put one into {folder}")
        yield from results


def _unreached_patterns(project: Project, partner: Partner) -> Iterator[Checked]:
    """Patterns whose files an earlier one takes, each with the mapping that they never get to."""
    for number, rule in enumerate(partner.documents):
        earlier = [each.pattern for each in partner.documents[:number]]
        taken_by = next((each for each in earlier if _takes_all(each, rule.pattern)), None)
        if taken_by is not None:
            yield Checked(
                project.shown(partner.folder / "partner.yaml"),
                False,
                f"documents: the pattern {rule.pattern!r} is never reached, because {taken_by!r} "
                f"above it takes all of its files; {rule.mapping} reads none. Put it above, or "
                "take it out",
            )


def _takes_all(first: str, second: str) -> bool:
    """Whether every file name of the second pattern is one of the first."""
    if first == second:
        return True
    # a star that takes the signs of the second pattern takes whatever they stand for
    return not set("?[") & set(first) and fnmatchcase(second, first)


def _right(project: Project, path: Path, ready: CompiledMapping) -> Iterator[Checked]:
    """That a mapping can run, and what in it may be meant otherwise."""
    yield Checked(project.shown(path), True, "mapping is right")
    for warning in ready.plan.warnings:
        yield Checked(project.shown(path), True, str(warning), warns=True)


def _run_samples(
    project: Project, partner: Partner, mapping: str, ready: CompiledMapping
) -> Iterator[Checked]:
    for result in run_samples(partner, mapping, ready):
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
