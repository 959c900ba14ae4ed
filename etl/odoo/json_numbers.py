"""Numbers as Odoo's JSON has them: binary fractions, exact where they are rounded as Odoo does."""

from __future__ import annotations

from decimal import Decimal


def money(value: float) -> Decimal:
    """Return an amount that came as a JSON number, exact to four decimals."""
    return Decimal(repr(value)).quantize(Decimal("0.0001"))


def json_number(value: Decimal) -> float:
    """Return an amount as Odoo's `write()` wants it: JSON has no decimals, and text fails.

    Odoo rounds it to the currency on arrival, so what is kept is exact up to 15 digits.
    """
    return float(value)
