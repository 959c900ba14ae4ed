import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from sqlalchemy import select

from etl.errors import TerminalError
from etl.ledger import (
    ExceptionState,
    Ledger,
    RunState,
    SealedBatch,
    SealedContent,
    open_ledger,
    upgrade_ledger,
)
from etl.ledger.models import Base
from etl.ledger.runs import RunEnd
from etl.ledger.views import table_of
from tests.ledger import exchanges, story
from tests.ledger.conftest import DAY, START, ManualClock, new_file, open_batch

MODELS = [mapper.class_ for mapper in Base.registry.mappers]
Seal = Callable[[str], SealedBatch]


def everything(ledger: Ledger) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables but the counter: a rebuilt one goes on behind what was sealed."""
    with ledger.read() as tx:
        return {
            table.name: [
                tuple(row)
                for row in tx.session.execute(
                    select(*table.columns).order_by(*table.primary_key.columns)
                )
            ]
            for table in map(table_of, MODELS)
            if table.name != "sequence"
        }


def archived(content: SealedContent, clock: ManualClock, batch_id: str) -> SealedBatch:
    """The content as the archive gives it back."""
    return SealedBatch(
        manifest={
            "batch_id": batch_id,
            "content": json.loads(json.dumps(content.content)),
            "sealed_at": clock.time.isoformat(),
        },
        manifest_sha256=batch_id[-1] * 64,
        tables=content.tables.get,
    )


@pytest.fixture
def seal(ledger: Ledger, clock: ManualClock) -> Seal:
    """Seals a batch as a job does, and gives what the archive has of it."""

    def do(batch_id: str) -> SealedBatch:
        with ledger.begin() as tx:
            run = tx.runs.named(f"run-{batch_id}")
            ends = RunEnd(RunState.EXCEPTIONS, run.counts, None, clock())
            sealed = archived(tx.sealed_content(batch_id, ends), clock, batch_id)
        with ledger.begin() as tx:
            told = sealed.manifest["content"]["batch"]["sealed_sequence"]
            tx.batches.seal(batch_id, sealed.manifest_sha256, clock(), told)
            tx.runs.finish(f"run-{batch_id}", ends.state, ends.counts, None, ends)
        return sealed

    return do


@pytest.fixture
def two_sealed(ledger: Ledger, clock: ManualClock, seal: Seal) -> list[SealedBatch]:
    """The whole story, each batch sealed."""
    story.first_batch(ledger)
    first = seal("b1")
    clock.forward(days=1)
    story.second_batch(ledger)
    with ledger.begin() as tx:
        tx.files.picked_up(["f2"])
    return [first, seal("b2")]


@pytest.fixture
def fresh(tmp_path: Path) -> Ledger:
    """Another ledger, empty."""
    return open_ledger(f"sqlite:///{tmp_path}/fresh.db")


def test_a_rebuilt_ledger_says_the_same(
    ledger: Ledger, fresh: Ledger, two_sealed: list[SealedBatch]
) -> None:
    assert fresh.rebuild(two_sealed) == 2
    before, after = everything(ledger), everything(fresh)
    assert {name: len(rows) for name, rows in after.items()} == {
        "run": 2,
        "batch": 2,
        "file": 2,
        "document": 3,
        "document_reference": 1,
        "exception": 2,
        "push": 1,
        "interchange": 2,
        "interchange_group": 2,
        "control_number": 2,
        "schedule_fire": 0,
    }
    assert after == before


def test_rebuilding_where_everything_is_known_changes_nothing(
    ledger: Ledger, two_sealed: list[SealedBatch]
) -> None:
    before = everything(ledger)
    for _ in range(2):
        ledger.rebuild(two_sealed)
        assert everything(ledger) == before


def test_postgresql_is_rebuilt_from_what_sqlite_sealed(
    url: str, ledger: Ledger, fresh: Ledger, clock: ManualClock
) -> None:
    story.whole_story(fresh, clock)
    with fresh.begin() as tx:
        sealed = [archived(tx.sealed_content(name), clock, name) for name in ("b1", "b2")]
    ledger.rebuild(sealed)
    with ledger.begin() as tx:
        rebuilt = tx.sealed_content("b1")
    assert rebuilt.tables["documents"].equals(sealed[0].tables("documents"))


def test_the_content_is_json_and_the_tables_are_typed(
    ledger: Ledger, two_sealed: list[SealedBatch]
) -> None:
    content = two_sealed[0].manifest["content"]
    assert content["run"]["counts"] == {"read": 3, "pushed": 1}
    assert content["files"][0]["received_at"] == "2026-11-23T02:30:00+00:00"
    documents = two_sealed[0].tables("documents")
    assert documents is not None
    assert documents.schema.field("amount").type == pa.decimal128(18, 4)
    assert documents.schema.field("document_date").type == pa.date32()
    assert documents["reasons"].to_pylist() == [[], ["NO_RATE"]]


def test_the_run_that_was_sealing_has_ended(fresh: Ledger, two_sealed: list[SealedBatch]) -> None:
    fresh.rebuild(two_sealed)
    with fresh.read() as tx:
        first, second = tx.runs.named("run-b1"), tx.runs.named("run-b2")
    assert (first.state, first.finished_at) == (RunState.EXCEPTIONS, START)
    assert (second.state, second.finished_at) == (RunState.EXCEPTIONS, START + timedelta(days=1))


def test_what_the_ledger_knows_from_later_stays(
    ledger: Ledger, clock: ManualClock, two_sealed: list[SealedBatch]
) -> None:
    clock.forward(days=1)
    open_batch(ledger, "b3")
    with ledger.begin() as tx:
        tx.exceptions.close(ids=[story.BROKEN.fingerprint[:12]])
        tx.pushes.record("odoo", "b3", [story.BILL])
        tx.files.record(new_file("f3", "b3"))
    before = everything(ledger)
    ledger.rebuild(two_sealed)
    assert everything(ledger) == before


def test_lost_rows_come_back(ledger: Ledger, two_sealed: list[SealedBatch]) -> None:
    before = everything(ledger)
    with ledger.begin() as tx:
        for name in ("push", "exception", "document_reference", "document"):
            tx.session.execute(Base.metadata.tables[name].delete())
    ledger.rebuild(two_sealed)
    assert everything(ledger) == before


def test_an_item_closed_by_a_person_and_met_again_does_not_stand_twice(
    ledger: Ledger, fresh: Ledger, clock: ManualClock, seal: Seal
) -> None:
    story.first_batch(ledger)
    first = seal("b1")
    with ledger.begin() as tx:
        tx.exceptions.close(ids=[story.NO_RATE.fingerprint[:12]])
    clock.forward(days=1)
    open_batch(ledger, "b2")
    with ledger.begin() as tx:
        again = story.replace(story.NO_RATE, batch_id="b2", file_id=None, document_id=None)
        tx.exceptions.add([again])
    sealed = [first, seal("b2")]
    fresh.rebuild(sealed)
    with fresh.read() as tx:
        items = [
            item
            for item in tx.exceptions.find(states=tuple(ExceptionState))
            if item.code == "NO_RATE"
        ]
    short = story.NO_RATE.fingerprint[:12]
    assert [(item.id, item.state) for item in items] == [
        (short, ExceptionState.CLOSED),
        (f"{short}-2", ExceptionState.OPEN),
    ]
    assert items[0].closed_at == START
    fresh.rebuild(sealed)
    with fresh.read() as tx:
        assert len(tx.exceptions.find(code="NO_RATE")) == 1


def test_an_earlier_batch_restored_alone_after_a_later_one(
    fresh: Ledger, ledger: Ledger, clock: ManualClock, seal: Seal
) -> None:
    story.first_batch(ledger)
    first = seal("b1")
    with ledger.begin() as tx:
        tx.exceptions.close(ids=[story.NO_RATE.fingerprint[:12]])
    clock.forward(days=1)
    open_batch(ledger, "b2")
    with ledger.begin() as tx:
        again = story.replace(story.NO_RATE, batch_id="b2", file_id=None, document_id=None)
        tx.exceptions.add([again])
    second = seal("b2")
    fresh.rebuild([second])
    fresh.rebuild([first])
    with fresh.read() as tx:
        assert [item.id[-2:] for item in tx.exceptions.find(code="NO_RATE")] == ["-2"]


def test_references_to_a_batch_that_is_not_sealed_are_left_out(
    ledger: Ledger, fresh: Ledger, clock: ManualClock, seal: Seal
) -> None:
    story.whole_story(ledger, clock)  # b1 is still open when b2 is sealed
    fresh.rebuild([seal("b2")])
    with fresh.read() as tx:
        file = tx.files.get("f2")
        item = tx.exceptions.named(story.NO_RATE.fingerprint[:12])
    assert file is not None
    assert file.duplicate_of is None
    assert (item.batch_id, item.file_id, item.document_id) == (None, None, None)
    assert item.closed_by == "b2"


@pytest.mark.parametrize(
    "content", [{}, {"run": {}}, {"run": [], "batch": 1, "files": None}, None, []]
)
def test_a_manifest_of_something_else_is_told(fresh: Ledger, content: object) -> None:
    strange = SealedBatch(
        {"batch_id": "b7", "content": content, "sealed_at": START.isoformat()}, "", {}.get
    )
    with pytest.raises(TerminalError, match="manifest of batch b7 does not say"):
        fresh.rebuild([strange])


def test_batches_restored_before_a_bad_one_stay(
    fresh: Ledger, two_sealed: list[SealedBatch]
) -> None:
    strange = SealedBatch({"batch_id": "b7"}, "", {}.get)
    with pytest.raises(TerminalError, match="b7"):
        fresh.rebuild([two_sealed[0], strange])
    with fresh.read() as tx:
        assert [batch.id for batch in tx.batches.recent()] == ["b1"]


def test_an_unknown_batch_has_no_content(ledger: Ledger) -> None:
    with ledger.begin() as tx, pytest.raises(KeyError, match="b9"):
        tx.sealed_content("b9")


def test_a_batch_without_anything_is_sealed_and_restored(
    ledger: Ledger, fresh: Ledger, seal: Seal
) -> None:
    open_batch(ledger)
    fresh.rebuild([seal("b1")])
    with fresh.read() as tx:
        assert tx.batches.named("b1").state == "sealed"
        assert tx.runs.named("run-b1").nominal_date == DAY


def test_upgrading_after_a_rebuild_is_fine(url: str, ledger: Ledger, seal: Seal) -> None:
    story.first_batch(ledger)
    ledger.rebuild([seal("b1")])
    upgrade_ledger(url)


def test_the_numbers_of_what_was_sent_are_not_given_again(
    fresh: Ledger, two_sealed: list[SealedBatch]
) -> None:
    fresh.rebuild(two_sealed)
    with fresh.begin() as tx:
        assert tx.control_numbers.take("acme", "x12", "interchange") == 8
        assert tx.control_numbers.take("acme", "x12", "group") == 8


@pytest.mark.parametrize("kind", ["interchange", "group", "message"])
def test_every_counter_goes_on_where_it_was(
    ledger: Ledger, fresh: Ledger, seal: Seal, kind: str
) -> None:
    story.first_batch(ledger)
    with ledger.begin() as tx:
        tx.control_numbers.take("acme", "x12", kind, 40)
        tx.control_numbers.take("acme", "edifact", kind, 7)
        tx.control_numbers.take("nobody's partner", "x12", kind, 5)
    sealed = seal("b1")
    with ledger.begin() as tx:
        after = tx.control_numbers.take("acme", "x12", kind)
    for _ in range(2):
        fresh.rebuild([sealed])
    with fresh.begin() as tx:
        assert tx.control_numbers.take("acme", "x12", kind) == after
        assert tx.control_numbers.take("acme", "edifact", kind) == 8
    ledger.rebuild([sealed])
    with ledger.begin() as tx:
        assert tx.control_numbers.take("acme", "x12", kind) == after + 1


def test_a_batch_that_was_sealed_without_counters_is_restored(
    ledger: Ledger, fresh: Ledger, seal: Seal
) -> None:
    story.first_batch(ledger)
    sealed = seal("b1")
    del sealed.manifest["content"]["control_numbers"]
    fresh.rebuild([sealed])


def test_a_delivery_after_the_seal_stays(ledger: Ledger, two_sealed: list[SealedBatch]) -> None:
    with ledger.begin() as tx:
        tx.interchanges.delivered(exchanges.sent(7).id)
    before = everything(ledger)
    ledger.rebuild(two_sealed)
    assert everything(ledger) == before
