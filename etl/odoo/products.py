"""Products by internal reference and analytic accounts by code; never created."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from etl.odoo.client import Client, Row
from etl.odoo.unresolved import Resolution, Unresolved


def find_products(client: Client, codes: Iterable[str]) -> dict[str, Resolution]:
    """Return for each internal reference the id of the one active product, or why not."""
    wanted = set(codes)
    rows = client.search_in(
        "product.product", "default_code", wanted, ("default_code", "active"), archived=True
    )
    return _by_code(wanted, rows, "default_code", "PRODUCT", "product", "internal reference")


def find_analytic_accounts(client: Client, codes: Iterable[str]) -> dict[str, Resolution]:
    """Return for each code the id of the one active analytic account, or why not."""
    wanted = set(codes)
    if not wanted:
        return {}
    rows = client.search_in(
        "account.analytic.account", "code", wanted, ("code", "active"), archived=True
    )
    return _by_code(wanted, rows, "code", "ANALYTIC", "analytic account", "reference")


def _by_code(
    wanted: set[str], rows: list[Row], field: str, code: str, noun: str, key: str
) -> dict[str, Resolution]:
    found: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[field]].append(row)
    return {value: _one(value, found[value], code, noun, key) for value in wanted}


def _one(value: str, rows: list[Row], code: str, noun: str, key: str) -> Resolution:
    active = [row for row in rows if row["active"]]
    if len(active) == 1:
        return int(active[0]["id"])
    if active:
        return Unresolved(
            f"AMBIGUOUS_{code}",
            f"{len(active)} active {noun}s in Odoo have the {key} {value!r} "
            f"(ids {', '.join(str(row['id']) for row in active)}). Leave it on one of them.",
            value,
            f"one {noun}",
        )
    message = (
        f"the {noun} with the {key} {value!r} is archived in Odoo (id {rows[0]['id']}). "
        "Unarchive it, or map the charge to another one."
        if rows
        else f"no {noun} in Odoo has the {key} {value!r}. Create it there, or map the charge "
        "to one that exists."
    )
    return Unresolved(f"UNKNOWN_{code}", message, value, f"an active {noun}")
