"""Named points where a test can kill the process, to prove that the next run finishes the work.

A point does nothing unless it was armed; the command line arms the one named by the environment
variable ``ETL_FAILPOINT`` (``name`` or ``name:N`` for the N-th time it is reached).
"""

from __future__ import annotations

import os
import signal

NAMES: tuple[str, ...] = (
    "pull.fetched",
    "pull.received",
    "archive.original_written",
    "archive.ledger_written",
    "pull.picked_up",
    "map.records_written",
    "reconcile.written",
    "push.before_load",
    "push.after_load",
    "push.ledger_written",
    "acknowledge.planned",
    "acknowledge.archived",
    "acknowledge.in_outbox",
    "acknowledge.noted",
    "deliver.delivered",
    "deliver.moved",
    "deliver.noted",
    "seal.manifest_written",
    "seal.ledger_written",
)

_armed: dict[str, int] = {}


def arm(spec: str) -> None:
    """Arm ``name`` or ``name:N``; raises ValueError for a name that is not a failpoint."""
    name, _, nth = spec.partition(":")
    if name not in NAMES:
        raise ValueError(f"unknown failpoint {name!r}; one of {', '.join(NAMES)}")
    _armed[name] = int(nth or 1)


def reached(name: str) -> None:
    """Kill this process with SIGKILL if `name` is armed and reached for the N-th time."""
    if name in _armed:
        _armed[name] -= 1
        if _armed[name] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
