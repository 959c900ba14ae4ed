"""Totals are read back: what Odoo computed has to be what the supplier's document says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from etl.odoo.bill_faults import tax_leeway
from etl.odoo.bills import Bill
from etl.odoo.client import Client
from etl.odoo.json_numbers import json_number
from etl.odoo.remote_bills import RemoteState, read_states, read_tax_lines
from etl.odoo.resolution import ResolvedBill
from etl.odoo.rows import MODEL
from etl.odoo.target import Rejected
from etl.odoo.transport import LostAnswerError, NotSentError, RefusedError

_ATTEMPTS = 3


def settle_totals(
    client: Client, bills: Mapping[int, ResolvedBill], states: Mapping[int, RemoteState]
) -> dict[int, RemoteState]:
    """Put right cents of tax in the drafts of a batch, and return the states after that.

    A supplier may round the tax of each line, or of the sum; Odoo does it one way. A
    difference that rounding explains is moved into the draft's largest tax line. What is wrong
    and what came of it is read for all bills at once; only the writing is one by one.

    Args:
        bills: by id; those that `states` does not know are left out.

    Raises:
        TransientError: Odoo went away.
    """
    settled = {bill: states[bill] for bill in bills if bill in states}
    given_up: set[int] = set()
    for _ in range(_ATTEMPTS):
        wrong = {
            bill: missing
            for bill, state in settled.items()
            if bill not in given_up and (missing := _cents_missing(bills[bill], state))
        }
        if not wrong:
            break
        tax_lines = read_tax_lines(client, wrong)
        for bill, missing in wrong.items():
            # Credit notes carry their taxes with the other sign.
            sign = -1 if bills[bill].bill.move_type == "in_refund" else 1
            if not _add_to_tax(client, bill, tax_lines.get(bill, []), sign * missing):
                given_up.add(bill)
        settled |= read_states(client, wrong)
    return settled


def _cents_missing(resolved: ResolvedBill, remote: RemoteState) -> Decimal:
    """Return what a draft's total lacks, as far as rounding explains it; else zero."""
    missing = resolved.bill.amount_total - remote.total
    explained = abs(missing) <= tax_leeway(resolved.bill, resolved.rounding)
    return missing if explained and remote.state == "draft" else Decimal(0)


def _add_to_tax(
    client: Client, bill: int, tax_lines: Sequence[tuple[int, Decimal]], missing: Decimal
) -> bool:
    """Change the largest tax line; False where there is none, or Odoo refuses."""
    if not tax_lines:
        return False
    line, amount = max(tax_lines, key=lambda tax_line: abs(tax_line[1]))
    corrected = [[1, line, {"amount_currency": json_number(amount + missing)}]]
    try:
        client.change(MODEL, "write", [bill], vals={"line_ids": corrected})
    except (LostAnswerError, NotSentError):
        client.sleep(client.settings.retry_wait)
    except RefusedError:
        return False
    return True


def total_differs(bill: Bill, remote: RemoteState) -> Rejected | None:
    """Return the reason if the bill's total in Odoo is not the expected one."""
    if remote.total == bill.amount_total:
        return None
    return bill.rejected(
        "TOTAL_DIFFERS",
        f"Odoo computes {_cents(remote.total)} {bill.currency} (taxes {_cents(remote.tax)}) "
        f"where the document says {_cents(bill.amount_total)}. The bill was left as a draft "
        f"(id {remote.id}). {_where_to_look(bill, remote)}, then push again.",
        _cents(remote.total),
        _cents(bill.amount_total),
        remote_id=remote.id,
    )


def _where_to_look(bill: Bill, remote: RemoteState) -> str:
    """Say whether it is the taxes that differ, or the lines."""
    if bill.amount_tax is not None and remote.tax == bill.amount_tax:
        return "The taxes are right: compare its lines with the document"
    return "Check the taxes under taxes in the Odoo settings"


def _cents(amount: Decimal) -> str:
    return format(amount.quantize(Decimal("0.01")), "f")
