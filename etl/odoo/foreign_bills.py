"""Bills that somebody else entered in Odoo: Odoo 19 lets the same bill be entered twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from etl.odoo.client import Client, Row, many2one
from etl.odoo.external_ids import MODULE
from etl.odoo.resolution import ResolvedBill
from etl.odoo.rows import MODEL
from etl.odoo.target import Rejected


def find_foreign_bills(client: Client, bills: Sequence[ResolvedBill]) -> list[Rejected]:
    """Return a rejection for each new bill that is in Odoo already without our external id.

    The same bill means: same supplier (or another contact of the same company), same
    supplier's number, same type, not cancelled.
    """
    rows = client.search_in(
        MODEL,
        "ref",
        (resolved.bill.ref for resolved in bills),
        ("name", "ref", "move_type", "partner_id", "commercial_partner_id"),
        where=[["state", "!=", "cancel"], ["move_type", "in", ["in_invoice", "in_refund"]]],
    )
    ours = {
        row["res_id"]
        for row in client.search_in(
            "ir.model.data",
            "res_id",
            (row["id"] for row in rows),
            ("res_id",),
            where=[["module", "=", MODULE], ["model", "=", MODEL]],
        )
    }
    foreign: defaultdict[tuple[str, str, int | None], list[Row]] = defaultdict(list)
    for row in rows:
        if row["id"] not in ours:
            for partner in {many2one(row["partner_id"]), many2one(row["commercial_partner_id"])}:
                foreign[row["ref"], row["move_type"], partner].append(row)
    rejected: list[Rejected] = []
    for resolved in bills:
        bill = resolved.bill
        found = foreign[bill.ref, bill.move_type, resolved.partner]
        if found:
            number = found[0]["name"] or "a draft"
            rejected.append(
                bill.rejected(
                    "DUPLICATE_IN_ODOO",
                    f"Odoo has a bill {bill.ref!r} of this supplier that was not made by etl "
                    f"({number}, id {found[0]['id']}). Cancel that one and push again, or close "
                    "this exception.",
                    bill.ref,
                    "no such bill",
                    remote_id=found[0]["id"],
                )
            )
    return rejected
