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
from etl.reconcile import Placeholders, Reconciliation, Status, reconcile
from etl.reconcile.frames import pandas
from etl.reference_numbers import normalise, normalised

INVOICE = "freight_invoice"

_USED_LINE = pa.schema(
    [
        ("record_id", pa.int64()),
        ("shipment_ref", pa.string()),
        ("charge_code", pa.string()),
        ("status", pa.string()),
    ]
)


def reconcile_invoices(
    workspace: Workspace, mapped: MappedBatch, files: Sequence[BatchFile], on: date
) -> Reconciliation | None:
    """Audit the accepted freight invoices; None where the batch has none.

    Args:
        files: the batch's own.
        on: the batch's day; expected charges are looked for from the declared window before it.
    """
    invoices = mapped.accepted.get(INVOICE)
    if invoices is None or not invoices.num_records:
        return None
    none = workspace.tolerances.placeholders
    numbers = _shipment_numbers(invoices, none)
    history, references = _history(workspace, invoices, none)
    main = _with_arrival(invoices.main, files)
    since = on - timedelta(days=workspace.project.reconcile.expected_window_days)
    expected = _known(workspace, mapped, "expected_charge", numbers, since)
    return reconcile(
        {**invoices.tables, INVOICE: main},
        expected,
        workspace.tolerances,
        shipments=_known(workspace, mapped, "shipment", numbers, since),
        history=history,
        history_references=references,
        used_charges=_used_charges(workspace, expected, since),
        mapping_findings=mapped.findings.get(INVOICE, ()),
        bills_for=_bills_for(workspace, files),
    )


def _bills_for(workspace: Workspace, files: Sequence[BatchFile]) -> dict[str, frozenset[str]]:
    """By partner, the carriers in whose name it may bill, where that is declared."""
    identities = {file.partner: workspace.partner_of(file.partner).identity for file in files}
    declared = {partner: identity.bills_for for partner, identity in identities.items()}
    return {partner: carriers for partner, carriers in declared.items() if carriers is not None}


def _with_arrival(main: pa.Table, files: Sequence[BatchFile]) -> pa.Table:
    """The invoices with the ids of their files and the places of these in the ledger's order."""
    names = pa.array([f"{file.partner}/{file.sha256}" for file in files], pa.string())
    partner, sha256 = main["partner"].combine_chunks(), main["file_sha256"].combine_chunks()
    at = pc.index_in(pc.binary_join_element_wise(partner, sha256, "/"), value_set=names)
    ids = pa.array([file.id for file in files], pa.string())
    arrived = pa.array([file.sequence for file in files], pa.int64())
    return main.append_column("file_id", ids.take(at)).append_column("arrived", arrived.take(at))


def _shipment_numbers(invoices: RecordSet, none: Placeholders) -> pa.Array:
    """Every normalised number under which a shipment of these invoices may be known."""
    main, lines = invoices.main, invoices.tables["charge_line"]
    columns = [main["shipment_ref"], main["pro_no"], main["bol_no"], lines["shipment_ref"]]
    numbers = [normalise(column.combine_chunks()) for column in columns]
    numbers.append(invoices.tables["reference"]["value_norm"].combine_chunks())
    return _real(pc.unique(pa.concat_arrays(numbers)).drop_null(), none)


def _real(numbers: pa.Array, none: Placeholders) -> pa.Array:
    return numbers.filter(pc.invert(none.among(numbers)))


def _known(
    workspace: Workspace, mapped: MappedBatch, name: str, numbers: pa.Array, since: date
) -> pa.Table:
    """Records of the type `name` under one of the `numbers`, in the order of their files' arrival.

    Processed again, a file's records take the place of what was read from it before: its charges
    become no newer by being looked at.
    """
    schema = record_type(name).arrow_schema
    wanted = reduce(
        or_, (normalised(name).isin(numbers) for name in ("shipment_ref", "pro_no", "bol_no"))
    )
    found = workspace.archive.scan(name, since=since, schema=schema, where=wanted)
    own = mapped.accepted.get(name)
    if own is not None:
        ours = own.main.filter(wanted)
        ours = ours.append_column("batch_id", pa.repeat(pa.scalar("", pa.string()), len(ours)))
        found = pa.concat_tables([found, ours.select(found.column_names)])
    return _in_order_of_arrival(workspace, found).select(schema.names)


def _used_charges(workspace: Workspace, expected: pa.Table, since: date) -> pa.Table:
    """What earlier bills were compared with of these expected charges, with the bills' columns."""
    shipments = pc.unique(expected["shipment_ref_norm"].combine_chunks()).drop_null()
    lines = workspace.archive.scan(
        "reconciliation_lines",
        since=since,
        schema=_USED_LINE,
        where=pc.field("shipment_ref").isin(shipments)
        & pc.field("status").isin([Status.MATCHED, Status.WITHIN, Status.OVER, Status.UNDER]),
    )
    ids = pc.binary_join_element_wise(
        lines["batch_id"], INVOICE, lines["record_id"].cast(pa.string()), "/"
    )
    with workspace.ledger.read() as ledger:
        bills = ledger.history.of_documents(pc.unique(ids).to_pylist())
    at = pc.index_in(ids, value_set=bills["document_id"].combine_chunks()).combine_chunks()
    known = lines.select(["shipment_ref", "charge_code"]).filter(at.is_valid())
    bills = bills.drop_columns(["shipment_ref"]).take(at.drop_null())
    for name in known.column_names:
        bills = bills.append_column(name, known[name])
    return bills


def _in_order_of_arrival(workspace: Workspace, found: pa.Table) -> pa.Table:
    """The rows as they came first, of each file those of the batch that read it last.

    Args:
        found: the rows of batches in the order in which they were sealed; `batch_id` is added.
    """
    if not found.num_rows:
        return found
    rows = pandas(found.select(["partner", "file_sha256", "batch_id"]))
    files = ["partner", "file_sha256"]
    # as many as there are files, of which one brought thousands of rows
    brought = rows.drop_duplicates([*files, "batch_id"])
    last = brought.drop_duplicates(files, keep="last")
    with workspace.ledger.read() as ledger:
        arrivals = ledger.files.arrivals(last["file_sha256"].unique().tolist())
        upcoming = ledger.order.upcoming()
    keys = zip(last["partner"], last["file_sha256"], strict=True)
    last = last.assign(place=[arrivals.get(key, upcoming) for key in keys])
    placed = rows.reset_index().merge(last, on=[*files, "batch_id"])
    kept = placed.sort_values(["place", "index"])["index"]
    if len(kept) == len(found) and kept.is_monotonic_increasing:
        return found
    return found.take(pa.array(kept, pa.int64()))


def _history(
    workspace: Workspace, invoices: RecordSet, none: Placeholders
) -> tuple[pa.Table, pa.Table]:
    """Documents of all batches under the same invoice, PRO or BOL numbers, by carrier, and
    all that they refer to."""
    main, references = invoices.main, invoices.tables["reference"]
    found = [HISTORY.empty_table()]
    with workspace.ledger.read() as ledger:
        for scac in pc.unique(main["carrier_scac"]).drop_null().to_pylist():
            of_carrier = main.filter(pc.equal(main["carrier_scac"], scac))
            own = pc.is_in(
                references["record_id"], value_set=of_carrier["record_id"].combine_chunks()
            )
            own = references.filter(own)
            found.append(
                ledger.history.find(
                    scac,
                    invoice_no_norms=of_carrier["invoice_no_norm"].drop_null().to_pylist(),
                    pros=_numbers(of_carrier["pro_no"], own, "PRO", none),
                    bols=_numbers(of_carrier["bol_no"], own, "BOL", none),
                    business_keys=of_carrier["business_key"].drop_null().to_pylist(),
                )
            )
        history = pa.concat_tables(found)
        return history, ledger.history.references_of(history["document_id"].to_pylist())


def _numbers(
    header: pa.ChunkedArray, references: pa.Table, kind: str, none: Placeholders
) -> list[str]:
    of_kind = references.filter(pc.equal(references["type"], kind))["value_norm"]
    both = pa.concat_arrays([normalise(header.combine_chunks()), of_kind.combine_chunks()])
    numbers: list[str] = _real(pc.unique(both).drop_null(), none).to_pylist()
    return numbers
