"""Push: approved invoices as vendor bills into the target, each once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from etl import failpoints
from etl.canonical import RecordSet
from etl.config.partner import Partner
from etl.config.project import PushRule
from etl.fence import FAULT, Caught, fenced, told
from etl.formats.records import chunk_of
from etl.jobs.batch import Batch, BatchFile
from etl.jobs.originals import MISSING, originals_of
from etl.jobs.progress import Progress
from etl.jobs.stages.map import MappedBatch
from etl.jobs.stages.reconcile import INVOICE
from etl.jobs.targets import largest_attachment
from etl.jobs.workspace import Workspace
from etl.ledger.documents import document_id
from etl.ledger.models import Disposition, Push
from etl.ledger.pushes import NewPush
from etl.mapping import Assembly, Context, KeptOut, Mapped, Plan
from etl.odoo.target import (
    KnownPush,
    Pushed,
    PushReport,
    PushState,
    Rejected,
    RejectionKind,
    Target,
)

BILL = "vendor_bill"

_MAPPED_AT_ONCE = 10_000
"""Invoices; what a mapping takes beside its result grows with them."""


@dataclass(frozen=True)
class Bills:
    """What a batch wants to have in the target.

    Attributes:
        records: vendor bills with their lines; `source_key` is the invoice's business key.
        refused: invoices that the mapping to vendor bills could not take.
    """

    records: RecordSet
    refused: Sequence[Rejected]

    @property
    def source_keys(self) -> list[str]:
        """Business keys of the invoices behind the bills."""
        keys: list[str] = self.records.main["source_key"].to_pylist()
        return keys

    def only(self, keys: Sequence[str]) -> RecordSet:
        """The bills of some invoices."""
        named = pc.is_in(self.records.main["source_key"], value_set=pa.array(keys, pa.string()))
        return self.records.select(named.combine_chunks())


def bills_of(
    workspace: Workspace,
    rule: PushRule,
    mapped: MappedBatch,
    approved: Mapping[str, Mapping[str, Any]],
) -> Bills:
    """Map the approved invoices to vendor bills.

    Args:
        approved: their rows, by business key.

    Raises:
        ConfigurationError: the mapping is wrong.
    """
    compiled = workspace.compiled(rule.mapping)
    open_ids = pa.array([row["record_id"] for row in approved.values()], pa.int64())
    parts: list[RecordSet] = []
    refused: list[Rejected] = []
    offset = 0
    for of_partner in _by_partner(mapped.accepted.get(INVOICE, RecordSet.empty(INVOICE)), open_ids):
        keys = of_partner.main["business_key"].to_pylist()
        partner = workspace.partner_of(of_partner.main["partner"][0].as_py())
        result, kept_out = _mapped(partner, compiled.plan, of_partner)
        refused += [
            _faulty(keys[each.record], "making a bill of it", each.error) for each in kept_out
        ]
        for each in reversed(kept_out):
            del keys[each.record]
        refused += [
            Rejected(
                source_key=keys[defect.record],
                kind=RejectionKind.DATA,
                code=defect.code,
                message=f"{workspace.project.shown(rule.mapping)}: {defect.message}",
                value=defect.value,
                expected=defect.expected,
            )
            for defect in result.defects
            if defect.record is not None and result.rejected[defect.record]
        ]
        parts.append(result.records.select(~result.rejected).with_record_offset(offset))
        offset += len(keys)
    records = RecordSet.concat(parts) if parts else RecordSet.empty(BILL)
    return Bills(records, refused)


def _by_partner(invoices: RecordSet, record_ids: pa.Array) -> Iterator[RecordSet]:
    """Some of the invoices, a few at a time, each time those of one partner."""
    for some in invoices.batches(_MAPPED_AT_ONCE):
        is_wanted = pc.is_in(some.main["record_id"], value_set=record_ids)
        wanted = some.select(is_wanted.combine_chunks())
        for name in pc.unique(wanted.main["partner"]).to_pylist():
            yield wanted.select(pc.equal(wanted.main["partner"], name).combine_chunks())


def _mapped(partner: Partner, plan: Plan, invoices: RecordSet) -> tuple[Mapped, list[KeptOut]]:
    """Vendor bills of a partner's invoices, which the partner's own numbers are added to."""
    identity, main = partner.identity, invoices.main
    for column, value in (("partner_ref", identity.odoo_ref), ("partner_vat", identity.vat)):
        main = main.append_column(column, pa.repeat(pa.scalar(value, pa.string()), len(main)))
    chunk = chunk_of({**invoices.tables, INVOICE: main})
    return Assembly(plan, Context(partner.id, identity.scac, None, None)).take_fenced(chunk)


def known_pushes(workspace: Workspace, target: str, keys: Sequence[str]) -> dict[str, Push]:
    """What the ledger knows of these bills in the target, by business key."""
    with workspace.ledger.read() as ledger:
        return ledger.pushes.known(target, keys)


def planned_states(bills: Bills, known: Mapping[str, Push]) -> dict[str, PushState]:
    """What a push would do to each bill, by source key, as far as the ledger can tell."""
    hashes = bills.records.main["record_hash"].to_pylist()
    states = {}
    for key, record_hash in zip(bills.source_keys, hashes, strict=True):
        before = known.get(key)
        if before is None:
            states[key] = PushState.CREATED
        elif before.record_hash == record_hash:
            states[key] = PushState.UNCHANGED
        else:
            states[key] = PushState.UPDATED
    return states


def push(
    workspace: Workspace,
    batch: Batch,
    target: Target,
    name: str,
    bills: Bills,
    rows: Mapping[str, dict[str, Any]],
    files: Iterable[BatchFile],
    post: bool,
    progress: Progress,
) -> PushReport:
    """Push the bills; the ledger learns of each group as soon as it is safe in the target.

    A bill that an earlier, killed try of this same batch pushed counts as pushed, not unchanged.

    Args:
        name: the target's, as the ledger keeps it.
        rows: the approved invoices by business key; their dispositions are set.

    Raises:
        TransientError, TerminalError: the target cannot go on; what is done is noted.
    """
    noted: set[str] = set()
    progress.stage(f"push to {name}", len(bills.source_keys))

    def note(pushed: list[Pushed]) -> None:
        with workspace.ledger.begin() as ledger:
            ledger.pushes.record(name, batch.id, [_new_push(each, batch, rows) for each in pushed])
        failpoints.reached("push.ledger_written")
        progress.advance(len({each.source_key for each in pushed} - noted))
        noted.update(each.source_key for each in pushed)

    def attempt(keys: Sequence[str]) -> PushReport:
        # what an attempt that raised has pushed is known to the next one
        known = known_pushes(workspace, name, keys)
        ours = {key for key, before in known.items() if before.batch_id == batch.id}
        # a try of this batch that was ended may not have come to say what it could not attach
        originals.owed = ours | waiting
        report = target.push(
            bills.only(keys).tables,
            {
                key: KnownPush(before.external_id, before.record_hash, before.remote_id)
                for key, before in known.items()
            },
            originals,
            post,
            note,
        )
        for each in report.pushed:
            unchanged = each.state is PushState.UNCHANGED and each.source_key not in ours
            rows[each.source_key]["disposition"] = (
                Disposition.UNCHANGED if unchanged else Disposition.PUSHED
            )
        return report

    reports = []
    largest = largest_attachment(workspace.project)
    with workspace.ledger.read() as ledger:
        waiting = ledger.exceptions.concerned(bills.source_keys, MISSING)
    with originals_of(workspace, bills.records.main, rows, files, largest) as originals:
        for ended in fenced(bills.source_keys, attempt):
            if isinstance(ended, Caught):
                faulty = [_faulty(key, "pushing it", ended.error) for key in ended.items]
                reports.append(PushReport(rejected=faulty))
            else:
                reports.append(ended)
    landed = {each.source_key for report in reports for each in report.pushed}
    return PushReport(
        [each for report in reports for each in report.pushed],
        [each for report in reports for each in report.rejected]
        + [why for key, why in originals.missing.items() if key in landed],
    )


def _faulty(key: str, what: str, error: Exception) -> Rejected:
    """A bill that the code raised for."""
    return Rejected(key, RejectionKind.TECHNICAL, FAULT, told(what, error))


def _new_push(pushed: Pushed, batch: Batch, rows: Mapping[str, Mapping[str, Any]]) -> NewPush:
    row = rows[pushed.source_key]
    return NewPush(
        external_id=pushed.external_id,
        business_key=pushed.source_key,
        document_id=document_id(batch.id, INVOICE, row["record_id"]),
        model=pushed.model,
        remote_id=pushed.remote_id,
        remote_ref=pushed.remote_ref,
        record_hash=pushed.record_hash,
        state=str(pushed.state),
    )
