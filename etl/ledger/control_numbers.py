"""Control numbers of what we send: counted by partner, each given once, by whatever process."""

from __future__ import annotations

from sqlalchemy import case
from sqlalchemy.orm import Session

from etl.errors import TerminalError
from etl.ledger.interchange_models import ControlNumber
from etl.ledger.upsert import insert_into
from etl.ledger.views import table_of

_NUMBER = table_of(ControlNumber)
_LARGEST = 999_999_999  # ISA13 and GS06 have nine digits


class ControlNumbers:
    """The counters, within one transaction: a number is given for good when it is committed."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def take(self, partner: str, syntax: str, kind: str, count: int = 1) -> int:
        """The first of `count` numbers that follow each other and that nobody else gets.

        Args:
            kind: ``interchange``, ``group``, or ``message`` for our references within messages
                (824 BGN02, APERAK BGM 1004).

        Raises:
            TerminalError: nine digits do not hold them.
        """
        connection = self._session.connection()
        statement = insert_into(connection, _NUMBER).values(
            partner=partner, syntax=syntax, kind=kind, next=1 + count
        )
        statement = statement.on_conflict_do_update(
            index_elements=["partner", "syntax", "kind"], set_={"next": _NUMBER.c.next + count}
        ).returning(_NUMBER.c.next)
        following = int(connection.execute(statement).scalar_one())
        if following - 1 > _LARGEST:
            raise TerminalError(
                f"{partner}: the {syntax} {kind} numbers have used up their nine digits; agree on "
                "a new start with the partner and set `next` in the ledger's control_number"
            )
        return following - count

    def used(self, partner: str, syntax: str, kind: str, number: int) -> None:
        """Never give `number` again, nor one before it: a rebuilt ledger learns what was sent."""
        connection = self._session.connection()
        statement = insert_into(connection, _NUMBER).values(
            partner=partner, syntax=syntax, kind=kind, next=number + 1
        )
        coming = statement.excluded.next
        later = case((coming > _NUMBER.c.next, coming), else_=_NUMBER.c.next)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["partner", "syntax", "kind"], set_={"next": later}
            )
        )
