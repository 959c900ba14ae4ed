from datetime import date

import pytest

from etl.archive import Archive
from etl.errors import TerminalError
from tests.archive.conftest import FIRST_DAY, Sealed


def test_a_batch_is_found_by_its_id_on_whatever_day(sealed: Sealed) -> None:
    found = sealed.archive.find_batch("batch-1")
    assert found is not None
    assert found.folder == "2026/11/22/batch-1"
    assert found.sealed
    assert sealed.archive.find_batch("batch-9") is None


def test_an_original_is_found_in_whatever_batch(sealed: Sealed) -> None:
    wanted = sealed.manifests[1].originals[0]
    found = sealed.archive.find_original(wanted.sha256)
    assert found is not None
    assert (found.sha256, found.size) == (wanted.sha256, wanted.size)
    assert found.read() == b"ISA*1~" * 50
    with sealed.archive.open_original(wanted.sha256) as stream:
        assert stream.read() == b"ISA*1~" * 50


def test_an_original_of_an_open_batch_is_found_too(archive: Archive) -> None:
    stored = archive.open_batch("open", FIRST_DAY).add_original(b"x", "f1", "x.edi")
    assert archive.find_original(stored.sha256) == stored
    another = archive.open_batch("open", FIRST_DAY).add_original(b"y", "f2", "y.edi")
    assert archive.find_original(another.sha256) == another


def test_originals_of_several_batches_are_found_in_any_order(sealed: Sealed) -> None:
    for number in (0, 0, 2, 1, 2, 0):
        wanted = sealed.manifests[number].originals[0]
        with sealed.archive.open_original(wanted.sha256) as stream:
            assert stream.read() == f"ISA*{number}~".encode() * 50
        assert sealed.archive.find_original(wanted.sha256) is not None


def test_the_folder_of_a_manifest_is_given(sealed: Sealed) -> None:
    batch = sealed.archive.batch_of(sealed.manifests[1])
    assert batch.manifest() == sealed.manifests[1]
    assert batch.find_original("0" * 64) is None


def test_an_unknown_original_is_told(archive: Archive) -> None:
    assert archive.find_original("0" * 64) is None
    with pytest.raises(TerminalError, match="has no original with sha256 0000"):
        archive.open_original("0" * 64)


@pytest.mark.parametrize("pattern", ["*", "../x", "[a]"])
def test_an_id_is_not_a_pattern(sealed: Sealed, pattern: str) -> None:
    with pytest.raises(ValueError, match="not a plain name"):
        sealed.archive.find_batch(pattern)
    with pytest.raises(ValueError, match="not a plain name"):
        sealed.archive.find_original(pattern)


def test_opening_a_batch_again_keeps_what_it_has(archive: Archive) -> None:
    archive.open_batch("b", FIRST_DAY).write_json("note", [1])
    assert archive.open_batch("b", FIRST_DAY).read_json("note") == [1]


def test_years_are_four_digits(archive: Archive) -> None:
    assert archive.open_batch("b", date(999, 1, 2)).folder.startswith("0999/01/02/")
