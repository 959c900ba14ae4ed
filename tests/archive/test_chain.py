import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest

from etl import durable
from etl.archive import Archive
from etl.archive.chain import HEAD, SEALING
from etl.errors import TerminalError
from tests.archive.conftest import FIRST_DAY, Sealed


def test_an_empty_archive_has_no_head(archive: Archive) -> None:
    assert archive.head() is None
    assert list(archive.manifests()) == []
    assert archive.verify() == []


def test_each_manifest_names_the_one_before_it(sealed: Sealed) -> None:
    first, second, third = sealed.manifests
    assert first.previous is None
    assert second.previous == first.link
    assert third.previous == second.link
    assert [manifest.sequence for manifest in sealed.manifests] == [1, 2, 3]
    assert sealed.archive.head() == third.link
    assert list(sealed.archive.manifests()) == sealed.manifests


def test_the_order_is_that_of_sealing_not_of_days(archive: Archive) -> None:
    late = archive.open_batch("late", FIRST_DAY)
    early = archive.open_batch("early", FIRST_DAY - timedelta(days=9))
    late.seal({})
    early.seal({})
    assert [manifest.batch_id for manifest in archive.manifests()] == ["late", "early"]


def test_a_broken_chain_is_not_read_on_silently(sealed: Sealed) -> None:
    (sealed.folder(1) / "manifest.json").unlink()
    with pytest.raises(TerminalError, match=r"batch-1/manifest\.json cannot be read"):
        list(sealed.archive.manifests())


def test_a_lost_head_stops_sealing_instead_of_starting_a_second_chain(sealed: Sealed) -> None:
    (sealed.archive.root / HEAD).unlink()
    with pytest.raises(TerminalError, match="Nothing was sealed"):
        sealed.add(3)
    assert not sealed.archive.open_batch("batch-3", FIRST_DAY + timedelta(days=3)).sealed


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"sequence": 1}'])
def test_a_damaged_head_is_told_by_name(sealed: Sealed, content: bytes) -> None:
    (sealed.archive.root / HEAD).write_bytes(content)
    with pytest.raises(TerminalError, match=r"HEAD\.json cannot be read"):
        sealed.add(3)


def test_a_stale_note_of_a_seal_does_not_turn_the_head_back(sealed: Sealed) -> None:
    root = sealed.archive.root
    (root / SEALING).write_bytes((root / HEAD).read_bytes())
    fourth = sealed.add(3)
    (root / SEALING).write_bytes(
        (root / HEAD).read_bytes().replace(b'"sequence": 4', b'"sequence": 1')
    )
    assert sealed.archive.head() == fourth.link
    assert sealed.add(4).previous == fourth.link
    assert not (root / SEALING).exists()


@contextmanager
def killed_at(step: int) -> Iterator[None]:
    """Kill this process when it brings something to the disk for the n-th time."""
    steps = count(1)
    real = os.fsync

    def fsync(handle: int) -> None:
        if next(steps) == step:
            os.kill(os.getpid(), signal.SIGKILL)
        real(handle)

    durable.os.fsync = fsync
    yield


def work(root: Path, number: int) -> None:
    """All of a batch, as a run does it and does it again after it was killed."""
    batch = Archive(root).open_batch(f"batch-{number}", FIRST_DAY)
    if not batch.sealed:
        batch.add_original(b"one", "f1", "a.edi")
        batch.write_json("error", {"number": number})
    batch.seal({"number": number})


def killed_work(root: Path, number: int, step: int) -> None:
    with killed_at(step):
        work(root, number)


def test_killed_at_whatever_step_the_next_try_finishes(tmp_path: Path) -> None:
    fork = multiprocessing.get_context("fork")
    for step in range(1, 100):
        root = tmp_path / f"killed-{step}"
        work(root, 0)
        child = fork.Process(target=killed_work, args=(root, 1, step))
        child.start()
        child.join()
        assert Archive(root).verify() == [], step
        work(root, 1)
        work(root, 2)
        assert Archive(root).verify() == [], step
        found = [manifest.content["number"] for manifest in Archive(root).manifests()]
        assert found == [0, 1, 2], step
        assert not list(root.rglob("*.part"))
        if child.exitcode == 0:
            break
        assert child.exitcode == -signal.SIGKILL
    assert step > 10


def test_killed_while_sealing_another_batch_may_go_first(tmp_path: Path) -> None:
    fork = multiprocessing.get_context("fork")
    for step in range(1, 100):
        root = tmp_path / f"killed-{step}"
        child = fork.Process(target=killed_work, args=(root, 1, step))
        child.start()
        child.join()
        work(root, 2)
        work(root, 1)
        assert Archive(root).verify() == [], step
        assert {manifest.batch_id for manifest in Archive(root).manifests()} == {
            "batch-1",
            "batch-2",
        }
        if child.exitcode == 0:
            break
    assert step > 10


def test_processes_that_seal_at_once_make_one_chain(archive: Archive) -> None:
    fork = multiprocessing.get_context("fork")
    children = [fork.Process(target=work, args=(archive.root, number)) for number in range(8)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0] * 8
    assert archive.verify() == []
    assert [manifest.sequence for manifest in archive.manifests()] == list(range(1, 9))
