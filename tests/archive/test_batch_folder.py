import errno
import hashlib
import json
import os
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from etl.archive import Archive, BatchFolder, batch_folder
from etl.errors import TerminalError
from tests.archive.conftest import FIRST_DAY, charges, fill

HOSTILE = ["../../etc/passwd", "a\x00b\n", "x" * 300, "lone\udcff", "größe.edi", ""]


def test_a_batch_lies_in_the_folder_of_its_day(archive: Archive) -> None:
    batch = archive.open_batch("20261123T010203-ab", date(2026, 1, 3))
    assert batch.folder == "2026/01/03/20261123T010203-ab"
    assert batch.path == archive.root / batch.folder
    assert batch.day == date(2026, 1, 3)
    assert not batch.sealed


@pytest.mark.parametrize("hostile", ["", "..", "a/b", "a\\b", "a\x00", "ü", ".hidden", "x" * 101])
def test_a_batch_id_is_a_plain_name(archive: Archive, hostile: str) -> None:
    with pytest.raises(ValueError, match="not a plain name"):
        archive.open_batch(hostile, FIRST_DAY)
    assert not archive.root.exists()


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_kept_but_never_used(batch: BatchFolder, name: str) -> None:
    stored = batch.add_original(b"bytes", "f1", name)
    assert set(os.listdir(batch.path / "originals")) == {stored.path.name, "index.jsonl"}
    assert [original.original_name for original in batch.seal({}).originals] == [name]


def test_the_same_file_twice_changes_nothing(batch: BatchFolder) -> None:
    batch.add_original(b"bytes", "f1", "a.edi")
    before = {path: path.stat().st_mtime_ns for path in batch.path.rglob("*")}
    batch.add_original(b"bytes", "f1", "a.edi")
    assert {path: path.stat().st_mtime_ns for path in batch.path.rglob("*")} == before


def test_equal_bytes_of_two_files_are_stored_once_and_named_twice(batch: BatchFolder) -> None:
    first = batch.add_original(b"bytes", "f1", "a.edi")
    again = batch.add_original(b"bytes", "f2", "b.edi")
    assert first == again
    assert [original.file_id for original in batch.originals()] == ["f1", "f2"]
    assert len(list((batch.path / "originals").glob("*.zst"))) == 1


def test_other_bytes_under_a_file_id_are_refused(batch: BatchFolder) -> None:
    batch.add_original(b"bytes", "f1", "a.edi")
    with pytest.raises(TerminalError, match="other bytes under the file id f1"):
        batch.add_original(b"else", "f1", "a.edi")


def test_another_process_sees_the_originals(archive: Archive, batch: BatchFolder) -> None:
    stored = batch.add_original(b"bytes", "f1", "a.edi")
    again = archive.open_batch(batch.id, FIRST_DAY)
    assert again.read_original(stored.sha256) == b"bytes"
    with again.open_original(stored.sha256) as stream:
        assert stream.read(2) == b"by"


def test_an_unknown_original_is_told(batch: BatchFolder) -> None:
    with pytest.raises(TerminalError, match="no original with sha256 0000"):
        batch.read_original("0" * 64)


def test_a_torn_line_of_the_index_is_cut_off_and_written_anew(
    archive: Archive, batch: BatchFolder
) -> None:
    batch.add_original(b"one", "f1", "a.edi")
    batch.add_original(b"two", "f2", "b.edi")
    index = batch.path / "originals" / "index.jsonl"
    os.truncate(index, index.stat().st_size - 10)
    again = archive.open_batch(batch.id, FIRST_DAY)
    assert [original.file_id for original in again.originals()] == ["f1"]
    again.add_original(b"two", "f2", "b.edi")
    lines = index.read_text("ascii").splitlines()
    assert [json.loads(line)["file_id"] for line in lines] == ["f1", "f2"]


def test_a_disk_that_is_full_within_a_line_of_the_index_does_no_harm(
    batch: BatchFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch.add_original(b"one", "f1", "a.edi")
    index = batch.path / "originals" / "index.jsonl"

    def full(path: Path) -> None:
        if path.exists() and path.stat().st_size > 200:
            os.truncate(path, path.stat().st_size - 10)
            raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(batch_folder.os, "fsync", lambda _: full(index))
        with pytest.raises(TerminalError, match="no space left"):
            batch.add_original(b"one", "f2", "b.edi")
    batch.add_original(b"two", "f3", "c.edi")
    assert [json.loads(line)["file_id"] for line in index.read_bytes().splitlines()] == ["f1", "f3"]
    assert [original.file_id for original in batch.originals()] == ["f1", "f3"]


def test_records_and_results_lie_where_the_documentation_says(batch: BatchFolder) -> None:
    for name in ("freight_invoice", "reconciliation", "reconciliation_lines", "pushes"):
        batch.write_table(name, charges(0))
    batch.write_json("error", {"code": "SE_COUNT"})
    assert sorted(p.relative_to(batch.path).as_posix() for p in batch.path.rglob("*.*")) == [
        "error.json",
        "pushes.parquet",
        "reconciliation.parquet",
        "reconciliation_lines.parquet",
        "records/freight_invoice.parquet",
    ]
    assert batch.read_table("freight_invoice").equals(charges(0))
    assert batch.read_json("error") == {"code": "SE_COUNT"}


def test_a_table_may_be_written_again_until_the_batch_is_sealed(batch: BatchFolder) -> None:
    batch.write_table("freight_invoice", charges(0))
    batch.write_table("freight_invoice", charges(1))
    assert batch.read_table("freight_invoice").equals(charges(1))


def test_what_is_missing_is_told_by_name(batch: BatchFolder) -> None:
    assert batch.find_table("freight_invoice") is None
    with pytest.raises(TerminalError, match="batch-0 has no table 'freight_invoice'"):
        batch.read_table("freight_invoice")
    with pytest.raises(TerminalError, match=r"error\.json cannot be read"):
        batch.read_json("error")
    with pytest.raises(TerminalError, match=r"manifest\.json cannot be read"):
        batch.manifest()


@pytest.mark.parametrize("name", ["../x", "a/b", ""])
def test_a_table_name_is_a_plain_name(batch: BatchFolder, name: str) -> None:
    with pytest.raises(ValueError, match="not a plain name"):
        batch.write_table(name, charges(0))
    with pytest.raises(ValueError, match="not a plain name"):
        batch.write_json(name, {})


def test_the_manifest_cannot_be_written_by_name(batch: BatchFolder) -> None:
    with pytest.raises(ValueError, match="written by sealing"):
        batch.write_json("manifest", {})


def test_the_manifest_names_every_file_with_its_hash(batch: BatchFolder) -> None:
    fill(batch, 0)
    manifest = batch.seal({"mapping": ["acme/x12-210@3"]})
    assert {file.path for file in manifest.files} == {
        path.relative_to(batch.path).as_posix()
        for path in batch.path.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }
    for file in manifest.files:
        content = (batch.path / file.path).read_bytes()
        assert (file.size, file.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert manifest.content == {"mapping": ["acme/x12-210@3"]}
    assert set(manifest.versions) == {"etl", "python", "pyarrow"}
    written = (batch.path / "manifest.json").read_bytes()
    assert manifest.sha256 == hashlib.sha256(written).hexdigest()
    assert batch.manifest() == manifest


def test_sealing_again_gives_the_first_manifest(archive: Archive, batch: BatchFolder) -> None:
    fill(batch, 0)
    first = batch.seal({"try": 1})
    assert archive.open_batch(batch.id, FIRST_DAY).seal({"try": 2}) == first
    assert archive.head() == first.link


def test_a_sealed_batch_takes_nothing_more(batch: BatchFolder) -> None:
    batch.seal({})
    for change in (
        lambda: batch.add_original(b"x", "f9", "x"),
        lambda: batch.write_table("freight_invoice", charges(0)),
        lambda: batch.write_json("error", {}),
    ):
        with pytest.raises(TerminalError, match="sealed and never changes"):
            change()


def test_content_that_is_not_json_is_refused_and_nothing_is_sealed(
    archive: Archive, batch: BatchFolder
) -> None:
    with pytest.raises(TypeError, match="not JSON serializable"):
        batch.seal({"when": date(2026, 1, 1)})
    assert not batch.sealed
    assert archive.head() is None
    batch.seal({"when": "2026-01-01"})
    assert archive.verify() == []


def test_what_a_killed_run_left_half_written_is_not_sealed(
    archive: Archive, batch: BatchFolder
) -> None:
    (batch.path / "records" / "freight_invoice.parquet.part").write_bytes(b"half")
    again = archive.open_batch(batch.id, FIRST_DAY)
    assert list(again.path.rglob("*.part")) == []
    (batch.path / "originals" / "x.zst.part").write_bytes(b"half")
    assert again.seal({}).files == ()
    assert archive.verify() == []


def test_tables_too_large_for_memory_are_written_in_pieces(batch: BatchFolder) -> None:
    with batch.table_writer("charge_line", charges(0).schema) as writer:
        for number in range(3):
            writer.write(charges(number))
    assert batch.read_table("charge_line").equals(
        pa.concat_tables([charges(0), charges(1), charges(2)])
    )


def test_a_failed_table_leaves_no_file(batch: BatchFolder) -> None:
    def fail_after_a_piece() -> None:
        with batch.table_writer("charge_line", charges(0).schema) as writer:
            writer.write(charges(0))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_after_a_piece()
    assert list((batch.path / "records").iterdir()) == []


def test_an_original_on_disk_is_taken_from_its_path(batch: BatchFolder, tmp_path: Path) -> None:
    source = tmp_path / "received"
    source.write_bytes(b"ISA*")
    assert batch.add_original(source, "f1", "a.edi").read() == b"ISA*"
    assert source.exists()
