"""The order in which things happened: numbers of the ledger, whatever the clocks say.

A clock is put back, steps an hour, or was a year ahead last night; the numbers only grow. They are
taken in the transaction that writes what they count, so that a number that can be seen was
committed, and all before it were as well.
"""

from __future__ import annotations

from sqlalchemy import case, select
from sqlalchemy.orm import Session

from etl.ledger.models import Sequence
from etl.ledger.upsert import insert_into
from etl.ledger.views import table_of

_SEQUENCE = table_of(Sequence)
_NAME = "ledger"


class Order:
    """The ledger's one sequence, within one transaction; whoever takes a number lets others wait
    until it is committed."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._moment: int | None = None

    def take(self, count: int = 1) -> int:
        """The first of `count` numbers that follow each other, later than all taken before."""
        connection = self._session.connection()
        statement = insert_into(connection, _SEQUENCE).values(name=_NAME, next=1 + count)
        statement = statement.on_conflict_do_update(
            index_elements=["name"], set_={"next": _SEQUENCE.c.next + count}
        ).returning(_SEQUENCE.c.next)
        return int(connection.execute(statement).scalar_one()) - count

    def moment(self) -> int:
        """One number for all that this transaction changes: it happens at once."""
        if self._moment is None:
            self._moment = self.take()
        return self._moment

    def upcoming(self) -> int:
        """The number that would be taken next; nothing is taken."""
        query = select(_SEQUENCE.c.next).where(_SEQUENCE.c.name == _NAME)
        return self._session.scalar(query) or 1

    def used(self, number: int) -> None:
        """Never take `number` again, nor one before it: a rebuilt ledger learns what was sealed."""
        connection = self._session.connection()
        statement = insert_into(connection, _SEQUENCE).values(name=_NAME, next=number + 1)
        coming = statement.excluded.next
        later = case((coming > _SEQUENCE.c.next, coming), else_=_SEQUENCE.c.next)
        connection.execute(
            statement.on_conflict_do_update(index_elements=["name"], set_={"next": later})
        )
