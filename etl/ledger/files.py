"""Files received from partners; resent bytes are linked, new bytes under an old name counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from etl.errors import ConfigurationError
from etl.ledger.chunks import chunks
from etl.ledger.clock import Clock
from etl.ledger.models import File, FileState
from etl.ledger.order import Order
from etl.ledger.types import as_key
from etl.ledger.upsert import execute_columns
from etl.ledger.views import table_of

_FILE = table_of(File)


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file as it was received; see :class:`etl.ledger.models.File` for the fields."""

    id: str
    batch_id: str
    partner: str
    original_name: str
    sha256: str
    size: int
    received_at: datetime
    remote_path: str | None = None
    remote_size: int | None = None
    remote_modified_at: datetime | None = None


class Files:
    """The files, within one transaction."""

    def __init__(self, session: Session, now: Clock, order: Order) -> None:
        self._session = session
        self._now = now
        self._order = order

    def record(self, new: NewFile) -> File:
        """Add a file, or give the one of this id back; see :meth:`record_all`."""
        return self.record_all([new])[0]

    def record_all(self, new: Sequence[NewFile]) -> list[File]:
        """Add files in the order of their arrival; for an id that is there, its file is given.

        Bytes that a partner sent before make a file a duplicate of the first such one, whatever
        its name; other bytes under a name this partner used before make a new version.
        """
        files = {file.id: file for file in self._where(File.id, [file.id for file in new])}
        coming = list({file.id: file for file in new if file.id not in files}.values())
        if coming:
            firsts, versions = self._firsts(coming), _Versions(self._session, coming)
            sequence = self._order.take(len(coming))
            moment = self._order.moment()
            for number, one in enumerate(coming, start=sequence):
                first = firsts.setdefault((one.partner, one.sha256), one.id)
                files[one.id] = _file(one, first, versions.of(one), number, moment)
            self._session.add_all(files[one.id] for one in coming)
            self._session.flush()
        return [files[one.id] for one in new]

    def picked_up(self, file_ids: Iterable[str]) -> None:
        """Note that the files were moved or deleted on the remote side."""
        for some in chunks(list(file_ids)):
            self._session.execute(
                update(File)
                .where(File.id.in_(some), File.picked_up_at.is_(None))
                .values(picked_up_at=self._now(), changed=self._order.moment())
            )

    def mark(self, file_id: str, state: FileState, documents: int) -> None:
        """Set how far a file has come, and how many documents were in it."""
        self.mark_all({file_id: (state, documents)})

    def mark_all(self, marks: Mapping[str, tuple[FileState, int]]) -> None:
        """Set for each file id how far its file has come, and how many documents were in it."""
        statement = (
            update(_FILE)
            .where(_FILE.c.id == bindparam("of_id"))
            .values({name: bindparam(f"new_{name}") for name in ("state", "documents", "changed")})
        )
        columns: dict[str, Sequence[Any]] = {
            "of_id": list(marks),
            "new_state": [state for state, _ in marks.values()],
            "new_documents": [documents for _, documents in marks.values()],
            "new_changed": [self._order.moment()] * len(marks),
        }
        kinds = {name: _FILE.c[name.partition("_")[2]] for name in columns}
        execute_columns(self._session.connection(), statement, kinds, columns)

    def known(self, file_ids: Sequence[str]) -> set[str]:
        """Those of the ids that there are files of."""
        found: set[str] = set()
        for some in chunks(file_ids):
            found |= set(self._session.scalars(select(File.id).where(File.id.in_(some))))
        return found

    def contents(self, partner: str, sha256s: Sequence[str]) -> set[str]:
        """Those of the hashes under which this partner sent bytes before."""
        found: set[str] = set()
        for some in chunks(sha256s):
            query = select(File.sha256).where(File.partner == partner, File.sha256.in_(some))
            found |= set(self._session.scalars(query))
        return found

    def get(self, file_id: str) -> File | None:
        """The file of this id, if there is one."""
        return self._session.get(File, file_id)

    def named(self, file_id: str) -> File:
        """The file of this id; raises ConfigurationError when there is none."""
        file = self.get(file_id)
        if file is None:
            raise ConfigurationError(f"there is no file {file_id!r}; `etl trace` finds files")
        return file

    def first_with(self, partner: str, sha256: str) -> File | None:
        """The first file of this partner with these bytes."""
        query = (
            select(File)
            .where(File.sha256 == sha256, File.partner == partner, File.duplicate_of.is_(None))
            .order_by(File.sequence)
            .limit(1)
        )
        return self._session.scalars(query).first()

    def any_after(self, sequence: int, but: Collection[str]) -> bool:
        """Whether a file came after a place in the ledger's order, `but` these."""
        query = select(func.count()).select_from(File).where(File.sequence > sequence)
        known = self._session.scalar(query) or 0
        for some in chunks(list(but)):
            known -= self._session.scalar(query.where(File.id.in_(some))) or 0
        return known > 0

    def of_ids(self, file_ids: Sequence[str]) -> list[File]:
        """The files of these ids, in the order of their arrival."""
        found: list[File] = []
        for some in chunks(list(file_ids)):
            found += self._session.scalars(select(File).where(File.id.in_(some)))
        return sorted(found, key=lambda file: file.sequence)

    def arrivals(self, sha256s: Sequence[str]) -> dict[tuple[str, str], int]:
        """When bytes came first from a partner, by partner and sha256, in the ledger's order."""
        found: dict[tuple[str, str], int] = {}
        for some in chunks(list(sha256s)):
            query = (
                select(File.partner, File.sha256, func.min(File.sequence))
                .where(File.sha256.in_(some))
                .group_by(File.partner, File.sha256)
            )
            found |= {(row[0], row[1]): row[2] for row in self._session.execute(query)}
        return found

    def of_batches(self, batch_ids: Sequence[str]) -> list[File]:
        """The files that arrived in these batches, in the order of their arrival."""
        found: list[File] = []
        for some in chunks(list(batch_ids)):
            found += self._session.scalars(select(File).where(File.batch_id.in_(some)))
        return sorted(found, key=lambda file: file.sequence)

    def not_picked_up(self, partner: str) -> list[File]:
        """Files that are archived, but may still lie on the partner's server."""
        query = (
            select(File)
            .where(File.partner == partner, File.picked_up_at.is_(None))
            .order_by(File.sequence)
        )
        return list(self._session.scalars(query))

    def _where(self, column: InstrumentedAttribute[str], values: Sequence[str]) -> list[File]:
        found: list[File] = []
        for some in chunks(list(dict.fromkeys(values))):
            found += self._session.scalars(select(File).where(column.in_(some)))
        return found

    def _firsts(self, coming: Sequence[NewFile]) -> dict[tuple[str, str], str]:
        """The id of the first file with the bytes of each, by partner and sha256."""
        same = self._where(File.sha256, [file.sha256 for file in coming])
        firsts = sorted(
            (file for file in same if file.duplicate_of is None), key=lambda file: file.sequence
        )
        return {(file.partner, file.sha256): file.id for file in reversed(firsts)}


class _Versions:
    """The versions of contents under the names of files that are coming.

    Names are compared as the ledger keeps them; see :class:`etl.ledger.types.Key`.
    """

    def __init__(self, session: Session, coming: Sequence[NewFile]) -> None:
        self._known: dict[tuple[str, str, str], int] = {}
        self._latest: dict[tuple[str, str], int] = defaultdict(int)
        contents = {file.sha256 for file in coming}
        for names in chunks(sorted({file.original_name for file in coming})):
            under = select(File.partner, File.original_name, func.max(File.version)).where(
                File.original_name.in_(names)
            )
            for partner, name, latest in session.execute(
                under.group_by(File.partner, File.original_name)
            ):
                self._latest[partner, name] = latest
            same = select(File.partner, File.original_name, File.sha256, File.version).where(
                File.original_name.in_(names)
            )
            for some in chunks(sorted(contents)):
                for row in session.execute(same.where(File.sha256.in_(some))):
                    self._known[row[0], row[1], row[2]] = row[3]

    def of(self, file: NewFile) -> int:
        """Number of different contents under this file's name, this one included."""
        name = as_key(file.original_name)
        content = (file.partner, name, file.sha256)
        if content not in self._known:
            self._latest[file.partner, name] += 1
            self._known[content] = self._latest[file.partner, name]
        return self._known[content]


def _file(new: NewFile, first: str, version: int, sequence: int, moment: int) -> File:
    again = first != new.id
    return File(
        **asdict(new),
        picked_up_at=None,
        duplicate_of=first if again else None,
        version=version,
        state=FileState.DUPLICATE if again else FileState.ARCHIVED,
        documents=0,
        sequence=sequence,
        changed=moment,
    )
