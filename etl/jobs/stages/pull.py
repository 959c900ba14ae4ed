"""Pull: a partner's new files, from its server into the archive and the ledger.

For each file: bytes into the inbox, original into the batch folder, row into the ledger, and only
then the remote side. A run killed anywhere leaves the file either still remote or safely ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from etl import failpoints
from etl.config.partner import Partner
from etl.errors import EtlError, TechnicalError, TerminalError, TransientError
from etl.fence import told
from etl.jobs.batch import Batch
from etl.jobs.endpoints import endpoint_settings, retry_policy
from etl.jobs.lock import exclusive
from etl.jobs.progress import Progress
from etl.jobs.workspace import Workspace
from etl.ledger.files import NewFile
from etl.transfer.endpoint import Endpoint, open_endpoint
from etl.transfer.files import Left, PickedUp, RemoteFile
from etl.transfer.inbox import Received

_GROUP = 256


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that is ours but stays at the partner: the server will not move or delete it."""

    remote: RemoteFile
    error: TechnicalError


@dataclass
class Pulled:
    """What a visit to one partner brought.

    Attributes:
        received: how many files came, duplicates included.
        duplicates: how many of them hold bytes that this partner sent before.
        left: files that were not taken now, and why.
        refused: files that came, now or earlier, and could not be picked up.
        complete: whether the visit came to its end, so that `left` and `refused` are all there is.
        error: what stopped the visit or kept single files from coming.
    """

    partner: str
    received: int = 0
    duplicates: int = 0
    left: list[Left] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    complete: bool = False
    error: EtlError | None = None


def pull(
    workspace: Workspace,
    partner: Partner,
    open_batch: Callable[[], Batch],
    progress: Progress,
) -> Pulled:
    """Visit a partner and take what is new.

    Args:
        open_batch: gives the batch that files go to; called only if there is a file.

    A technical failure is reported in the result, so that other partners are still visited.
    """
    pulled = Pulled(partner.id)

    # another job may serve the same partner: what it is just receiving is not ours to take
    lock = workspace.project.folders.archive / f".pull-{partner.id}.lock"

    def visit() -> None:
        pulled.error = None
        pulled.refused = []
        with exclusive(lock, f"a visit to {partner.id}"):
            _archive(workspace, workspace.inbox.pending(partner.id), open_batch, pulled)
            with open_endpoint(endpoint_settings(partner, workspace.project.root)) as endpoint:
                _visit(workspace, partner, endpoint, open_batch, pulled, progress)

    def tell(error: TransientError, attempt: int, wait: float) -> None:
        progress.note(f"{error}; attempt {attempt} failed, trying again in {wait:.0f} s")

    try:
        retry_policy(partner).call(visit, on_retry=tell)
    except TechnicalError as error:
        pulled.error = error
    except EtlError:
        raise
    except Exception as error:
        pulled.error = TerminalError(told("visiting it", error))
    return pulled


def _visit(
    workspace: Workspace,
    partner: Partner,
    endpoint: Endpoint,
    open_batch: Callable[[], Batch],
    pulled: Pulled,
    progress: Progress,
) -> None:
    listing = endpoint.list()
    pulled.left = listing.left
    new = _pick_up_known(workspace, partner, endpoint, listing.files, pulled)
    progress.stage(f"pull {partner.id}", len(new))
    group: list[Received] = []
    try:
        for fetched in endpoint.fetch(new, workspace.inbox):
            if fetched.received is not None:
                group.append(fetched.received)
            else:
                pulled.error = fetched.error
            if len(group) == _GROUP:
                _take(workspace, endpoint, group, open_batch, pulled)
                group = []
            progress.advance()
    except TechnicalError:
        # the session is lost, but what has come is ours; it is picked up by the next visit
        _archive(workspace, group, open_batch, pulled)
        raise
    _take(workspace, endpoint, group, open_batch, pulled)
    pulled.complete = True


def _take(
    workspace: Workspace,
    endpoint: Endpoint,
    received: Sequence[Received],
    open_batch: Callable[[], Batch],
    pulled: Pulled,
) -> None:
    """Make received files safe, and only then tell the partner's server."""
    _archive(workspace, received, open_batch, pulled)
    _pick_up(workspace, endpoint, {file.id: RemoteFile.of(file) for file in received}, pulled)


def _pick_up_known(
    workspace: Workspace,
    partner: Partner,
    endpoint: Endpoint,
    listed: Sequence[RemoteFile],
    pulled: Pulled,
) -> list[RemoteFile]:
    """Finish the pickup of files that are ours already; give back the others."""
    with workspace.ledger.read() as ledger:
        known = {
            (file.remote_path, file.remote_size, file.remote_modified_at): file.id
            for file in ledger.files.not_picked_up(partner.id)
        }
    new, ours = [], {}
    for remote in listed:
        file_id = known.get((remote.path, remote.size, remote.modified_at))
        if file_id is None:
            new.append(remote)
        else:
            ours[file_id] = remote
    _pick_up(workspace, endpoint, ours, pulled)
    return new


def _archive(
    workspace: Workspace,
    received: Sequence[Received],
    open_batch: Callable[[], Batch],
    pulled: Pulled,
) -> None:
    """Store originals and note the files in the ledger; the inbox is emptied of them."""
    with workspace.ledger.read() as ledger:
        # a run killed before it emptied the inbox left files there that are noted already
        noted = ledger.files.known([file.id for file in received])
        stored = ledger.files.contents(pulled.partner, [file.sha256 for file in received])
    new = [file for file in received if file.id not in noted]
    if new:
        batch = open_batch()
        for file in new:
            if file.sha256 not in stored:
                batch.folder.add_original(file.path, file.id, file.original_name)
                stored.add(file.sha256)
            else:
                batch.folder.note_repeated(file.id, file.original_name, file.sha256, file.size)
        with workspace.ledger.begin() as ledger:
            rows = ledger.files.record_all([_new_file(file, batch) for file in new])
            pulled.received += len(rows)
            pulled.duplicates += sum(row.duplicate_of is not None for row in rows)
        failpoints.reached("archive.ledger_written")
    for file in received:
        workspace.inbox.discard(file)


def _new_file(file: Received, batch: Batch) -> NewFile:
    return NewFile(
        id=file.id,
        batch_id=batch.id,
        partner=file.partner,
        original_name=file.original_name,
        sha256=file.sha256,
        size=file.size,
        received_at=file.received_at,
        remote_path=file.remote_path,
        remote_size=file.size,
        remote_modified_at=file.modified_at,
    )


def _pick_up(
    workspace: Workspace, endpoint: Endpoint, files: Mapping[str, RemoteFile], pulled: Pulled
) -> None:
    """Move or delete files, given by the ledger's ids, on the partner's side.

    What is refused stays known as not picked up, so the next visit does not fetch it again.
    """
    outcomes = endpoint.pick_up_all(list(files.values()))
    done = []
    for (file_id, remote), outcome in zip(files.items(), outcomes, strict=True):
        if isinstance(outcome, TechnicalError):
            pulled.refused.append(Refused(remote, outcome))
        elif outcome is not PickedUp.KEPT:
            done.append(file_id)
    with workspace.ledger.begin() as ledger:
        ledger.files.picked_up(done)
