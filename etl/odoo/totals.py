"""Totals are read back: what Odoo computed has to be what the supplier's document says."""

from __future__ import annotations

from decimal import Decimal

from etl.odoo.bills import Bill
from etl.odoo.client import Client
from etl.odoo.remote_bills import RemoteState, json_number, read_states, read_tax_lines
from etl.odoo.resolution import ResolvedBill, tax_leeway
from etl.odoo.rows import MODEL
from etl.odoo.target import Rejected
from etl.odoo.transport import LostAnswerError, NotSentError, RefusedError

_ATTEMPTS = 3


def settle_total(
    client: Client, resolved: ResolvedBill, remote: RemoteState
) -> tuple[RemoteState, Rejected | None]:
    """Compare a draft's total with the expected one, and put right cents of tax.

    A supplier may round the tax of each line, or of the sum; Odoo does it one way. A
    difference that rounding explains is moved into the draft's largest tax line.

    Returns:
        The state after that, and the reason if the totals still differ.

    Raises:
        TransientError: Odoo went away.
    """
    for _ in range(_ATTEMPTS):
        missing = resolved.bill.amount_total - remote.total
        tax_lines = read_tax_lines(client, remote.id) if missing else []
        if not missing or abs(missing) > tax_leeway(resolved.bill, resolved.rounding):
            break
        if not tax_lines or remote.state != "draft":
            break
        line, amount = max(tax_lines, key=lambda tax_line: abs(tax_line[1]))
        # Credit notes carry their taxes with the other sign.
        sign = -1 if resolved.bill.move_type == "in_refund" else 1
        corrected = json_number(amount + sign * missing)
        try:
            client.change(
                MODEL,
                "write",
                [remote.id],
                vals={"line_ids": [[1, line, {"amount_currency": corrected}]]},
            )
        except (LostAnswerError, NotSentError):
            client.sleep(client.settings.retry_wait)
        except RefusedError:
            break
        remote = read_states(client, [remote.id]).get(remote.id, remote)
    return remote, total_differs(resolved.bill, remote)


def total_differs(bill: Bill, remote: RemoteState) -> Rejected | None:
    """Return the reason if the bill's total in Odoo is not the expected one."""
    if remote.total == bill.amount_total:
        return None
    return bill.rejected(
        "TOTAL_DIFFERS",
        f"Odoo computes {_cents(remote.total)} {bill.currency} (taxes {_cents(remote.tax)}) "
        f"where the document says {_cents(bill.amount_total)}. The bill was left as a draft "
        f"(id {remote.id}). Check the taxes under taxes in the Odoo settings, then push again.",
        _cents(remote.total),
        _cents(bill.amount_total),
        remote_id=remote.id,
    )


def _cents(amount: Decimal) -> str:
    return format(amount.quantize(Decimal("0.01")), "f")
