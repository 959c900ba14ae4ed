"""Reconcile: the batch's freight invoices against what was expected and what was billed before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import reduce
from operator import or_

import pyarrow as pa
import pyarrow.compute as pc

from etl.canonical import RecordSet, record_type
from etl.jobs.batch import BatchFile
from etl.jobs.stages.map import MappedBatch
from etl.jobs.workspace import Workspace
from etl.ledger.history import SCHEMA as HISTORY
from etl.reconcile import Reconciliation, reconcile
from etl.reference_numbers import normalise, normalised

INVOICE = "freight_invoice"


def reconcile_invoices(
    workspace: Workspace, mapped: MappedBatch, files: Sequence[BatchFile], on: date
) -> Reconciliation | None:
    """Audit the accepted freight invoices; None where the batch has none.

    Args:
        files: the batch's own; neither their earlier processing is history, nor what came later.
        on: the batch's day; expected charges are looked for from the declared window before it.
    """
    invoices = mapped.accepted.get(INVOICE)
    if invoices is None or not invoices.num_records:
        return None
    references = _shipment_numbers(invoices)
    return reconcile(
        invoices.tables,
        _known(workspace, mapped, "expected_charge", references, on),
        workspace.tolerances,
        shipments=_known(workspace, mapped, "shipment", references, on),
        history=_history(workspace, invoices, files),
        mapping_findings=mapped.findings.get(INVOICE, ()),
    )


def _shipment_numbers(invoices: RecordSet) -> pa.Array:
    """Every normalised number under which a shipment of these invoices may be known."""
    main, lines = invoices.main, invoices.tables["charge_line"]
    columns = [main["shipment_ref"], main["pro_no"], main["bol_no"], lines["shipment_ref"]]
    numbers = [normalise(column.combine_chunks()) for column in columns]
    numbers.append(invoices.tables["reference"]["value_norm"].combine_chunks())
    return pc.unique(pa.concat_arrays(numbers)).drop_null()


def _known(
    workspace: Workspace, mapped: MappedBatch, name: str, numbers: pa.Array, on: date
) -> pa.Table:
    """Records of the type `name` under one of the `numbers`: of earlier batches, then our own."""
    schema = record_type(name).arrow_schema
    since = on - timedelta(days=workspace.project.reconcile.expected_window_days)
    wanted = reduce(
        or_, (normalised(name).isin(numbers) for name in ("shipment_ref", "pro_no", "bol_no"))
    )
    earlier = workspace.archive.scan(name, since=since, schema=schema, where=wanted)
    earlier = earlier.select(schema.names)
    own = mapped.accepted.get(name)
    return pa.concat_tables([earlier, own.main.filter(wanted)]) if own is not None else earlier


def _history(workspace: Workspace, invoices: RecordSet, files: Sequence[BatchFile]) -> pa.Table:
    """Documents of earlier batches under the same invoice, PRO or BOL numbers, by carrier."""
    main, references = invoices.main, invoices.tables["reference"]
    found = [HISTORY.empty_table()]
    with workspace.ledger.read() as ledger:
        for scac in pc.unique(main["carrier_scac"]).drop_null().to_pylist():
            of_carrier = main.filter(pc.equal(main["carrier_scac"], scac))
            named = references.filter(
                pc.is_in(
                    references["record_id"], value_set=of_carrier["record_id"].combine_chunks()
                )
            )
            found.append(
                ledger.history.find(
                    scac,
                    invoice_no_norms=of_carrier["invoice_no_norm"].drop_null().to_pylist(),
                    pros=_numbers(of_carrier["pro_no"], named, "PRO"),
                    bols=_numbers(of_carrier["bol_no"], named, "BOL"),
                    exclude_file_sha256s={file.sha256 for file in files},
                    received_until=max(file.sequence for file in files),
                )
            )
    return pa.concat_tables(found)


def _numbers(header: pa.ChunkedArray, references: pa.Table, kind: str) -> list[str]:
    of_kind = references.filter(pc.equal(references["type"], kind))
    numbers = normalise(header.combine_chunks()).drop_null().to_pylist()
    return [*numbers, *of_kind["value_norm"].drop_null().to_pylist()]
