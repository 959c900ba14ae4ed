"""A key of ours for which Odoo has no single record; the bills that use it are parked."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unresolved:
    """Why a key has no record, in the words of a rejection (see `etl.odoo.target.Rejected`)."""

    code: str
    message: str
    value: str
    expected: str


Resolution = int | Unresolved
