"""What becomes of files at the endpoint once they are safe with us.

A file that the endpoint will not move or delete stays there, and is told; the others go on.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from etl.errors import TechnicalError, TerminalError
from etl.transfer import names, selection
from etl.transfer.files import Entry, PickedUp, RemoteFile
from etl.transfer.settings import Keep, Move, Pickup
from etl.transfer.store import Store

Outcome = PickedUp | TechnicalError
"""What became of a file, or why it stays where it is."""

_ATTEMPTS = 3  # under its name; once the folder is made; under a name with the time


def pick_up(
    store: Store, files: Sequence[RemoteFile], incoming: bytes, settings: Pickup, now: datetime
) -> list[Outcome]:
    """Move, delete or keep files, and their done-files with them; may be repeated.

    A file that has another size or time than the one that was fetched is a new version: it is
    left for the next pull.

    Raises:
        TransientError: the connection broke; some may be done.
    """
    if isinstance(settings.after, Keep):
        return [PickedUp.KEPT] * len(files)
    folder = target_folder(incoming, settings)
    paths = [file.raw_path for file in files]
    outcomes: dict[bytes, Outcome] = {}
    for path, file, entry in zip(paths, files, store.entries_at(paths), strict=True):
        if entry is None:
            outcomes[path] = PickedUp.GONE
        elif isinstance(entry, TechnicalError):
            outcomes[path] = _stays(path, entry)
        elif _is_changed(file, entry):
            outcomes[path] = PickedUp.CHANGED
    there = [path for path in paths if path not in outcomes]
    outcomes.update(zip(there, _away(store, there, folder, now), strict=True))
    _pick_up_done_files(store, outcomes, settings, folder, now)
    return [outcomes[path] for path in paths]


def target_folder(incoming: bytes, settings: Pickup) -> bytes | None:
    """Return the folder that files are moved to, if they are."""
    after = settings.after
    return names.resolved(incoming, after.to.encode("utf-8")) if isinstance(after, Move) else None


def move(
    store: Store, sources: Sequence[bytes], folder: bytes, now: datetime
) -> list[bytes | TechnicalError | None]:
    """Move files into a folder, under names that are free there.

    Makes the folder when it is missing.

    Returns:
        For each its new path, None where it is gone, or why it stays.
    """
    done: dict[bytes, bytes | TechnicalError | None] = {}
    targets = {source: _target(source, folder) for source in sources}
    for _ in range(_ATTEMPTS):
        refusals = store.rename(list(targets.items()))
        done.update(
            (source, target if refusal is None else refusal)
            for (source, target), refusal in zip(targets.items(), refusals, strict=True)
        )
        refused = [source for source in targets if done[source] != targets[source]]
        if not refused:
            break
        at_folder, *at_sources = store.entries_at([folder, *refused])
        gone = [source for source, at in zip(refused, at_sources, strict=True) if at is None]
        done.update(dict.fromkeys(gone))
        targets = {source: targets[source] for source in refused if done[source] is not None}
        if at_folder is None:
            refusal = store.make_folder(folder)
            if refusal is not None:
                done.update(dict.fromkeys(targets, refusal))
        else:
            targets = {source: _stamped(source, folder, now) for source in targets}
    return [done[source] for source in sources]


def _away(
    store: Store, paths: Sequence[bytes], folder: bytes | None, now: datetime
) -> list[Outcome]:
    if folder is None:
        return [
            PickedUp.DELETED if refusal is None else _stays(path, refusal)
            for path, refusal in zip(paths, store.remove(paths), strict=True)
        ]
    outcomes: list[Outcome] = []
    for path, moved in zip(paths, move(store, paths, folder, now), strict=True):
        if isinstance(moved, TechnicalError):
            outcomes.append(_stays(path, moved))
        else:
            outcomes.append(PickedUp.GONE if moved is None else PickedUp.MOVED)
    return outcomes


def _pick_up_done_files(
    store: Store,
    outcomes: dict[bytes, Outcome],
    settings: Pickup,
    folder: bytes | None,
    now: datetime,
) -> None:
    """Treat done-files like their files, but after them, and only where those went.

    Without its done-file a file that stayed would never be taken again; beside a done-file that
    stayed the next file of that name would be taken before it is whole.
    """
    of_done_file = {
        done_file: path
        for path, outcome in outcomes.items()
        if outcome is not PickedUp.CHANGED and isinstance(outcome, PickedUp)
        if (done_file := selection.done_file(path, settings.settle)) is not None
    }
    entries = store.entries_at(list(of_done_file))
    there = [path for path, entry in zip(of_done_file, entries, strict=True) if entry is not None]
    for path, outcome in zip(there, _away(store, there, folder, now), strict=True):
        if isinstance(outcome, TechnicalError):
            outcomes[of_done_file[path]] = outcome


def _stays(path: bytes, refusal: TechnicalError) -> TerminalError:
    return TerminalError(
        f"{names.to_text(path)} stays at the partner: {refusal}. It is safe with us and is not "
        f"fetched again; where it may not be moved or deleted, set endpoint.after_pickup to keep"
    )


def _target(source: bytes, folder: bytes) -> bytes:
    return names.joined(folder, names.single_component(source.rpartition(b"/")[2]))


def _stamped(source: bytes, folder: bytes, now: datetime) -> bytes:
    return names.joined(folder, names.stamped(source.rpartition(b"/")[2], now))


def _is_changed(file: RemoteFile, entry: Entry) -> bool:
    return (entry.size, entry.modified_at) != (file.size, file.modified_at)
