"""The ledger's view of a batch's documents: one row each, with the numbers people look it up by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from etl.canonical import RecordSet
from etl.jobs.batch import BatchFile
from etl.jobs.stages.map import MappedBatch
from etl.jobs.stages.reconcile import INVOICE
from etl.ledger.models import Disposition
from etl.reconcile import Reconciliation, signed_totals
from etl.reference_numbers import normalise

REFERENCE_DATA = ("expected_charge", "shipment")
"""Record types that are kept for the audit and never pushed: the batch's Parquet files hold them,
the ledger only those that were rejected."""

SUPERSEDED = "SUPERSEDED"
"""Reason of a document that came again in a later file, which counts instead."""

FILE = "file"
"""Record type of the row that stands for a file of which no document could be read."""


_REPEATED = frozenset({"partner", "mapping", "file_sha256", "carrier_scac", "currency"})
"""Columns in which a night has few values, each many times."""

_NOT_PUSHED = (Disposition.REJECTED, Disposition.HELD, Disposition.SUPERSEDED)


@dataclass(frozen=True, slots=True)
class BatchDocuments:
    """Rows for the ledger.

    Attributes:
        rows: by record type; columns of :class:`etl.ledger.models.Document`.
        references: by record type; `record_id`, `type`, `value_norm` of the numbers that a
            document names beside those of its own row.
    """

    rows: Mapping[str, list[dict[str, Any]]]
    references: Mapping[str, pa.Table]

    def approved(self) -> dict[str, dict[str, Any]]:
        """The invoices that neither a defect nor the audit keeps back, by business key.

        A bill that came twice in the batch is held, so a key is approved once."""
        return {
            row["business_key"]: row
            for row in self.rows.get(INVOICE, ())
            if row["disposition"] not in _NOT_PUSHED
        }


def documents_of(
    mapped: MappedBatch,
    reconciliation: Reconciliation | None,
    files: Sequence[BatchFile],
    rejected: Sequence[dict[str, Any]] = (),
) -> BatchDocuments:
    """The rows of all documents; dispositions are set for those that were rejected or replaced.

    Args:
        rejected: rows of an earlier batch that are taken over.
    """
    file_ids = {(file.partner, file.sha256): file.id for file in files}
    reasons = _defect_codes(mapped)
    rows: dict[str, list[dict[str, Any]]] = {}
    for kind, records in mapped.accepted.items():
        if kind not in REFERENCE_DATA:
            rows.setdefault(kind, []).extend(_rows(kind, records.main, file_ids))
    for kind, refused in mapped.refused.items():
        for row in _rows(kind, refused, file_ids):
            row["disposition"] = Disposition.REJECTED
            row["reasons"] = reasons.get((kind, row["record_id"]), [])
            rows.setdefault(kind, []).append(row)
    for number, trouble in enumerate(t for t in mapped.troubles if t.record_id is None):
        if trouble.rejected:
            rows.setdefault(FILE, []).append(
                {
                    "record_type": FILE,
                    "record_id": number,
                    "partner": trouble.file.partner,
                    "file_id": trouble.file.id,
                    "document_no": trouble.file.name,
                    "business_key": None,
                    "disposition": Disposition.REJECTED,
                    "reasons": sorted({defect.code for defect in trouble.defects}),
                }
            )
    for row in rejected:
        rows.setdefault(row["record_type"], []).append(row)
    for row in rows.get(INVOICE, ()):
        if row["record_id"] in mapped.replaced and row["disposition"] is None:
            row |= {"disposition": Disposition.SUPERSEDED, "reasons": [SUPERSEDED]}
    if reconciliation is not None:
        _add_outcomes(rows.get(INVOICE, []), reconciliation)
    return BatchDocuments(rows, {INVOICE: _references(mapped)})


def _rows(
    kind: str, main: pa.Table, file_ids: Mapping[tuple[str, str], str]
) -> list[dict[str, Any]]:
    wanted = ["record_id", "partner", "business_key", "record_hash", "mapping", "file_sha256"]
    table = main.select([*wanted, "document_no"])
    for name in ("carrier_scac", "shipment_ref", "currency", "invoice_no_norm"):
        if name in main.column_names:
            table = table.append_column(name, main[name])
    if kind == INVOICE:
        table = table.set_column(
            table.schema.get_field_index("document_no"),
            "document_no",
            pc.coalesce(main["invoice_no"], main["document_no"]),
        )
        table = table.append_column("document_date", main["invoice_date"])
        table = table.append_column("amount", signed_totals(main))
        for name, source in (("pro_norm", "pro_no"), ("bol_norm", "bol_no")):
            table = table.append_column(name, normalise(main[source].combine_chunks()))
    columns = {
        name: _each_once(table[name]) if name in _REPEATED else table[name].to_pylist()
        for name in table.column_names
    }
    origins = zip(columns["partner"], columns.pop("file_sha256"), strict=True)
    columns["file_id"] = [file_ids.get(origin) for origin in origins]
    rows = [
        dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)
    ]
    for row in rows:
        row["record_type"] = kind
        row["disposition"] = None
        row["reasons"] = []
    return rows


def _each_once(column: pa.ChunkedArray) -> list[Any]:
    """The values of a column; equal ones are the same object, where a night has few others."""
    encoded = pc.dictionary_encode(column.combine_chunks())
    values = [*encoded.dictionary.to_pylist(), None]
    return [values[index] for index in pc.fill_null(encoded.indices, len(values) - 1).to_pylist()]


def _defect_codes(mapped: MappedBatch) -> dict[tuple[str, int], list[str]]:
    return {
        (trouble.record_type, trouble.record_id): sorted({d.code for d in trouble.defects})
        for trouble in mapped.troubles
        if trouble.record_type is not None and trouble.record_id is not None
    }


def _add_outcomes(rows: list[dict[str, Any]], reconciliation: Reconciliation) -> None:
    invoices = reconciliation.invoices
    ids, reasons = invoices["record_id"].to_pylist(), invoices["reasons"].to_pylist()
    outcomes = _each_once(invoices["outcome"])
    audited = dict(zip(ids, zip(outcomes, reasons, strict=True), strict=True))
    for row in rows:
        if row["disposition"] is None and row["record_id"] in audited:
            row["outcome"], row["reasons"] = audited[row["record_id"]]
        elif row["disposition"] is None:
            # an audit taken over left it out, since a later file had it anew
            row |= {"disposition": Disposition.SUPERSEDED, "reasons": [SUPERSEDED]}


def _references(mapped: MappedBatch) -> pa.Table:
    """The numbers that the lines and references of invoices name, each once.

    A PRO or BOL that is the invoice's own stands in its row, where it is looked for first.
    """
    invoices = mapped.accepted.get(INVOICE, RecordSet.empty(INVOICE))
    main, lines = invoices.main, invoices.tables["charge_line"]
    shipments = pa.table(
        {
            "record_id": lines["record_id"],
            "type": pa.repeat(pa.scalar("SHIPMENT", pa.string()), lines.num_rows),
            "value_norm": normalise(lines["shipment_ref"].combine_chunks()),
        }
    )
    references = invoices.tables["reference"].select(["record_id", "type", "value_norm"])
    row = pc.index_in(references["record_id"], value_set=main["record_id"].combine_chunks())
    for kind, column in (("PRO", "pro_no"), ("BOL", "bol_no")):
        own = normalise(main[column].combine_chunks()).take(row.combine_chunks())
        same = pc.and_(pc.equal(references["type"], kind), pc.equal(references["value_norm"], own))
        other = pc.invert(pc.fill_null(same, False))
        references, row = references.filter(other), row.filter(other)
    both = pa.concat_tables([references, shipments.cast(references.schema)])
    return both.group_by(both.column_names).aggregate([]).drop_null()
