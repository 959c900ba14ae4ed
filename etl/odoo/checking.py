"""Whether pushing can work: connection, version, rights and settings, each found fault by name."""

from __future__ import annotations

from collections.abc import Iterator

from etl.errors import EtlError
from etl.odoo.client import Client
from etl.odoo.company import read_company
from etl.odoo.target import Finding, Level
from etl.odoo.taxes import find_taxes, tax_key
from etl.odoo.unresolved import Unresolved

_OLDEST = (14, 0)
_TESTED = (19, 0)
_POSTING_GROUP = "account.group_account_invoice"

# What pushing does, and the group (or the right) that gives it.
_BILLING = f"add the user to Accounting / Invoicing ({_POSTING_GROUP})"
_INTERNAL = "make the user an internal user (base.group_user)"
_EXTERNAL_IDS = (
    "give one of the user's groups an access right to read the model Model Data (ir.model.data), "
    "which Odoo gives to administrators only; see docs/odoo.md"
)
_NEEDED: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("ir.model.data", ("read",), _EXTERNAL_IDS),
    ("account.move", ("read", "create", "write"), _BILLING),
    ("account.move.line", ("read", "create", "write", "unlink"), _BILLING),
    ("account.tax", ("read",), _BILLING),
    ("account.journal", ("read",), _BILLING),
    ("ir.attachment", ("read", "create"), _INTERNAL),
    ("res.partner", ("read",), _INTERNAL),
    ("product.product", ("read",), _INTERNAL),
    ("res.currency.rate", ("read",), _INTERNAL),
)


def check(client: Client) -> list[Finding]:
    """Return what was found, the good things too; see `etl.odoo.target.Target.check`."""
    findings: list[Finding] = []
    try:
        for finding in _look(client):
            findings.append(finding)
    except EtlError as error:
        findings.append(Finding(Level.ERROR, "connection" if not findings else "odoo", str(error)))
    return findings


def _look(client: Client) -> Iterator[Finding]:
    settings = client.settings
    user = client.login()
    yield Finding(
        Level.OK, "connection", f"{settings.url} database {settings.database} as {settings.login}"
    )
    yield _version(client)
    missing = list(_missing_rights(client, user))
    yield from missing
    if not missing:
        yield Finding(Level.OK, "rights", "the user has all rights that pushing needs")
    if client.version < _OLDEST or any("account." in finding.message for finding in missing):
        return  # what follows would only say the same in other words
    company = read_company(client)
    yield Finding(Level.OK, "company", f"bills belong to {company.name} (id {settings.company})")
    yield from _taxes(client)


def _version(client: Client) -> Finding:
    found = ".".join(map(str, client.version))
    if client.version < _OLDEST:
        return Finding(Level.ERROR, "version", f"Odoo {found} is too old; 14 is the oldest")
    if client.version[0] != _TESTED[0]:
        return Finding(Level.WARNING, "version", f"Odoo {found}; etl is tested with 19 only")
    return Finding(Level.OK, "version", f"Odoo {found}")


def _missing_rights(client: Client, user: int) -> Iterator[Finding]:
    for model, operations, remedy in _NEEDED:
        missing = [operation for operation in operations if not _may(client, model, operation)]
        if missing:
            what = f"{', '.join(missing)} {model}"
            yield Finding(
                Level.ERROR,
                "rights",
                f"the user {client.settings.login!r} may not {what}: {remedy}",
            )
    if not _may_post(client, user):
        yield Finding(
            Level.ERROR,
            "rights",
            f"the user {client.settings.login!r} may not post bills (account.move): {_BILLING}",
        )


def _may(client: Client, model: str, operation: str) -> bool:
    if client.version >= (18, 0):
        return bool(client.ask(model, "has_access", [], operation=operation))
    return bool(
        client.ask(model, "check_access_rights", operation=operation, raise_exception=False)
    )


def _may_post(client: Client, user: int) -> bool:
    about = [user] if client.version >= (18, 0) else None
    return bool(client.ask("res.users", "has_group", about, group_ext_id=_POSTING_GROUP))


def _taxes(client: Client) -> Iterator[Finding]:
    """Look for each tax that the settings name."""
    keys = {key: tax_key(key) for key in client.settings.taxes}
    found = find_taxes(client, keys.values(), client.settings.taxes)
    for text, key in keys.items():
        tax = found[key]
        if isinstance(tax, Unresolved):
            yield Finding(Level.ERROR, "taxes", f"taxes: {text!r}: {tax.message}")
        else:
            name = client.settings.taxes[text]
            yield Finding(Level.OK, "taxes", f"taxes: {text!r} is {name!r} (id {tax})")
