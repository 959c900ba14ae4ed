"""Freight that is billed twice is paid once, and no bill replaces that of other freight."""

from __future__ import annotations

import csv
import re
import shutil
from dataclasses import replace
from decimal import Decimal

import pytest
import yaml

from etl.jobs.rerun import rerun
from etl.jobs.retry import retry
from tests.freight_bills import EXPECTED_HEADER, FreightBill, bills_file, expected_file
from tests.night import PARTNERS, Night

ONE = FreightBill("N-1", "LD-1")
KEYS = [f"acme-freight/freight_invoice/N{number}/0" for number in (1, 2)]


def outbox(night: Night) -> str:
    """All bills that the target was given."""
    files = sorted((night.root / "outbox" / "odoo").glob("*.csv"))
    return "".join(path.read_text("utf-8") for path in files)


def test_a_number_for_other_freight_does_not_overwrite_the_bill_that_was_paid(
    night: Night,
) -> None:
    other = FreightBill("N-1", "LD-2", charges=(("400", 18582),), pro="PRO2", bol="BOL2")
    night.drop("tms", "expected_charges_1.csv", expected_file(ONE, other))
    night.drop("acme-freight", "one.edi", bills_file(ONE))
    assert night.run().counts.pushed == 1
    before = outbox(night)
    night.drop("acme-freight", "two.edi", bills_file(other, control_number=102))
    result = night.run()
    assert (result.counts.pushed, result.counts.held) == (0, 1)
    with night.open().ledger.read() as ledger:
        [item] = ledger.exceptions.find()
    assert (item.code, item.queue) == ("INVOICE_NO_REUSED", "duplicates")
    assert "bills other freight already (shipment LD1" in item.message
    assert outbox(night) == before


def test_what_waited_is_not_paid_after_its_freight_was_paid_under_another_number(
    night: Night,
) -> None:
    coded = replace(ONE, charges=(("400", 9000), ("ZRT", 1000)))
    paid = replace(ONE, number="N-2", pro="PRON-1", bol="BOLN-1")
    night.drop("tms", "expected_charges_1.csv", expected_file(ONE))
    night.drop("acme-freight", "one.edi", bills_file(coded))
    assert night.run().counts.rejected == 1
    night.drop("acme-freight", "two.edi", bills_file(paid, control_number=102))
    assert night.run().counts.pushed == 1
    codes = night.root / "mappings" / "codes" / "charge_codes.yaml"
    codes.write_text(
        codes.read_text("utf-8").replace("entries:\n", "entries:\n  - {code: ZRT, value: FUEL}\n")
    )
    with night.open().ledger.read() as ledger:
        [item] = ledger.exceptions.find()
    retry(night.open(), [item.id])
    with night.open().ledger.read() as ledger:
        assert [each.code for each in ledger.exceptions.find()] == ["DUPLICATE_BILL"]
        assert len(ledger.pushes.known("outbox", KEYS)) == 1


def test_a_rerun_of_one_file_leaves_the_bill_that_was_paid_as_it_is(night: Night) -> None:
    again = replace(ONE, number="N-2", pro="PRON-1", bol="BOLN-1")
    night.drop("tms", "expected_charges_1.csv", expected_file(ONE))
    night.drop("acme-freight", "one.edi", bills_file(ONE))
    night.drop("acme-freight", "two.edi", bills_file(again, control_number=102))
    first = night.run()
    assert (first.counts.pushed, first.counts.held) == (1, 1)
    with night.open().ledger.read() as ledger:
        documents = ledger.documents.of_batch(first.batches[0], "freight_invoice")
    for each in documents:
        counts = rerun(night.open(), first.batches[0], file=each.file_id).counts
        assert (counts.unchanged, counts.held) == (
            (1, 0) if each.disposition == "pushed" else (0, 1)
        )


def test_an_invoice_from_two_partners_folders_is_paid_once(night: Night) -> None:
    service = night.root / "mappings" / "freight-desk"
    shutil.copytree(night.root / "mappings" / "acme-freight", service)
    for path in service.glob("*.yaml"):
        text = path.read_text("utf-8").replace("acme-freight", "freight-desk")
        path.write_text(text, "utf-8")
    declared = yaml.safe_load((night.root / "schedules.yaml").read_text("utf-8"))
    endpoints = declared["environments"]["test"]["endpoints"]
    own = yaml.safe_load(
        yaml.safe_dump(endpoints["acme-freight"]).replace("acme-freight", "freight-desk")
    )
    night.write_schedules(endpoints={"freight-desk": own}, partners=[*PARTNERS, "freight-desk"])
    night.drop_folder("freight-desk").mkdir(parents=True)
    night.drop("tms", "expected_charges_1.csv", expected_file(ONE))
    night.drop("acme-freight", "one.edi", bills_file(ONE))
    assert night.run().counts.pushed == 1
    # the same bytes: only the folder differs
    night.drop("freight-desk", "one.edi", bills_file(ONE))
    result = night.run()
    assert (result.counts.pushed, result.counts.held) == (0, 1)
    with night.open().ledger.read() as ledger:
        [item] = ledger.exceptions.find()
    assert item.code == "DUPLICATE_BILL"
    assert "billed before through acme-freight" in item.message


def test_a_bill_in_another_carriers_name_is_not_paid_and_keeps_back_no_bill_of_that_carrier(
    night: Night,
) -> None:
    stranger = night.root / "mappings" / "stranger"
    shutil.copytree(night.root / "mappings" / "acme-freight", stranger)
    for path in stranger.glob("*.yaml"):
        text = path.read_text("utf-8").replace("acme-freight", "stranger")
        path.write_text(text.replace("scac: ACLT", "scac: STRG"), "utf-8")
    declared = yaml.safe_load((night.root / "schedules.yaml").read_text("utf-8"))
    endpoints = declared["environments"]["test"]["endpoints"]
    own = yaml.safe_load(
        yaml.safe_dump(endpoints["acme-freight"]).replace("acme-freight", "stranger")
    )
    night.write_schedules(endpoints={"stranger": own}, partners=["stranger", *PARTNERS])
    night.drop_folder("stranger").mkdir(parents=True)
    other = FreightBill("N-2", "LD-2")
    night.drop("tms", "expected_charges_1.csv", expected_file(ONE, other))
    # before the carrier's own bill, and with it in one batch
    night.drop("stranger", "one.edi", bills_file(ONE))
    assert night.run().counts.pushed == 0
    night.drop("stranger", "two.edi", bills_file(other, control_number=102))
    night.drop("acme-freight", "both.edi", bills_file(ONE, other))
    result = night.run()
    assert (result.counts.pushed, result.counts.held) == (2, 1)
    with night.open().ledger.read() as ledger:
        items = ledger.exceptions.find()
        assert len(ledger.pushes.known("outbox", KEYS)) == 2
    assert [(item.partner, item.code) for item in items] == [("stranger", "CARRIER_OF_OTHERS")] * 2
    assert "stranger bills in the name of ACLT" in items[0].message

    path = stranger / "partner.yaml"
    path.write_text(path.read_text("utf-8").replace("scac: STRG", "scac: STRG\n  carriers: [ACLT]"))
    retry(night.open(), [item.id for item in items])
    with night.open().ledger.read() as ledger:
        assert [each.code for each in ledger.exceptions.find()] == ["DUPLICATE_BILL"] * 2


def test_numbers_in_full_width_characters_are_the_same_numbers(night: Night) -> None:
    wide = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})
    agreed = replace(ONE, shipment="LD-1".translate(wide), pro="PRON-1".translate(wide), bol="NONE")
    night.drop("tms", "expected_charges_1.csv", expected_file(agreed))
    night.drop("acme-freight", "one.edi", bills_file(replace(ONE, bol="ＮＯＮＥ")))
    assert night.run().counts.pushed == 1
    again = replace(ONE, number="N-2", pro="PRON-1".translate(wide))
    same = replace(ONE, number="N-1".translate(wide), pro="PRON-1")
    night.drop("acme-freight", "two.edi", bills_file(again, same, control_number=102))
    result = night.run()
    assert (result.counts.pushed, result.counts.held) == (1, 1)
    with night.open().ledger.read() as ledger:
        assert [each.code for each in ledger.exceptions.find()] == ["DUPLICATE_BILL"]
        assert list(ledger.pushes.known("outbox", KEYS)) == KEYS[:1]


def test_a_credit_note_with_positive_amounts_is_money_back_in_the_target_too(night: Night) -> None:
    sample = night.root / "mappings/parcelxpress/samples/billing-csv/two-invoices-and-a-credit.csv"
    header, *rows = sample.read_text("cp1252").splitlines()
    [credit] = [row for row in rows if ";CRN;" in row]
    positive = re.sub(r";-(\d)", r";\1", credit).replace(";910;", ";100;")
    night.drop("parcelxpress", "PXPR_INV_1.csv", f"{header}\r\n{positive}\r\n".encode("cp1252"))
    night.drop(
        "tms",
        "expected_charges_1.csv",
        f"{EXPECTED_HEADER}\nrate,R1,PXPR,PX7204130526FR,,,BASE,-19.10,EUR,,2026-01-01,2026-12-31\n",
    )
    assert night.run().counts.pushed == 1
    [path] = (night.root / "outbox" / "odoo").glob("*refunds*.csv")
    [row] = csv.DictReader(path.read_text("utf-8").splitlines())
    assert row["ref"] == "FR26-0010003"
    assert Decimal(row["invoice_line_ids/price_unit"]) == Decimal("19.10")


@pytest.mark.parametrize("long", ["number", "pro", "bol"])
def test_a_number_too_long_to_be_known_again_is_not_paid(night: Night, long: str) -> None:
    bill = replace(FreightBill("N-1", "LD-1", pro="P1", bol="B1"), **{long: "9X" * 300})
    night.drop("tms", "expected_charges_1.csv", expected_file(ONE))
    night.drop("acme-freight", "one.edi", bills_file(bill))
    result = night.run()
    assert (result.exit_code, result.counts.pushed, result.counts.rejected) == (1, 0, 1)
    with night.open().ledger.read() as ledger:
        [item] = ledger.exceptions.find()
    told = [each for each in item.details["defects"] if each["code"] == "BAD_VALUE"]
    assert told
    assert all("at most 200 characters" in each["expected"] for each in told)


@pytest.mark.parametrize(
    ("valid", "pushed"),
    [("2026-11-18,2026-11-18", 1), ("2026-11-19,2026-12-31", 0), ("2020-01-01,2026-11-17", 0)],
)
def test_a_charge_is_expected_on_the_day_of_the_shipment(
    night: Night, valid: str, pushed: int
) -> None:
    agreed = expected_file(ONE).replace("2026-01-01,2026-12-31", valid)
    night.drop("tms", "expected_charges_1.csv", agreed)
    night.drop("acme-freight", "one.edi", bills_file(ONE))
    assert night.run().counts.pushed == pushed
    if not pushed:
        with night.open().ledger.read() as ledger:
            [item] = ledger.exceptions.find()
        assert item.code == "NO_RATE"
        assert "not on 2026-11-18" in item.message


def test_what_is_left_of_a_shipment_may_be_billed_on_another_night(night: Night) -> None:
    freight = replace(ONE, charges=ONE.charges[:1])
    fuel = replace(ONE, number="N-2", charges=ONE.charges[1:], pro="PRON-1", bol="BOLN-1")
    night.drop("tms", "expected_charges_1.csv", expected_file(freight))
    night.drop("acme-freight", "one.edi", bills_file(freight))
    assert night.run().counts.pushed == 1
    night.drop("tms", "expected_charges_2.csv", expected_file(ONE))
    night.drop("acme-freight", "two.edi", bills_file(fuel, control_number=102))
    assert night.run().counts.pushed == 1
    again = replace(fuel, number="N-3")
    night.drop("acme-freight", "three.edi", bills_file(again, control_number=103))
    result = night.run()
    assert (result.counts.pushed, result.counts.held) == (0, 1)


def test_each_of_two_bills_that_are_called_the_same_waits_for_itself(night: Night) -> None:
    other = FreightBill("n 1", "LD-2", pro="PRO2", bol="BOL2")
    night.drop("tms", "expected_charges_1.csv", expected_file(ONE, other))
    night.drop("acme-freight", "both.edi", bills_file(ONE, other))
    assert night.run().counts.held == 2
    with night.open().ledger.read() as ledger:
        items = ledger.exceptions.find()
    assert len({item.document_id for item in items}) == 2
    [batch] = {item.batch_id for item in items}
    assert batch is not None
    rerun(night.open(), batch)
    with night.open().ledger.read() as ledger:
        assert {item.id for item in ledger.exceptions.find()} == {item.id for item in items}
