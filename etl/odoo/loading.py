"""The load mechanism: every bill is in Odoo once, whatever happens to calls and answers.

Odoo's `load()` writes the external ids in the transaction of the records. So before a batch is
given (again), the ids that are there are looked up, and only the missing bills are given.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from etl import failpoints
from etl.errors import TerminalError
from etl.odoo.client import Client, chunks
from etl.odoo.external_ids import MODULE
from etl.odoo.rights import missing_behind
from etl.odoo.rows import MODEL, LoadRows
from etl.odoo.settings import LoadLimits
from etl.odoo.transport import LostAnswerError, NotSentError, RefusedError

# How often the answer to one batch may get lost before the push gives up until the next run.
_MAX_LOST = 5
# `load()` reports the database's refusal to serialise as a text among its messages.
_CONCURRENT = ("could not serialize", "deadlock detected", "current transaction is aborted")
_QUIET_POLL = 0.25


@dataclass
class Loaded:
    """What became of a batch: ids by external id, Odoo's words for those it refused."""

    ids: dict[str, int] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)

    def add(self, other: Loaded) -> None:
        """Take in the outcome of a part."""
        self.ids.update(other.ids)
        self.refused.update(other.refused)


class Pace:
    """How long Odoo takes for a bill, and so how many go into a call, and how many lines."""

    def __init__(self, limits: LoadLimits) -> None:
        self._limits = limits
        self._size = min(limits.first_batch, limits.largest_batch)
        self._seconds_per_bill = limits.seconds / max(limits.first_batch, 1)

    def next_of(self, rows: Sequence[LoadRows]) -> Sequence[LoadRows]:
        """Return the first of the records, one at least, as many as go into the next call."""
        lines = 0
        for number, row in enumerate(rows[: self._size]):
            lines += len(row.cells)
            if number and lines > self._limits.largest_lines:
                return rows[:number]
        return rows[: self._size]

    @property
    def batch_size(self) -> int:
        """Bills in the next call."""
        return self._size

    def took(self, bills: int, seconds: float) -> None:
        """Learn from an answered call."""
        self._seconds_per_bill = max(seconds / bills, 0.001)
        fitting = int(self._limits.seconds / self._seconds_per_bill)
        self._size = max(1, min(fitting, 2 * self._size, self._limits.largest_batch))

    def failed(self) -> None:
        """Learn from a call without answer: the next ones are smaller."""
        self._size = max(1, self._size // 2)

    def patience(self, bills: int) -> float:
        """Return for how many seconds a lost call may still be at work."""
        return 3 * self._seconds_per_bill * bills


def find_ids(client: Client, external_ids: Iterable[str], model: str = MODEL) -> dict[str, int]:
    """Return the record's id for each of the external ids that are in Odoo."""
    names = (external_id.partition(".")[2] for external_id in external_ids)
    rows = client.search_in(
        "ir.model.data",
        "name",
        names,
        ("name", "res_id"),
        where=[["module", "=", MODULE], ["model", "=", model]],
    )
    return {f"{MODULE}.{row['name']}": row["res_id"] for row in rows}


def batches(rows: Sequence[LoadRows], pace: Pace) -> Iterator[Sequence[LoadRows]]:
    """Yield rows with the same columns in batches as large as the pace allows by then."""
    groups: defaultdict[tuple[str, tuple[str, ...]], list[LoadRows]] = defaultdict(list)
    for row in rows:
        groups[row.model, row.fields].append(row)
    for group in groups.values():
        start = 0
        while start < len(group):
            batch = pace.next_of(group[start : start + pace.batch_size])
            start += len(batch)
            yield batch


def load_batch(
    client: Client,
    pace: Pace,
    batch: Sequence[LoadRows],
    find: Callable[[Iterable[str]], dict[str, int]] | None = None,
) -> Loaded:
    """Bring a batch of rows with the same columns into Odoo, each once.

    Args:
        find: tells for which of the external ids nothing is left to do; by default for those
            that are there.

    Raises:
        TransientError: the answer got lost too often, or Odoo stays away.
        TerminalError: the user has not the rights.
    """
    model = batch[0].model
    find = find or (lambda external_ids: find_ids(client, external_ids, model))
    lost = 0
    while True:
        there = find(row.external_id for row in batch)
        missing = [row for row in batch if row.external_id not in there]
        if not missing:
            return Loaded(ids=there)
        try:
            loaded = _load(client, pace, missing)
        except (LostAnswerError, NotSentError) as error:
            lost += 1
            pace.failed()
            if lost >= _MAX_LOST:
                raise
            if isinstance(error, LostAnswerError):
                _wait_for_lost(client, pace, missing, find)
            else:
                client.sleep(client.settings.retry_wait)
            half = max(1, len(batch) // 2)
            if lost > 1 and half < len(batch):
                # Perhaps the call is too large for the server's limits.
                outcome = Loaded()
                for part in chunks(batch, half):
                    outcome.add(load_batch(client, pace, part, find))
                return outcome
            continue
        loaded.ids.update(there)
        return loaded


def _wait_for_lost(
    client: Client,
    pace: Pace,
    missing: Sequence[LoadRows],
    find: Callable[[Iterable[str]], dict[str, int]],
) -> None:
    """Wait till the records of a lost call appear, or till it cannot be at work any more."""
    until = client.monotonic() + min(pace.patience(len(missing)), client.settings.timeout)
    wait = _QUIET_POLL
    names = [row.external_id for row in missing]
    while len(find(names)) < len(names) and client.monotonic() < until:
        client.sleep(wait)
        wait = min(2 * wait, 5.0)


def _load(client: Client, pace: Pace, batch: Sequence[LoadRows]) -> Loaded:
    """Give a batch to Odoo; where it refuses, find the bad bills and load the others."""
    started = client.monotonic()
    try:
        answer = _call_load(client, batch)
    except RefusedError as error:
        return _isolate(client, pace, batch, error.message)
    if answer["ids"]:
        pace.took(len(batch), client.monotonic() - started)
        names = (row.external_id for row in batch)
        return Loaded(ids=dict(zip(names, answer["ids"], strict=True)))
    errors = [message for message in answer["messages"] if message.get("type") == "error"]
    # The first error of saving may be that of the whole call, put on the first record.
    told = errors if len(errors) == 1 or len(batch) == 1 else errors[1:]
    text = "; ".join(dict.fromkeys(str(message["message"]) for message in told))
    if any(mark in str(message["message"]) for message in errors for mark in _CONCURRENT):
        raise LostAnswerError(f"Odoo is at work on the same records ({text[:200]})")
    _require_rights(client, batch[0].model, errors)
    named = {
        # Only the errors of reading a record name it for sure.
        batch[int(message["record"])].external_id: str(message["message"])
        for message in errors
        if message.get("field") and "record" in message
    }
    suspects = {batch[int(error["record"])].external_id for error in told if "record" in error}
    return _isolate(client, pace, batch, text, named, suspects)


def _require_rights(client: Client, model: str, errors: Sequence[Mapping[str, Any]]) -> None:
    """Raise if it is the user's rights that these errors are about, and not the records."""
    missing = missing_behind(client, "\n".join(str(error["message"]) for error in errors))
    if missing:
        raise TerminalError(
            f"Odoo refuses to load {model}: "
            + "; ".join(right.told(client.settings.login) for right in missing)
        )


def _call_load(client: Client, batch: Sequence[LoadRows]) -> Mapping[str, Any]:
    first = batch[0]
    if first.model == MODEL:
        failpoints.reached("push.before_load")
    answer: Mapping[str, Any] = client.change(
        first.model,
        "load",
        # Odoo shrinks large pictures on their way in; an original stays as it is.
        context={"image_no_postprocess": True},
        fields=list(first.fields),
        data=[cells for row in batch for cells in row.cells],
    )
    if first.model == MODEL:
        failpoints.reached("push.after_load")
    return answer


def _isolate(
    client: Client,
    pace: Pace,
    batch: Sequence[LoadRows],
    text: str,
    named: Mapping[str, str] | None = None,
    suspects: Set[str] = frozenset(),
) -> Loaded:
    """Load what is good of a refused batch.

    Args:
        text: Odoo's words.
        named: bills that are bad for sure, with Odoo's words.
        suspects: bills that are probably bad, so they go alone; without them, halves are tried.
    """
    if len(batch) == 1:
        return Loaded(refused={batch[0].external_id: text})
    outcome = Loaded(refused=dict(named or {}))
    rest = [row for row in batch if row.external_id not in outcome.refused]
    alone = [row for row in rest if row.external_id in suspects]
    together = [row for row in rest if row.external_id not in suspects]
    parts: list[Sequence[LoadRows]] = [together, *([row] for row in alone)]
    if len(together) == len(batch):
        parts = list(chunks(batch, (len(batch) + 1) // 2))
    for part in parts:
        if part:
            outcome.add(_load(client, pace, part))
    return outcome
