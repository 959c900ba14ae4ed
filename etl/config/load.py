"""Reading the declared project: schedules.yaml, the partners it names, the tolerances."""

from __future__ import annotations

import json
import os
import zoneinfo
from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from etl.config.cron import cron_trigger
from etl.config.load_partner import load_partner
from etl.config.partner import Partner
from etl.config.project import (
    STEPS,
    DeclaredOdoo,
    Folders,
    Job,
    LedgerDeclaration,
    Project,
    PushRule,
    ReconcileSettings,
    Trigger,
)
from etl.errors import ConfigurationError, Problem
from etl.yamlfile import YamlFile, did_you_mean, load_yaml

SCHEDULES = "schedules.yaml"


def find_project(start: Path) -> Path:
    """The nearest folder at or above `start` that holds schedules.yaml.

    Raises:
        ConfigurationError: there is none.
    """
    for folder in (start, *start.parents):
        if (folder / SCHEDULES).is_file():
            return folder
    raise ConfigurationError(
        f"no {SCHEDULES} in {start} or above it. Go to the project's folder, or name it with "
        "--project"
    )


def load_project(
    root: Path,
    environment: str | None = None,
    environ: Mapping[str, str] | None = None,
    endpoints: Mapping[str, Mapping[str, Any]] | None = None,
) -> Project:
    """Read and check the project in `root` for one environment.

    Args:
        environment: its name; None: ``default_environment`` of schedules.yaml.
        environ: the variables that references may name; None: the process's own.
        endpoints: settings of partners' endpoints that replace the declared ones, as the
            environment's ``endpoints`` do; a setting that is None is taken away.

    Raises:
        ConfigurationError: with every problem of every file, not only the first.
    """
    environ = os.environ if environ is None else environ
    root = root.resolve()
    file = load_yaml(root / SCHEDULES, SCHEDULES, schema("schedules"))
    problems: list[Problem] = []
    chosen = _chosen_environment(file, environment)
    settings = file.data["environments"][chosen]
    place: tuple[str | int, ...] = ("environments", chosen)

    partners: dict[str, Partner] = {}
    for name in _declared_partners(root):
        try:
            overrides = {
                **settings.get("endpoints", {}).get(name, {}),
                **(endpoints or {}).get(name, {}),
            }
            partners[name] = load_partner(root, name, schema("partner"), overrides, environ)
        except ConfigurationError as error:
            problems += error.problems or [Problem(name, None, "", str(error), "a partner")]
    jobs: dict[str, Job] = {}
    for name in file.data["jobs"]:
        jobs[name] = _job(file, name, root, problems)
        _check_partners(file, name, root, problems)
    for name in settings.get("endpoints", {}):
        if name not in _declared_partners(root):
            problems.append(
                file.problem([*place, "endpoints", name], "an unknown partner", "a partner's id")
            )
    if settings["target"] == "odoo" and "odoo" not in settings:
        problems.append(
            file.problem([*place, "odoo"], "nothing", "the Odoo that target: odoo pushes to")
        )
    reconcile = _reconcile(file, root, problems)
    if problems:
        raise ConfigurationError(problems)
    return Project(
        root=root,
        environment=chosen,
        folders=_folders(root, settings.get("folders", {})),
        ledger=LedgerDeclaration(
            settings.get("ledger", "sqlite:///ledger.db"),
            file.place([*place, "ledger"]),
            root,
            environ,
        ),
        target=settings["target"],
        odoo=DeclaredOdoo(file, (*place, "odoo"), settings["odoo"], root, environ)
        if "odoo" in settings
        else None,
        jobs=jobs,
        partners=partners,
        code_lists=root / file.data.get("code_lists", "mappings/codes"),
        reconcile=reconcile,
        edi_test=settings.get("edi_test", "reject" if chosen.startswith("prod") else "warn"),
    )


def schema(name: str) -> dict[str, Any]:
    """The JSON Schema of a configuration file: ``schedules`` or ``partner``."""
    text = resources.files("etl.config").joinpath(f"schemas/{name}.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def _chosen_environment(file: YamlFile, environment: str | None) -> str:
    known = list(file.data["environments"])
    chosen = environment or file.data.get("default_environment") or known[0]
    if chosen not in known:
        asked = ["default_environment"] if environment is None else ["environments"]
        raise ConfigurationError([file.problem(asked, str(chosen), f"one of {', '.join(known)}")])
    return str(chosen)


def _declared_partners(root: Path) -> list[str]:
    return sorted(path.parent.name for path in root.glob("mappings/*/partner.yaml"))


def _check_partners(file: YamlFile, job: str, root: Path, problems: list[Problem]) -> None:
    known = _declared_partners(root)
    for index, name in enumerate(file.data["jobs"][job]["partners"]):
        if name not in known:
            problems.append(
                file.problem(
                    ["jobs", job, "partners", index],
                    name,
                    f"a partner with a mappings/{name}/partner.yaml",
                    did_you_mean(name, known),
                )
            )


def _job(file: YamlFile, name: str, root: Path, problems: list[Problem]) -> Job:
    declared = file.data["jobs"][name]
    steps = tuple(declared.get("steps", STEPS))
    if list(steps) != [step for step in STEPS if step in steps]:
        problems.append(
            file.problem(
                ["jobs", name, "steps"],
                " ".join(steps),
                f"each step once, in the order {', '.join(STEPS)}",
            )
        )
    push = declared.get("push")
    rule = None
    if "push" in steps:
        if push is None:
            problems.append(
                file.problem(
                    ["jobs", name, "push"], "nothing", "the mapping that the step push needs"
                )
            )
        else:
            path = root / "mappings" / f"{push['mapping']}.yaml"
            if not path.is_file():
                problems.append(
                    file.problem(
                        ["jobs", name, "push", "mapping"],
                        push["mapping"],
                        f"a file mappings/{push['mapping']}.yaml",
                    )
                )
            rule = PushRule(path, **_given(push, "post"), **_given(push, "outcomes", tuple))
    return Job(
        name=name,
        description=declared.get("description", ""),
        partners=tuple(declared["partners"]),
        steps=steps,
        trigger=_trigger(file, name, declared.get("trigger"), problems),
        push=rule,
    )


def _trigger(
    file: YamlFile, job: str, declared: Mapping[str, str] | None, problems: list[Problem]
) -> Trigger | None:
    if declared is None:
        return None
    zone = declared.get("zone", "UTC")
    if zone not in zoneinfo.available_timezones():
        problems.append(
            file.problem(
                ["jobs", job, "trigger", "zone"],
                zone,
                "an IANA time zone, e.g. Europe/Berlin",
                did_you_mean(zone, zoneinfo.available_timezones()),
            )
        )
    if "cron" in declared:
        try:
            cron_trigger(declared["cron"])
        except ValueError as error:
            key = ["jobs", job, "trigger", "cron"]
            problems.append(file.problem(key, declared["cron"], f"a cron expression ({error})"))
    every = declared.get("every")
    minutes = int(every[:-1]) * (60 if every.endswith("h") else 1) if every else None
    return Trigger(
        daily=declared.get("daily"),
        cron=declared.get("cron"),
        every_minutes=minutes,
        zone=zone,
        catch_up=declared.get("catch_up", "run"),
    )


def _folders(root: Path, declared: Mapping[str, str]) -> Folders:
    return Folders(
        inbox=root / declared.get("inbox", "inbox"),
        outbox=root / declared.get("outbox", "outbox"),
        archive=root / declared.get("archive", "archive"),
    )


def _reconcile(file: YamlFile, root: Path, problems: list[Problem]) -> ReconcileSettings:
    declared = file.data.get("reconcile", {})
    shown_as = declared.get("tolerances", "mappings/tolerances.yaml")
    tolerances = YamlFile({}, shown_as)
    if "tolerances" in declared or (root / shown_as).is_file():
        try:
            tolerances = load_yaml(root / shown_as, shown_as)
        except ConfigurationError as error:
            problems += error.problems
    return ReconcileSettings(tolerances, **_given(declared, "expected_window_days"))


def _given(
    declared: Mapping[str, Any], name: str, convert: Callable[[Any], Any] = lambda value: value
) -> dict[str, Any]:
    """`name` as a keyword argument where it is declared, so that defaults stay in one place."""
    return {name: convert(declared[name])} if name in declared else {}
