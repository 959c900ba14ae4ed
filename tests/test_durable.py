import errno
import os
from pathlib import Path

import pytest

from etl import durable
from etl.durable import make_folder, write_whole, written_whole
from etl.errors import TechnicalError, TerminalError


def fail_with(number: int):
    def failing(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    return failing


def test_a_file_takes_its_name_only_when_it_is_complete(tmp_path: Path) -> None:
    final = tmp_path / "a.json"
    with written_whole(final) as part:
        part.write_bytes(b"whole")
        assert not final.exists()
    assert final.read_bytes() == b"whole"
    assert os.listdir(tmp_path) == ["a.json"]


def test_a_failure_leaves_the_old_content_and_no_temporary_file(tmp_path: Path) -> None:
    final = tmp_path / "a.json"
    write_whole(final, b"old")

    def fail_half_way() -> None:
        with written_whole(final) as part:
            part.write_bytes(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    assert final.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.json"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_with_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(durable.os, "fsync", fail_with(number))
    with pytest.raises(TerminalError, match=f"no space left in {tmp_path}; free some"):
        write_whole(tmp_path / "a.json", b"x")
    assert os.listdir(tmp_path) == []


def test_missing_rights_are_told_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durable.os, "fsync", fail_with(errno.EROFS))
    with pytest.raises(TerminalError, match=f"{tmp_path} may not be written"):
        write_whole(tmp_path / "a.json", b"x")


def test_another_error_of_the_disk_is_technical(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durable.os, "fsync", fail_with(errno.EIO))
    with pytest.raises(TechnicalError, match=str(tmp_path)):
        write_whole(tmp_path / "a.json", b"x")


def test_the_content_reaches_the_disk_before_the_name_and_the_folder_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[list[str]] = []
    monkeypatch.setattr(durable, "fsync", lambda path: synced.append([path.name, *names()]))

    def names() -> list[str]:
        return sorted(os.listdir(tmp_path))

    write_whole(tmp_path / "a", b"x")
    assert synced == [["a.part", "a.part"], [tmp_path.name, "a"]]


def test_folders_are_made_with_their_parents_and_again_without_harm(tmp_path: Path) -> None:
    folder = tmp_path / "2026" / "11" / "23"
    make_folder(folder)
    make_folder(folder)
    assert folder.is_dir()


def test_a_file_in_the_way_of_a_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "2026").write_bytes(b"")
    with pytest.raises(TechnicalError, match="2026"):
        make_folder(tmp_path / "2026" / "11")
