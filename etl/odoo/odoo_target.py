"""The target that is a real Odoo."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import pyarrow as pa

from etl.odoo.checking import check
from etl.odoo.client import Client
from etl.odoo.jsonrpc import JsonRpcTransport
from etl.odoo.push import Push
from etl.odoo.settings import OdooSettings
from etl.odoo.target import Attachments, Finding, KnownPush, OnBatch, PushReport
from etl.odoo.transport import Transport


class OdooTarget:
    """Vendor bills in an Odoo database; implements `etl.odoo.target.Target`."""

    name = "odoo"

    def __init__(
        self,
        settings: OdooSettings,
        transport: Transport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Prepare a session; nothing is sent before the first call."""
        self._client = Client(transport or JsonRpcTransport(settings), settings, sleep)

    def check(self) -> list[Finding]:
        """Try connection, version, rights, company, journal and taxes."""
        return check(self._client)

    def push(
        self,
        bills: Mapping[str, pa.Table],
        known: Mapping[str, KnownPush],
        attachments: Attachments,
        post: bool,
        on_batch: OnBatch,
    ) -> PushReport:
        """Bring Odoo to what the bills say; see `Target.push`."""
        push = Push(self._client, known, attachments, on_batch)
        return push.run(bills, and_post=post)
