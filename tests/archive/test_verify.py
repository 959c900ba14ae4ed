"""Every way of tampering with an archive, and the name it is given."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from etl.archive import Code, Finding
from etl.archive import manifest as manifests
from etl.archive.chain import HEAD, LOCK
from tests.archive.conftest import FIRST_DAY, Sealed


def flip(path: Path, at: int = -5) -> None:
    """Turn one bit of one byte."""
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def found(sealed: Sealed, **expected: object) -> list[tuple[Code, str]]:
    return [(finding.code, finding.path) for finding in sealed.archive.verify(**expected)]  # type: ignore[arg-type]


def original(sealed: Sealed, number: int) -> Path:
    return next((sealed.folder(number) / "originals").glob("*.zst"))


def point_head_to(sealed: Sealed, number: int) -> None:
    link = sealed.manifests[number].link
    (sealed.archive.root / HEAD).write_bytes(manifests.encode(asdict(link)))


def test_an_untouched_archive_gives_no_finding(sealed: Sealed) -> None:
    assert sealed.archive.verify() == []
    assert sealed.archive.verify(expected_head=sealed.manifests[0].sha256) == []
    by_batch = {manifest.batch_id: manifest.sha256 for manifest in sealed.manifests}
    assert sealed.archive.verify(expected_manifests=by_batch) == []


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_flipped_byte_of_an_original(sealed: Sealed, number: int) -> None:
    path = original(sealed, number)
    flip(path)
    (finding,) = sealed.archive.verify()
    assert finding.code == Code.FILE_CHANGED
    assert finding.path == path.relative_to(sealed.archive.root).as_posix()
    assert "expected" in finding.message
    assert str(finding) == f"FILE_CHANGED {finding.path}: {finding.message}"


@pytest.mark.parametrize("name", ["records/expected_charge.parquet", "reconciliation.parquet"])
def test_a_flipped_byte_of_a_table(sealed: Sealed, name: str) -> None:
    flip(sealed.folder(1) / name)
    assert found(sealed) == [(Code.FILE_CHANGED, f"2026/11/22/batch-1/{name}")]


def test_a_flipped_byte_of_a_manifest_is_named_by_the_next_one(sealed: Sealed) -> None:
    path = sealed.folder(1) / "manifest.json"
    content = path.read_bytes()
    path.write_bytes(content.replace(b'"number": 1', b'"number": 7'))
    (finding,) = sealed.archive.verify()
    assert (finding.code, finding.path) == (
        Code.MANIFEST_CHANGED,
        "2026/11/22/batch-1/manifest.json",
    )
    assert sealed.manifests[1].sha256 in finding.message
    assert "batch-2/manifest.json" in finding.message


def test_a_flipped_byte_of_the_last_manifest_is_named_by_the_head(sealed: Sealed) -> None:
    path = sealed.folder(2) / "manifest.json"
    path.write_bytes(path.read_bytes().replace(b'"number": 2', b'"number": 7'))
    (finding,) = sealed.archive.verify()
    assert finding.code == Code.MANIFEST_CHANGED
    assert HEAD in finding.message


def test_every_byte_of_a_manifest_counts(sealed: Sealed) -> None:
    path = sealed.folder(1) / "manifest.json"
    content = path.read_bytes()
    for at in range(0, len(content), 37):
        flip(path, at)
        assert any(path.parent.name in finding.path for finding in sealed.archive.verify()), at
        path.write_bytes(content)
    assert sealed.archive.verify() == []


def test_a_manifest_that_is_no_json_any_more(sealed: Sealed) -> None:
    (sealed.folder(1) / "manifest.json").write_bytes(b"{")
    assert found(sealed) == [(Code.MANIFEST_UNREADABLE, "2026/11/22/batch-1/manifest.json")]


def test_a_forged_original_with_its_manifest_rewritten(sealed: Sealed) -> None:
    path = original(sealed, 0)
    flip(path)
    manifest = sealed.folder(0) / "manifest.json"
    raw = json.loads(manifest.read_bytes())
    for file in raw["files"]:
        content = (sealed.folder(0) / file["path"]).read_bytes()
        file |= {"sha256": manifests.hashlib.sha256(content).hexdigest(), "size": len(content)}
    manifest.write_bytes(manifests.encode(raw))
    assert found(sealed) == [(Code.MANIFEST_CHANGED, "2026/11/21/batch-0/manifest.json")]


def test_a_missing_file(sealed: Sealed) -> None:
    path = original(sealed, 1)
    path.unlink()
    assert found(sealed) == [(Code.FILE_MISSING, path.relative_to(sealed.archive.root).as_posix())]


def test_an_extra_file(sealed: Sealed) -> None:
    (sealed.folder(1) / "records" / "extra.parquet").write_bytes(b"")
    (sealed.folder(2) / ".hidden").symlink_to("/etc")
    assert found(sealed) == [
        (Code.FILE_EXTRA, "2026/11/22/batch-1/records/extra.parquet"),
        (Code.FILE_EXTRA, "2026/11/23/batch-2/.hidden"),
    ]


def test_a_link_in_place_of_a_file_is_not_followed(sealed: Sealed, tmp_path: Path) -> None:
    path = sealed.folder(1) / "reconciliation.parquet"
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert found(sealed) == [(Code.FILE_CHANGED, "2026/11/22/batch-1/reconciliation.parquet")]


def test_a_deleted_batch_in_the_middle(sealed: Sealed) -> None:
    shutil.rmtree(sealed.folder(1))
    (finding,) = sealed.archive.verify()
    assert (finding.code, finding.path) == (Code.BATCH_MISSING, "2026/11/22/batch-1")
    assert "2026/11/23/batch-2/manifest.json" in finding.message


def test_a_deleted_first_batch(sealed: Sealed) -> None:
    shutil.rmtree(sealed.folder(0))
    assert found(sealed) == [(Code.BATCH_MISSING, "2026/11/21/batch-0")]


def test_a_deleted_manifest(sealed: Sealed) -> None:
    (sealed.folder(1) / "manifest.json").unlink()
    assert found(sealed) == [(Code.MANIFEST_MISSING, "2026/11/22/batch-1/manifest.json")]


def test_two_neighbours_deleted_are_told_as_far_as_they_are_known(sealed: Sealed) -> None:
    sealed.add(3)
    shutil.rmtree(sealed.folder(1))
    shutil.rmtree(sealed.folder(2))
    assert found(sealed) == [(Code.BATCH_MISSING, "2026/11/23/batch-2")]
    by_batch = {manifest.batch_id: manifest.sha256 for manifest in sealed.manifests}
    assert found(sealed, expected_manifests=by_batch) == [
        (Code.BATCH_MISSING, "2026/11/23/batch-2"),
        (Code.WITNESS_DIFFERS, "batch-1"),
        (Code.WITNESS_DIFFERS, "batch-2"),
    ]


def test_a_change_before_a_gap_still_shows_in_its_files(sealed: Sealed) -> None:
    shutil.rmtree(sealed.folder(1))
    flip(original(sealed, 0))
    assert [code for code, _ in found(sealed)] == [Code.BATCH_MISSING, Code.FILE_CHANGED]


def test_batches_whose_folders_changed_places(sealed: Sealed) -> None:
    first, second = sealed.folder(0), sealed.folder(1)
    first.rename(first.with_name("aside"))
    second.rename(first)
    first.with_name("aside").rename(second)
    assert sorted(found(sealed)) == [
        (Code.BATCH_MOVED, "2026/11/21/batch-0"),
        (Code.BATCH_MOVED, "2026/11/22/batch-1"),
    ]


def test_a_batch_moved_to_another_day(sealed: Sealed) -> None:
    target = sealed.archive.root / "2026/11/01/batch-1"
    target.parent.mkdir(parents=True)
    sealed.folder(1).rename(target)
    assert found(sealed) == [(Code.BATCH_MOVED, "2026/11/01/batch-1")]


def test_a_copy_of_a_batch(sealed: Sealed) -> None:
    shutil.copytree(sealed.folder(1), sealed.folder(1).with_name("copy"))
    assert found(sealed) == [(Code.NOT_IN_CHAIN, "2026/11/22/copy")]


def test_manifests_relinked_in_another_order(sealed: Sealed) -> None:
    """Batch 1 is made the first and batch 0 the second, each with a consistent link."""
    raw = [json.loads((sealed.folder(n) / "manifest.json").read_bytes()) for n in (0, 1)]
    raw[1] |= {"sequence": 1, "previous": None}
    data = manifests.encode(raw[1])
    (sealed.folder(1) / "manifest.json").write_bytes(data)
    raw[0] |= {"sequence": 2, "previous": asdict(manifests.parse(data).link)}
    (sealed.folder(0) / "manifest.json").write_bytes(manifests.encode(raw[0]))
    codes = found(sealed)
    assert (Code.MANIFEST_CHANGED, "2026/11/22/batch-1/manifest.json") in codes
    assert (Code.NOT_IN_CHAIN, "2026/11/21/batch-0") in codes


def test_a_cut_tail_is_named_by_the_head_pointer(sealed: Sealed) -> None:
    shutil.rmtree(sealed.folder(2))
    (finding,) = sealed.archive.verify()
    assert (finding.code, finding.path) == (Code.TAIL_CUT, "2026/11/23/batch-2")


def test_a_head_turned_back_leaves_a_batch_outside_of_the_chain(sealed: Sealed) -> None:
    point_head_to(sealed, 1)
    assert found(sealed) == [(Code.NOT_IN_CHAIN, "2026/11/23/batch-2")]


def cut_tail_consistently(sealed: Sealed) -> None:
    shutil.rmtree(sealed.folder(2))
    point_head_to(sealed, 1)


def test_a_tail_cut_with_its_head_rewritten_shows_only_to_an_outside_witness(
    sealed: Sealed,
) -> None:
    noted = sealed.archive.head()
    assert noted is not None
    cut_tail_consistently(sealed)
    assert sealed.archive.verify() == []  # nothing inside can tell: documented
    (finding,) = sealed.archive.verify(expected_head=noted.manifest_sha256)
    assert finding.code == Code.TAIL_CUT
    assert noted.manifest_sha256 in finding.message
    assert found(sealed, expected_manifests={"batch-2": noted.manifest_sha256}) == [
        (Code.WITNESS_DIFFERS, "batch-2")
    ]


def test_a_tail_cut_and_grown_again_shows_to_the_witness(sealed: Sealed) -> None:
    noted = sealed.manifests[2].sha256
    cut_tail_consistently(sealed)
    sealed.add(3)
    assert sealed.archive.verify() == []
    assert [code for code, _ in found(sealed, expected_head=noted)] == [Code.TAIL_CUT]


def test_a_chain_written_anew_from_the_first_batch_shows_to_the_witness(sealed: Sealed) -> None:
    by_batch = {manifest.batch_id: manifest.sha256 for manifest in sealed.manifests}
    days = [manifest.folder.split("/")[2] for manifest in sealed.manifests]
    shutil.rmtree(sealed.archive.root)
    for number, _ in enumerate(days):
        batch = sealed.archive.open_batch(
            f"batch-{number}", FIRST_DAY.replace(day=FIRST_DAY.day + number)
        )
        batch.seal({"forged": True})
    assert sealed.archive.verify() == []
    assert found(sealed, expected_manifests=by_batch) == [
        (Code.WITNESS_DIFFERS, f"batch-{number}") for number in range(3)
    ]


def test_a_missing_head(sealed: Sealed) -> None:
    (sealed.archive.root / HEAD).unlink()
    assert found(sealed) == [(Code.HEAD_LOST, HEAD)]


def test_an_unreadable_head(sealed: Sealed) -> None:
    (sealed.archive.root / HEAD).write_bytes(b"\x00")
    assert found(sealed) == [(Code.HEAD_LOST, HEAD)]


@pytest.mark.parametrize("previous", [None, "self"])
def test_a_manifest_that_points_to_itself_or_nowhere_ends_the_walk(
    sealed: Sealed, previous: str | None
) -> None:
    path = sealed.folder(2) / "manifest.json"
    raw = json.loads(path.read_bytes())
    raw["previous"] = asdict(sealed.manifests[2].link) if previous else None
    path.write_bytes(manifests.encode(raw))
    assert (Code.MANIFEST_CHANGED, "2026/11/23/batch-2/manifest.json") in found(sealed)


def test_several_troubles_are_all_named(sealed: Sealed) -> None:
    flip(original(sealed, 0))
    flip(sealed.folder(1) / "reconciliation.parquet")
    (sealed.folder(2) / "extra").write_bytes(b"")
    assert {code for code, _ in found(sealed)} == {Code.FILE_CHANGED, Code.FILE_EXTRA}
    assert len(found(sealed)) == 3


def test_open_batches_are_not_looked_at(sealed: Sealed) -> None:
    batch = sealed.archive.open_batch("open", FIRST_DAY)
    batch.add_original(b"x", "f", "x")
    assert sealed.archive.verify() == []


def test_verifying_changes_nothing(sealed: Sealed) -> None:
    def state() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in sealed.archive.root.rglob("*")}

    before = state()
    sealed.archive.verify()
    assert state() == before


def test_an_archive_on_a_read_only_medium_can_be_verified(
    sealed: Sealed, monkeypatch: pytest.MonkeyPatch
) -> None:
    real: Callable[..., int] = os.open

    def read_only(path: Path, flags: int, *mode: int) -> int:
        if Path(path).name == LOCK:
            raise OSError(30, "Read-only file system")
        return real(path, flags, *mode)

    monkeypatch.setattr(os, "open", read_only)
    assert sealed.archive.verify() == []


def test_progress_is_told_batch_by_batch(sealed: Sealed) -> None:
    told: list[tuple[int, int]] = []
    sealed.archive.verify(progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_findings_are_plain_values() -> None:
    assert Finding(Code.TAIL_CUT, "a", "b") == Finding(Code.TAIL_CUT, "a", "b")
