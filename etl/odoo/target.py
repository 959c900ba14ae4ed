"""What a push target is: it takes vendor bills as Arrow tables and tells what became of each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import pyarrow as pa


class PushState(StrEnum):
    """What became of a bill that is in the target now."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    POSTED = "posted"


class RejectionKind(StrEnum):
    """Whose business a rejected bill is; the same three kinds as everywhere."""

    TECHNICAL = "technical"
    DATA = "data"
    BUSINESS = "business"


@dataclass(frozen=True, slots=True)
class KnownPush:
    """What the ledger knows of an earlier push of the same bill.

    Attributes:
        external_id: ``etl.<name>``.
        record_hash: hash of the content as it was pushed.
        remote_id: the target's own id; None for targets without one (files).
    """

    external_id: str
    record_hash: str
    remote_id: int | None = None


@dataclass(frozen=True, slots=True)
class Pushed:
    """A bill that is in the target, complete and with the right totals.

    Attributes:
        source_key: business key of the invoice that the bill was made of.
        external_id: ``etl.<name>``, the idempotency key in the target.
        model: ``account.move``.
        remote_id: the target's own id; None for targets without one (files).
        remote_ref: the target's own number (``BILL/2026/03/0001``), None for a draft.
        record_hash: hash of the content that the target has now.
        state: what this push did to it.
    """

    source_key: str
    external_id: str
    model: str
    remote_id: int | None
    remote_ref: str | None
    record_hash: str
    state: PushState


@dataclass(frozen=True, slots=True)
class Rejected:
    """Why a bill could not be pushed, or could not be posted; one bill may have several.

    Attributes:
        source_key: business key of the invoice that the bill was made of.
        kind: technical, data or business.
        code: stable, upper case: UNKNOWN_PARTNER, CURRENCY_NO_RATE, POSTED_CHANGED ...
        message: a sentence for a person, with what to do next.
        value: what was found.
        expected: what should have been there.
        remote_id: the bill's id in the target where it is there all the same.
    """

    source_key: str
    kind: RejectionKind
    code: str
    message: str
    value: str | None = None
    expected: str | None = None
    remote_id: int | None = None


@dataclass(frozen=True, slots=True)
class PushReport:
    """What became of each bill of a push.

    A bill is in `pushed` when it lies in the target complete and right, with its last state. It
    is in `rejected` when something has to be done about it, once for each reason. It can be in
    both: a draft that landed well and could not be posted.
    """

    pushed: list[Pushed] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)

    def count(self, state: PushState) -> int:
        """Return how many bills ended in `state`."""
        return sum(pushed.state is state for pushed in self.pushed)

    @property
    def held(self) -> list[str]:
        """Source keys of the bills that did not land, each once, in order."""
        landed = {pushed.source_key for pushed in self.pushed}
        return list(
            dict.fromkeys(r.source_key for r in self.rejected if r.source_key not in landed)
        )


class Level(StrEnum):
    """How bad a finding of a check is."""

    ERROR = "error"
    WARNING = "warning"
    OK = "ok"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that `check` found.

    Attributes:
        level: an error means that pushing cannot work.
        what: what was looked at: ``connection``, ``version``, ``rights``, ``taxes`` ...
        message: what was found and, unless it is fine, what to do.
    """

    level: Level
    what: str
    message: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A document to be attached to a bill."""

    name: str
    content: bytes = field(repr=False)
    mimetype: str = "application/octet-stream"


class Attachments(Protocol):
    """The originals of bills.

    Attributes:
        owed: source keys of the bills that may still lack their original though they were pushed
            before; it is given to them too where they are unchanged.
    """

    owed: Collection[str]

    def __call__(self, source_keys: Sequence[str]) -> Iterator[tuple[str, Attachment]]:
        """Source key and original of some bills, one after the other; those without one are left
        out. Asked only for bills that are new, changed or owed theirs."""


OnBatch = Callable[[list[Pushed]], None]
"""Called with what is safely in the target, so that the ledger learns of it at once.

Bills of which the ledger knows everything already (same hash, same state) are only in the report;
an UNCHANGED one that is given here had the right content under another hash.
"""


class Target(Protocol):
    """Where vendor bills go."""

    @property
    def name(self) -> str:
        """``odoo`` or ``outbox``; part of the ledger's key."""

    def check(self) -> list[Finding]:
        """Try whether pushing can work, and say by name what is missing; never raises."""

    def push(
        self,
        bills: Mapping[str, pa.Table],
        known: Mapping[str, KnownPush],
        attachments: Attachments,
        post: bool,
        on_batch: OnBatch,
    ) -> PushReport:
        """Bring the target to what the bills say, doing nothing where it is so already.

        Args:
            bills: the tables ``vendor_bill`` and ``vendor_bill_line``, joined by ``record_id``.
            known: earlier pushes from the ledger, by source key.
            attachments: gives the original documents of source keys.
            post: also post (validate) the bills; else they stay drafts.
            on_batch: called after every batch that is safe in the target.

        Raises:
            TransientError: the target went away for longer than the retries; everything that
                is done was given to `on_batch`, and pushing again finishes the rest.
            TerminalError: wrong login, missing rights, unknown database.
        """
