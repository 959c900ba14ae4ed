"""Changed bills: a draft is brought to the new content in place, keeping its lines' ids."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from etl.errors import TransientError
from etl.odoo.client import Client, Row, chunks, many2one
from etl.odoo.due_dates import DAY, TERM, Due
from etl.odoo.json_numbers import json_number
from etl.odoo.loading import Loaded, Pace, find_ids, load_batch
from etl.odoo.remote_bills import LINE_MODEL, RemoteContent, RemoteLine, plain_text, read_contents
from etl.odoo.resolution import ResolvedBill, ResolvedLine
from etl.odoo.rows import (
    LINES,
    MODEL,
    analytic_distribution,
    as_html,
    line_external_id,
    new_line_rows,
)
from etl.odoo.transport import LostAnswerError, NotSentError, RefusedError

# What people read and nothing is computed from: on a posted bill it stays as it was posted.
_TEXTS = frozenset({"narration", "invoice_origin", "name"})
# After these many rounds Odoo evidently keeps something else than it was given.
_MAX_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Difference:
    """What separates Odoo's bill from ours.

    Attributes:
        words: the fields that differ, for people: ``ref``, ``line 2 price_unit``.
        values: for one `write()`: header fields, changed and removed lines.
        added: lines that Odoo has not yet.
    """

    words: tuple[str, ...]
    values: Row
    added: tuple[ResolvedLine, ...]

    def __bool__(self) -> bool:
        return bool(self.words)


def compare(resolved: ResolvedBill, remote: RemoteContent) -> Difference:
    """Return what has to change in Odoo; empty where everything is as it should be."""
    words: list[str] = []
    values: Row = {}
    bill = resolved.bill
    left_alone = _TEXTS if remote.header["state"] == "posted" else frozenset()
    for field, ours, theirs, sent in _header(resolved, remote.header):
        if ours != theirs and field not in left_alone:
            words.append(field)
            values[field] = sent
    if values.keys() & {"invoice_date", "date", "currency_id", "partner_id"}:
        # Odoo computes one of them anew from another, unless it is given too.
        values |= {"invoice_date": bill.invoice_date.isoformat(), "date": bill.date.isoformat()}
        if resolved.due.day is not None or "partner_id" in values:
            values |= {field: sent for field, _, sent in _due(resolved.due)}
    theirs_by_name = {line.external_id: line for line in remote.lines if line.external_id}
    ours_by_name = {line_external_id(resolved, line): line for line in resolved.lines}
    commands: list[list[Any]] = []
    for name, line in ours_by_name.items():
        if (there := theirs_by_name.get(name)) is None:
            continue
        changed = [
            field
            for field, ours, theirs in _line(line, there)
            if ours != theirs and field not in left_alone
        ]
        if changed:
            words += [f"line {line.line.line_no} {field}" for field in changed]
            commands.append([1, there.id, _line_values(line)])
    for extra in remote.lines:
        if extra.external_id not in ours_by_name:
            words.append(f"line {extra.values['name']!r} removed")
            commands.append([2, extra.id, 0])
    if commands:
        values[LINES] = commands
    added = tuple(line for name, line in ours_by_name.items() if name not in theirs_by_name)
    words += [f"line {line.line.line_no} added" for line in added]
    return Difference(tuple(words), values, added)


def update_draft(
    client: Client, pace: Pace, resolved: ResolvedBill, remote_id: int, first: Difference
) -> str | None:
    """Bring a draft to our content; return None, or Odoo's words if it refuses.

    Safe against lost answers: each round looks at what Odoo has and sends what is missing.

    Raises:
        TransientError: Odoo went away.
    """
    difference = first
    for _ in range(_MAX_ROUNDS):
        refusal: str | None = None
        lost: TransientError | None = None
        try:
            if difference.values:
                client.change(MODEL, "write", [remote_id], vals=difference.values)
            refusal = _add_lines(client, pace, resolved, difference.added)
        except RefusedError as error:
            refusal = error.message
        except (LostAnswerError, NotSentError) as error:
            lost = error
            client.sleep(client.settings.retry_wait)
        content = read_contents(client, [remote_id]).get(remote_id)
        if content is None:
            return "the bill was deleted in Odoo while it was being updated"
        before, difference = difference, compare(resolved, content)
        if not difference:
            return None
        if refusal and before == difference:
            return refusal
    if lost is not None:
        raise lost
    return refusal or f"Odoo keeps other values than it was given: {', '.join(difference.words)}"


def _add_lines(
    client: Client, pace: Pace, resolved: ResolvedBill, lines: Sequence[ResolvedLine]
) -> str | None:
    """Load the lines in calls of a bearable size; return Odoo's words if it refuses some."""
    for some in chunks(lines, client.settings.limits.largest_lines):
        row = new_line_rows(resolved, some)
        loaded: Loaded = load_batch(client, pace, [row], _lines_there(client, resolved, some))
        if row.external_id in loaded.refused:
            return loaded.refused[row.external_id]
    return None


def _lines_there(
    client: Client, resolved: ResolvedBill, lines: Sequence[ResolvedLine]
) -> Callable[[Iterable[str]], dict[str, int]]:
    """Tell `load_batch` that the bill needs nothing any more once it has these lines."""
    names = [line_external_id(resolved, line) for line in lines]

    def find(external_ids: Iterable[str]) -> dict[str, int]:
        there = find_ids(client, names, LINE_MODEL)
        return {resolved.bill.external_id: 0} if len(there) == len(names) else {}

    return find


def _header(resolved: ResolvedBill, theirs: Row) -> list[tuple[str, object, object, object]]:
    """Yield field, our value, Odoo's value, and ours in the form that is sent."""
    bill = resolved.bill
    invoice_date, date = bill.invoice_date.isoformat(), bill.date.isoformat()
    compared: list[tuple[str, object, object, object]] = [
        ("ref", bill.ref, theirs["ref"] or "", bill.ref),
        ("partner_id", resolved.partner, many2one(theirs["partner_id"]), resolved.partner),
        ("currency_id", resolved.currency, many2one(theirs["currency_id"]), resolved.currency),
        ("invoice_date", invoice_date, theirs["invoice_date"], invoice_date),
        ("date", date, theirs["date"], date),
        *_due_date(resolved.due, theirs),
    ]
    if (text := bill.payment_reference) is not None:
        compared.append(("payment_reference", text, theirs["payment_reference"] or "", text))
    if (text := bill.invoice_origin) is not None:
        compared.append(("invoice_origin", text, theirs["invoice_origin"] or "", text))
    if (text := bill.narration) is not None:
        compared.append(("narration", text.strip(), plain_text(theirs["narration"]), as_html(text)))
    return compared


def _due_date(due: Due, theirs: Row) -> list[tuple[str, object, object, object]]:
    """Compare what the document says; what Odoo chose in its place is Odoo's to change."""
    their_term = many2one(theirs[TERM])
    if not due.from_document and (their_term is not None or theirs["state"] == "posted"):
        return []
    there = {TERM: their_term, DAY: theirs[DAY]}
    return [
        (field, ours, there[field], sent)
        for field, ours, sent in _due(due)
        # Once posted, a term that comes to the document's day has done no harm.
        if field == DAY or theirs["state"] != "posted"
    ]


def _due(due: Due) -> list[tuple[str, object, object]]:
    """Yield field, value and the form in which it is sent; no day where a term gives it."""
    term = (TERM, due.term, due.term or False)
    if due.day is None:
        return [term]
    return [term, (DAY, due.day.isoformat(), due.day.isoformat())]


def _line(ours: ResolvedLine, theirs: RemoteLine) -> list[tuple[str, object, object]]:
    line, values = ours.line, theirs.values
    compared: list[tuple[str, object, object]] = [
        ("sequence", line.line_no, values["sequence"]),
        ("product_id", ours.product, many2one(values["product_id"])),
        ("name", line.name, values["name"] or ""),
        ("quantity", line.quantity, _number(values["quantity"])),
        ("price_unit", line.price_unit, _number(values["price_unit"])),
        ("tax_ids", [ours.tax] if ours.tax else [], values["tax_ids"]),
    ]
    if ours.analytic:
        distribution = values.get("analytic_distribution") or {}
        compared.append(
            ("analytic_distribution", analytic_distribution(ours.analytic), distribution)
        )
    return compared


def _line_values(ours: ResolvedLine) -> Row:
    """All values of a line; Odoo computes price and taxes anew when the product changes."""
    line = ours.line
    values: Row = {
        "sequence": line.line_no,
        "product_id": ours.product,
        "name": line.name,
        "quantity": json_number(line.quantity),
        "price_unit": json_number(line.price_unit),
        "tax_ids": [[6, 0, [ours.tax] if ours.tax else []]],
    }
    if ours.analytic:
        values["analytic_distribution"] = analytic_distribution(ours.analytic)
    return values


def _number(value: float) -> Decimal:
    """Return a quantity or price that came as a JSON number, exact to six decimals."""
    return Decimal(repr(value)).quantize(Decimal("0.000001"))
