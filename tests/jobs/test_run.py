from pathlib import Path

import pyarrow.parquet as pq

from etl.ledger import ExceptionKind
from tests.freight_bills import EXPECTED_HEADER, FreightBill, bills_file, expected_file, interchange
from tests.night import Night

ONE = FreightBill("A-1", "LD-1")
TWO = FreightBill("A-2", "LD-2", charges=(("400", 20000), ("FUE", 3000), ("LFT", 7500)))


def imports(night: Night) -> list[Path]:
    return sorted((night.root / "outbox" / "odoo").glob("*.csv"))


def test_what_agrees_is_pushed_and_everything_is_kept(night: Night) -> None:
    night.drop("tms", "expected_charges_1.csv", expected_file(ONE, TWO))
    night.drop("acme-freight", "bills.edi", bills_file(ONE, TWO))
    result = night.run()
    assert result.counts.as_dict() == {
        "files": 2,
        "duplicate_files": 0,
        "read": 7,
        "stored": 5,
        "pushed": 2,
        "unchanged": 0,
        "held": 0,
        "rejected": 0,
        "superseded": 0,
        "waiting": 0,
    }
    assert result.exit_code == 0
    [bills] = imports(night)
    assert "A-1" in bills.read_text("utf-8")
    [batch] = result.batches
    workspace = night.open()
    folder = workspace.archive.find_batch(batch)
    assert folder is not None
    assert pq.read_table(folder.path / "records" / "freight_invoice.parquet").num_rows == 2
    assert workspace.archive.verify() == []
    assert sorted(p.name for p in (night.drop_folder("acme-freight") / "processed").iterdir()) == [
        "bills.edi"
    ]
    assert not [p for p in (night.root / "inbox").rglob("*") if p.is_file()]


def test_a_second_run_finds_nothing_and_changes_nothing(night: Night) -> None:
    night.drop("tms", "expected_charges_1.csv", expected_file(ONE))
    night.drop("acme-freight", "bills.edi", bills_file(ONE))
    night.run()
    before = {p: p.read_bytes() for p in (night.root / "archive").rglob("*") if p.is_file()}
    again = night.run()
    assert again.batches == []
    assert again.counts.read == 0
    after = {p: p.read_bytes() for p in (night.root / "archive").rglob("*") if p.is_file()}
    assert {p: b for p, b in after.items() if p.suffix != ".lock"} == {
        p: b for p, b in before.items() if p.suffix != ".lock"
    }


def test_the_same_bytes_under_a_new_name_are_linked_and_not_processed(night: Night) -> None:
    night.drop("tms", "expected_charges_1.csv", expected_file(ONE))
    night.drop("acme-freight", "bills.edi", bills_file(ONE))
    night.run()
    night.drop("acme-freight", "bills-again.edi", bills_file(ONE))
    result = night.run()
    assert (result.counts.read, result.counts.unchanged, result.counts.pushed) == (1, 1, 0)
    assert result.counts.duplicate_files == 1
    with night.open().ledger.read() as ledger:
        first, second = ledger.trace("bills.edi").files
    assert second.duplicate_of == first.id
    assert len(imports(night)) == 1


def test_new_bytes_under_an_old_name_are_a_new_version(night: Night) -> None:
    night.drop("tms", "expected_charges_1.csv", expected_file(ONE, TWO))
    night.drop("acme-freight", "bills.edi", bills_file(ONE))
    night.run()
    night.drop("acme-freight", "bills.edi", bills_file(TWO, control_number=102))
    assert night.run().counts.pushed == 1
    with night.open().ledger.read() as ledger:
        assert [file.version for file in ledger.trace("bills.edi").files] == [1, 2]


def test_one_broken_transaction_costs_none_of_the_others(night: Night) -> None:
    night.drop("tms", "expected_charges_1.csv", expected_file(ONE, TWO))
    broken = TWO.segments("0002", declared_count=99)
    night.drop("acme-freight", "bills.edi", interchange(ONE.segments("0001"), broken))
    result = night.run()
    assert (result.counts.pushed, result.counts.rejected) == (1, 1)
    assert result.exit_code == 1
    with night.open().ledger.read() as ledger:
        [item] = ledger.exceptions.find()
    assert (item.kind, item.queue, item.code) == ("data", "integration", "SE_COUNT")
    assert item.details["defects"][0]["value"] == "99"


def test_an_unreadable_file_is_quarantined_and_counted(night: Night) -> None:
    night.drop("acme-freight", "garbage.edi", bytes(range(256)) * 40)
    night.drop("acme-freight", "empty.edi", b"")
    result = night.run()
    assert (result.counts.read, result.counts.rejected) == (2, 2)
    assert result.exit_code == 1
    workspace = night.open()
    with workspace.ledger.read() as ledger:
        items = ledger.exceptions.find()
        states = {
            file.original_name: file.state for file in ledger.files.of_batches(result.batches)
        }
    assert {item.kind for item in items} == {ExceptionKind.DATA}
    assert states == {"garbage.edi": "quarantined", "empty.edi": "quarantined"}
    assert all(workspace.archive.find_original(h) for h in _hashes(night, result.batches[0]))


def _hashes(night: Night, batch: str) -> list[str]:
    with night.open().ledger.read() as ledger:
        return [file.sha256 for file in ledger.files.of_batches([batch])]


def test_disputes_and_reviews_wait_in_their_queues_with_the_numbers(night: Night) -> None:
    rows = ONE.expected(FUEL="5.00") + TWO.expected()
    night.drop("tms", "expected_charges_1.csv", EXPECTED_HEADER + "\n" + rows)
    unknown = FreightBill("A-9", "LD-NOWHERE")
    night.drop("acme-freight", "bills.edi", bills_file(ONE, TWO, unknown))
    result = night.run()
    assert (result.counts.pushed, result.counts.held) == (1, 2)
    with night.open().ledger.read() as ledger:
        items = {item.code: item for item in ledger.exceptions.find()}
    assert items["FUEL"].queue == "disputes"
    [line] = items["FUEL"].details["lines"]
    assert (line["billed"], line["expected"], line["variance"]) == ("10.0000", "5.0000", "5.0000")
    assert items["SHIPMENT_NOT_FOUND"].queue == "freight-audit"


def test_expected_charges_that_come_a_night_earlier_are_found(night: Night) -> None:
    night.drop("tms", "expected_charges_1.csv", expected_file(ONE))
    night.run()
    night.drop("acme-freight", "bills.edi", bills_file(ONE))
    assert night.run().counts.pushed == 1


def test_a_partner_that_cannot_be_visited_stops_no_other(night: Night) -> None:
    night.write_schedules(
        endpoints={"parcelxpress": {"type": "local", "folders": {"in": "not/there"}}}
    )
    night.drop("tms", "expected_charges_1.csv", expected_file(ONE))
    night.drop("acme-freight", "bills.edi", bills_file(ONE))
    result = night.run()
    assert result.counts.pushed == 1
    assert result.exit_code == 3
    with night.open().ledger.read() as ledger:
        [item] = ledger.exceptions.find()
    assert (item.kind, item.code) == ("technical", "PULL_FAILED")
    night.write_schedules()
    assert night.run().exit_code == 0
    with night.open().ledger.read() as ledger:
        assert ledger.exceptions.find() == []


def test_what_only_tells_is_kept_with_the_batch(night: Night) -> None:
    night.drop("tms", "expected_charges_1.csv", expected_file(ONE))
    wrong_group_count = bills_file(ONE).replace("GE*1*", "GE*7*")
    night.drop("acme-freight", "bills.edi", wrong_group_count)
    result = night.run()
    assert (result.counts.pushed, result.exit_code) == (1, 0)
    folder = night.open().archive.find_batch(result.batches[0])
    assert folder is not None
    [defect] = folder.read_table("defects").to_pylist()
    assert (defect["code"], defect["severity"], defect["value"]) == ("GE_COUNT", "warn", "7")


def test_an_invoice_is_found_by_each_of_its_numbers_and_each_is_kept_once(night: Night) -> None:
    bill = FreightBill("30714401", "SHP-1", pro="PRO 7", bol="BOL-7")
    night.drop("tms", "expected_charges_1.csv", expected_file(bill))
    night.drop("acme-freight", "in.edi", bills_file(bill))
    result = night.run()
    workspace = night.open()
    for number in ("SHP-1", "shp1", "PRO 7", "pro7", "bol 7"):
        with workspace.ledger.read() as ledger:
            assert [d.document_no for d in ledger.trace(number).documents] == ["30714401"], number
    folder = workspace.archive.find_batch(result.batches[0])
    assert folder is not None
    named = folder.read_table("document_references").to_pylist()
    assert [(row["type"], row["value_norm"]) for row in named] == [("SHIPMENT", "SHP1")]
