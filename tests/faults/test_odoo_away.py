"""Odoo loses an answer, is down for a night or two, or dies in the middle of a push."""

import threading
from typing import Any

import pytest

from tests.faults.conftest import RealNight
from tests.freight_bills import FreightBill, bills_file, expected_file
from tests.services.cut_proxy import Call, CutProxy, Fault
from tests.services.odoo import OdooServer

BILLS = tuple(FreightBill(f"W-{number}", f"LD-W{number}") for number in range(1, 7))
ONE_TRY: dict[str, Any] = {"retries": {"attempts": 1}}


def numbers(real_night: RealNight) -> list[str]:
    return [bill["ref"] for bill in real_night.bills()]


def drop_one(real_night: RealNight, number: int) -> FreightBill:
    bill = BILLS[number - 1]
    real_night.drop("tms", f"expected_charges_{number}.csv", expected_file(bill))
    real_night.drop(
        "acme-freight", f"{bill.number}.edi", bills_file(bill, control_number=100 + number)
    )
    return bill


@pytest.mark.parametrize("fault", [Fault.DROP_ANSWER, Fault.CUT_REQUEST])
def test_a_lost_answer_makes_no_second_bill(
    proxied_night: RealNight, odoo_proxy: CutProxy, fault: Fault
) -> None:
    proxied_night.drop_bills(*BILLS[:3])
    odoo_proxy.cut_nth("load", fault=fault)

    result = proxied_night.run()

    assert odoo_proxy.cuts == 1
    assert (result["exit_code"], result["counts"]["pushed"]) == (0, 3)
    assert numbers(proxied_night) == ["W-1", "W-2", "W-3"]
    odoo_proxy.forget()
    assert proxied_night.run()["exit_code"] == 0
    assert odoo_proxy.writes == []


def test_two_nights_without_odoo_are_pushed_in_order_by_the_third(
    real_night: RealNight, odoo: OdooServer
) -> None:
    real_night.connect(odoo=ONE_TRY)
    odoo.stop()

    drop_one(real_night, 1)
    first = real_night.run("--date", "2026-11-20")
    assert (first["exit_code"], first["state"]) == (3, "failed")
    [error] = first["errors"]
    assert odoo.url in error
    assert "cannot be reached" in error
    assert first["counts"]["waiting"] == 1
    assert first["waiting"] == first["batches"]
    assert real_night.waiting() == []
    assert len(real_night.originals()) == 2
    [waiting] = real_night.ask("exceptions", "list")
    assert (waiting["kind"], waiting["code"]) == ("technical", "PUSH_FAILED")

    drop_one(real_night, 2)
    second = real_night.run("--date", "2026-11-21")
    assert second["exit_code"] == 3
    assert len(second["waiting"]) == 2
    assert real_night.waiting() == []
    assert len(real_night.originals()) == 4
    [still] = real_night.ask("exceptions", "list")
    assert (still["id"], still["attempts"]) == (waiting["id"], 2)

    odoo.start()
    third = real_night.run("--date", "2026-11-22")
    assert third["exit_code"] == 0, third
    assert third["counts"]["pushed"] == 2
    one, two = third["batches"]
    assert one == first["batches"][0]
    assert one < two
    assert numbers(real_night) == ["W-1", "W-2"]
    assert real_night.ask("exceptions", "list") == []
    verified = real_night.ask("archive", "verify")
    assert (verified["batches"], verified["findings"]) == (2, [])


def test_odoo_killed_in_the_middle_of_a_push_has_every_bill_once(
    proxied_night: RealNight, odoo_proxy: CutProxy, odoo: OdooServer
) -> None:
    proxied_night.connect(odoo_proxy.url, odoo={**ONE_TRY, "batch": 2})
    proxied_night.drop_bills(*BILLS)
    ending: list[threading.Timer] = []

    def second_load(call: Call) -> bool:
        """Let the second group of bills begin, and end the server under it."""
        of_bills = [c for c in odoo_proxy.calls_of("load") if c.model == "account.move"]
        if not ending and len(of_bills) == 2:
            ending.append(threading.Timer(0.05, odoo.kill))
            ending[0].start()
        return False

    odoo_proxy.cut_when(second_load)
    result = proxied_night.run()
    assert result["exit_code"] == 3, result
    ending[0].join()
    odoo.start()

    again = proxied_night.run()

    assert again["exit_code"] == 0, again
    assert again["batches"] == result["batches"]
    assert again["counts"]["pushed"] == 6
    assert numbers(proxied_night) == [bill.number for bill in BILLS]
    assert proxied_night.ask("archive", "verify")["findings"] == []
