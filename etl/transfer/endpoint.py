"""An endpoint: where a partner's files are pulled from, and ours delivered to.

The order that keeps every file in exactly one place is the caller's: `fetch` into the inbox, make
it safe elsewhere (archive, ledger), and only then `pick_up`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from etl import failpoints
from etl.errors import TechnicalError, TerminalError
from etl.transfer import names, pickup, selection
from etl.transfer.delivering import PART, deliver
from etl.transfer.files import Fetched, Finding, Listing, PickedUp, RemoteFile
from etl.transfer.inbox import Inbox
from etl.transfer.local_store import LocalStore
from etl.transfer.settings import EndpointSettings, Keep, LocalSettings, Move
from etl.transfer.sftp_store import SftpStore
from etl.transfer.store import DoubtfulError, Read, Receive, Store
from etl.transfer.writer import Writer

Progress = Callable[[int], None]
Findings = list[Finding]
Outcomes = list[pickup.Outcome]

# Files committed to the inbox as one group; between groups nothing is under way.
_GROUP_FILES = 128
_GROUP_BYTES = 64 * 10**6


def open_endpoint(settings: EndpointSettings) -> Endpoint:
    """Return the endpoint of `settings`; it connects when its context is entered."""
    store = LocalStore(settings) if isinstance(settings, LocalSettings) else SftpStore(settings)
    return Endpoint(settings, store)


class Endpoint:
    """A partner's folders at one place. Use as a context manager, from one thread.

    Every method may raise `TransientError` (the connection broke; the session is of no more use)
    or `TerminalError` (a refusal, or the local disk).
    """

    def __init__(
        self,
        settings: EndpointSettings,
        store: Store,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.settings = settings
        self._store = store
        self._clock = clock
        self._incoming = settings.folders.incoming.encode("utf-8")

    def __enter__(self) -> Endpoint:
        self._store.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._store.close()

    def list(self) -> Listing:
        """Return the files that can be taken now and those that are left, each with its reason."""
        entries = self._store.entries(self._incoming)
        return selection.select(entries, self._incoming, self.settings.pickup, self._clock())

    def fetch(
        self, files: Iterable[RemoteFile], into: Inbox, progress: Progress | None = None
    ) -> Iterator[Fetched]:
        """Bring files into the inbox and tell of each as soon as it is there, durably.

        What is wrong with one file (gone, changed meanwhile, not readable) is told in its
        `Fetched.error`. What ends the session, or a full disk, is raised after all that was
        complete has been told; nothing was changed at the endpoint.

        Args:
            files: from `list`.
            into: their inbox.
            progress: told the number of each few bytes written.
        """

        def receive(remote: RemoteFile) -> Writer:
            writer = into.receive(
                self.settings.partner, remote.name, remote.path, remote.size, remote.modified_at
            )
            writer.progress = progress
            return writer

        for group in _groups(files):
            reads, broken = self._read(group, receive)
            yield from _committed(reads, into)
            if broken is not None:
                raise broken

    def pick_up(self, file: RemoteFile) -> PickedUp:
        """Do what `after_pickup` says with a file that is safe elsewhere; may be repeated."""
        [outcome] = self.pick_up_all([file])
        if isinstance(outcome, TechnicalError):
            raise outcome
        return outcome

    def pick_up_all(self, files: Sequence[RemoteFile]) -> Outcomes:
        """Pick up many files in the time of a few; tells what became of each, in their order, or
        why it stays there."""
        outcomes = pickup.pick_up(
            self._store, files, self._incoming, self.settings.pickup, self._clock()
        )
        for _ in outcomes:
            failpoints.reached("pull.picked_up")
        return outcomes

    def deliver(self, local: Path, name: str) -> str | None:
        """Put a file of ours into the outgoing folder: whole from the moment it has its name.

        A file of that name is replaced, so delivering again does no harm.

        Returns:
            What could not be tidied up behind it, if anything.
        """
        raw = names.to_bytes(name)
        if names.single_component(raw) != raw:
            raise ValueError(f"not a plain file name: {name!r}")
        return deliver(self._store, local, names.joined(self._outgoing(), raw))

    def check(self) -> Findings:
        """Try what pulling and delivering need, leaving no trace; the session must be open."""
        findings = [self._tried("list the incoming folder", self._try_listing)]
        after = self.settings.pickup.after
        if not isinstance(after, Keep):
            verb = "move" if isinstance(after, Move) else "delete"
            findings.append(self._tried(f"{verb} files after pickup", self._try_pick_up))
        if self.settings.folders.outgoing is not None:
            findings.append(self._tried("write to the outgoing folder", self._try_deliver))
        return findings

    def _read(
        self, group: Sequence[RemoteFile], receive: Receive
    ) -> tuple[Sequence[Read], TechnicalError | None]:
        """Read files; gives what came to its end, and what ended the session if something did."""
        reads: list[Read] = []
        try:
            for read in self._store.read(group, receive):
                reads.append(read)
        except DoubtfulError:
            _abort(reads)
            return self._read(group, receive)
        except TechnicalError as error:
            return reads, error
        except BaseException:
            _abort(reads)
            raise
        return reads, None

    def _outgoing(self) -> bytes:
        if self.settings.folders.outgoing is None:
            raise TerminalError(
                f"{self._store.shown}: no folder to deliver to; set endpoint.folders.out"
            )
        return self.settings.folders.outgoing.encode("utf-8")

    def _tried(self, subject: str, action: Callable[[], str]) -> Finding:
        try:
            return Finding(f"{self._store.shown}: {subject}", True, action())
        except TechnicalError as error:
            return Finding(f"{self._store.shown}: {subject}", False, str(error))

    def _try_listing(self) -> str:
        listing = self.list()
        return f"{len(listing.files)} files can be taken, {len(listing.left)} are left"

    def _try_pick_up(self) -> str:
        folder = pickup.target_folder(self._incoming, self.settings.pickup)
        path = self._probe(self._incoming)
        if folder is None:
            [refusal] = self._store.remove([path])
            if refusal is not None:
                raise TerminalError(
                    f"{refusal}; {names.to_text(path)}, which is empty, stays there"
                )
            return "works"
        [moved] = pickup.move(self._store, [path], folder, self._clock())
        return self._tidied(path, moved)

    def _try_deliver(self) -> str:
        path = self._probe(self._outgoing())
        target = path.removesuffix(PART)
        [refusal] = self._store.rename([(path, target)])
        return self._tidied(path, target if refusal is None else refusal)

    def _probe(self, folder: bytes) -> bytes:
        """Make an empty file; returns its path."""
        name = f".etl-check-{secrets.token_hex(4)}".encode("ascii")
        path = names.joined(folder, name + PART)
        self._store.create(path)
        return path

    def _tidied(self, path: bytes, moved: bytes | TechnicalError | None) -> str:
        """Remove the probe from where it ended; says what it leaves behind, or raises why the
        probe could not be moved."""
        last = moved if isinstance(moved, bytes) else path
        [refusal] = self._store.remove([last])
        stays = f"{names.to_text(last)}, which is empty, stays there: it may not be removed"
        if isinstance(moved, TechnicalError):
            raise moved if refusal is None else TerminalError(f"{moved}; {stays}")
        return "works" if refusal is None else f"works, but {stays}"


def _groups(files: Iterable[RemoteFile]) -> Iterator[Sequence[RemoteFile]]:
    group: list[RemoteFile] = []
    size = 0
    for file in files:
        if group and (len(group) == _GROUP_FILES or size + file.size > _GROUP_BYTES):
            yield group
            group, size = [], 0
        group.append(file)
        size += file.size
    if group:
        yield group


def _committed(reads: Sequence[Read], into: Inbox) -> Iterator[Fetched]:
    """Commit what was read and return all outcomes."""
    whole = [read.writer for read in reads if read.writer is not None]
    received = iter(into.commit(whole))
    for read in reads:
        if read.error is not None:
            yield Fetched(read.remote, None, read.error)
        else:
            yield Fetched(read.remote, next(received), None)


def _abort(reads: Sequence[Read]) -> None:
    for read in reads:
        if read.writer is not None:
            read.writer.abort()
