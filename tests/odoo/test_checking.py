"""What `check` says of a real Odoo."""

from __future__ import annotations

from dataclasses import replace

import pytest

from etl.odoo.odoo_target import OdooTarget
from etl.odoo.settings import OdooSettings
from etl.odoo.target import Finding, Level
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
