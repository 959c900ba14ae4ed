"""Posting drafts in batches, and seeing that Odoo moved neither date."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from etl.odoo.bills import Bill
from etl.odoo.client import Client, chunks
from etl.odoo.company import Company
from etl.odoo.due_dates import documents_day, due_differs, read_due_days
from etl.odoo.remote_bills import RemoteState, read_states
from etl.odoo.rows import MODEL
from etl.odoo.target import Rejected
from etl.odoo.transport import LostAnswerError, NotSentError, RefusedError

_BATCH = 50
_ATTEMPTS = 4


def in_locked_period(bill: Bill, company: Company) -> Rejected | None:
    """Return the reason if the bill's date is locked; Odoo 19 would move it without a word."""
    days = [company.locked]
    if any(line.tax_rate for line in bill.lines):
        days.append(company.tax_locked)
    locked = max((day for day in days if day), default=None)
    if locked is None or bill.date > locked:
        return None
    return bill.rejected(
        "PERIOD_LOCKED",
        f"the accounting date {bill.date} is in a period that is locked in Odoo up to {locked}, "
        "so the bill was not posted. Decide on its date in Odoo, or open the period.",
        bill.date,
        f"a date after {locked}",
    )


def post(
    client: Client, drafts: Mapping[int, Bill]
) -> Iterator[tuple[dict[int, RemoteState], list[Rejected]]]:
    """Post the drafts (by id); yield for each batch the posted bills and what went wrong.

    Raises:
        TransientError: Odoo went away; repeating posts only what is still a draft.
    """
    for batch in chunks(list(drafts), _BATCH):
        refused = _post(client, batch)
        states = read_states(client, batch)
        posted = {bill: state for bill, state in states.items() if state.state == "posted"}
        rejected = [
            drafts[bill].rejected(
                "NOT_POSTED",
                "Odoo has the bill as a draft and does not post it. Put it right in Odoo, then "
                f"post it there. Odoo says: {' '.join(why.split())[:500]}",
                remote_id=bill,
            )
            for bill, why in refused.items()
        ]
        rejected += [
            drafts[bill].rejected(
                "DATE_MOVED",
                f"Odoo posted the bill with the accounting date {state.date}, as the wanted one "
                "is in a locked period. Check whether it is in the right period.",
                state.date,
                drafts[bill].date,
                remote_id=bill,
            )
            for bill, state in posted.items()
            if state.date != drafts[bill].date.isoformat()
        ]
        due_days = read_due_days(client, posted)
        for remote_id in posted:
            day = documents_day(drafts[remote_id], client.settings.due_date)
            reason = due_differs(drafts[remote_id], day, remote_id, due_days)
            rejected += [reason] if reason else []
        yield posted, rejected


def _post(client: Client, bills: Sequence[int]) -> dict[int, str]:
    """Post what is a draft among the bills; return Odoo's words for those it refuses."""
    for attempt in range(_ATTEMPTS):
        states = read_states(client, bills)
        drafts = [bill for bill in bills if bill in states and states[bill].state == "draft"]
        if not drafts:
            break
        try:
            client.change(MODEL, "action_post", drafts)
            break
        except RefusedError as error:
            if len(drafts) == 1:
                return {drafts[0]: error.message}
            half = (len(drafts) + 1) // 2
            return _post(client, drafts[:half]) | _post(client, drafts[half:])
        except (LostAnswerError, NotSentError):
            if attempt == _ATTEMPTS - 1:
                raise
            client.sleep(client.settings.retry_wait)
    return {}
