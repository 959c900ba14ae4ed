import multiprocessing
import re
import sqlite3
import threading
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import OperationalError

from etl.errors import ConfigurationError, TerminalError, TransientError
from etl.ledger import Ledger, database, open_ledger, upgrade_ledger
from etl.ledger.models import Base
from tests.ledger.conftest import DAY, ManualClock


def test_the_migrations_make_what_the_models_say(url: str) -> None:
    assert upgrade_ledger(url) == database.newest()
    with create_engine(url).connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_upgrading_again_changes_nothing(url: str) -> None:
    assert upgrade_ledger(url) == upgrade_ledger(url)


def test_the_migrations_can_be_taken_back(url: str) -> None:
    upgrade_ledger(url)
    engine = database.connect(url)
    with engine.begin() as connection:
        command.downgrade(database._alembic(connection), "base")
    with engine.connect() as connection:
        assert inspect(connection).get_table_names() == ["alembic_version"]
    upgrade_ledger(url)


def test_sqlite_is_made_on_opening_in_wal_with_foreign_keys(tmp_path: Path) -> None:
    ledger = open_ledger(f"sqlite:///{tmp_path}/new.db")
    with ledger.read() as tx:
        settings = {
            name: tx.session.scalar(text(f"PRAGMA {name}"))
            for name in (
                "journal_mode",
                "foreign_keys",
                "busy_timeout",
                "synchronous",
                "temp_store",
            )
        }
    assert settings == {
        "journal_mode": "wal",
        "foreign_keys": 1,
        "busy_timeout": 30_000,
        "synchronous": 2,
        "temp_store": 2,
    }


@pytest.mark.services
def test_postgresql_is_upgraded_only_when_asked(postgres_url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"has no tables yet.*run: etl ledger upgrade"):
        open_ledger(postgres_url)
    upgrade_ledger(postgres_url)
    open_ledger(postgres_url).close()


@pytest.mark.services
def test_a_postgresql_url_needs_no_driver_name(postgres_url: str) -> None:
    plain = postgres_url.replace("postgresql+psycopg:", "postgresql:")
    upgrade_ledger(plain)
    open_ledger(plain).close()


def test_a_ledger_of_a_newer_etl_is_refused(url: str) -> None:
    upgrade_ledger(url)
    with create_engine(url).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for attempt in (open_ledger, upgrade_ledger):
        with pytest.raises(ConfigurationError, match="at version 9999, which this etl does not"):
            attempt(url)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("ledger.db", "not a URL"),
        ("", "not a URL"),
        ("mysql://user:geheim@host/db", "cannot live in 'mysql', expected sqlite or postgresql"),
    ],
)
def test_a_wrong_address_is_told(wrong: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(said)) as raised:
        open_ledger(wrong)
    assert "geheim" not in str(raised.value)


def test_a_missing_driver_is_told_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object, **__: object) -> None:
        raise ModuleNotFoundError("psycopg")

    monkeypatch.setattr(database, "create_engine", missing)
    with pytest.raises(ConfigurationError, match=re.escape("pip install 'etl[postgresql]'")):
        open_ledger("postgresql://user@host/db")


def test_an_unreachable_server_may_come_back_and_its_password_is_not_told() -> None:
    with pytest.raises(TransientError, match=r"user:\*\*\*@127.0.0.1") as raised:
        open_ledger("postgresql://user:geheim@127.0.0.1:1/db")
    assert "geheim" not in str(raised.value)


def test_a_folder_that_is_not_there_will_not_come_by_itself(tmp_path: Path) -> None:
    with pytest.raises(TerminalError, match="check the disk and the rights"):
        open_ledger(f"sqlite:///{tmp_path}/missing/ledger.db")


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(b"no database" * 1000)
    with pytest.raises(TerminalError, match="file is not a database"):
        open_ledger(f"sqlite:///{tmp_path}/ledger.db")


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("database is locked", TransientError),
        ("database or disk is full", TerminalError),
        ("attempt to write a readonly database", TerminalError),
    ],
)
def test_errors_are_told_apart(said: str, kind: type[Exception]) -> None:
    engine = database.connect("sqlite://")
    error = OperationalError("INSERT", {"secret": "geheim"}, sqlite3.OperationalError(said))
    translated = database.translate(error, engine)
    assert type(translated) is kind
    assert "geheim" not in str(translated)


def _upgrade(url: str) -> None:
    upgrade_ledger(url)


def test_processes_that_upgrade_at_once_wait_for_each_other(url: str) -> None:
    fork = multiprocessing.get_context("fork")
    children = [fork.Process(target=_upgrade, args=(url,)) for _ in range(3)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0] * 3
    open_ledger(url).close()


def test_two_writers_wait_for_each_other(ledger: Ledger, url: str, clock: ManualClock) -> None:
    """The second one reads and writes while the first has not committed: both get through."""
    other = open_ledger(url, clock)
    inside, done = threading.Event(), threading.Event()

    def write() -> None:
        inside.wait(10)
        with other.begin() as tx:
            tx.runs.start(f"second-{len(tx.runs.recent())}", "nightly", DAY)
        done.set()

    thread = threading.Thread(target=write)
    thread.start()
    with ledger.begin() as tx:
        tx.runs.recent()
        inside.set()
        tx.runs.start("first", "nightly", DAY)
    thread.join(20)
    assert done.is_set()
    with ledger.read() as tx:
        assert len(tx.runs.recent()) == 2
    other.close()


def test_a_reader_does_not_wait_for_a_writer(ledger: Ledger, url: str, clock: ManualClock) -> None:
    other = open_ledger(url, clock)
    with ledger.begin() as writing:
        writing.runs.start("r1", "nightly", DAY)
        with other.read() as reading:
            assert reading.runs.recent() == []
    other.close()
