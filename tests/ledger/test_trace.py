import json

import pyarrow as pa
import pytest

from etl.ledger import Ledger
from etl.reference_numbers import normalise
from tests.ledger import story
from tests.ledger.conftest import ManualClock, new_file, open_batch

PUSHED = {
    "acme/freight_invoice/INV00123/0": "business key",
    "inv-00123": "document number",
    "INV 00123": "invoice number",
    "pro 1": "PRO",
    "BOL-1": "BOL",
    "S-1": "shipment",
    "po-77": "reference",
    "4711": "id in Odoo",
    "BILL/2026/11/0007": "number in Odoo",
    "etl.acme_inv00123_ab12": "external id",
    "acme_inv00123_ab12": "external id",
    "b1/freight_invoice/0": "document",
}


@pytest.mark.parametrize("key", PUSHED)
def test_any_number_of_a_bill_leads_to_the_whole_chain(
    ledger: Ledger, clock: ManualClock, key: str
) -> None:
    story.whole_story(ledger, clock)
    with ledger.read() as tx:
        trace = tx.trace(f" {key} ")
    assert PUSHED[key] in trace.matched
    assert [file.id for file in trace.files] == ["f1", "f2"]
    assert [batch.id for batch in trace.batches] == ["b1", "b2"]
    assert [run.id for run in trace.runs] == ["run-b1", "run-b2"]
    assert [row.id for row in trace.documents] == ["b1/freight_invoice/0", "b2/freight_invoice/0"]
    assert [push.remote_id for push in trace.pushes] == [4711]
    assert trace.exceptions == ()
    assert not trace.truncated


@pytest.mark.parametrize(
    ("key", "matched"),
    [
        ("acme_1123.edi", "file name"),
        ("f1", "file"),
        (story.SHA, "sha256"),
        ("c0ffee00", "sha256"),
        ("C0FFEE000", "sha256"),
    ],
)
def test_a_file_leads_to_everything_in_it(ledger: Ledger, key: str, matched: str) -> None:
    story.first_batch(ledger)
    with ledger.read() as tx:
        trace = tx.trace(key)
    assert matched in trace.matched
    assert [row.record_id for row in trace.documents] == [0, 1]
    assert {item.code for item in trace.exceptions} == {"NO_RATE", "SE_COUNT"}
    assert len(trace.pushes) == 1


def test_a_held_invoice_leads_to_its_own_exception_only(ledger: Ledger) -> None:
    story.first_batch(ledger)
    with ledger.read() as tx:
        trace = tx.trace("INV00124")
    assert [item.code for item in trace.exceptions] == ["NO_RATE"]
    assert [file.original_name for file in trace.files] == ["acme_1123.edi"]
    assert trace.pushes == ()


def test_an_exception_leads_to_its_file(ledger: Ledger) -> None:
    story.first_batch(ledger)
    with ledger.read() as tx:
        trace = tx.trace(story.BROKEN.fingerprint[:12])
    assert trace.matched == ("exception",)
    assert [file.id for file in trace.files] == ["f1"]
    assert [batch.id for batch in trace.batches] == ["b1"]


@pytest.mark.parametrize(("key", "matched"), [("b1", "batch"), ("run-b1", "run")])
def test_a_batch_or_run_leads_to_all_of_it(ledger: Ledger, key: str, matched: str) -> None:
    story.first_batch(ledger)
    with ledger.read() as tx:
        trace = tx.trace(key)
    assert trace.matched == (matched,)
    assert (len(trace.files), len(trace.documents), len(trace.exceptions)) == (1, 2, 2)


@pytest.mark.parametrize(
    "key", ["", " ", "unknown", "c0ffee0", "%", "_", "-", "99999999999999999999", "\x00", "/"]
)
def test_an_unknown_key_finds_nothing(ledger: Ledger, key: str) -> None:
    story.first_batch(ledger)
    with ledger.read() as tx:
        trace = tx.trace(key)
    assert not trace.found
    assert trace.documents == trace.files == trace.runs == ()


def test_more_documents_than_wanted_are_cut_and_it_is_said(ledger: Ledger) -> None:
    open_batch(ledger)
    with ledger.begin() as tx:
        tx.files.record(new_file("f1"))
        rows = [{"record_id": n, "partner": "acme", "file_id": "f1"} for n in range(30)]
        tx.documents.record("b1", "freight_invoice", rows)
    with ledger.read() as tx:
        some, all_of_them = tx.trace("in.edi", limit=10), tx.trace("in.edi", limit=30)
    assert (len(some.documents), some.truncated) == (10, True)
    assert (len(all_of_them.documents), all_of_them.truncated) == (30, False)


def test_a_trace_is_printed_as_json(ledger: Ledger) -> None:
    story.first_batch(ledger)
    with ledger.read() as tx:
        printed = json.loads(json.dumps(tx.trace("INV00123").as_dict()))
    assert printed["key"] == "INV00123"
    assert printed["documents"][0]["amount"] == "10.5000"
    assert printed["documents"][0]["document_date"] == "2026-11-20"
    assert printed["files"][0]["received_at"] == "2026-11-23T02:30:00+00:00"
    assert printed["pushes"][0]["remote_id"] == 4711


@pytest.mark.parametrize(
    ("key", "matched"),
    [
        ("000000007", "control number"),
        ("7", "group number"),
        ("204_000000007.edi", "file that we sent"),
        ("out/acme/x12/7", "interchange"),
    ],
)
def test_an_interchange_of_ours_leads_to_its_batch_and_to_the_one_that_answered_it(
    ledger: Ledger, clock: ManualClock, key: str, matched: str
) -> None:
    story.whole_story(ledger, clock)
    with ledger.read() as tx:
        trace = tx.trace(key)
    assert matched in trace.matched
    sent = [row for row in trace.interchanges if row.direction == "out"]
    assert [(row.control_no, row.result) for row in sent] == [("000000007", "A")]
    assert [batch.id for batch in trace.batches] == ["b1", "b2"]
    assert json.dumps(trace.as_dict())


def test_a_received_control_number_leads_to_its_file(ledger: Ledger, clock: ManualClock) -> None:
    story.whole_story(ledger, clock)
    with ledger.read() as tx:
        trace = tx.trace("101")
    assert trace.matched == ("control number",)
    assert [file.id for file in trace.files] == ["f1", "f2"]
    assert trace.documents


def test_a_number_is_looked_up_in_the_form_in_which_it_is_stored(ledger: Ledger) -> None:
    open_batch(ledger)
    stored = normalise(pa.array(["straße-12"]))[0].as_py()
    row = {"record_id": 0, "partner": "rhein", "carrier_scac": "FWDE", "pro_norm": stored}
    with ledger.begin() as tx:
        tx.documents.record("b1", "freight_invoice", [row])
    with ledger.read() as tx:
        assert tx.trace("straße-12").matched == ("PRO",)
