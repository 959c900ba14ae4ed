"""What is written is read by others: Python's zipfile, and unzip where there is one."""

from __future__ import annotations

import io
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.odoo import zip_file
from etl.odoo.zip_file import ZipWriter


def written(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    writer = ZipWriter(stream)
    for name, content in members.items():
        writer.add(name, content)
    writer.end()
    return stream.getvalue()


def read(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert {one.date_time for one in archive.infolist()} <= {(1980, 1, 1, 0, 0, 0)}
        return {name: archive.read(name) for name in archive.namelist()}


@given(st.dictionaries(st.from_regex(r"[a-z]{1,9}\.edi", fullmatch=True), st.binary(max_size=500)))
def test_any_members_come_back(members: dict[str, bytes]) -> None:
    assert read(written(members)) == members


def test_more_members_than_16_bits_count() -> None:
    members = {f"{n}.edi": b"x" for n in range(66_000)}
    assert read(written(members)) == members


def test_members_beyond_what_32_bits_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_file, "_MOST_BYTES", 100)
    members = {f"{n}.edi": b"ISA%d" % n for n in range(9)}
    assert read(written(members)) == members


@pytest.mark.skipif(shutil.which("unzip") is None, reason="no unzip here")
@pytest.mark.parametrize("most", [100, 0xFFFFFFFF])
def test_unzip_finds_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(zip_file, "_MOST_BYTES", most)
    path = tmp_path / "a.zip"
    path.write_bytes(written({f"{n}.edi": b"ISA" * n for n in range(9)}))
    done = subprocess.run(["unzip", "-t", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
