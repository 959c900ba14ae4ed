"""The original documents, attached to their bills once each.

An attachment has an external id of its own, made from the bill, the file's name and its content,
so that the load mechanism guards it like a bill. (`create()` after a lost answer would double
it, and ``attachment_ids`` is dropped silently when a bill is loaded.)
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator

from etl.odoo.client import Client
from etl.odoo.external_ids import attachment_name, qualified
from etl.odoo.loading import Loaded, Pace, load_batch
from etl.odoo.rows import MODEL, LoadRows
from etl.odoo.settings import LoadLimits
from etl.odoo.target import Attachment

_MODEL = "ir.attachment"
_FIELDS = ("id", "name", "mimetype", "res_model", "res_id", "datas")


def attach(
    client: Client, pace: Pace, documents: Iterable[tuple[str, int, Attachment]]
) -> dict[str, str]:
    """Attach to each bill its document, unless it has it already.

    Args:
        documents: name of the bill's external id, id of the bill, and the document; taken one
            after the other, so that no more of them are held than one call takes.

    Returns:
        By the same names, why a document could not be attached.

    Raises:
        TransientError: Odoo went away; repeating makes no doubles.
    """
    failed: dict[str, str] = {}
    rows = ((bill, _row(bill, bill_id, document)) for bill, bill_id, document in documents)
    for batch in _batches(rows, client.settings.limits):
        outcome: Loaded = load_batch(client, pace, [row for _, row in batch])
        failed |= {
            bill: outcome.refused[row.external_id]
            for bill, row in batch
            if row.external_id in outcome.refused
        }
    return failed


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


def _batches(
    rows: Iterable[tuple[str, LoadRows]], limits: LoadLimits
) -> Iterator[list[tuple[str, LoadRows]]]:
    """Yield the rows in batches of a bearable size."""
    batch: list[tuple[str, LoadRows]] = []
    size = 0
    for bill, row in rows:
        length = len(row.cells[0][-1])
        full = size + length > limits.attachment_bytes or len(batch) >= limits.largest_batch
        if batch and full:
            yield batch
            batch, size = [], 0
        batch.append((bill, row))
        size += length
    if batch:
        yield batch
