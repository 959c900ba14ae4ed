"""Audit: reconcile behind a fence. An invoice that the audit raises for is kept out, alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import TypeGuard

import pyarrow as pa
import pyarrow.compute as pc

from etl.canonical import RecordSet, lineage_position
from etl.errors import EtlError
from etl.fence import Caught, fault_defect, fenced
from etl.jobs.batch import BatchFile
from etl.jobs.stages.map import MappedBatch, Trouble
from etl.jobs.stages.reconcile import INVOICE, reconcile_invoices
from etl.jobs.workspace import Workspace
from etl.reconcile import Reconciliation

_MOST = 100
"""Attempts on one carrier's invoices: an audit of few costs half a second of CPU all the same."""


def audit(
    workspace: Workspace, mapped: MappedBatch, files: Sequence[BatchFile], on: date
) -> Reconciliation | None:
    """Audit the accepted freight invoices; None where there is none.

    Only a carrier's own invoices bear on each other: carriers are audited apart where all of them
    together can't be. Invoices that the audit raises for move from what is accepted to what is
    refused.
    """
    auditing = _Auditing(workspace, mapped, files, on)
    found = []
    for ended in fenced(auditing.carriers(), auditing.of_carriers):
        if isinstance(ended, Caught):
            found += [auditing.without_faulty(carrier) for carrier in ended.items]
        else:
            found.append(ended)
    return _together([each for each in found if each is not None])


class _Auditing:
    """The audit of one batch."""

    def __init__(
        self, workspace: Workspace, mapped: MappedBatch, files: Sequence[BatchFile], on: date
    ) -> None:
        self._workspace, self._mapped, self._files, self._on = workspace, mapped, files, on

    def carriers(self) -> list[str | None]:
        """The carriers of the accepted invoices."""
        invoices = self._mapped.accepted.get(INVOICE)
        if invoices is None:
            return []
        found: list[str | None] = pc.unique(invoices.main["carrier_scac"]).to_pylist()
        return found

    def of_carriers(self, carriers: Sequence[str | None]) -> Reconciliation | None:
        """The audit of all invoices of some carriers."""
        return self._audited(self._ids_of(carriers))

    def without_faulty(self, carrier: str | None) -> Reconciliation | None:
        """The audit of those of a carrier's invoices that can be audited together; the others are
        refused."""
        while ids := self._ids_of([carrier]):
            try:
                return self._audited(ids)
            except EtlError:
                raise
            except Exception as error:
                together = error
            faulty = [each for each in fenced(ids, self._audited, most=_MOST) if _caught(each)]
            if not faulty:
                # each part goes alone, and all together do not: none may be approved alone
                self._refuse(ids, together)
            for each in faulty:
                self._refuse(each.items, each.error)
        return None

    def _ids_of(self, carriers: Sequence[str | None]) -> list[int]:
        main = self._mapped.accepted[INVOICE].main
        of_carrier = pc.is_in(main["carrier_scac"], value_set=pa.array(carriers, pa.string()))
        ids: list[int] = main["record_id"].filter(of_carrier).to_pylist()
        return [each for each in ids if each not in self._mapped.replaced]

    def _audited(self, ids: Sequence[int]) -> Reconciliation | None:
        invoices = self._mapped.accepted[INVOICE]
        some = invoices.select(_are(invoices, ids))
        findings = self._mapped.findings
        if some is not invoices:
            wanted = set(ids)
            of_some = [each for each in findings.get(INVOICE, ()) if each.record in wanted]
            findings = {**findings, INVOICE: of_some}
        only = replace(
            self._mapped, accepted={**self._mapped.accepted, INVOICE: some}, findings=findings
        )
        return reconcile_invoices(self._workspace, only, self._files, self._on)

    def _refuse(self, ids: Sequence[int], error: Exception) -> None:
        invoices = self._mapped.accepted[INVOICE]
        by_bytes = {(file.partner, file.sha256): file for file in self._files}
        troubles = []
        main = invoices.select(_are(invoices, ids)).main
        for row, cell in enumerate(main.to_pylist()):
            position = lineage_position(main, row)
            defect = fault_defect("auditing this invoice", error, position, cell["invoice_no"])
            file = by_bytes[cell["partner"], cell["file_sha256"]]
            troubles.append(
                Trouble(file, INVOICE, cell["record_id"], (defect,), rejected=True, fault=True)
            )
        self._mapped.keep_out(INVOICE, ids, troubles)


def _caught(ended: Reconciliation | Caught[int] | None) -> TypeGuard[Caught[int]]:
    return isinstance(ended, Caught)


def _are(records: RecordSet, ids: Sequence[int]) -> pa.Array:
    """Which of the records have one of the ids."""
    ids_of = records.main["record_id"].combine_chunks()
    return pc.is_in(ids_of, value_set=pa.array(ids, pa.int64()))


def _together(parts: Sequence[Reconciliation]) -> Reconciliation | None:
    if len(parts) < 2:
        return parts[0] if parts else None
    return Reconciliation(
        pa.concat_tables([part.invoices for part in parts]),
        pa.concat_tables([part.lines for part in parts]),
    )
