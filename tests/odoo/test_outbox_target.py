"""The files for Odoo's import: what is in them, and that a real Odoo takes them."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from etl.durable import write_whole
from etl.errors import TechnicalError, TerminalError
from etl.odoo.outbox_target import OutboxTarget
from etl.odoo.settings import DuePolicy, OdooSettings
from etl.odoo.target import Attachment, Level, PushState
from tests.odoo.bill_tables import SampleBill, SampleLine
from tests.odoo.sender import Looker, Sender, cents

LINES = (
    SampleLine("BASE", "100.00", tax_rate="19", name='Base, "net"'),
    SampleLine("FUEL", "12.34", quantity="2.5"),
)
SETTINGS = OdooSettings("", "", "", "")


def sender(folder: Path, batch: str = "b1") -> Sender:
    return Sender(SETTINGS, OutboxTarget(folder, batch, {"19": "19% VAT"}))


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8-sig") as stream:
        return list(csv.DictReader(stream))


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_bills_and_credit_notes_go_to_files_of_their_own(tmp_path: Path) -> None:
    bill = SampleBill("B", LINES, invoice_date_due=dt.date(2026, 4, 1))
    refund = SampleBill("R", LINES, move_type="in_refund")
    report = sender(tmp_path).push(bill, refund)
    assert [pushed.state for pushed in report.pushed] == [PushState.CREATED] * 2
    assert names(tmp_path) == ["account.move-b1-bills.csv", "account.move-b1-refunds.csv"]
    first, second = rows(tmp_path / "account.move-b1-bills.csv")
    assert first["id"] == report.pushed[0].external_id
    assert (first["partner_id"], first["currency_id"]) == ("ACLT", "USD")
    assert first["invoice_line_ids/name"] == 'Base, "net"'
    assert first["invoice_line_ids/tax_ids"] == "19% VAT"
    assert second["id"] == second["partner_id"] == second["invoice_line_ids/tax_ids"] == ""
    assert second["invoice_line_ids/quantity"] == "2.500000"


def test_a_due_date_of_the_document_stands_beside_an_empty_term_in_a_file_of_its_own(
    tmp_path: Path,
) -> None:
    own, none = SampleBill("A", invoice_date_due=dt.date(2026, 4, 1)), SampleBill("B")
    for _ in range(2):
        sender(tmp_path).push(none, own)
    assert names(tmp_path) == ["account.move-b1-bills-2.csv", "account.move-b1-bills.csv"]
    first, second = (rows(tmp_path / name)[0] for name in reversed(names(tmp_path)))
    assert (first["invoice_date_due"], first["invoice_payment_term_id"]) == ("2026-04-01", "")
    assert second["invoice_date_due"] == "2026-03-02"
    assert "invoice_payment_term_id" not in second


def test_a_vendors_term_that_comes_first_is_never_emptied(tmp_path: Path) -> None:
    target = OutboxTarget(tmp_path, "b1", None, DuePolicy.VENDOR_TERM)
    Sender(SETTINGS, target).push(SampleBill("A", invoice_date_due=dt.date(2026, 4, 1)))
    (row, _) = rows(tmp_path / "account.move-b1-bills.csv")
    assert row["invoice_date_due"] == "2026-04-01"
    assert "invoice_payment_term_id" not in row


def test_the_same_batch_again_gives_the_same_bytes(tmp_path: Path) -> None:
    bill = SampleBill("B", LINES)
    sender(tmp_path).push(bill)
    (path,) = tmp_path.iterdir()
    before = (path.read_bytes(), path.stat().st_ino)
    sender(tmp_path).push(bill)
    assert (path.read_bytes(), path.stat().st_ino) == before
    assert names(tmp_path) == [path.name]


def test_other_content_of_a_batch_overwrites_nothing(tmp_path: Path) -> None:
    sender(tmp_path).push(SampleBill("A"), SampleBill("B"))
    sender(tmp_path).push(SampleBill("A", LINES))
    assert names(tmp_path) == ["account.move-b1-bills-2.csv", "account.move-b1-bills.csv"]
    assert len(rows(tmp_path / "account.move-b1-bills.csv")) == 4


def test_what_was_written_earlier_is_not_written_again(tmp_path: Path) -> None:
    same = sender(tmp_path)
    same.push(SampleBill("A"))
    report = same.push(SampleBill("A"))
    assert [pushed.state for pushed in report.pushed] == [PushState.UNCHANGED]
    assert len(same.batches) == 1
    changed = SampleBill("A", LINES)
    assert [pushed.state for pushed in same.push(changed).pushed] == [PushState.UPDATED]


def test_originals_lie_beside_the_file_in_one_zip(tmp_path: Path) -> None:
    bills = [SampleBill("A"), SampleBill("B"), SampleBill("C")]
    documents = {bill.source_key: Attachment("x.edi", bill.ref.encode()) for bill in bills[:2]}
    report = sender(tmp_path).push(*bills, documents=documents)
    assert names(tmp_path) == ["account.move-b1-bills.csv", "account.move-b1-documents.zip"]
    with zipfile.ZipFile(tmp_path / "account.move-b1-documents.zip") as archive:
        index = list(csv.DictReader(io.TextIOWrapper(archive.open("index.csv"), "utf-8")))
        assert [line["id"] for line in index] == [p.external_id for p in report.pushed[:2]]
        assert [archive.read(line["document"]) for line in index] == [b"A", b"B"]


def test_the_same_originals_again_are_left_and_others_go_to_a_file_of_their_own(
    tmp_path: Path,
) -> None:
    bill = SampleBill("A")
    for content in (b"1", b"1", b"2"):
        sender(tmp_path).push(bill, documents={bill.source_key: Attachment("x", content)})
    assert names(tmp_path) == [
        "account.move-b1-bills.csv",
        "account.move-b1-documents-2.zip",
        "account.move-b1-documents.zip",
    ]


def test_a_bill_that_is_owed_its_original_gets_it_though_it_is_unchanged(tmp_path: Path) -> None:
    bill = SampleBill("A")
    same = sender(tmp_path)
    same.push(bill)
    same.push(bill, documents={bill.source_key: Attachment("x", b"1")})
    assert names(tmp_path) == ["account.move-b1-bills.csv"]
    report = same.push(
        bill, documents={bill.source_key: Attachment("x", b"1")}, owed={bill.source_key}
    )
    assert [pushed.state for pushed in report.pushed] == [PushState.UNCHANGED]
    assert names(tmp_path) == ["account.move-b1-bills.csv", "account.move-b1-documents.zip"]


def test_nothing_to_push_writes_nothing(tmp_path: Path) -> None:
    sender(tmp_path / "outbox").push()
    assert not (tmp_path / "outbox").exists()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    target = OutboxTarget(tmp_path / "file" / "odoo", "b1")
    (finding,) = target.check()
    assert finding.level is Level.ERROR
    with pytest.raises(TechnicalError, match="file/odoo"):
        Sender(SETTINGS, target).push(SampleBill("A"))


def test_a_full_disk_is_told_and_leaves_no_half_file(tmp_path: Path) -> None:
    # Writes to /dev/full fail as on a full disk.
    path = tmp_path / "x.csv"
    (tmp_path / "x.csv.part").symlink_to("/dev/full")
    with pytest.raises(TerminalError, match="no space left"):
        write_whole(path, b"x")
    assert list(tmp_path.iterdir()) == []


def test_a_tax_name_that_the_import_would_cut_is_told(tmp_path: Path) -> None:
    findings = OutboxTarget(tmp_path, "b1", {"19": "VAT 19 %, goods"}).check()
    assert [finding.what for finding in findings if finding.level is Level.ERROR] == ["taxes"]


def test_a_writable_folder_is_fine(tmp_path: Path) -> None:
    (finding,) = OutboxTarget(tmp_path / "odoo", "b1").check()
    assert finding.level is Level.OK
    assert names(tmp_path) == []


@pytest.mark.services
@pytest.mark.parametrize("move_type", ["in_invoice", "in_refund"])
def test_odoos_import_takes_the_file_and_a_second_import_doubles_nothing(
    tmp_path: Path, looker: Looker, ref: Callable[[str], str], move_type: str
) -> None:
    bills = [
        SampleBill(
            ref("1"),
            LINES,
            partner_ref="FWDE",
            currency="EUR",
            move_type=move_type,
            invoice_date_due=dt.date(2026, 4, 1),
            narration="a & b, Köln",
        ),
        SampleBill(ref("2"), move_type=move_type),
        SampleBill(ref("3"), move_type=move_type, partner_ref="NTRM"),
    ]
    sender(tmp_path).push(*bills)
    with_own_date, without = sorted(tmp_path.iterdir(), key=lambda path: "-2" in path.name)
    for path in (with_own_date, without, with_own_date):
        import_by_hand(looker, path, move_type)
    first, second, third = looker.bills(ref("1"), ref("2"), ref("3"))
    assert first["move_type"] == second["move_type"] == move_type
    assert first["partner_id"][1] == "Rhein Forwarding GmbH"
    assert first["currency_id"][1] == "EUR"
    assert (first["date"], first["invoice_date_due"]) == ("2026-03-05", "2026-04-01")
    assert due_days(looker, first) == ["2026-04-01"]
    assert due_days(looker, second) == ["2026-04-01"]
    assert due_days(looker, third) == ["2026-03-02"]
    assert first["narration"] == "<p>a &amp; b, Köln</p>"
    assert cents(first["amount_total"]) == Decimal("149.85")
    assert cents(second["amount_total"]) == Decimal("112.34")
    assert [(line["name"], line["quantity"]) for line in looker.lines(first["id"])] == [
        ('Base, "net"', 1.0),
        ("FUEL charge", 2.5),
    ]


def due_days(looker: Looker, bill: dict[str, Any]) -> list[str]:
    """The days on which the bill's payable lines fall due: a vendor's term counts there."""
    payable = [["move_id", "=", bill["id"]], ["display_type", "=", "payment_term"]]
    lines = looker.read("account.move.line", payable, ["date_maturity"])
    return [line["date_maturity"] for line in lines]


def import_by_hand(looker: Looker, path: Path, move_type: str) -> None:
    """Do what Odoo's import screen does, started from the list of this type of document."""

    def call(method: str, *arguments: Any, **named: Any) -> Any:
        context = {"default_move_type": move_type}
        named["context"] = {**looker.session.env.context, **context}
        return looker.session.execute_kw("base_import.import", method, list(arguments), named)

    wizard = call(
        "create",
        {
            "res_model": "account.move",
            "file": path.read_text(encoding="utf-8"),
            "file_name": path.name,
            "file_type": "text/csv",
        },
    )
    options = {"has_headers": True, "quoting": '"', "separator": "", "encoding": ""}
    preview = call("parse_preview", [wizard], options)
    columns = preview["headers"]
    fields = ["/".join(preview["matches"][str(number)]) for number in range(len(columns))]
    assert fields == columns
    result = call("execute_import", [wizard], fields, columns, preview["options"])
    assert result["messages"] == []
