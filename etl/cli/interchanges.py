"""Interchanges as `etl show` and `etl trace` print them."""

from __future__ import annotations

from collections.abc import Sequence

from etl.cli.printing import print_table
from etl.ledger import Interchange

_RESULTS = {"A": "accepted", "E": "accepted with errors", "P": "partly accepted", "R": "rejected"}


def print_interchanges(interchanges: Sequence[Interchange]) -> None:
    """What was received and sent, with the answers; nothing where there is none."""
    if not interchanges:
        return
    print_table(
        "interchanges",
        ["", "partner", "control no", "documents", ">count", "file", "state", "answered", "result"],
        [
            (
                each.direction,
                each.partner,
                each.control_no,
                each.document_types,
                each.documents,
                each.file_name,
                each.state,
                each.acknowledged_at,
                _RESULTS.get(each.result or ""),
            )
            for each in interchanges
        ],
    )
