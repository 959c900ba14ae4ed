"""Pushing as the pipeline does it, with a ledger in memory; and looking at what is in Odoo."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import odoorpc

from etl.odoo.jsonrpc import JsonRpcTransport
from etl.odoo.odoo_target import OdooTarget
from etl.odoo.settings import OdooSettings
from etl.odoo.target import Attachment, KnownPush, Pushed, PushReport, Target
from tests.odoo.bill_tables import SampleBill, tables_of

_MOVE_FIELDS = (
    *("name", "ref", "state", "move_type", "partner_id", "currency_id", "invoice_date", "date"),
    *(
        "invoice_date_due",
        "invoice_origin",
        "amount_untaxed",
        "amount_tax",
        "amount_total",
        "payment_reference",
    ),
    *("narration", "journal_id"),
)
_LINE_FIELDS = ("name", "product_id", "quantity", "price_unit", "price_subtotal", "tax_ids")


@dataclass
class Documents:
    """Originals by source key, with the keys that were asked for."""

    given: Mapping[str, Attachment]
    owed: Collection[str] = ()
    asked: list[str] = field(default_factory=list)

    def __call__(self, source_keys: Sequence[str]) -> Iterator[tuple[str, Attachment]]:
        self.asked += source_keys
        return ((key, self.given[key]) for key in source_keys if key in self.given)


class Sender:
    """Pushes bills and remembers what it was told, as the ledger would."""

    def __init__(self, settings: OdooSettings, target: Target | None = None) -> None:
        self.settings = settings
        self.target = target or OdooTarget(settings)
        self.known: dict[str, KnownPush] = {}
        self.batches: list[list[Pushed]] = []

    def push(
        self,
        *bills: SampleBill,
        post: bool = False,
        documents: Mapping[str, Attachment] | None = None,
        owed: Collection[str] = (),
    ) -> PushReport:
        """Push the bills, in one call."""
        originals = Documents(documents or {}, owed)
        return self.target.push(tables_of(*bills), self.known, originals, post, self._note)

    def _note(self, pushed: list[Pushed]) -> None:
        self.batches.append(pushed)
        for each in pushed:
            self.known[each.source_key] = KnownPush(
                each.external_id, each.record_hash, each.remote_id
            )


class TamperingTransport(JsonRpcTransport):
    """Spoils one cell of one bill on its way to Odoo."""

    def __init__(self, settings: OdooSettings, ref: str, column: str, value: str) -> None:
        super().__init__(settings)
        self.loads = 0
        self._ref, self._column, self._value = ref, column, value

    def call(
        self,
        model: str,
        method: str,
        ids: Sequence[int] | None,
        arguments: Mapping[str, Any],
        context: Mapping[str, Any],
    ) -> Any:
        if (model, method) == ("account.move", "load"):
            self.loads += 1
            ref, column = map(arguments["fields"].index, ("ref", self._column))
            for row in arguments["data"]:
                if row[ref] == self._ref:
                    row[column] = self._value
        return super().call(model, method, ids, arguments, context)


class Looker:
    """Reads what is in Odoo."""

    def __init__(self, session: odoorpc.ODOO) -> None:
        self.session = session

    def read(self, model: str, domain: list[Any], fields: list[str]) -> list[dict[str, Any]]:
        """Search and read, archived records too."""
        rows: list[dict[str, Any]] = self.session.execute_kw(
            model,
            "search_read",
            [domain, fields],
            {"order": "id", "context": {"active_test": False}},
        )
        return rows

    def call(self, model: str, method: str, *arguments: Any) -> Any:
        """Call a method, as a person does by clicking."""
        return self.session.execute_kw(model, method, list(arguments), {})

    def bills(self, *refs: str) -> list[dict[str, Any]]:
        """Return the bills with these numbers, all that there are."""
        return self.read("account.move", [["ref", "in", list(refs)]], list(_MOVE_FIELDS))

    def bill(self, ref: str) -> dict[str, Any]:
        """Return the one bill with this number."""
        (bill,) = self.bills(ref)
        return bill

    def lines(self, bill_id: int) -> list[dict[str, Any]]:
        """Return a bill's product lines in their order."""
        rows: list[dict[str, Any]] = self.session.execute_kw(
            "account.move.line",
            "search_read",
            [[["move_id", "=", bill_id], ["display_type", "=", "product"]], list(_LINE_FIELDS)],
            {"order": "sequence, id"},
        )
        return rows

    def attachments(self, bill_id: int) -> list[dict[str, Any]]:
        """Return a bill's attachments."""
        domain = [["res_model", "=", "account.move"], ["res_id", "=", bill_id]]
        return self.read("ir.attachment", domain, ["name", "datas", "mimetype"])

    def join(self, group: str) -> None:
        """Put the administrator into a group, given by its external id."""
        command = [(4, external_id_of(self, group))]
        self.call("res.users", "write", [self.session.env.uid], {"group_ids": command})

    @contextmanager
    def without_right(self, operation: str, *models: str) -> Iterator[None]:
        """Take an operation on some models away from everybody, for a while."""
        granting = self.read(
            "ir.model.access",
            [["model_id.model", "in", models], [f"perm_{operation}", "=", True]],
            ["id"],
        )
        ids = [row["id"] for row in granting]
        self.call("ir.model.access", "write", ids, {f"perm_{operation}": False})
        try:
            yield
        finally:
            self.call("ir.model.access", "write", ids, {f"perm_{operation}": True})

    def id_of(self, model: str, field: str, value: str) -> int:
        """Return the id of the one record with this value."""
        (row,) = self.read(model, [[field, "=", value]], ["id"])
        return int(row["id"])


def cents(value: float) -> Decimal:
    """Return an amount that Odoo sent, in cents."""
    return Decimal(repr(value)).quantize(Decimal("0.01"))


def external_id_of(looker: Looker, external_id: str) -> int:
    """Return the record's id behind an external id."""
    module, name = external_id.split(".")
    (row,) = looker.read(
        "ir.model.data", [["module", "=", module], ["name", "=", name]], ["res_id"]
    )
    return int(row["res_id"])
