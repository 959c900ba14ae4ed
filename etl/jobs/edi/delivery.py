"""Delivering what lies in the outbox to the partners' servers.

A delivered file is moved to ``outbox/<partner>/sent/`` before the ledger is told, so a run that was
killed in between does not deliver it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path

from etl import failpoints
from etl.config.partner import Partner
from etl.durable import disk_errors, fsync, make_folder, write_whole
from etl.errors import TechnicalError, TerminalError, TransientError
from etl.jobs.edi.outbox import outbox_path
from etl.jobs.endpoints import endpoint_settings, retry_policy
from etl.jobs.lock import exclusive
from etl.jobs.progress import Progress
from etl.jobs.workspace import Workspace
from etl.ledger import Interchange, Purpose
from etl.transfer.endpoint import Endpoint, open_endpoint

SENT = "sent"

Deliveries = dict[str, TechnicalError | None]
"""The partners that there was something for; None where all of it was delivered."""


def deliver_waiting(
    workspace: Workspace, partners: Iterable[str], progress: Progress
) -> Deliveries:
    """Deliver what waits in the outbox for these partners; a partner that cannot be reached is
    told in the result, and what is for it stays where it is."""
    deliveries: Deliveries = {}
    for name in partners:
        with workspace.ledger.read() as ledger:
            waiting = ledger.interchanges.undelivered([name])
        if waiting:
            progress.stage(f"deliver to {name}", len(waiting))
            deliveries[name] = _deliver(workspace, workspace.partner_of(name), progress)
    return deliveries


def _deliver(workspace: Workspace, partner: Partner, progress: Progress) -> TechnicalError | None:
    # another job may serve the same partner: what it is just delivering is not sent twice
    lock = workspace.project.folders.archive / f".deliver-{partner.id}.lock"

    def visit() -> None:
        with exclusive(lock, f"a delivery to {partner.id}"):
            with workspace.ledger.read() as ledger:
                waiting = ledger.interchanges.undelivered([partner.id])
            left = _note_delivered_before(workspace, partner, waiting)
            if not left:
                return
            refused = []
            with open_endpoint(endpoint_settings(partner, workspace.project.root)) as endpoint:
                for interchange in left:
                    try:
                        _deliver_one(workspace, partner, endpoint, interchange, progress)
                    except TerminalError as error:
                        refused.append(error)
                    progress.advance()
            if refused:
                more = f" (and {len(refused) - 1} more)" if len(refused) > 1 else ""
                raise TerminalError(f"{refused[0]}{more}")

    def tell(error: TransientError, attempt: int, wait: float) -> None:
        progress.note(f"{error}; attempt {attempt} failed, trying again in {wait:.0f} s")

    try:
        retry_policy(partner).call(visit, on_retry=tell)
    except TechnicalError as error:
        return error
    return None


def _note_delivered_before(
    workspace: Workspace, partner: Partner, waiting: Sequence[Interchange]
) -> list[Interchange]:
    """Note what a killed run delivered; give back what is still to be."""
    left = []
    for interchange in waiting:
        path = outbox_path(workspace, partner.id, interchange.file_name)
        if not path.is_file() and _sent_path(path).is_file():
            _note(workspace, partner, interchange)
        else:
            left.append(interchange)
    return left


def _deliver_one(
    workspace: Workspace,
    partner: Partner,
    endpoint: Endpoint,
    interchange: Interchange,
    progress: Progress,
) -> None:
    path = outbox_path(workspace, partner.id, interchange.file_name)
    if not path.is_file():
        write_whole(path, _archived(workspace, interchange))
    left = endpoint.deliver(path, path.name)
    if left is not None:
        progress.note(left)
    failpoints.reached("deliver.delivered")
    sent = _sent_path(path)
    make_folder(sent.parent)
    with disk_errors(sent.parent):
        path.replace(sent)
        fsync(sent.parent)
    failpoints.reached("deliver.moved")
    _note(workspace, partner, interchange)
    failpoints.reached("deliver.noted")


def _note(workspace: Workspace, partner: Partner, interchange: Interchange) -> None:
    hours = partner.edi.expect.within_hours
    waits = interchange.purpose == Purpose.DOCUMENT and hours is not None
    with workspace.ledger.begin() as ledger:
        ledger.interchanges.delivered(
            interchange.id, timedelta(hours=hours) if waits and hours is not None else None
        )


def _sent_path(path: Path) -> Path:
    return path.parent / SENT / path.name


def _archived(workspace: Workspace, interchange: Interchange) -> bytes:
    """The content of a file that is gone from the outbox, from the archive."""
    batch = interchange.batch_id
    folder = workspace.archive.find_batch(batch) if batch is not None else None
    path = folder.find_sent(interchange.file_name) if folder is not None else None
    if path is None:
        raise TerminalError(
            f"{interchange.partner}: {interchange.file_name} is to be delivered, but lies neither "
            "in the outbox nor in the archive"
        )
    return path.read_bytes()
