"""What Odoo has of our bills: states, totals and the values that we write."""

from __future__ import annotations

import html
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from etl.odoo.client import Client, Row, many2one
from etl.odoo.due_dates import DAY, TERM
from etl.odoo.external_ids import MODULE
from etl.odoo.json_numbers import money
from etl.odoo.rows import MODEL

LINE_MODEL = "account.move.line"

_STATE_FIELDS = ("name", "state", "date", "move_type", "amount_total", "amount_tax")
_HEADER_FIELDS = (
    *("state", "ref", "partner_id", "invoice_date", "date", DAY, TERM, "currency_id"),
    *("payment_reference", "invoice_origin", "narration"),
)
_LINE_FIELDS = (
    *("move_id", "sequence", "product_id", "name", "quantity", "price_unit", "tax_ids"),
    "analytic_distribution",
)
_NOT_PRODUCTS = ("line_section", "line_subsection", "line_note")


@dataclass(frozen=True, slots=True)
class RemoteState:
    """The state of a bill; `number` is None while Odoo has given none."""

    id: int
    number: str | None
    state: str
    date: str
    move_type: str
    total: Decimal
    tax: Decimal


@dataclass(frozen=True, slots=True)
class RemoteLine:
    """A line of a bill, with the name of its external id where it is one of ours."""

    id: int
    external_id: str | None
    values: Row


@dataclass(frozen=True, slots=True)
class RemoteContent:
    """The values of a bill and of its lines, as Odoo reads them."""

    header: Row
    lines: tuple[RemoteLine, ...]


def plain_text(value: str | bool | None) -> str:
    """Return the text of one of Odoo's HTML fields."""
    broken = re.sub(r"<br\s*/?>|</p>\s*<p>", "\n", str(value or ""))
    return html.unescape(re.sub(r"<[^>]*>", "", broken)).strip()


def read_states(client: Client, ids: Iterable[int]) -> dict[int, RemoteState]:
    """Return the bills that the user can see, by id."""
    return {
        row["id"]: RemoteState(
            id=row["id"],
            number=row["name"] if row["name"] and row["name"] != "/" else None,
            state=row["state"],
            date=row["date"],
            move_type=row["move_type"],
            total=money(row["amount_total"]),
            tax=money(row["amount_tax"]),
        )
        for row in client.search_in(MODEL, "id", ids, _STATE_FIELDS)
    }


def read_contents(client: Client, ids: Iterable[int]) -> dict[int, RemoteContent]:
    """Return the values of the bills and their product lines, by the bill's id."""
    wanted = list(ids)
    headers = client.search_in(MODEL, "id", wanted, _HEADER_FIELDS)
    lines = client.search_in(
        LINE_MODEL,
        "move_id",
        wanted,
        _LINE_FIELDS,
        where=_product_lines(client),
    )
    names = {
        row["res_id"]: f"{MODULE}.{row['name']}"
        for row in client.search_in(
            "ir.model.data",
            "res_id",
            (line["id"] for line in lines),
            ("name", "res_id"),
            where=[["module", "=", MODULE], ["model", "=", LINE_MODEL]],
        )
    }
    lines_of: defaultdict[int | None, list[RemoteLine]] = defaultdict(list)
    for line in lines:
        lines_of[many2one(line["move_id"])].append(
            RemoteLine(line["id"], names.get(line["id"]), line)
        )
    return {row["id"]: RemoteContent(row, tuple(lines_of[row["id"]])) for row in headers}


def read_tax_lines(client: Client, bills: Iterable[int]) -> dict[int, list[tuple[int, Decimal]]]:
    """Return the tax lines of each bill: id and signed amount in the bill's currency."""
    lines: defaultdict[int, list[tuple[int, Decimal]]] = defaultdict(list)
    for row in client.search_in(
        LINE_MODEL,
        "move_id",
        bills,
        ("move_id", "amount_currency"),
        where=[["tax_line_id", "!=", False]],
    ):
        lines[many2one(row["move_id"]) or 0].append((row["id"], money(row["amount_currency"])))
    return lines


def _product_lines(client: Client) -> list[Any]:
    if client.version >= (16, 0):
        return [["display_type", "=", "product"]]
    return [
        ["exclude_from_invoice_tab", "=", False],
        ["display_type", "not in", list(_NOT_PRODUCTS)],
    ]
