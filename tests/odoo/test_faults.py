"""Lost answers, crashes and restarts of a real Odoo: nothing lost, nothing doubled."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from etl.errors import TerminalError, TransientError
from etl.odoo.settings import LoadLimits
from etl.odoo.target import Attachment, PushState
from tests.odoo.bill_tables import SampleBill, SampleLine
from tests.odoo.sender import Looker, Sender
from tests.services.cut_proxy import Call, CutProxy, Fault
from tests.services.odoo import OdooServer

pytestmark = pytest.mark.services

Ref = Callable[[str], str]

DONE, RUNNING, NEVER_SEEN = Fault.DROP_ANSWER, Fault.CUT_REQUEST, Fault.LOSE_REQUEST


def of_model(model: str) -> Callable[[Call], bool]:
    return lambda call: (call.model, call.method) == (model, "load")


def bills_and_documents(ref: Ref, count: int) -> tuple[list[SampleBill], dict[str, Attachment]]:
    bills = [SampleBill(ref(str(number))) for number in range(count)]
    return bills, {bill.source_key: Attachment("a.edi", b"ISA") for bill in bills}


def assert_there_once(looker: Looker, bills: list[SampleBill]) -> None:
    there = looker.bills(*(bill.ref for bill in bills))
    assert [bill["ref"] for bill in there] == [bill.ref for bill in bills]
    for bill in there:
        assert len(looker.lines(bill["id"])) == 2
        assert len(looker.attachments(bill["id"])) == 1


@pytest.mark.parametrize("fault", [DONE, RUNNING, NEVER_SEEN])
def test_a_lost_answer_of_load_makes_no_double(
    proxied: Sender, odoo_proxy: CutProxy, looker: Looker, ref: Ref, fault: Fault
) -> None:
    bills, documents = bills_and_documents(ref, 4)
    odoo_proxy.cut_when(of_model("account.move"), fault)
    report = proxied.push(*bills, documents=documents)
    assert odoo_proxy.cuts == 1
    assert report.rejected == []
    assert [pushed.state for pushed in report.pushed] == [PushState.CREATED] * 4
    assert_there_once(looker, bills)
    given_again = len(list(filter(of_model("account.move"), odoo_proxy.calls))) - 1
    assert given_again == (1 if fault is NEVER_SEEN else 0)


@pytest.mark.parametrize("fault", [DONE, RUNNING])
def test_a_lost_answer_makes_no_second_attachment(
    proxied: Sender, odoo_proxy: CutProxy, looker: Looker, ref: Ref, fault: Fault
) -> None:
    bills, documents = bills_and_documents(ref, 2)
    odoo_proxy.cut_when(of_model("ir.attachment"), fault)
    assert proxied.push(*bills, documents=documents).rejected == []
    assert odoo_proxy.cuts == 1
    assert_there_once(looker, bills)


@pytest.mark.parametrize(
    ("method", "fault"), [("write", DONE), ("write", RUNNING), ("load", RUNNING)]
)
def test_a_lost_answer_of_an_update_makes_no_second_line(
    proxied: Sender, odoo_proxy: CutProxy, looker: Looker, ref: Ref, method: str, fault: Fault
) -> None:
    bill = SampleBill(ref("1"))
    proxied.push(bill)
    bill.lines = [SampleLine("FUEL", "7.00"), SampleLine("BASE", "8.00", line_no=3)]
    bill.amount_total = "15.00"
    odoo_proxy.cut_nth(method, fault=fault)
    report = proxied.push(bill)
    assert odoo_proxy.cuts == 1
    assert [pushed.state for pushed in report.pushed] == [PushState.UPDATED]
    lines = looker.lines(looker.bill(bill.ref)["id"])
    assert [(line["name"], line["price_unit"]) for line in lines] == [
        ("FUEL charge", 7.0),
        ("BASE charge", 8.0),
    ]


def test_when_every_answer_is_lost_the_next_push_finishes(
    proxied: Sender, odoo_proxy: CutProxy, looker: Looker, ref: Ref
) -> None:
    impatient = LoadLimits(first_batch=10, seconds=0.5)
    proxied = Sender(replace(proxied.settings, retries=0, limits=impatient))
    bills, documents = bills_and_documents(ref, 4)
    odoo_proxy.cut_when(lambda call: True, NEVER_SEEN, times=None)
    with pytest.raises(TransientError):
        proxied.push(*bills, documents=documents)
    odoo_proxy.forget()
    odoo_proxy.cut_when(of_model("account.move"), times=1)
    odoo_proxy.cut_when(of_model("ir.attachment"), NEVER_SEEN, times=None)
    with pytest.raises(TransientError):
        proxied.push(*bills, documents=documents)
    assert proxied.known == {}
    odoo_proxy.forget()
    report = proxied.push(*bills, documents=documents)
    assert [pushed.state for pushed in report.pushed] == [PushState.CREATED] * 4
    assert odoo_proxy.calls_of("create", "write") == []
    assert_there_once(looker, bills)


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_restart_of_odoo_in_the_middle_loses_and_doubles_nothing(
    proxied: Sender, odoo: OdooServer, odoo_proxy: CutProxy, looker: Looker, ref: Ref, end: str
) -> None:
    small = LoadLimits(first_batch=3, largest_batch=3)
    sender = Sender(replace(proxied.settings, retries=0, limits=small))
    bills, documents = bills_and_documents(ref, 8)
    ending: list[threading.Timer] = []

    def is_second_load(call: Call) -> bool:
        """Let the second batch begin, and end the server under it."""
        loads = filter(of_model("account.move"), odoo_proxy.calls)
        if not ending and of_model("account.move")(call) and len(list(loads)) == 2:
            ending.append(threading.Timer(0.1, getattr(odoo, end)))
            ending[0].start()
        return False

    odoo_proxy.cut_when(is_second_load)
    with pytest.raises(TransientError):
        sender.push(*bills, documents=documents)
    ending[0].join()
    done = len(sender.known)
    odoo.start()

    report = sender.push(*bills, documents=documents)

    assert 3 <= done < 8
    assert set(sender.known) == {bill.source_key for bill in bills}
    assert [pushed.state for pushed in report.pushed] == [
        *([PushState.UNCHANGED] * done),
        *([PushState.CREATED] * (8 - done)),
    ]
    assert_there_once(looker, bills)


def test_odoo_that_does_not_run_is_a_passing_trouble(proxied: Sender, odoo: OdooServer) -> None:
    odoo.stop()
    with pytest.raises(TransientError, match=r"Odoo at http://127"):
        proxied.push(SampleBill("never"))


def test_a_wrong_key_is_a_lasting_trouble_and_is_not_shown(sender: Sender) -> None:
    wrong = Sender(replace(sender.settings, password="wr0ng-key"))
    with pytest.raises(TerminalError, match="does not accept the login 'etl'") as caught:
        wrong.push(SampleBill("never"))
    assert "wr0ng-key" not in str(caught.value)


def test_a_wrong_database_is_a_lasting_trouble(sender: Sender) -> None:
    wrong = Sender(replace(sender.settings, database="nowhere"))
    with pytest.raises(TerminalError, match="database 'nowhere'"):
        wrong.push(SampleBill("never"))


def test_a_user_without_rights_is_a_lasting_trouble(sender: Sender, odoo: OdooServer) -> None:
    powerless = replace(sender.settings, login=odoo.norights_login, password=odoo.norights_password)
    with pytest.raises(TerminalError, match=r"may not do search_read on ir\.model\.data"):
        Sender(powerless).push(SampleBill("never"))


@pytest.mark.parametrize(
    ("operation", "model"), [("create", "account.move"), ("create", "account.move.line")]
)
def test_a_right_that_is_missing_inside_load_is_one_lasting_trouble(
    proxied: Sender, odoo_proxy: CutProxy, looker: Looker, ref: Ref, operation: str, model: str
) -> None:
    bills, _ = bills_and_documents(ref, 5)
    with (
        looker.without_right(operation, model),
        pytest.raises(TerminalError, match=rf"may not {operation} {model}: add the user to"),
    ):
        proxied.push(*bills)
    assert len(odoo_proxy.calls_of("load")) == 1
    assert proxied.known == {}
    assert looker.bills(*(bill.ref for bill in bills)) == []


def test_a_company_that_is_not_there_is_a_lasting_trouble(sender: Sender, ref: Ref) -> None:
    wrong = Sender(replace(sender.settings, company=99))
    with pytest.raises(TerminalError):
        wrong.push(SampleBill(ref("1")))
