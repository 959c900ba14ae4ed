"""The original documents, attached to their bills once each.

An attachment has an external id of its own, made from the bill, the file's name and its content,
so that the load mechanism guards it like a bill. (`create()` after a lost answer would double
it, and ``attachment_ids`` is dropped silently when a bill is loaded.)
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping

from etl.odoo.client import Client
from etl.odoo.external_ids import attachment_name, qualified
from etl.odoo.loading import Loaded, Pace, load_batch
from etl.odoo.rows import MODEL, LoadRows
from etl.odoo.settings import LoadLimits
from etl.odoo.target import Attachment

_MODEL = "ir.attachment"
_FIELDS = ("id", "name", "mimetype", "res_model", "res_id", "datas")


def attach(
    client: Client, pace: Pace, documents: Mapping[str, tuple[int, Attachment]]
) -> dict[str, str]:
    """Attach to each bill its document, unless it has it already.

    Args:
        documents: by the bill's external id name: the bill's id and the document.

    Returns:
        By the same names, why a document could not be attached.

    Raises:
        TransientError: Odoo went away; repeating makes no doubles.
    """
    limits = client.settings.limits
    failed: dict[str, str] = {}
    rows: dict[str, LoadRows] = {}
    for bill, (bill_id, document) in documents.items():
        if len(document.content) > limits.largest_attachment:
            failed[bill] = (
                f"it has {len(document.content)} bytes, more than the {limits.largest_attachment} "
                "allowed in the Odoo settings"
            )
        else:
            rows[bill] = _row(bill, bill_id, document)
    refused: dict[str, str] = {}
    for batch in _batches(list(rows.values()), limits):
        outcome: Loaded = load_batch(client, pace, batch)
        refused.update(outcome.refused)
    return failed | {
        bill: refused[row.external_id] for bill, row in rows.items() if row.external_id in refused
    }


def _row(bill: str, bill_id: int, document: Attachment) -> LoadRows:
    digest = hashlib.sha256(document.content).hexdigest()
    cells = [
        qualified(attachment_name(bill, document.name, digest)),
        document.name,
        document.mimetype,
        MODEL,
        str(bill_id),
        base64.b64encode(document.content).decode("ascii"),
    ]
    return LoadRows(_MODEL, cells[0], _FIELDS, [cells])


def _batches(rows: list[LoadRows], limits: LoadLimits) -> Iterator[list[LoadRows]]:
    """Yield the rows in batches of a bearable size."""
    batch: list[LoadRows] = []
    size = 0
    for row in rows:
        length = len(row.cells[0][-1])
        full = size + length > limits.attachment_bytes or len(batch) >= limits.largest_batch
        if batch and full:
            yield batch
            batch, size = [], 0
        batch.append(row)
        size += length
    if batch:
        yield batch
