"""The whole night of the demonstration, in a real Odoo; then again, and again under new names."""

from __future__ import annotations

import base64
import csv
import io
import os
import re
from collections.abc import Iterator
from decimal import Decimal
from importlib import resources
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from etl.jobs.originals import part_name
from tests.faults.conftest import RealNight
from tests.services.cut_proxy import CutProxy

DEMO = resources.files("etl.demo")
EXPECTED = yaml.safe_load((DEMO / "expected.yaml").read_text("utf-8"))
SUPPLIERS = {"acme-freight": "ACLT", "parcelxpress": "PXPR", "rhein-forwarding": "FWDE"}
TAXES = {"19": "19% VAT", "20": "20% VAT"}


def demo_files() -> Iterator[tuple[str, str, bytes]]:
    """Partner, name and content of every file of the demonstration."""
    for folder in (DEMO / "files").iterdir():
        for file in folder.iterdir():
            yield folder.name, file.name, file.read_bytes()


@pytest.fixture
def pushed_night(proxied_night: RealNight) -> RealNight:
    """The demonstration's files, dropped and run once."""
    for partner, name, content in demo_files():
        proxied_night.drop(partner, name, content)
    result = proxied_night.run()
    assert result["exit_code"] == 1, result
    assert result["errors"] == []
    assert result["counts"]["pushed"] == len(approved())
    return proxied_night


def approved() -> list[dict[str, Any]]:
    return [invoice for invoice in EXPECTED["invoices"] if invoice["disposition"] == "pushed"]


def records(night: RealNight, name: str) -> list[dict[str, Any]]:
    """Rows of a canonical table of the night's only batch, read back from its archive."""
    [path] = (night.night.root / "archive").rglob(f"records/{name}.parquet")
    rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return rows


def test_every_approved_invoice_is_a_right_bill_and_the_same_files_change_nothing(
    pushed_night: RealNight, odoo_proxy: CutProxy
) -> None:
    assert_bills_are_right(pushed_night)
    assert_outcomes_are_as_expected(pushed_night)

    odoo_proxy.forget()
    again = pushed_night.run()
    assert (again["exit_code"], again["counts"]["read"]) == (0, 0)
    assert odoo_proxy.writes == []

    for partner, name, content in demo_files():
        stem, suffix = os.path.splitext(name)
        pushed_night.drop(partner, f"{stem}_again{suffix}", content)
    resent = pushed_night.run()
    assert resent["exit_code"] == 0
    counts = resent["counts"]
    assert counts["files"] == counts["duplicate_files"] == len(list(demo_files()))
    assert counts["unchanged"] == counts["read"] > 0
    assert odoo_proxy.writes == []
    assert len(pushed_night.bills()) == len(approved())
    assert pushed_night.ask("archive", "verify")["findings"] == []


def assert_bills_are_right(night: RealNight) -> None:
    """Partner, type, date, currency, lines, taxes, totals and attachment of each bill."""
    session = night.odoo.connect_as_admin(night.database)
    bills = {bill["ref"]: bill for bill in night.bills()}
    assert sorted(bills) == sorted(invoice["invoice_no"] for invoice in approved())
    # a bill that was sent twice is in the records twice, with the same content
    invoices = {row["invoice_no"]: row for row in records(night, "freight_invoice")}
    charges = records(night, "freight_invoice.charge_line")
    partners = {
        row["id"]: row["ref"] for row in session.env["res.partner"].search_read([], ["ref"])
    }
    codes = {
        row["id"]: row["default_code"]
        for row in session.env["product.product"].search_read([], ["default_code"])
    }
    taxes = {row["id"]: row["name"] for row in session.env["account.tax"].search_read([], ["name"])}
    lines = session.env["account.move.line"].search_read(
        [("display_type", "=", "product"), ("move_id", "in", [b["id"] for b in bills.values()])],
        ["move_id", "product_id", "price_unit", "quantity", "price_subtotal", "tax_ids"],
    )
    attached = session.env["ir.attachment"].search_read(
        [("res_model", "=", "account.move"), ("res_id", "in", [b["id"] for b in bills.values()])],
        ["res_id", "name", "datas"],
    )
    totals = billed()
    contents = {(partner, name): content for partner, name, content in demo_files()}
    for expected in approved():
        number = expected["invoice_no"]
        bill, invoice = bills[number], invoices[number]
        sign = -1 if bill["move_type"] == "in_refund" else 1
        assert partners[bill["partner_id"][0]] == SUPPLIERS[expected["partner"]], number
        assert bill["move_type"] == ("in_refund" if invoice["total"] < 0 else "in_invoice"), number
        assert bill["state"] == "draft", number
        assert bill["currency_id"][1] == invoice["currency"], number
        assert bill["invoice_date"] == invoice["invoice_date"].isoformat(), number
        # a bill in Odoo is never negative: its type says that it is a credit
        assert cents(bill["amount_total"]) == sign * invoice["total"] == abs(totals[number])
        assert cents(bill["amount_tax"]) == sign * (invoice["tax_total"] or 0), number
        wanted = sorted(
            (line["charge_code"], sign * line["amount"], tax_names(line["tax_rate"]))
            for line in charges
            if line["record_id"] == invoice["record_id"]
        )
        found = sorted(
            (
                codes[line["product_id"][0]],
                cents(line["price_subtotal"]),
                [taxes[tax] for tax in line["tax_ids"]],
            )
            for line in lines
            if line["move_id"][0] == bill["id"]
        )
        assert found == wanted, number
        [document] = [each for each in attached if each["res_id"] == bill["id"]]
        content, own = contents[expected["partner"], expected["file"]], part_of(document)
        if own == content:
            assert document["name"] == expected["file"], number
        else:
            assert document["name"] == part_name(expected["file"], number)
        words = set(re.findall(rb"[A-Za-z0-9.-]+", own))
        assert {other for other in invoices if other.encode() in words} == {number}
    received = sum(map(len, contents.values()))
    assert sum(len(part_of(document)) for document in attached) < 2 * received


def part_of(document: dict[str, Any]) -> bytes:
    return base64.b64decode(document["datas"])


def tax_names(rate: Decimal | None) -> list[str]:
    return [TAXES[f"{rate.normalize():f}"]] if rate else []


def cents(amount: float) -> Decimal:
    """Odoo's float as the exact amount of money that it stands for."""
    return Decimal(f"{amount:.2f}")


def assert_outcomes_are_as_expected(night: RealNight) -> None:
    """Where each invoice and each unreadable file ended, with the reasons."""
    [path] = (night.night.root / "archive").rglob("documents.parquet")
    found = sorted(
        (row["partner"], row["document_no"], row["disposition"], row["outcome"] or "", each)
        for row in pq.read_table(path).to_pylist()
        for each in row["reasons"] or [""]
    )
    wanted = sorted(
        (each["partner"], each.get("invoice_no", each["file"]), each["disposition"],
         each.get("outcome", ""), reason)
        for each in [*EXPECTED["invoices"], *EXPECTED["files"]]
        for reason in each["reasons"] or [""]
    )  # fmt: skip
    assert found == wanted


def billed() -> dict[str, Decimal]:
    """The total of each invoice, read from the files without any of our own readers."""
    totals: dict[str, Decimal] = {}
    for partner, _, content in demo_files():
        text = content.decode("cp1252")
        if partner == "acme-freight":
            segments = [segment.strip().split(text[3]) for segment in text.split(text[105])]
            bills = [segment for segment in segments if segment[0] == "B3"]
            totals |= {bill[2]: Decimal(bill[7]) / 100 for bill in bills}
        elif partner == "parcelxpress":
            for row in csv.DictReader(io.StringIO(text), delimiter=";"):
                amount = row["InvoiceTotal"].replace(".", "").replace(",", ".")
                totals[row["InvoiceNo"]] = Decimal(amount)
        elif partner == "rhein-forwarding" and "PayableAmount" in text:
            number = re.search("<cbc:ID>(.*?)</cbc:ID>", text)
            amount = re.search("<cbc:PayableAmount[^>]*>(.*?)<", text)
            assert number is not None
            assert amount is not None
            totals[number[1]] = Decimal(amount[1])
    return totals
