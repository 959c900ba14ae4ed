"""What becomes of files at the endpoint once they are safe with us."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from etl.errors import TerminalError
from etl.transfer import names, selection
from etl.transfer.files import Entry, PickedUp, RemoteFile
from etl.transfer.settings import Keep, Move, Pickup
from etl.transfer.store import Store


def pick_up(
    store: Store, files: Sequence[RemoteFile], incoming: bytes, settings: Pickup, now: datetime
) -> list[PickedUp]:
    """Move, delete or keep files, and their done-files with them; may be repeated.

    A file that has another size or time than the one that was fetched is a new version: it is
    left for the next pull.

    Raises:
        TransientError: the connection broke; some may be done.
        TerminalError: the endpoint refuses; some may be done.
    """
    if isinstance(settings.after, Keep):
        return [PickedUp.KEPT] * len(files)
    folder = target_folder(incoming, settings)
    paths = [file.raw_path for file in files]
    entries = store.entries_at(paths)
    there = [
        path
        for path, file, entry in zip(paths, files, entries, strict=True)
        if entry is not None and not _is_changed(file, entry)
    ]
    outcomes = dict(zip(there, _away(store, there, folder, now), strict=True))
    for path, entry in zip(paths, entries, strict=True):
        outcomes.setdefault(path, PickedUp.GONE if entry is None else PickedUp.CHANGED)
    _pick_up_done_files(
        store,
        [path for path in paths if outcomes[path] is not PickedUp.CHANGED],
        settings,
        folder,
        now,
    )
    return [outcomes[path] for path in paths]


def target_folder(incoming: bytes, settings: Pickup) -> bytes | None:
    """Return the folder that files are moved to, if they are."""
    after = settings.after
    return names.resolved(incoming, after.to.encode("utf-8")) if isinstance(after, Move) else None


def move(store: Store, source: bytes, folder: bytes, now: datetime) -> bytes | None:
    """Move a file into a folder, under a name that is free there; returns its new path.

    Makes the folder when it is missing. None when the source is gone.
    """
    target = _target(source, folder)
    for _ in range(3):
        if store.rename([(source, target)])[0]:
            return target
        at_source, at_folder = store.entries_at([source, folder])
        if at_source is None:
            return None
        if at_folder is None:
            store.make_folder(folder)
        else:
            name = source.rpartition(b"/")[2]
            target = names.joined(folder, names.stamped(name, now))
    raise TerminalError(
        f"{store.shown}: {names.to_text(source)} cannot be moved to {names.to_text(folder)}; the "
        f"file is safe with us. Ask the partner for the right to rename, or set after_pickup"
    )


def _away(
    store: Store, paths: Sequence[bytes], folder: bytes | None, now: datetime
) -> list[PickedUp]:
    if folder is None:
        store.remove(paths)
        return [PickedUp.DELETED] * len(paths)
    moved = store.rename([(path, _target(path, folder)) for path in paths])
    return [
        PickedUp.MOVED if done or move(store, path, folder, now) is not None else PickedUp.GONE
        for path, done in zip(paths, moved, strict=True)
    ]


def _pick_up_done_files(
    store: Store,
    paths: Sequence[bytes],
    settings: Pickup,
    folder: bytes | None,
    now: datetime,
) -> None:
    """Treat done-files like their files, but after them.

    Without its done-file a file that stayed would never be taken again.
    """
    done_files = [selection.done_file(path, settings.settle) for path in paths]
    present = [path for path in done_files if path is not None]
    entries = store.entries_at(present)
    there = [path for path, entry in zip(present, entries, strict=True) if entry is not None]
    _away(store, there, folder, now)


def _target(source: bytes, folder: bytes) -> bytes:
    return names.joined(folder, names.single_component(source.rpartition(b"/")[2]))


def _is_changed(file: RemoteFile, entry: Entry) -> bool:
    return (entry.size, entry.modified_at) != (file.size, file.modified_at)
