import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etl.archive import originals
from etl.errors import TechnicalError, TerminalError


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(content=st.binary(max_size=5000))
def test_any_bytes_come_back_as_they_were(tmp_path: Path, content: bytes) -> None:
    stored = originals.store(content, tmp_path)
    assert stored.sha256 == hashlib.sha256(content).hexdigest()
    assert stored.size == len(content)
    assert stored.path == tmp_path / f"{stored.sha256}.zst"
    assert stored.read() == content


def test_the_file_is_a_plain_zstd_frame(tmp_path: Path) -> None:
    stored = originals.store(b"ISA*00*" * 1000, tmp_path)
    assert stored.path.read_bytes()[:4] == bytes.fromhex("28b52ffd")
    assert stored.path.stat().st_size < 200


def test_a_large_file_is_read_in_pieces(tmp_path: Path) -> None:
    source = tmp_path / "large"
    source.write_bytes(os.urandom(3 << 20) + b"end")
    stored = originals.store(source, tmp_path)
    with stored.open() as stream:
        pieces = iter(lambda: stream.read(100_000), b"")
        assert b"".join(pieces) == source.read_bytes()


def test_the_same_bytes_again_leave_the_file_alone(tmp_path: Path) -> None:
    first = originals.store(b"same", tmp_path)
    before = first.path.stat()
    assert originals.store(b"same", tmp_path) == first
    assert first.path.stat().st_ino == before.st_ino
    assert first.path.stat().st_mtime_ns == before.st_mtime_ns


def test_a_source_that_changes_meanwhile_is_not_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "in.edi"
    source.write_bytes(b"first")
    measured = originals._measure(source)
    source.write_bytes(b"other")
    monkeypatch.setattr(originals, "_measure", lambda _: measured)
    with pytest.raises(TechnicalError, match=r"in\.edi changed while it was being archived"):
        originals.store(source, tmp_path)
    assert os.listdir(tmp_path) == ["in.edi"]


def test_a_missing_source_names_itself(tmp_path: Path) -> None:
    with pytest.raises(TechnicalError, match="gone"):
        originals.store(tmp_path / "gone.edi", tmp_path)


def test_other_bytes_under_a_hash_are_noticed_when_read(tmp_path: Path) -> None:
    stored = originals.store(b"true", tmp_path)
    with pa.CompressedOutputStream(pa.OSFile(str(stored.path), "wb"), "zstd") as forged:
        forged.write(b"false")
    with pytest.raises(TerminalError, match="does not hold the bytes that were received"):
        stored.read()


def test_a_cut_file_is_noticed_when_read(tmp_path: Path) -> None:
    stored = originals.store(os.urandom(5000), tmp_path)
    os.truncate(stored.path, 4000)
    with pytest.raises(TerminalError, match=r"cannot be decompressed.*restore it from a backup"):
        stored.read()


def test_killed_after_the_rename_the_next_try_finds_it_done(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from etl import failpoints;"
        "from etl.archive import originals; failpoints.arm('archive.original_written');"
        "originals.store(b'bytes', Path(sys.argv[1]))"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False)
    assert killed.returncode == -9
    assert originals.store(b"bytes", tmp_path).read() == b"bytes"
    assert os.listdir(tmp_path) == [f"{hashlib.sha256(b'bytes').hexdigest()}.zst"]
