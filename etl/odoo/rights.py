"""What the service user has to be allowed, and which of it is missing, by name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from etl.odoo.client import Client
from etl.odoo.transport import RefusedError

_POSTING_GROUP = "account.group_account_invoice"

# What gives a right: a group, or an access right of its own.
_BILLING = f"add the user to Accounting / Invoicing ({_POSTING_GROUP})"
_INTERNAL = "make the user an internal user (base.group_user)"
_EXTERNAL_IDS = (
    "give one of the user's groups an access right to read the model Model Data (ir.model.data), "
    "which Odoo gives to administrators only; see docs/odoo.md"
)
NEEDED: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("ir.model.data", ("read",), _EXTERNAL_IDS),
    ("account.move", ("read", "create", "write"), _BILLING),
    ("account.move.line", ("read", "create", "write", "unlink"), _BILLING),
    ("account.tax", ("read",), _BILLING),
    ("account.journal", ("read",), _BILLING),
    ("account.account", ("read",), _BILLING),
    ("account.payment.term", ("read",), _BILLING),
    ("ir.attachment", ("read", "create"), _INTERNAL),
    ("res.partner", ("read",), _INTERNAL),
    ("product.product", ("read",), _INTERNAL),
    ("product.template", ("read",), _INTERNAL),
    ("res.company", ("read",), _INTERNAL),
    ("res.users", ("read",), _INTERNAL),
    ("res.currency", ("read",), _INTERNAL),
    ("res.currency.rate", ("read",), _INTERNAL),
)
_OPERATIONS = ("read", "create", "write", "unlink")
_ASK_ADMINISTRATOR = "ask Odoo's administrator for this right"
# Odoo's refusal is a text in the user's language; the model's technical name stands in it.
_MODEL = re.compile(r"\(([a-z][a-z0-9_]*(?:\.[a-z0-9_]+)+)\)")


@dataclass(frozen=True, slots=True)
class MissingRight:
    """Operations on a model (``post`` among them) that the user may not do."""

    model: str
    operations: tuple[str, ...]
    remedy: str

    def told(self, login: str) -> str:
        """Return it as a sentence."""
        return (
            f"the user {login!r} may not {', '.join(self.operations)} {self.model}: {self.remedy}"
        )


def missing_rights(client: Client) -> Iterator[MissingRight]:
    """Yield what pushing needs and the user has not."""
    for model, operations, remedy in NEEDED:
        yield from _missing(client, model, operations, remedy)
    user = [client.login()] if client.version >= (18, 0) else None
    if not client.ask("res.users", "has_group", user, group_ext_id=_POSTING_GROUP):
        yield MissingRight("bills (account.move)", ("post",), _BILLING)


def missing_behind(client: Client, refusal: str) -> list[MissingRight]:
    """Return the missing rights that may stand behind Odoo's words for refusing a call.

    `load()` gives the text of an exception and not its kind, so that a missing right reads like
    a bad bill. The text is only looked at for the models that it names; Odoo itself is asked.
    """
    named = set(_MODEL.findall(refusal))
    if not named:
        return []
    known = {model for model, _, _ in NEEDED}
    found = list(missing_rights(client))
    for model in sorted(named - known):
        try:
            found += _missing(client, model, _OPERATIONS, _ASK_ADMINISTRATOR)
        except RefusedError:
            continue  # no model, only something that looks like one
    return found


def _missing(
    client: Client, model: str, operations: tuple[str, ...], remedy: str
) -> Iterator[MissingRight]:
    missing = tuple(operation for operation in operations if not _may(client, model, operation))
    if missing:
        yield MissingRight(model, missing, remedy)


def _may(client: Client, model: str, operation: str) -> bool:
    if client.version >= (18, 0):
        return bool(client.ask(model, "has_access", [], operation=operation))
    return bool(
        client.ask(model, "check_access_rights", operation=operation, raise_exception=False)
    )
