"""What processing files again would change, compared with how their documents stand today."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from etl.jobs.bookkeeping import exceptions_of
from etl.jobs.preparation import Prepared
from etl.jobs.queues import counts_for_nothing
from etl.jobs.stages.push import known_pushes, planned_states
from etl.jobs.standing import DocumentKey, Standing, standing_of, told_of
from etl.jobs.targets import target_name
from etl.jobs.workspace import Workspace
from etl.ledger import Disposition, Document, NewException
from etl.odoo.target import PushState


@dataclass(frozen=True, slots=True)
class Change:
    """What would become of one document; None on a side: it is not there.

    Attributes:
        business_key: or what else it is called by.
        outcome_before, outcome_after: what the audit said; else rejected, superseded, stored.
        push: what would happen in the target: created, updated or unchanged; None: not pushed.
        waits_before, waits_after: whether somebody has to look at it.
        reasons_before, reasons_after: why it is held, where it is on both sides.
    """

    business_key: str
    outcome_before: str | None
    outcome_after: str | None
    amount_before: Decimal | None
    amount_after: Decimal | None
    push: PushState | None
    waits_before: bool = False
    waits_after: bool = False
    reasons_before: tuple[str, ...] = ()
    reasons_after: tuple[str, ...] = ()

    @property
    def differs(self) -> bool:
        """Whether anything would be different."""
        return (
            self.outcome_before != self.outcome_after
            or self.amount_before != self.amount_after
            or self.waits_before != self.waits_after
            or self.reasons_before != self.reasons_after
            or self.push in (PushState.CREATED, PushState.UPDATED)
        )


def changes_of(workspace: Workspace, prepared: Prepared) -> list[Change]:
    """How prepared documents differ from how they stand, and what the target would see of it."""
    return list(_Comparison(workspace, prepared).changes())


class _Comparison:
    """Today beside what would be."""

    def __init__(self, workspace: Workspace, prepared: Prepared) -> None:
        self._prepared = prepared
        self._standing: Standing = standing_of(workspace, prepared.files)
        self._met = exceptions_of(workspace, "", prepared)
        self._waits = {(item.file_id, item.business_key) for item in self._met}
        self._arrival = {file.id: file.sequence for file in prepared.files}
        keys = [row["business_key"] for row in self._named_rows()]
        with workspace.ledger.read() as ledger:
            self._elsewhere = ledger.exceptions.waiting_under(keys, list(self._arrival))
        self._states: dict[str, PushState] = {}
        self._refused: set[str] = set()
        if prepared.bills is not None:
            keys = prepared.bills.source_keys
            known = known_pushes(workspace, target_name(workspace.project), keys)
            self._states = planned_states(prepared.bills, known)
            self._refused = {refused.source_key for refused in prepared.bills.refused}

    def changes(self) -> Iterator[Change]:
        seen: Counter[DocumentKey] = Counter()
        for row in self._named_rows():
            key = (row["file_id"], row["record_type"], row["business_key"])
            copies = self._standing.copies.get(key, ())
            # a bill that is in a file twice stands as two: the first is paid, the second waits
            yield self._named(row, copies[seen[key]] if seen[key] < len(copies) else None)
            seen[key] += 1
        for key, copies in self._standing.copies.items():
            for document in copies[seen[key] :]:
                waits = self._standing.waits(document)
                if waits or not self._prepared.waiting:
                    yield self._gone(document, waits=waits)
        yield from self._nameless()

    def _named_rows(self) -> list[dict[str, Any]]:
        rows = self._prepared.documents.rows.values()
        return [row for each in rows for row in each if row["business_key"]]

    def _others(self, row: dict[str, Any]) -> tuple[bool, bool]:
        """Whether the same bill of another file waits today, and whether it would afterwards."""
        arrived = self._elsewhere.get(row["business_key"], ())
        settles = row["disposition"] != Disposition.REJECTED and not (
            row["disposition"] == Disposition.HELD and counts_for_nothing(row["reasons"])
        )
        until = self._arrival.get(row["file_id"], 0) if settles else 0
        return bool(arrived), any(place > until for place in arrived)

    def _named(self, row: dict[str, Any], document: Document | None) -> Change:
        key = row["business_key"]
        before = document if document is not None and document.disposition is not None else None
        superseded = row["disposition"] == Disposition.SUPERSEDED
        outcome = told_of(row)
        waits = (row["file_id"], key) in self._waits or key in self._refused
        if row["disposition"] == Disposition.REJECTED and not self._prepared.read_again:
            # taken over as it was found: whoever has to look at it still has
            waits = before is not None and self._standing.waits(before)
        waited_elsewhere, waits_elsewhere = self._others(row)
        is_held = (
            before is not None and before.disposition == Disposition.HELD == row["disposition"]
        )
        return Change(
            business_key=key,
            # that a later file has it anew is so today
            outcome_before=outcome if before and superseded else _told(before),
            outcome_after=outcome,
            amount_before=before.amount if before else None,
            amount_after=row.get("amount"),
            push=self._states.get(key) if key in self._prepared.approved else None,
            waits_before=waited_elsewhere or (before is not None and self._standing.waits(before)),
            waits_after=waits_elsewhere or waits,
            reasons_before=tuple(before.reasons) if before and is_held else (),
            reasons_after=tuple(row["reasons"]) if is_held else (),
        )

    def _gone(self, document: Document, *, waits: bool) -> Change:
        return Change(
            document.business_key or "", _told(document), None, document.amount, None, None, waits
        )

    def _nameless(self) -> Iterator[Change]:
        """What has no business key is known by its trouble."""
        waiting = {
            item.fingerprint: item.message
            for item in self._standing.waiting
            if not item.business_key
        }
        met = {item.fingerprint: item for item in self._met if not item.business_key}
        for fingerprint, item in met.items():
            if fingerprint not in waiting:
                yield _trouble(item)
        if self._prepared.read_again:
            for fingerprint, message in waiting.items():
                if fingerprint not in met:
                    yield Change(message, "rejected", None, None, None, None, waits_before=True)


def _trouble(item: NewException) -> Change:
    return Change(item.message, None, "rejected", None, None, None, waits_after=True)


def _told(document: Document | None) -> str | None:
    if document is None:
        return None
    return told_of({"outcome": document.outcome, "disposition": document.disposition})
