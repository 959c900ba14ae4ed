"""Files that are added to the outbox: whole or not there, and none overwritten."""

from pathlib import Path

import pytest

from etl.odoo.outbox_files import OutboxFiles


def write(folder: Path, *contents: str) -> None:
    with OutboxFiles(folder, "b1") as files:
        for content in contents:
            files.new("bills", "csv").write_text(content)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_files_of_one_part_are_numbered_in_their_turn(tmp_path: Path) -> None:
    with OutboxFiles(tmp_path, "b1") as files:
        files.new("bills", "csv", turn=2).write_text("second")
        files.new("bills", "csv", turn=1).write_text("first")
    assert names(tmp_path) == ["b1-bills-2.csv", "b1-bills.csv"]
    assert (tmp_path / "b1-bills.csv").read_text() == "first"


def test_the_same_again_is_left_and_other_content_gets_a_number(tmp_path: Path) -> None:
    write(tmp_path, "a")
    before = (tmp_path / "b1-bills.csv").stat()
    write(tmp_path, "a")
    write(tmp_path, "b")
    write(tmp_path, "b")
    assert names(tmp_path) == ["b1-bills-2.csv", "b1-bills.csv"]
    assert (tmp_path / "b1-bills.csv").stat().st_mtime_ns == before.st_mtime_ns


def half_written(folder: Path) -> None:
    with OutboxFiles(folder, "b1") as files:
        files.new("bills", "csv").write_text("half")
        raise ValueError("wrong")


def test_where_the_body_raises_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="wrong"):
        half_written(tmp_path)
    assert names(tmp_path) == []


def test_no_file_makes_no_folder(tmp_path: Path) -> None:
    with OutboxFiles(tmp_path / "outbox", "b1"):
        pass
    assert not (tmp_path / "outbox").exists()
