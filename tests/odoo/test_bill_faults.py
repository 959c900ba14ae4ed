"""What is seen to be wrong with a bill before anything is made of it, and what is blamed."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from etl.odoo.bill_faults import find_faults
from etl.odoo.bills import read_bills
from etl.odoo.company import Company
from etl.odoo.taxes import Tax
from tests.odoo.bill_tables import SampleBill, SampleLine, tables_of

COMPANY = Company("Test", 1, 1, None, None, 2, 2, rounds_lines=True)
CENT = Decimal("0.01")
VAT = Tax(1, "19% VAT", Decimal(19))
REVERSE_CHARGE = Tax(2, "Reverse charge", Decimal(0))
FIXED = Tax(3, "5.00 a parcel", None)

TAXED = SampleLine("BASE", "100.00", tax_rate="19")
# Three of them are 1.02 where each is rounded, and 1.01 where their sum is.
THIRDS = SampleLine("BASE", "0.67", quantity="0.5")


def faults(
    lines: list[SampleLine],
    total: str,
    taxes: list[Tax | None],
    tax_total: str | None = None,
    company: Company = COMPANY,
) -> list[tuple[str, str]]:
    ((bill,), _) = read_bills(tables_of(SampleBill("1", lines, total, tax_total)))
    return [(fault.code, fault.message) for fault in find_faults(bill, CENT, company, taxes)]


@pytest.mark.parametrize(
    ("lines", "total", "taxes", "tax_total"),
    [
        ([TAXED], "119.00", [VAT], None),
        ([TAXED], "119.01", [VAT], "19.01"),
        ([TAXED], "100.00", [REVERSE_CHARGE], "0.00"),
        ([TAXED], "119.00", [FIXED], None),
        ([THIRDS] * 3, "1.02", [None] * 3, None),
        ([TAXED, THIRDS], "119.33", [VAT, None], None),
    ],
)
def test_a_bill_that_odoo_computes_alike_has_no_fault(
    lines: list[SampleLine], total: str, taxes: list[Tax | None], tax_total: str | None
) -> None:
    assert faults(lines, total, taxes, tax_total) == []


@pytest.mark.parametrize(
    ("lines", "total", "taxes", "tax_total", "blamed"),
    [
        ([TAXED], "150.00", [VAT], None, "which is not its total"),
        (
            [SampleLine("BASE", "100.00", tax_rate="5")],
            "105.00",
            [VAT],
            None,
            "the tax '19% VAT' adds 19 % to line 1, where the document has 5 %",
        ),
        ([TAXED], "119.00", [REVERSE_CHARGE], None, "the tax 'Reverse charge' adds 0 % to line 1"),
        ([SampleLine("BASE", "100.00")], "119.00", [None], "19.00", "the mapping of tax_rate"),
        ([THIRDS] * 3, "1.01", [None] * 3, None, "come to another sum"),
        ([THIRDS] * 3, "1.01", [REVERSE_CHARGE] * 3, "0", "where they are rounded to 0.01"),
    ],
)
def test_a_total_that_odoo_would_not_come_to_is_told_by_its_cause(
    lines: list[SampleLine],
    total: str,
    taxes: list[Tax | None],
    tax_total: str | None,
    blamed: str,
) -> None:
    ((code, message),) = faults(lines, total, taxes, tax_total)
    assert code == "TOTAL_DIFFERS"
    assert blamed in message


@pytest.mark.parametrize(("rounds_lines", "total"), [(True, "1.02"), (False, "1.01")])
def test_lines_are_rounded_as_the_company_does(rounds_lines: bool, total: str) -> None:
    company = replace(COMPANY, rounds_lines=rounds_lines)
    right = [
        each
        for each in ("1.01", "1.02")
        if not faults([THIRDS] * 3, each, [None] * 3, None, company)
    ]
    assert right == [total]


def test_a_quantity_that_odoo_would_round_is_told() -> None:
    ((code, message),) = faults([SampleLine("BASE", "100.00", quantity="1.005")], "100.50", [None])
    assert code == "QUANTITY_PRECISION"
    assert "would round line 1" in message


def test_a_bill_whose_taxes_are_not_known_is_not_computed() -> None:
    assert faults([SampleLine("BASE", "100.00", tax_rate="5")], "105.00", []) == []
