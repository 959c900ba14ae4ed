"""What `check` says of a real Odoo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from etl.odoo.jsonrpc import JsonRpcTransport
from etl.odoo.odoo_target import OdooTarget
from etl.odoo.rights import NEEDED
from etl.odoo.settings import OdooSettings
from etl.odoo.target import Attachment, Finding, Level
from tests.odoo.bill_tables import SampleBill, SampleLine
from tests.odoo.sender import Looker, Sender
from tests.services.odoo import OdooServer

pytestmark = pytest.mark.services


def errors(findings: list[Finding]) -> dict[str, str]:
    return {
        f"{finding.what} {number}": finding.message
        for number, finding in enumerate(findings)
        if finding.level is Level.ERROR
    }


def test_least_rights_are_enough(settings: OdooSettings) -> None:
    findings = OdooTarget(settings).check()
    assert errors(findings) == {}
    assert {finding.what for finding in findings} == {
        *("connection", "version", "rights", "company", "taxes")
    }


def test_missing_rights_are_named(settings: OdooSettings, odoo: OdooServer) -> None:
    powerless = replace(settings, login=odoo.norights_login, password=odoo.norights_password)
    found = "\n".join(errors(OdooTarget(powerless).check()).values())
    assert "may not read ir.model.data: give one of the user's groups" in found
    assert "may not read, create, write account.move: add the user to" in found
    assert "may not read account.journal" in found
    assert "may not post bills" in found
    assert "res.partner" not in found


@pytest.mark.parametrize("model", ["res.currency", "res.company", "account.payment.term"])
def test_a_single_right_that_is_missing_is_named_and_no_other(
    settings: OdooSettings, looker: Looker, model: str
) -> None:
    with looker.without_right("read", model):
        (message,) = errors(OdooTarget(settings).check()).values()
    assert f"may not read {model}: " in message


def test_no_right_is_needed_but_those_that_are_looked_for(
    settings: OdooSettings, looker: Looker, ref: Callable[[str], str]
) -> None:
    """What pushing, updating and posting ask for is what `check` asks for."""
    asked: set[str] = set()

    class Watching(JsonRpcTransport):
        def call(self, model: str, *rest: Any) -> Any:
            asked.add(model)
            return super().call(model, *rest)

    sender = Sender(settings, OdooTarget(settings, Watching(settings)))
    bill = SampleBill(ref("1"), [SampleLine("BASE", "9.99", tax_rate="19")] * 3, "35.66", "5.69")
    document = {bill.source_key: Attachment("a.edi", b"ISA")}
    assert sender.push(bill, documents=document).rejected == []
    bill.narration = "changed"
    assert sender.push(bill, documents=document, post=True).rejected == []
    assert asked <= {model for model, _, _ in NEEDED}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"password": "wrong"}, "does not accept the login"),
        ({"database": "nowhere"}, "no usable database 'nowhere'"),
        ({"url": "http://127.0.0.1:9"}, "cannot be reached"),
        ({"journal": "NOPE"}, "no purchase journal with the code 'NOPE'"),
        ({"taxes": {"19": "nineteen"}}, "no active purchase tax named 'nineteen'"),
        ({"company": 99}, "no company with the id 99"),
    ],
)
def test_a_wrong_setting_is_named(
    settings: OdooSettings, change: dict[str, object], told: str
) -> None:
    wrong = replace(settings, retries=0, **change)  # type: ignore[arg-type]
    (message,) = errors(OdooTarget(wrong).check()).values()
    assert told in message
