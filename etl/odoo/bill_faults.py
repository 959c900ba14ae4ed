"""What can be seen to be wrong with a bill before anything is made of it in Odoo.

A draft with a wrong total is worse than none, as somebody may post it. So what Odoo will compute is
computed beforehand, and what is wrong is told by its cause.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import ROUND_HALF_UP, Decimal

from etl.odoo.bills import Bill, BillLine
from etl.odoo.company import Company
from etl.odoo.target import Rejected
from etl.odoo.taxes import Tax

_HALF = Decimal("0.5")


def tax_leeway(bill: Bill, rounding: Decimal) -> Decimal:
    """Return by how much taxes may differ through rounding alone: half a cent twice a line."""
    return rounding * len(bill.lines)


def find_faults(
    bill: Bill, rounding: Decimal, company: Company, taxes: Sequence[Tax | None]
) -> Iterator[Rejected]:
    """Yield each reason why the bill cannot be right in Odoo.

    Args:
        rounding: the smallest amount in the bill's currency.
        taxes: Odoo's tax of each line; empty where one is not known.
    """
    yield from _too_exact(bill, "price_unit", company.price_digits, "Product Price")
    yield from _too_exact(bill, "quantity", company.quantity_digits, "Product Unit")
    wrong_total = _own_total(bill, rounding) or _odoos_total(bill, rounding, company, taxes)
    if wrong_total is not None:
        yield wrong_total


def _too_exact(bill: Bill, field: str, digits: int, accuracy: str) -> Iterator[Rejected]:
    """Yield the first price or quantity that Odoo would round, and compute another amount of."""
    step = Decimal(1).scaleb(-digits)
    for line in bill.lines:
        number: Decimal = getattr(line, field)
        if number % step:
            noun = "price" if field == "price_unit" else "quantity"
            yield bill.rejected(
                f"{noun.upper()}_PRECISION",
                f"Odoo keeps {digits} decimals of a {noun} and would round line {line.line_no}. "
                "Map the line to the quantity 1 with its amount as price, or raise the decimal "
                f"accuracy of {accuracy} in Odoo.",
                f"{number.normalize():f}",
                f"{digits} decimals",
            )
            return


def _own_total(bill: Bill, rounding: Decimal) -> Rejected | None:
    """Return the reason if the document does not come to its own total."""
    net = sum((line.amount for line in bill.lines), Decimal(0))
    tax = _own_tax(bill)
    if abs(net + tax - bill.amount_total) <= tax_leeway(bill, rounding):
        return None
    return bill.rejected(
        "TOTAL_DIFFERS",
        f"the lines of the bill come to {net:.2f} and the taxes to {tax:.2f} "
        f"{bill.currency}, which is not its total. Find out from the supplier's document "
        "which of them is wrong.",
        f"{net + tax:.2f}",
        f"{bill.amount_total:.2f}",
    )


def _odoos_total(
    bill: Bill, rounding: Decimal, company: Company, taxes: Sequence[Tax | None]
) -> Rejected | None:
    """Return the reason if Odoo will come to another total, as far as that can be foreseen.

    What rounding makes of taxes is put right in the draft afterwards; where there are none, nothing
    can be put right.
    """
    rates = [Decimal(0) if tax is None else tax.adds for tax in taxes]
    known = [rate for rate in rates if rate is not None]
    if len(known) < len(bill.lines):
        return None
    by_tax: defaultdict[object, Decimal] = defaultdict(Decimal)
    for line, of_line in zip(bill.lines, taxes, strict=True):
        by_tax[line.line_no if company.rounds_lines else of_line] += line.amount
    net = sum((_rounded(amount, rounding) for amount in by_tax.values()), Decimal(0))
    tax = sum(
        (line.amount * rate / 100 for line, rate in zip(bill.lines, known, strict=True)),
        Decimal(0),
    )
    leeway = tax_leeway(bill, rounding) * (1 + _HALF) if any(known) else Decimal(0)
    if abs(net + tax - bill.amount_total) <= leeway:
        return None
    return bill.rejected(
        "TOTAL_DIFFERS",
        f"Odoo would come to {net + tax:.2f} {bill.currency} where the document says "
        f"{bill.amount_total:.2f}: {_cause(bill, rounding, taxes, tax)}",
        f"{net + tax:.2f}",
        f"{bill.amount_total:.2f}",
    )


def _cause(bill: Bill, rounding: Decimal, taxes: Sequence[Tax | None], tax: Decimal) -> str:
    """Say in which of three places the difference is."""
    if abs(tax - _own_tax(bill)) <= tax_leeway(bill, rounding):
        return (
            f"its lines come to another sum where they are rounded to {rounding:f} as Odoo does. "
            "Map them to the quantity 1 with their amounts as prices, or find out which amount of "
            "the document is wrong."
        )
    for line, of_line in zip(bill.lines, taxes, strict=True):
        if of_line is not None and of_line.adds != _rate(line):
            return (
                f"the tax {of_line.name!r} adds {of_line.adds:f} % to line {line.line_no}, where "
                f"the document has {_rate(line):f} %. Name the right one under taxes in the Odoo "
                "settings."
            )
    return (
        f"the document has {_own_tax(bill):.2f} of taxes, and the rates of its lines make "
        f"{tax:.2f}. Check the mapping of tax_rate."
    )


def _own_tax(bill: Bill) -> Decimal:
    """The document's taxes, by the rates of its lines where it does not say."""
    if bill.amount_tax is not None:
        return bill.amount_tax
    return sum((line.amount * _rate(line) / 100 for line in bill.lines), Decimal(0))


def _rate(line: BillLine) -> Decimal:
    return (line.tax_rate or Decimal(0)).normalize()


def _rounded(amount: Decimal, rounding: Decimal) -> Decimal:
    return (amount / rounding).quantize(Decimal(1), ROUND_HALF_UP) * rounding
