"""EDI files as an engineer looks into them: whole, and with each defect in its place."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from etl.errors import ConfigurationError, DataError
from etl.jobs.edi_files import bytes_of, json_of, shown_file
from tests.formats.x12 import interchanges as x12

CORPUS = os.environ.get("ETL_CORPUS")


@pytest.mark.skipif(CORPUS is None, reason="ETL_CORPUS not set")
def test_every_file_of_the_corpus_is_shown_whole_with_all_its_defects(tmp_path: Path) -> None:
    shown = 0
    files = [
        file
        for folder in ("x12", "edifact")
        for file in sorted((Path(CORPUS or "") / folder).rglob("*"))
        if file.is_file()
    ]
    for file in files:
        try:
            found = shown_file(file, {})
            form = json.loads("".join(json_of(file, None)))
        except (ConfigurationError, DataError):
            continue  # a UNB of which the first byte is lost, separators of several bytes
        shown += 1
        nodes = list(found.segments())
        listed = [each for part in form["parts"] for each in part["segments"]]
        ids = [node.id for node in nodes]
        if isinstance(listed[-1], str) and listed[-1].strip():
            # a last segment that nothing ends is text in the form, which gives the same bytes again
            assert listed[-1].strip().startswith(ids.pop())
        assert ids == [each[0] for each in listed if isinstance(each, list)]
        marked = [defect for node in nodes for defect in node.defects]
        assert sorted(map(str, marked)) == sorted(map(str, found.checked.defects)), file.name
        copy = tmp_path / "form.json"
        copy.write_text("".join(json_of(file, None)), "utf-8")
        assert bytes_of(copy) == file.read_bytes()
    assert shown > 0.9 * len(files)


def test_a_severity_of_the_other_syntax_does_not_keep_a_file_from_being_shown(
    tmp_path: Path,
) -> None:
    file = tmp_path / "invoice.edi"
    file.write_bytes(x12.plain(1))
    found = shown_file(file, {"envelope": {"isa": "warn", "unb": "warn"}})
    assert [node.id for node in found.segments()][:3] == ["ISA", "GS", "ST"]
