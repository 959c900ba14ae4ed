"""Suppliers: found by their internal reference, else by their VAT number; never created."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from etl.odoo.client import Client, Row
from etl.odoo.unresolved import Resolution, Unresolved

PartnerKey = tuple[str, str | None]
"""Reference and VAT number of a supplier, as the bill has them."""

_FIELDS = ("ref", "vat", "active", "parent_id")


def find_partners(client: Client, keys: Iterable[PartnerKey]) -> dict[PartnerKey, Resolution]:
    """Return for each key the id of the one active partner, or why there is none.

    Companies win over their own contacts, which may carry the same reference or VAT number.
    """
    wanted = set(keys)
    by_ref: defaultdict[str, list[Row]] = defaultdict(list)
    for row in client.search_in(
        "res.partner", "ref", (ref for ref, _ in wanted), _FIELDS, archived=True
    ):
        by_ref[row["ref"]].append(row)
    by_vat: defaultdict[str, list[Row]] = defaultdict(list)
    spellings = {
        spelling
        for ref, vat in wanted
        if vat and not _usable(by_ref[ref])
        for spelling in (vat, normalised_vat(vat))
    }
    for row in client.search_in("res.partner", "vat", spellings, _FIELDS, archived=True):
        by_vat[normalised_vat(row["vat"])].append(row)
    return {
        (ref, vat): _choose(ref, vat, by_ref[ref], by_vat[normalised_vat(vat or "")])
        for ref, vat in wanted
    }


def normalised_vat(vat: str) -> str:
    """Return the number in upper case with letters and digits only."""
    return re.sub(r"[^A-Z0-9]", "", vat.upper())


def _usable(rows: list[Row]) -> list[Row]:
    active = [row for row in rows if row["active"]]
    return [row for row in active if not row["parent_id"]] or active


def _choose(ref: str, vat: str | None, by_ref: list[Row], by_vat: list[Row]) -> Resolution:
    shown = f"{ref} / VAT {vat}" if vat else ref
    found = _usable(by_ref) or _usable(by_vat)
    if len(found) == 1:
        return int(found[0]["id"])
    if found:
        return Unresolved(
            "AMBIGUOUS_PARTNER",
            f"{len(found)} partners in Odoo have the reference or VAT number of this supplier "
            f"(ids {', '.join(str(row['id']) for row in found)}). Leave it on one of them.",
            shown,
            "one partner",
        )
    archived = by_ref or by_vat
    if archived:
        return Unresolved(
            "UNKNOWN_PARTNER",
            f"the supplier is archived in Odoo (id {archived[0]['id']}). Unarchive it, or give "
            "its reference to the partner that follows it.",
            shown,
            "an active partner",
        )
    return Unresolved(
        "UNKNOWN_PARTNER",
        f"no partner in Odoo has the reference {ref!r}"
        + (f" or the VAT number {vat!r}" if vat else "")
        + ". Enter the reference (field Reference, tab Sales & Purchase) at the right partner.",
        shown,
        f"a partner with reference {ref}",
    )
