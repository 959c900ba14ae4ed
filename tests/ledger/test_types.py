from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql, sqlite

from etl.ledger import Ledger
from etl.ledger.types import Key, Money, SafeText, UtcDateTime, storable
from tests.ledger.conftest import open_batch

SQLITE = sqlite.dialect()
POSTGRESQL = postgresql.dialect()


def amounts(ledger: Ledger, given_amounts: list[Decimal | None]) -> list[Decimal | None]:
    """Amounts as they come back."""
    batch = open_batch(ledger)
    rows = [
        {"record_id": number, "partner": "acme", "amount": amount}
        for number, amount in enumerate(given_amounts)
    ]
    with ledger.begin() as tx:
        tx.documents.record(batch, "freight_invoice", rows)
    with ledger.read() as tx:
        return [document.amount for document in tx.documents.of_batch(batch)]


def test_money_is_exact(ledger: Ledger) -> None:
    given_amounts = [
        Decimal("0.1"),
        Decimal("-99999999999999.9999"),
        Decimal("99999999999999.9999"),
        Decimal("1E+3"),
        Decimal(0),
        None,
    ]
    found = amounts(ledger, given_amounts)
    assert found == given_amounts
    assert str(found[3]) == "1000.0000"


@given(st.decimals(-(10**14) + 1, 10**14 - 1, places=4))
def test_any_amount_survives_sqlite(amount: Decimal) -> None:
    stored = Money().process_bind_param(amount, SQLITE)
    assert isinstance(stored, str)
    assert Money().process_result_value(stored, SQLITE) == amount


@pytest.mark.parametrize("wrong", [1.5, 1, "1.00"])
def test_money_that_is_not_a_decimal_is_refused(wrong: object) -> None:
    for dialect in (SQLITE, POSTGRESQL):
        with pytest.raises(TypeError, match="money must be a Decimal"):
            Money().process_bind_param(wrong, dialect)  # type: ignore[arg-type]


def test_money_with_more_than_four_decimals_is_refused_not_rounded() -> None:
    with pytest.raises(ValueError, match="more than four decimals"):
        Money().process_bind_param(Decimal("0.00001"), SQLITE)


def test_a_float_does_not_reach_the_database(ledger: Ledger) -> None:
    with pytest.raises(TypeError, match="money must be a Decimal, not float"):
        amounts(ledger, [1.5])  # type: ignore[list-item]


def test_times_are_kept_in_utc(ledger: Ledger) -> None:
    batch = open_batch(ledger)
    berlin = datetime(2026, 11, 23, 3, 30, 0, 123456, tzinfo=timezone(timedelta(hours=1)))
    with ledger.begin() as tx:
        run = tx.runs.named(f"run-{batch}")
        run.finished_at = berlin
    with ledger.read() as tx:
        found = tx.runs.named(f"run-{batch}").finished_at
    assert found == berlin
    assert found is not None
    assert found.tzinfo is UTC


def test_a_time_without_a_zone_is_refused() -> None:
    naive = datetime(2026, 11, 23)
    for dialect in (SQLITE, POSTGRESQL):
        with pytest.raises(ValueError, match="has no time zone"):
            UtcDateTime().process_bind_param(naive, dialect)


@given(st.text(st.characters(codec=None, exclude_categories=())))
def test_whatever_text_comes_can_be_stored(text: str) -> None:
    stored = storable(text)
    stored.encode("utf-8")
    assert "\x00" not in stored


def test_storable_text_is_not_touched() -> None:
    assert storable("größe\n\\x00 €") == "größe\n\\x00 €"
    assert storable("a\x00b\udcff") == "a\\x00b\\udcff"
    assert SafeText().process_bind_param("a\x00", SQLITE) == "a\\x00"
    assert SafeText().process_bind_param(None, SQLITE) is None


def test_a_long_key_is_cut_the_same_way_every_time() -> None:
    long, other = "x" * 5000, "x" * 4999 + "y"
    cut = Key().process_bind_param(long, POSTGRESQL)
    assert cut is not None
    assert len(cut) == 500
    assert Key().process_bind_param(other, POSTGRESQL) != cut
    assert Key().process_bind_param("x" * 500, POSTGRESQL) == "x" * 500
    assert Key().process_bind_param(None, POSTGRESQL) is None


def test_hostile_numbers_are_stored_and_found_again(ledger: Ledger) -> None:
    batch = open_batch(ledger)
    hostile = ["\x00\udcff", "ü" * 10_000, "'; DROP TABLE run; --", ""]
    rows = [
        {"record_id": number, "partner": "acme", "document_no": text, "reasons": [text]}
        for number, text in enumerate(hostile)
    ]
    with ledger.begin() as tx:
        tx.documents.record(batch, "freight_invoice", rows)
    for number, text in enumerate(hostile[:3]):
        with ledger.read() as tx:
            assert [row.record_id for row in tx.trace(text).documents] == [number]
            assert tx.documents.of_batch(batch)[number].reasons == [text]
