"""Asking by very many values, on SQLite and PostgreSQL."""

from sqlalchemy import select

from etl.ledger import Ledger
from etl.ledger.among import among
from etl.ledger.models import Document
from tests.ledger.conftest import open_batch

LONG = "x" * 600
ODD = "a\0b'\"\\ \N{SNOWMAN}"


def found(ledger: Ledger, values: list[str]) -> list[str | None]:
    with ledger.read() as tx:
        session = tx.history._session
        query = select(Document.document_no).where(among(session, Document.document_no, values))
        return sorted(session.scalars(query), key=str)


def test_rows_are_found_by_any_of_very_many_values(ledger: Ledger) -> None:
    open_batch(ledger, "b1")
    numbers = [f"I{number}" for number in range(5)]
    rows = [
        {"record_id": number, "partner": "acme", "document_no": no}
        for number, no in enumerate(numbers)
    ]
    with ledger.begin() as tx:
        tx.documents.record("b1", "freight_invoice", rows)
    many = [f"I{number}" for number in range(3, 70_000)]
    assert found(ledger, [*many, "I3", ""]) == ["I3", "I4"]
    assert found(ledger, []) == []


def test_a_value_that_is_stored_otherwise_is_found_by_what_it_was(ledger: Ledger) -> None:
    open_batch(ledger, "b1")
    rows = [
        {"record_id": number, "partner": "acme", "document_no": no}
        for number, no in enumerate((LONG, ODD, "plain"))
    ]
    with ledger.begin() as tx:
        tx.documents.record("b1", "freight_invoice", rows)
    assert len(found(ledger, [LONG])) == 1
    assert len(found(ledger, [LONG, ODD])) == 2
    assert found(ledger, ["x" * 599]) == []
