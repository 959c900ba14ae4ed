"""What the tests of this room share: a real Odoo, a sender with a memory, an eye on the result."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import pytest

from etl.odoo.settings import LoadLimits, OdooSettings
from tests.odoo.sender import Looker, Sender
from tests.services.cut_proxy import CutProxy
from tests.services.odoo import OdooServer

TAXES = {"19": "19% VAT"}


@pytest.fixture
def ref() -> Callable[[str], str]:
    """Make invoice numbers that no other test uses, as all share one database."""
    prefix = secrets.token_hex(4).upper()
    return lambda name: f"{prefix}-{name}"


@pytest.fixture
def settings(odoo: OdooServer) -> OdooSettings:
    """The service user with least rights, and short waits."""
    return _settings(odoo.url, odoo.db, odoo)


@pytest.fixture
def sender(settings: OdooSettings) -> Sender:
    """Pushes straight to Odoo."""
    return Sender(settings)


@pytest.fixture
def proxied(odoo: OdooServer, odoo_proxy: CutProxy) -> Sender:
    """Pushes through `odoo_proxy`."""
    return Sender(_settings(odoo_proxy.url, odoo.db, odoo))


@pytest.fixture
def looker(odoo: OdooServer) -> Looker:
    """The administrator, who sees everything and may do what people do in Odoo."""
    return Looker(odoo.connect_as_admin(odoo.db))


def _settings(url: str, database: str, odoo: OdooServer) -> OdooSettings:
    return OdooSettings(
        url,
        database,
        odoo.login,
        odoo.password,
        taxes=TAXES,
        retries=2,
        retry_wait=0.1,
        limits=LoadLimits(first_batch=10, seconds=2),
    )
