"""Whether pushing can work: connection, version, rights and settings, each found fault by name."""

from __future__ import annotations

from collections.abc import Iterator

from etl.errors import EtlError
from etl.odoo.client import Client
from etl.odoo.company import read_company
from etl.odoo.rights import missing_rights
from etl.odoo.target import Finding, Level
from etl.odoo.taxes import find_taxes, tax_key
from etl.odoo.unresolved import Unresolved

_OLDEST = (14, 0)
_TESTED = (19, 0)


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
    client.login()
    yield Finding(
        Level.OK, "connection", f"{settings.url} database {settings.database} as {settings.login}"
    )
    yield _version(client)
    missing = list(missing_rights(client))
    for right in missing:
        yield Finding(Level.ERROR, "rights", right.told(settings.login))
    if not missing:
        yield Finding(Level.OK, "rights", "the user has all rights that pushing needs")
    if client.version < _OLDEST or missing:
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


def _taxes(client: Client) -> Iterator[Finding]:
    """Look for each tax that the settings name."""
    keys = {key: tax_key(key) for key in client.settings.taxes}
    found = find_taxes(client, keys.values(), client.settings.taxes)
    for text, key in keys.items():
        tax = found[key]
        if isinstance(tax, Unresolved):
            yield Finding(Level.ERROR, "taxes", f"taxes: {text!r}: {tax.message}")
        elif tax is not None:
            name = client.settings.taxes[text]
            yield Finding(Level.OK, "taxes", f"taxes: {text!r} is {name!r} (id {tax.id})")
