"""What a visit leaves at a partner, as exceptions: nobody looks at a run that ends well.

Files that are not taken are one item for each kind of reason and partner; files that are ours but
cannot be moved or deleted there are an item each. All are closed by the first complete visit that
does not meet them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from etl.config.project import Job
from etl.jobs.queues import INTEGRATION
from etl.jobs.stages.pull import Pulled, Refused
from etl.jobs.workspace import Workspace
from etl.ledger import ExceptionKind, NewException
from etl.transfer.files import Left, Why

PICKUP_REFUSED = "PICKUP_REFUSED"

_NAMES_SHOWN = 5
_NAMES_KEPT = 50
# A server that refuses everything is one trouble, not one for each of its thousands of files.
_MOST_REFUSED = 20

_TO_DO = {
    Why.UNSETTLED: "ask the partner whether the upload broke off, and check endpoint.settle",
    Why.NO_PATTERN: "add a pattern to `documents:` of the partner, or name what may stay under "
    "endpoint.ignore",
    Why.TOO_LARGE: "raise endpoint.limits.max_file_mb, or ask the partner for smaller files",
    Why.NO_SIZE: "ask the partner for a server that lists sizes and times",
    Why.NOT_REGULAR: "ask the partner for regular files, or name what may stay under "
    "endpoint.ignore",
    Why.LONE_DONE_FILE: "ask the partner to remove it",
}


def note_left(workspace: Workspace, job: Job, pulled: Pulled) -> int:
    """Note what a visit left, and close what it does not meet any more.

    Returns:
        How many of them are to be worked.
    """
    found = [*_of_left(job, pulled), *_of_refused(job, pulled)]
    met = {item.fingerprint for item in found}
    with workspace.ledger.begin() as ledger:
        ledger.exceptions.add(found)
        if pulled.complete:
            gone = [
                item.id
                for code in (*map(_code, _TO_DO), PICKUP_REFUSED)
                for item in ledger.exceptions.find(code=code, partner=pulled.partner, limit=None)
                if item.details["job"] == job.name and item.fingerprint not in met
            ]
            ledger.exceptions.close(ids=gone)
    return len(found)


def _of_left(job: Job, pulled: Pulled) -> list[NewException]:
    by_reason: dict[Why, list[Left]] = defaultdict(list)
    for left in pulled.left:
        if left.why in _TO_DO:
            by_reason[left.why].append(left)
    return [_left(job, pulled.partner, why, files) for why, files in by_reason.items()]


def _left(job: Job, partner: str, why: Why, files: Sequence[Left]) -> NewException:
    names = [file.name for file in files]
    return NewException(
        kind=ExceptionKind.TECHNICAL if why is Why.NO_SIZE else ExceptionKind.DATA,
        queue=INTEGRATION,
        code=_code(why),
        message=f"{partner}: {_some(names)} left there: {files[0].reason}; {_TO_DO[why]}",
        details={"job": job.name, "files": len(names), "names": names[:_NAMES_KEPT]},
        partner=partner,
        subject=f"{job.name} {partner}",
    )


def _of_refused(job: Job, pulled: Pulled) -> list[NewException]:
    each = [
        _refused(job, pulled.partner, refused.remote.path, [refused])
        for refused in pulled.refused[:_MOST_REFUSED]
    ]
    others = pulled.refused[_MOST_REFUSED:]
    return [*each, _refused(job, pulled.partner, "", others)] if others else each


def _refused(job: Job, partner: str, subject: str, files: Sequence[Refused]) -> NewException:
    names = [file.remote.name for file in files]
    also = f"{_some(names)} stay there as well: " if len(names) > 1 else ""
    return NewException(
        kind=ExceptionKind.TECHNICAL,
        queue=INTEGRATION,
        code=PICKUP_REFUSED,
        message=f"{also}{files[0].error}",
        details={"job": job.name, "files": len(names), "names": names[:_NAMES_KEPT]},
        partner=partner,
        subject=f"{job.name} {subject}",
    )


def _code(why: Why) -> str:
    return f"LEFT_{why.name}"


def _some(names: Sequence[str]) -> str:
    """How many there are, and the first of them."""
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    count = "1 file" if len(names) == 1 else f"{len(names)} files"
    return f"{count} ({', '.join(names[:_NAMES_SHOWN])}{more})"
