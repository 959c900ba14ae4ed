"""Which of a folder's entries are taken now: regular, wanted, whole, within the limits.

The settle rule keeps a half-uploaded file from being taken. The two rules that a sender follows
(done-file, rename) know; age only infers, from a modification time that the server sets: it
needs both clocks right, and a sender who never pauses longer than the age.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable
from datetime import datetime

from etl.transfer import names
from etl.transfer.files import Entry, Kind, Left, Listing, RemoteFile
from etl.transfer.settings import (
    Limits,
    Pickup,
    Settle,
    SettleByAge,
    SettleByDoneFile,
    SettleByRename,
)


def select(entries: Iterable[Entry], folder: bytes, pickup: Pickup, now: datetime) -> Listing:
    """Sort a folder's entries into files to take, oldest first, and files left with a reason.

    Folders and the done-files themselves are neither.
    """
    present = {entry.name: entry for entry in entries if entry.kind is not Kind.FOLDER}
    files: list[RemoteFile] = []
    left: list[Left] = []
    for entry in present.values():
        if _is_done_file(entry.name, pickup.settle):
            continue
        name = names.to_text(entry.name)
        size, modified_at = entry.size, entry.modified_at
        if (reason := _unfit(entry, name, pickup)) is not None:
            left.append(Left(name, reason))
        elif size is None or modified_at is None:
            left.append(Left(name, "the server does not tell its size and time"))
        elif (reason := _unsettled(name, modified_at, pickup.settle, present, now)) is not None:
            left.append(Left(name, f"not settled: {reason}"))
        else:
            path = names.to_text(names.joined(folder, entry.name))
            files.append(RemoteFile(name, path, size, modified_at))
    files.sort(key=lambda file: (file.modified_at, file.name))
    return _first(files, left, pickup.limits)


def done_file(path: bytes, settle: Settle) -> bytes | None:
    """Return the path of the done-file that belongs to a file, if the settle rule has one."""
    return path + settle.suffix.encode() if isinstance(settle, SettleByDoneFile) else None


def _unfit(entry: Entry, name: str, pickup: Pickup) -> str | None:
    if entry.kind is not Kind.FILE:
        return f"{entry.kind.value}; only regular files are taken"
    if not _matches_any(name, pickup.patterns):
        return f"matches no pattern ({', '.join(pickup.patterns)})"
    limit = pickup.limits.max_file_mb
    if limit is not None and entry.size is not None and entry.size > limit * 1_000_000:
        return f"{entry.size} bytes, more than limits.max_file_mb = {limit:g}"
    return None


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
    late = [Left(file.name, reason) for file in files[limits.max_files :]]
    return Listing(files[: limits.max_files], left + late)
