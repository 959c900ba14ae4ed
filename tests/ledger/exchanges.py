"""Interchanges that tests note: received ones, and ours."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from etl.ledger import NewGroup, NewInterchange, Purpose
from etl.ledger.interchanges import received_id, sent_id
from tests.ledger.conftest import START

CHANNEL = ("acme", "x12", "02:ACLT", "ZZ:US")


def received(
    number: str,
    sha256: str = "aa" * 32,
    *,
    batch_id: str = "b1",
    file_id: str | None = None,
    at: datetime = START,
    group: str = "1",
) -> NewInterchange:
    """An interchange of ACME's with one group of two bills."""
    return NewInterchange(
        id=received_id("acme", sha256, 1),
        partner="acme",
        syntax="x12",
        sender="02:ACLT",
        receiver="ZZ:US",
        control_no=number,
        document_types=["210"],
        documents=2,
        groups=[NewGroup("IM", group)],
        file_name="in.edi",
        sha256=sha256,
        batch_id=batch_id,
        file_id=file_id,
        created_at=at,
    )


def sent(number: int, *groups: NewGroup, batch_id: str = "b1", **different: Any) -> NewInterchange:
    """A load tender of ours to ACME, which it shall acknowledge within a day."""
    given: dict[str, Any] = {
        "id": sent_id("acme", "x12", number),
        "partner": "acme",
        "syntax": "x12",
        "sender": "ZZ:US",
        "receiver": "02:ACLT",
        "control_no": f"{number:09}",
        "document_types": ["204"],
        "documents": 1,
        "groups": groups or (NewGroup("SM", str(number), ["0001"]),),
        "file_name": f"204_{number:09}.edi",
        "sha256": "bb" * 32,
        "batch_id": batch_id,
        "created_at": START,
        "purpose": Purpose.DOCUMENT,
        "made_from": f"content {number}",
        "expected_level": "syntax",
        "ack_expected_by": START + timedelta(hours=24),
    }
    return NewInterchange(**{**given, **different})
