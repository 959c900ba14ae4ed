"""Which of a folder's entries are taken now: regular, wanted, whole, within the limits.

The settle rule keeps a half-uploaded file from being taken. The two rules that a sender follows
(done-file, rename) know; age only infers, from a modification time that the server sets: it
needs both clocks right, and a sender who never pauses longer than the age.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable
from datetime import datetime, timedelta

from etl.transfer import names
from etl.transfer.files import Entry, Kind, Left, Listing, RemoteFile, Why
from etl.transfer.settings import (
    Limits,
    Pickup,
    Settle,
    SettleByAge,
    SettleByDoneFile,
    SettleByRename,
)

# A file that is not settled and did not change for so long was given up by its writer.
_LONG = timedelta(days=1)


def select(entries: Iterable[Entry], folder: bytes, pickup: Pickup, now: datetime) -> Listing:
    """Sort a folder's entries into files to take, oldest first, and files left with a reason.

    Folders and the done-files of other files are neither.
    """
    present = {entry.name: entry for entry in entries if entry.kind is not Kind.FOLDER}
    files: list[RemoteFile] = []
    left: list[Left] = []
    for entry in present.values():
        if _is_done_file(entry.name, pickup.settle):
            if (lone := _lone_done_file(entry, pickup.settle, present, now)) is not None:
                left.append(lone)
            continue
        name = names.to_text(entry.name)
        size, modified_at = entry.size, entry.modified_at
        if (unfit := _unfit(entry, name, pickup, now)) is not None:
            left.append(unfit)
        elif size is None or modified_at is None:
            left.append(Left(name, Why.NO_SIZE, "the server does not tell its size and time"))
        elif (reason := _unsettled(name, modified_at, pickup.settle, present, now)) is not None:
            left.append(
                Left(name, _since(modified_at, pickup.settle, now), f"not settled: {reason}")
            )
        else:
            path = names.to_text(names.joined(folder, entry.name))
            files.append(RemoteFile(name, path, size, modified_at))
    files.sort(key=lambda file: (file.modified_at, file.name))
    return _first(files, left, pickup.limits)


def done_file(path: bytes, settle: Settle) -> bytes | None:
    """Return the path of the done-file that belongs to a file, if the settle rule has one."""
    return path + settle.suffix.encode() if isinstance(settle, SettleByDoneFile) else None


def _unfit(entry: Entry, name: str, pickup: Pickup, now: datetime) -> Left | None:
    fits = _matches_any(name, pickup.patterns)
    quiet = _matches_any(name, pickup.ignore)
    if entry.kind is not Kind.FILE:
        why = Why.IGNORED if quiet else Why.NOT_REGULAR
        return Left(name, why, f"{entry.kind.value}; only regular files are taken")
    if not fits:
        why = Why.IGNORED if quiet else _without_pattern(entry, name, pickup.settle, now)
        return Left(name, why, f"matches no pattern ({', '.join(pickup.patterns)})")
    limit = pickup.limits.max_file_mb
    if limit is not None and entry.size is not None and entry.size > limit * 1_000_000:
        reason = f"{entry.size} bytes, more than limits.max_file_mb = {limit:g}"
        return Left(name, Why.TOO_LARGE, reason)
    return None


def _without_pattern(entry: Entry, name: str, settle: Settle, now: datetime) -> Why:
    """Tell a name that is wrong from that of an upload under way, whatever the settle rule."""
    modified_at = entry.modified_at
    if modified_at is None:
        return Why.NO_PATTERN
    young = isinstance(settle, SettleByAge) and (now - modified_at).total_seconds() < settle.seconds
    temporary = settle.temporary if isinstance(settle, SettleByRename) else ()
    if young or _matches_any(name, (*SettleByRename().temporary, *temporary)):
        return _since(modified_at, settle, now)
    return Why.NO_PATTERN


def _since(modified_at: datetime, settle: Settle, now: datetime) -> Why:
    """Whether a file that is not settled only needs its time."""
    needed = timedelta(seconds=settle.seconds) if isinstance(settle, SettleByAge) else _LONG
    return Why.SETTLING if abs(now - modified_at) < max(needed, _LONG) else Why.UNSETTLED


def _lone_done_file(
    entry: Entry, settle: Settle, present: dict[bytes, Entry], now: datetime
) -> Left | None:
    """A done-file whose file is gone since long: the next one would be taken before it is whole."""
    assert isinstance(settle, SettleByDoneFile)
    whole = entry.name.removesuffix(settle.suffix.encode())
    if whole in present or entry.modified_at is None or abs(now - entry.modified_at) < _LONG:
        return None
    reason = (
        f"a done-file without {names.to_text(whole)}; the next file of that name would be taken "
        f"before it is whole"
    )
    return Left(names.to_text(entry.name), Why.LONE_DONE_FILE, reason)


def _unsettled(
    name: str, modified_at: datetime, settle: Settle, present: dict[bytes, Entry], now: datetime
) -> str | None:
    match settle:
        case SettleByDoneFile(suffix):
            if names.to_bytes(name) + suffix.encode() not in present:
                return f"there is no {name}{suffix} yet"
        case SettleByRename(temporary):
            if _matches_any(name, temporary):
                return f"its name is that of an unfinished upload ({', '.join(temporary)})"
        case SettleByAge(seconds):
            age = (now - modified_at).total_seconds()
            if age < 0:
                return f"its time lies {-age:.0f} s ahead of our clock; check both clocks"
            if age < seconds:
                return f"changed {age:.0f} s ago, {seconds:g} s are needed"
    return None


def _is_done_file(name: bytes, settle: Settle) -> bool:
    return isinstance(settle, SettleByDoneFile) and name.endswith(settle.suffix.encode())


def _matches_any(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def _first(files: list[RemoteFile], left: list[Left], limits: Limits) -> Listing:
    if limits.max_files is None or len(files) <= limits.max_files:
        return Listing(files, left)
    reason = f"more than limits.max_files = {limits.max_files} files are waiting"
    late = [Left(file.name, Why.LIMITED, reason) for file in files[limits.max_files :]]
    return Listing(files[: limits.max_files], left + late)
