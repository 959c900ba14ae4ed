"""The ledger's front door: one transaction at a time, the tables by noun."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from sqlalchemy import Engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from etl.ledger import database
from etl.ledger.answers import Answers
from etl.ledger.batches import Batches
from etl.ledger.clock import Clock, utc_now
from etl.ledger.control_history import ControlHistory
from etl.ledger.control_numbers import ControlNumbers
from etl.ledger.documents import Documents
from etl.ledger.exceptions import Exceptions
from etl.ledger.files import Files
from etl.ledger.fires import Fires
from etl.ledger.history import History
from etl.ledger.interchanges import Interchanges
from etl.ledger.order import Order
from etl.ledger.pushes import Pushes
from etl.ledger.runs import RunEnd, Runs
from etl.ledger.sealed import SealedBatch, SealedContent, content_of, restore
from etl.ledger.trace import Trace, trace


class Transaction:
    """All tables, seen and changed in one transaction."""

    def __init__(self, session: Session, now: Clock) -> None:
        self.session = session
        self.order = Order(session)
        self.runs = Runs(session, now, self.order)
        self.batches = Batches(session, now, self.order)
        self.files = Files(session, now, self.order)
        self.documents = Documents(session)
        self.history = History(session)
        self.exceptions = Exceptions(session, now, self.order)
        self.pushes = Pushes(session, now, self.order)
        self.fires = Fires(session, now)
        self.control_numbers = ControlNumbers(session)
        self.control_history = ControlHistory(session)
        self.interchanges = Interchanges(session, now, self.order)
        self.answers = Answers(session, self.order)

    def trace(self, key: str, limit: int = 100) -> Trace:
        """Everything known about a name or number; see :func:`etl.ledger.trace.trace`."""
        return trace(self.session, key, limit)

    def sealed_content(self, batch_id: str, ends: RunEnd | None = None) -> SealedContent:
        """What is to be sealed with a batch; see :mod:`etl.ledger.sealed`."""
        return content_of(self.session, self.order, batch_id, self.batches.sealed_until(), ends)


class Ledger:
    """What happened. The rows it gives stay readable after the transaction.

    Database errors are raised as TransientError (locked, connection lost) or TerminalError.
    """

    def __init__(self, engine: Engine, now: Clock = utc_now) -> None:
        self._engine = engine
        self._now = now

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """A transaction that may write; committed at the end, rolled back on an error."""
        with self._session(self._engine) as session:
            yield Transaction(session, self._now)
            session.commit()

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """A transaction for looking only: waits for no writer, and changes nothing."""
        reading = self._engine.execution_options(**{database.READ_ONLY: True})
        with self._session(reading) as session:
            yield Transaction(session, self._now)
            session.expunge_all()

    def rebuild(self, batches: Iterable[SealedBatch]) -> int:
        """Write what sealed batches say, each in a transaction of its own; returns how many.

        Adds and repairs; what the ledger knows from later stays. Not in the archive, and so not
        brought back: claimed schedule starts, and what happened after the last batch was sealed.

        Args:
            batches: in the order they were sealed in.

        Raises:
            TerminalError: a manifest does not say what the ledger needs.
        """
        done = 0
        for batch in batches:
            with self.begin() as transaction:
                restore(transaction.session, transaction.order, batch)
            done += 1
        return done

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    @contextmanager
    def _session(self, engine: Engine) -> Iterator[Session]:
        try:
            with Session(engine, expire_on_commit=False) as session:
                yield session
        except DBAPIError as error:
            raise database.translate(error, self._engine) from error


def open_ledger(url: str | URL, now: Clock = utc_now) -> Ledger:
    """Open the ledger at a URL.

    A SQLite ledger is made and upgraded on the way; a PostgreSQL one only by
    :func:`upgrade_ledger`, since others may be using it.

    Raises:
        ConfigurationError: a wrong URL, or a schema that is not the newest.
        TransientError, TerminalError: the database cannot be reached or opened.
    """
    engine = database.connect(url)
    if engine.dialect.name == "sqlite":
        database.upgrade(engine)
    else:
        database.check(engine)
    return Ledger(engine, now)


def upgrade_ledger(url: str | URL) -> str:
    """Make or upgrade the tables; returns the version they are at now."""
    engine = database.connect(url)
    try:
        database.upgrade(engine)
    finally:
        engine.dispose()
    return database.newest()
