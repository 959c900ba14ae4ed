"""The target that the environment names: a real Odoo, or files for Odoo's own import."""

from __future__ import annotations

from etl.config.project import LARGEST_ATTACHMENT_MB, Project
from etl.errors import ConfigurationError
from etl.odoo.odoo_target import OdooTarget
from etl.odoo.outbox_target import OutboxTarget
from etl.odoo.settings import DuePolicy, LoadLimits, OdooSettings
from etl.odoo.target import Target


def target_name(project: Project) -> str:
    """The target as the ledger keeps it: another Odoo is another target.

    Raises:
        ConfigurationError: a reference of Odoo's settings cannot be resolved.
    """
    if project.target == "outbox" or project.odoo is None:
        return project.target
    declared = project.odoo.resolve()
    return f"odoo {declared.url.rstrip('/')}/{declared.database}"


def open_target(project: Project, batch_id: str) -> Target:
    """The target of the project's environment; nothing is sent before it is used.

    Args:
        batch_id: names the files of the outbox.

    Raises:
        ConfigurationError: a reference of Odoo's settings cannot be resolved.
    """
    if project.target == "outbox":
        return OutboxTarget(
            project.folders.outbox / "odoo", batch_id, _taxes(project), _due_date(project)
        )
    if project.odoo is None:
        raise ConfigurationError(f"environment {project.environment} declares no odoo")
    declared = project.odoo.resolve()
    return OdooTarget(
        OdooSettings(
            url=declared.url,
            database=declared.database,
            login=declared.login,
            password=declared.password.reveal(),
            company=declared.company,
            timeout=declared.timeout,
            journal=declared.journal,
            taxes=declared.taxes or {},
            due_date=DuePolicy(declared.due_date),
            retries=declared.retries.attempts - 1,
            retry_wait=declared.retries.first_delay,
            limits=LoadLimits(largest_batch=declared.batch),
        )
    )


def largest_attachment(project: Project) -> int:
    """Bytes above which an original is not attached, whatever the target."""
    declared = project.odoo
    return (declared.largest_attachment_mb if declared else LARGEST_ATTACHMENT_MB) << 20


def _taxes(project: Project) -> dict[str, str]:
    """The names of Odoo's taxes, which the files of the outbox use too."""
    return dict(project.odoo.taxes) if project.odoo is not None else {}


def _due_date(project: Project) -> DuePolicy:
    """Whose word it is when a bill is due; the files of the outbox follow it too."""
    return DuePolicy(project.odoo.due_date if project.odoo is not None else DuePolicy.DOCUMENT)
