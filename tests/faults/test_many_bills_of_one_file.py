"""Many bills of one file in a real Odoo: each has its own part of the file, and no other's."""

from __future__ import annotations

import base64
import re
import time
from collections import defaultdict

import pytest

from tests.faults.conftest import PASSWORD, RealNight
from tests.freight_bills import FreightBill, bills_file, expected_file
from tests.services.cut_proxy import CutProxy

_BILLS_AT_ONCE = 60


@pytest.mark.parametrize("count", [12, pytest.param(500, marks=pytest.mark.soak)])
def test_each_bill_has_its_own_part_of_the_file_and_no_others(
    proxied_night: RealNight,
    odoo_proxy: CutProxy,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    count: int,
) -> None:
    bills = [FreightBill(f"MB{count}-{n:03}", f"LD-MB{count}-{n:03}") for n in range(count)]
    file = bills_file(*bills)
    proxied_night.drop("tms", "expected_charges_1.csv", expected_file(*bills))
    proxied_night.drop("acme-freight", "night.edi", file)
    monkeypatch.setenv(PASSWORD, proxied_night.odoo.password)

    began = time.monotonic()
    result = proxied_night.night.run()
    seconds = time.monotonic() - began

    assert (result.counts.pushed, result.new_exceptions, result.errors) == (count, 0, [])
    contents = attached(proxied_night, [bill.number for bill in bills])
    assert {number: numbers_in(parts) for number, parts in contents.items()} == {
        bill.number: [[bill.number]] for bill in bills
    }
    size = sum(len(part) for parts in contents.values() for part in parts)
    assert size <= 2 * len(file)
    # What is asked and given grows with the batches, and not with the bills.
    calls = len(odoo_proxy.calls)
    assert calls <= 40 + 12 * (count / _BILLS_AT_ONCE)
    with capsys.disabled():
        print(
            f"\n{count} bills of one file of {len(file)} bytes: {size} bytes attached, "
            f"{calls} calls of Odoo, {seconds:.0f} s"
        )


def attached(night: RealNight, numbers: list[str]) -> dict[str, list[bytes]]:
    """The attachments in Odoo of the bills with these numbers."""
    session = night.odoo.connect_as_admin(night.database)
    moves = session.env["account.move"].search_read([("ref", "in", numbers)], ["ref"])
    refs = {move["id"]: move["ref"] for move in moves}
    assert sorted(refs.values()) == sorted(numbers)
    found: defaultdict[str, list[bytes]] = defaultdict(list)
    for each in session.env["ir.attachment"].search_read(
        [("res_model", "=", "account.move"), ("res_id", "in", list(refs))], ["res_id", "datas"]
    ):
        found[refs[each["res_id"]]].append(base64.b64decode(each["datas"]))
    return found


def numbers_in(parts: list[bytes]) -> list[list[str]]:
    """The invoice numbers in each of a bill's attachments."""
    return [re.findall(r"B3\*\*([^*]+)\*", part.decode("ascii")) for part in parts]
