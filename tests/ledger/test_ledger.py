import pytest

from etl.errors import TerminalError
from etl.ledger import Ledger
from tests.ledger.conftest import DAY, open_batch


def test_an_error_takes_everything_back(ledger: Ledger) -> None:
    def fail_half_way() -> None:
        with ledger.begin() as tx:
            tx.runs.start("r1", "nightly", DAY)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    with ledger.read() as tx:
        assert tx.runs.recent() == []


def test_rows_stay_readable_after_the_transaction(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        written = tx.runs.start("r1", "nightly", DAY)
    with ledger.read() as tx:
        read = tx.runs.named("r1")
    assert (written.job, read.job, read.nominal_date) == ("nightly", "nightly", DAY)


def test_reading_changes_nothing(ledger: Ledger) -> None:
    open_batch(ledger)
    with ledger.read() as tx:
        tx.runs.named("run-b1").job = "other"
    with ledger.read() as tx:
        assert tx.runs.named("run-b1").job == "nightly"


def test_a_broken_rule_of_the_database_is_told_without_the_data(ledger: Ledger) -> None:
    def point_nowhere() -> None:
        with ledger.begin() as tx:
            tx.documents.record(
                "missing-batch", "freight_invoice", [{"record_id": 0, "partner": "geheim"}]
            )

    with pytest.raises(TerminalError, match=r"(?i)foreign key") as raised:
        point_nowhere()
    assert "geheim" not in str(raised.value)
