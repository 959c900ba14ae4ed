"""Purchase taxes: by the name that the settings give, else by their percentage.

What a tax adds to a price is asked of Odoo, as its percentage does not tell: a reverse charge of
19 % adds nothing, and a tax that is included in the price makes the price of a line smaller.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from etl.odoo.client import Client, Row
from etl.odoo.json_numbers import money
from etl.odoo.transport import RefusedError
from etl.odoo.unresolved import Resolution, Unresolved

TaxKey = tuple[str | None, Decimal | None]
"""UNCL5305 category (``S``, ``AE``, ``Z`` ...) and rate in percent of a line."""

_FIELDS = ("name", "amount", "amount_type", "price_include")
_PURCHASE = [["type_tax_use", "=", "purchase"]]
# The price that Odoo is asked for; so large that its answer is exact to six decimals of a percent.
_PRICE = 10_000_000
_PERCENTAGES = ("percent", "division")


@dataclass(frozen=True, slots=True)
class Tax:
    """A purchase tax on top of the price.

    Attributes:
        adds: percent that it adds to a price; None where that is no percentage.
    """

    id: int
    name: str
    adds: Decimal | None


def configured_name(taxes: Mapping[str, str], key: TaxKey) -> str | None:
    """Return the name that the settings give to a tax, the most exact entry first."""
    category, rate = key
    by_key = {normalised_key(text): name for text, name in taxes.items()}
    number = "" if rate is None else _plain(rate)
    asked = (f"{category or ''} {number}".strip(), category or "", number)
    return next((by_key[text] for text in asked if text in by_key), None)


def usual_name(key: TaxKey) -> str:
    """Return how Odoo's own charts of accounts name the tax of a rate; empty for no tax."""
    rate = key[1]
    return f"{_plain(rate)}%" if rate else ""


def normalised_key(text: str) -> str:
    """Return a key of the settings in one spelling: ``"s  19.00"`` is ``"S 19"``."""
    return " ".join(_plain_or_text(part) for part in text.upper().split())


def tax_key(text: str) -> TaxKey:
    """Return the tax that a key of the settings stands for."""
    words = normalised_key(text).split()
    numbers = [Decimal(word) for word in words if word[0].isdigit()]
    letters = [word for word in words if not word[0].isdigit()]
    return (letters[0] if letters else None, numbers[0] if numbers else None)


def find_taxes(
    client: Client, keys: Iterable[TaxKey], configured: Mapping[str, str]
) -> dict[TaxKey, Tax | Unresolved | None]:
    """Return for each key the one purchase tax, None for no tax, or why there is none.

    A line without a rate, or with the rate zero, has no tax unless the settings name one.
    """
    wanted = set(keys)
    names = {key: configured_name(configured, key) for key in wanted}
    taxed = {key for key in wanted if names[key] or key[1]}
    if not taxed:
        return dict.fromkeys(wanted)
    by_name: defaultdict[str, list[Row]] = defaultdict(list)
    by_rate: defaultdict[Decimal, list[Row]] = defaultdict(list)
    rows = {row["id"]: row for row in client.search_read("account.tax", _PURCHASE, _FIELDS)}
    for row in rows.values():
        by_name[row["name"]].append(row)
        if row["amount_type"] == "percent" and not row["price_include"]:
            by_rate[Decimal(repr(row["amount"])).normalize()].append(row)
    chosen: dict[TaxKey, Resolution] = {}
    for key in taxed:
        name, rate = names[key], key[1] or Decimal(0)
        chosen[key] = (
            _by_name(name, by_name[name]) if name else _by_rate(rate, by_rate[rate.normalize()])
        )
    used = {tax for tax in chosen.values() if isinstance(tax, int)}
    known = {tax: _what_it_adds(client, rows[tax]) for tax in used}
    found: dict[TaxKey, Tax | Unresolved | None] = dict.fromkeys(wanted - taxed)
    for key, tax in chosen.items():
        found[key] = known[tax] if isinstance(tax, int) else tax
    return found


def _what_it_adds(client: Client, row: Row) -> Tax | Unresolved:
    """Ask Odoo for the tax of a price; a tax that is a part of the price is none of ours."""
    try:
        answer = client.ask("account.tax", "compute_all", [row["id"]], price_unit=float(_PRICE))
    except RefusedError:
        return Tax(row["id"], row["name"], None)  # a formula that wants more than a price
    if money(answer["total_excluded"]) != _PRICE:
        return Unresolved(
            "TAX_IN_PRICE",
            f"the tax {row['name']!r} in Odoo is included in the price, and our lines are without "
            "taxes. Name a tax on top of the price under taxes in the Odoo settings, or set "
            "Included in Price of this one to Tax Excluded.",
            row["name"],
            "a tax on top of the price",
        )
    added = money(answer["total_included"]) - _PRICE
    is_percentage = row["amount_type"] in _PERCENTAGES
    adds = (added * 100 / _PRICE).normalize() if is_percentage else None
    return Tax(row["id"], row["name"], adds)


def _by_name(name: str, rows: list[Row]) -> Resolution:
    if len(rows) == 1:
        return int(rows[0]["id"])
    if rows:
        return Unresolved(
            "AMBIGUOUS_TAX",
            f"{len(rows)} active purchase taxes in Odoo are named {name!r}. Rename all but one.",
            name,
            "one purchase tax",
        )
    return Unresolved(
        "UNKNOWN_TAX",
        f"Odoo has no active purchase tax named {name!r}. Correct the name under taxes in the "
        "Odoo settings (it is the name in the language of the service user).",
        name,
        "the name of a purchase tax",
    )


def _by_rate(rate: Decimal, rows: list[Row]) -> Resolution:
    shown = f"{_plain(rate)} %"
    if len(rows) == 1:
        return int(rows[0]["id"])
    if rows:
        named = ", ".join(repr(row["name"]) for row in rows)
        return Unresolved(
            "AMBIGUOUS_TAX",
            f"Odoo has several purchase taxes of {shown}: {named}. Name the right one under "
            f'taxes in the Odoo settings, as "{_plain(rate)}": "name".',
            shown,
            "one purchase tax",
        )
    return Unresolved(
        "UNKNOWN_TAX",
        f"Odoo has no active purchase tax of {shown} on top of the price. Create it, or name "
        f'the right one under taxes in the Odoo settings, as "{_plain(rate)}": "name".',
        shown,
        "a purchase tax",
    )


def _plain(number: Decimal) -> str:
    return format(number.normalize(), "f")


def _plain_or_text(text: str) -> str:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return _plain(number) if number.is_finite() else text
