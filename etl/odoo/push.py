"""One push: from the bills of a run to the state that Odoo shall have, doing what is missing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from etl.odoo.attaching import attach
from etl.odoo.bills import Bill, read_bills
from etl.odoo.client import Client, chunks
from etl.odoo.company import Company, read_company
from etl.odoo.due_dates import documents_day, due_differs, read_due_days
from etl.odoo.foreign_bills import find_foreign_bills
from etl.odoo.loading import Pace, batches, find_ids, load_batch
from etl.odoo.posting import in_locked_period, post
from etl.odoo.remote_bills import RemoteContent, RemoteState, read_contents, read_states
from etl.odoo.resolution import ResolvedBill, resolve
from etl.odoo.rows import MODEL, new_bill_rows
from etl.odoo.target import (
    Attachments,
    KnownPush,
    OnBatch,
    Pushed,
    PushReport,
    PushState,
    Rejected,
    RejectionKind,
)
from etl.odoo.totals import settle_totals, total_differs
from etl.odoo.updating import compare, update_draft

_UPDATES_AT_ONCE = 50


@dataclass
class _Sorted:
    """The bills by what has to be done with them."""

    new: list[Bill] = field(default_factory=list)
    changed: dict[str, tuple[Bill, RemoteState]] = field(default_factory=dict)
    unchanged: list[tuple[Bill, RemoteState]] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)


class Push:
    """The work of `OdooTarget.push`; an instance is used once."""

    def __init__(
        self,
        client: Client,
        known: Mapping[str, KnownPush],
        attachments: Attachments,
        on_batch: OnBatch,
    ) -> None:
        self._client = client
        self._known = known
        self._attachments = attachments
        self._on_batch = on_batch
        self._pace = Pace(client.settings.limits)
        self._attachment_pace = Pace(client.settings.limits)
        self._landed: dict[str, tuple[Bill, RemoteState]] = {}
        self._pushed: dict[str, Pushed] = {}
        self._rejected: list[Rejected] = []

    def run(self, tables: Mapping[str, pa.Table], *, and_post: bool) -> PushReport:
        """Push the bills; see `etl.odoo.target.Target.push`."""
        bills, self._rejected = read_bills(tables)
        if bills:
            self._client.login()
            self._push(bills, and_post=and_post)
        order = [bill.source_key for bill in bills]
        return PushReport(
            [self._pushed[key] for key in order if key in self._pushed], self._rejected
        )

    def _push(self, bills: Sequence[Bill], *, and_post: bool) -> None:
        work = self._sort(bills)
        self._rejected += work.rejected
        for bill, state in work.unchanged:
            self._keep(bill, state, PushState.UNCHANGED)
        self._attach_owed(work.unchanged)
        touched = [*work.new, *(bill for bill, _ in work.changed.values())]
        drafts_known = any(state.state == "draft" for _, state in work.unchanged)
        if not touched and not (and_post and drafts_known):
            return
        company = read_company(self._client)
        resolved, rejected = resolve(self._client, company, touched)
        self._rejected += rejected
        self._create([r for r in resolved if r.bill.source_key not in work.changed], company)
        self._update(
            [
                (r, work.changed[r.bill.source_key][1])
                for r in resolved
                if r.bill.source_key in work.changed
            ]
        )
        if and_post:
            self._post(company)

    def _sort(self, bills: Sequence[Bill]) -> _Sorted:
        """Look at what Odoo has of the bills, and compare hashes with the ledger's."""
        there = find_ids(self._client, (bill.external_id for bill in bills))
        states = read_states(self._client, there.values())
        work = _Sorted()
        for bill in bills:
            known = self._known.get(bill.source_key)
            remote_id = there.get(bill.external_id)
            state = None if remote_id is None else states.get(remote_id)
            if remote_id is None and known is None:
                work.new.append(bill)
            elif remote_id is None:
                work.rejected.append(_deleted(bill, known))
            elif state is None:
                work.rejected.append(_invisible(bill, remote_id))
            elif state.state == "cancel":
                work.rejected.append(_cancelled(bill, state))
            elif known is not None and known.record_hash == bill.record_hash:
                work.unchanged.append((bill, state))
            else:
                work.changed[bill.source_key] = (bill, state)
        return work

    def _create(self, bills: Sequence[ResolvedBill], company: Company) -> None:
        duplicates = find_foreign_bills(self._client, bills) if bills else []
        self._rejected += duplicates
        foreign = {rejected.source_key for rejected in duplicates}
        new = {r.bill.external_id: r for r in bills if r.bill.source_key not in foreign}
        most = self._client.settings.limits.largest_lines
        rows = [new_bill_rows(resolved, company.journal, most) for resolved in new.values()]
        for batch in batches(rows, self._pace):
            outcome = load_batch(self._client, self._pace, batch)
            self._rejected += [_refused(new[key].bill, why) for key, why in outcome.refused.items()]
            created = {remote_id: new[key] for key, remote_id in outcome.ids.items()}
            self._add_further_lines(created, most)
            self._complete(created, PushState.CREATED)

    def _add_further_lines(self, created: dict[int, ResolvedBill], most: int) -> None:
        """Give long bills their lines after the first `most`; what is refused goes."""
        long = [remote_id for remote_id, r in created.items() if len(r.lines) > most]
        if not long:
            return
        for remote_id, content in read_contents(self._client, long).items():
            resolved = created[remote_id]
            difference = compare(resolved, content)
            refusal = update_draft(self._client, self._pace, resolved, remote_id, difference)
            if refusal is not None:
                self._rejected.append(_refused(resolved.bill, refusal, remote_id))
                del created[remote_id]

    def _update(self, bills: Sequence[tuple[ResolvedBill, RemoteState]]) -> None:
        for some in chunks(bills, _UPDATES_AT_ONCE):
            contents = read_contents(self._client, (state.id for _, state in some))
            done: defaultdict[PushState, dict[int, ResolvedBill]] = defaultdict(dict)
            for resolved, state in some:
                what = self._update_one(resolved, state, contents[state.id])
                if what is not None:
                    done[what][state.id] = resolved
            for what, updated in done.items():
                self._complete(updated, what)

    def _update_one(
        self, resolved: ResolvedBill, state: RemoteState, content: RemoteContent
    ) -> PushState | None:
        """Bring one bill up to date and return what that was; None if it could not be."""
        bill = resolved.bill
        difference = compare(resolved, content)
        if state.move_type != bill.move_type:
            self._rejected.append(_other_type(bill, state))
            return None
        if not difference:
            # Not in the ledger: an earlier push made it and was ended before it could say so.
            is_known = bill.source_key in self._known
            return PushState.UNCHANGED if is_known else PushState.CREATED
        if state.state != "draft":
            self._rejected.append(_posted(bill, state, difference.words))
            return None
        refusal = update_draft(self._client, self._pace, resolved, state.id, difference)
        if refusal is not None:
            self._rejected.append(_refused(bill, refusal, state.id))
            return None
        return PushState.UPDATED

    def _complete(self, bills: Mapping[int, ResolvedBill], what: PushState) -> None:
        """Check totals and attach originals; only then the ledger may know of the bills."""
        if not bills:
            return
        states = settle_totals(self._client, bills, read_states(self._client, bills))
        due_days = read_due_days(self._client, states)
        right: dict[int, ResolvedBill] = {}
        for remote_id, resolved in bills.items():
            if remote_id not in states:
                self._rejected.append(_invisible(resolved.bill, remote_id))
                continue
            reason = total_differs(resolved.bill, states[remote_id]) or self._due_differs(
                resolved.bill, remote_id, due_days
            )
            if reason is None:
                right[remote_id] = resolved
            else:
                self._rejected.append(reason)
        self._attach({remote_id: r.bill for remote_id, r in right.items()})
        self._on_batch(
            [self._keep(r.bill, states[remote_id], what) for remote_id, r in right.items()]
        )

    def _attach_owed(self, bills: Iterable[tuple[Bill, RemoteState]]) -> None:
        """Give the unchanged bills their originals that may still lack them."""
        owed = {
            state.id: bill for bill, state in bills if bill.source_key in self._attachments.owed
        }
        self._attach(owed)

    def _attach(self, bills: Mapping[int, Bill]) -> None:
        """Attach their originals to bills."""
        if not bills:
            return
        by_key = {bill.source_key: (remote_id, bill) for remote_id, bill in bills.items()}
        documents = (
            (by_key[key][1].name, by_key[key][0], document)
            for key, document in self._attachments(list(by_key))
        )
        by_name = {bill.name: (remote_id, bill) for remote_id, bill in bills.items()}
        failed = attach(self._client, self._attachment_pace, documents)
        self._rejected += [_not_attached(*by_name[name], why) for name, why in failed.items()]

    def _post(self, company: Company) -> None:
        """Post every draft that landed right."""
        landed = [(bill, state) for bill, state in self._landed.values() if state.state == "draft"]
        due_days = read_due_days(self._client, (state.id for _, state in landed))
        drafts: dict[int, Bill] = {}
        for bill, state in landed:
            reason = (
                total_differs(bill, state)
                or self._due_differs(bill, state.id, due_days)
                or in_locked_period(bill, company)
            )
            if reason is None:
                drafts[state.id] = bill
            else:
                self._rejected.append(reason)
        for posted, rejected in post(self._client, drafts):
            self._rejected += rejected
            self._on_batch(
                [
                    self._keep(drafts[remote_id], state, PushState.POSTED)
                    for remote_id, state in posted.items()
                ]
            )

    def _due_differs(
        self, bill: Bill, remote_id: int, days: Mapping[int, set[str]]
    ) -> Rejected | None:
        wanted = documents_day(bill, self._client.settings.due_date)
        return due_differs(bill, wanted, remote_id, days)

    def _keep(self, bill: Bill, state: RemoteState, what: PushState) -> Pushed:
        """Note where a bill stands now."""
        pushed = Pushed(
            bill.source_key,
            bill.external_id,
            MODEL,
            state.id,
            state.number,
            bill.record_hash,
            what,
        )
        self._landed[bill.source_key] = (bill, state)
        self._pushed[bill.source_key] = pushed
        return pushed


def _deleted(bill: Bill, known: KnownPush | None) -> Rejected:
    remote_id = known.remote_id if known else None
    return bill.rejected(
        "DELETED_IN_ODOO",
        f"the bill (id {remote_id}) was pushed earlier and somebody deleted it in Odoo; it is not "
        "made again by itself. Enter it by hand if it was deleted by mistake.",
        "deleted",
        "a bill in Odoo",
        remote_id=remote_id,
    )


def _cancelled(bill: Bill, state: RemoteState) -> Rejected:
    return bill.rejected(
        "CANCELLED_IN_ODOO",
        f"the bill (id {state.id}) was cancelled in Odoo; it is neither changed nor made again. "
        "Reset it to draft there to have it brought up to date.",
        "cancelled",
        "draft or posted",
        remote_id=state.id,
    )


def _invisible(bill: Bill, remote_id: int) -> Rejected:
    return bill.rejected(
        "NOT_VISIBLE_IN_ODOO",
        f"Odoo knows the bill (id {remote_id}), but the service user cannot see it. Check that "
        "company in the Odoo settings is the one it belongs to.",
        remote_id=remote_id,
    )


def _other_type(bill: Bill, state: RemoteState) -> Rejected:
    return bill.rejected(
        "TYPE_CHANGED",
        f"the bill is in Odoo as {state.move_type} (id {state.id}) and should be {bill.move_type} "
        "now, which cannot be changed there. Delete or cancel it in Odoo and enter the new one.",
        state.move_type,
        bill.move_type,
        remote_id=state.id,
    )


def _posted(bill: Bill, state: RemoteState, words: Iterable[str]) -> Rejected:
    return bill.rejected(
        "POSTED_CHANGED",
        f"the supplier's document changed ({', '.join(words)}) after the bill was posted in Odoo "
        f"as {state.number} (id {state.id}). Reset it to draft there and push again, or correct "
        "it by a credit note.",
        f"{state.total:.2f}",
        f"{bill.amount_total:.2f}",
        remote_id=state.id,
    )


def _refused(bill: Bill, why: str, remote_id: int | None = None) -> Rejected:
    return bill.rejected(
        "ODOO_REFUSED",
        f"Odoo refuses the bill: {' '.join(why.split())[:500]}",
        bill.ref,
        remote_id=remote_id,
    )


def _not_attached(remote_id: int, bill: Bill, why: str) -> Rejected:
    return bill.rejected(
        "NOT_ATTACHED",
        f"the bill is in Odoo, but its document could not be attached: {why[:500]}. "
        "Attach it there by hand.",
        kind=RejectionKind.TECHNICAL,
        remote_id=remote_id,
    )
