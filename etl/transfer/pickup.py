"""What becomes of a file at the endpoint once it is safe with us."""

from __future__ import annotations

from datetime import datetime

from etl.errors import TerminalError
from etl.transfer import names, selection
from etl.transfer.files import PickedUp, RemoteFile
from etl.transfer.settings import Delete, Keep, Move, Pickup
from etl.transfer.store import Store


def pick_up(
    store: Store, file: RemoteFile, incoming: bytes, settings: Pickup, now: datetime
) -> PickedUp:
    """Move, delete or keep a file, and its done-file with it; may be repeated.

    A file that has another size or time than the one that was fetched is a new version: it is
    left for the next pull.

    Raises:
        TransientError: the connection broke.
        TerminalError: the endpoint refuses.
    """
    path = file.raw_path
    match settings.after:
        case Keep():
            return PickedUp.KEPT
        case Move() | Delete():
            outcome = _away(store, path, file, target_folder(incoming, settings), now)
    done_file = selection.done_file(path, settings.settle)
    # The done-file goes second: without it a file that stayed would never be taken again.
    if done_file is not None and outcome is not PickedUp.CHANGED:
        _away(store, done_file, None, target_folder(incoming, settings), now)
    return outcome


def target_folder(incoming: bytes, settings: Pickup) -> bytes | None:
    """Return the folder that files are moved to, if they are."""
    after = settings.after
    return names.resolved(incoming, after.to.encode("utf-8")) if isinstance(after, Move) else None


def move(store: Store, source: bytes, folder: bytes, now: datetime) -> bytes | None:
    """Move a file into a folder, under a name that is free there; returns its new path.

    Makes the folder when it is missing. None when the source is gone.
    """
    name = source.rpartition(b"/")[2]
    target = names.joined(folder, names.single_component(name))
    for _ in range(3):
        if store.rename(source, target):
            return target
        if store.entry(source) is None:
            return None
        if store.entry(folder) is None:
            store.make_folder(folder)
        else:
            target = names.joined(folder, names.stamped(name, now))
    raise TerminalError(
        f"{store.shown}: {names.to_text(source)} cannot be moved to {names.to_text(folder)}; the "
        f"file is safe with us. Ask the partner for the right to rename, or set after_pickup"
    )


def _away(
    store: Store, path: bytes, expected: RemoteFile | None, folder: bytes | None, now: datetime
) -> PickedUp:
    entry = store.entry(path)
    if entry is None:
        return PickedUp.GONE
    if expected is not None and (
        (entry.size, entry.modified_at) != (expected.size, expected.modified_at)
    ):
        return PickedUp.CHANGED
    if folder is None:
        store.remove(path)
        return PickedUp.DELETED
    return PickedUp.GONE if move(store, path, folder, now) is None else PickedUp.MOVED
