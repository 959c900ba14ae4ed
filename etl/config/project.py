"""The whole declared project: environment, folders, ledger, target, jobs and partners."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from etl.config.partner import Partner, Retries
from etl.config.secrets import Secret, resolve
from etl.errors import ConfigurationError
from etl.yamlfile import YamlFile, did_you_mean

_RETRIES = Retries(attempts=7, first_delay=1)
_DUE_DATE = "document"

LARGEST_ATTACHMENT_MB = 20
"""Above so many megabytes an original is not attached, unless the Odoo settings say otherwise."""

STEPS = ("pull", "map", "reconcile", "push", "acknowledge")


@dataclass(frozen=True, slots=True)
class OdooSettings:
    """The Odoo that bills are pushed to.

    Attributes:
        password: the service user's API key (or password).
        company: database id of the company that the bills belong to.
        journal: code of the purchase journal; None: Odoo's default.
        taxes: tax rate in percent, as text -> name of the purchase tax in Odoo.
        due_date: ``document`` or ``vendor_term``: whose word it is when a bill is due.
        timeout: seconds to wait for one answer.
        batch: bills in one call at most.
        retries: how often a call is tried in all while Odoo is away, and the first wait.
    """

    url: str
    database: str
    login: str
    password: Secret
    company: int = 1
    journal: str | None = None
    taxes: Mapping[str, str] | None = None
    due_date: str = _DUE_DATE
    timeout: float = 120
    batch: int = 60
    retries: Retries = _RETRIES


@dataclass(frozen=True)
class LedgerDeclaration:
    """The ledger's address as declared; a reference in it is resolved only when it is opened."""

    declared: str
    place: str
    root: Path
    environ: Mapping[str, str] = field(repr=False)

    def resolve(self) -> str:
        """SQLAlchemy's URL, SQLite paths made absolute.

        Raises:
            ConfigurationError: a reference cannot be resolved.
        """
        url = resolve(self.declared, self.place, self.environ, self.root)
        path = url.removeprefix("sqlite:///")
        return f"sqlite:///{self.root / path}" if path != url else url


class OdooDeclaration(Protocol):
    """An Odoo whose references are resolved only when it is really used."""

    @property
    def taxes(self) -> Mapping[str, str]:
        """Tax rate -> name of the purchase tax, which files for an import need too."""
        ...

    @property
    def due_date(self) -> str:
        """``document`` or ``vendor_term``, which files for an import follow too."""
        ...

    @property
    def largest_attachment_mb(self) -> int:
        """Above so many megabytes an original is not attached, nor laid beside such files."""
        ...

    def resolve(self) -> OdooSettings:
        """Raises ConfigurationError where a reference cannot be resolved."""
        ...


@dataclass(frozen=True)
class DeclaredOdoo:
    """The Odoo of an environment, its references not yet resolved."""

    file: YamlFile
    key: tuple[str | int, ...]
    declared: Mapping[str, Any]
    root: Path
    environ: Mapping[str, str] = field(repr=False)

    @property
    def taxes(self) -> Mapping[str, str]:
        """Tax rate -> name of the purchase tax."""
        return dict(self.declared.get("taxes", {}))

    @property
    def due_date(self) -> str:
        """``document`` or ``vendor_term``."""
        return str(self.declared.get("due_date", _DUE_DATE))

    @property
    def largest_attachment_mb(self) -> int:
        """Above so many megabytes an original is not attached."""
        return int(self.declared.get("largest_attachment_mb", LARGEST_ATTACHMENT_MB))

    def resolve(self) -> OdooSettings:
        """Raises ConfigurationError where a reference cannot be resolved."""
        declared = self.declared
        optional = {
            name: declared[name]
            for name in ("company", "journal", "taxes", "due_date", "batch")
            if name in declared
        }
        if "timeout" in declared:
            optional["timeout"] = float(declared["timeout"])
        if "retries" in declared:
            optional["retries"] = _RETRIES.but(declared["retries"])
        return OdooSettings(
            url=self._text("url"),
            database=self._text("database"),
            login=self._text("login"),
            password=Secret(
                declared["password"],
                self.file.place([*self.key, "password"]),
                self.environ,
                self.root,
            ),
            **optional,
        )

    def _text(self, name: str) -> str:
        place = self.file.place([*self.key, name])
        return resolve(self.declared[name], place, self.environ, self.root)


@dataclass(frozen=True, slots=True)
class Folders:
    """Working folders: received files by partner, files to send by partner, batches by date."""

    inbox: Path
    outbox: Path
    archive: Path


@dataclass(frozen=True, slots=True)
class Trigger:
    """When a job fires: one of `daily` (HH:MM), `cron` (five fields) or `every` (minutes).

    Attributes:
        zone: IANA time zone of the nominal time.
        catch_up: ``run`` fires the latest missed slot once; ``skip`` only says what was missed.
    """

    daily: str | None = None
    cron: str | None = None
    every_minutes: int | None = None
    zone: str = "UTC"
    catch_up: str = "run"


@dataclass(frozen=True, slots=True)
class PushRule:
    """What a job pushes.

    Attributes:
        mapping: path of the mapping canonical -> target.
        post: ``never`` leaves drafts; ``approved`` posts what was approved.
        outcomes: audit outcomes that are pushed; the others wait in their queue.
    """

    mapping: Path
    post: str = "never"
    outcomes: tuple[str, ...] = ("AUTO_APPROVE", "APPROVE_WITH_VARIANCE")


@dataclass(frozen=True, slots=True)
class Job:
    """A job of schedules.yaml: the partners it serves, its steps in order, when it fires."""

    name: str
    description: str
    partners: tuple[str, ...]
    steps: tuple[str, ...]
    trigger: Trigger | None
    push: PushRule | None


@dataclass(frozen=True, slots=True)
class ReconcileSettings:
    """The tolerances file, and how many days back expected charges are looked for."""

    tolerances: YamlFile
    expected_window_days: int = 400


@dataclass(frozen=True, slots=True)
class Project:
    """Everything declared, for one environment; read once and passed down.

    Attributes:
        root: the folder of schedules.yaml.
        target: ``outbox`` or ``odoo``.
        code_lists: the folder of the code lists.
        edi_test: what becomes of X12 and EDIFACT interchanges that call themselves tests, where a
            partner does not say so itself: ``reject``, ``warn`` or ``accept``.
    """

    root: Path
    environment: str
    folders: Folders
    ledger: LedgerDeclaration
    target: str
    odoo: OdooDeclaration | None
    jobs: Mapping[str, Job]
    partners: Mapping[str, Partner]
    code_lists: Path
    reconcile: ReconcileSettings
    edi_test: str = "warn"

    def partner(self, name: str) -> Partner:
        """The partner `name`; raises ConfigurationError where it is not declared."""
        if name not in self.partners:
            raise ConfigurationError(
                f"there is no partner {name!r}; there are {', '.join(self.partners)}. "
                f"{did_you_mean(name, self.partners)}"
            )
        return self.partners[name]

    def shown(self, path: Path) -> str:
        """`path` as people know it: relative to the project where it lies in it."""
        return str(path.relative_to(self.root)) if path.is_relative_to(self.root) else str(path)
