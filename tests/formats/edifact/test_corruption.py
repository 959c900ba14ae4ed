"""Whatever happens to a file, the reader neither crashes nor gives a changed record in silence."""

from __future__ import annotations

import re

from hypothesis import example, given, settings
from hypothesis import strategies as st

from etl.formats.edi.reading.reader import EdiChunk
from tests.formats.edifact.interchanges import (
    group,
    interchange,
    message,
    plain,
    read,
    with_una,
    written,
)

WHOLE = plain(4)
HEADER = (
    "UNH.01",
    "BGM.02",
    "DTM[01.1=137].01.2",
    "RFF[01.1=BM].01.2",
    "NAD[01=SU].02",
    "NAD[01=SU]/RFF[01.1=VA].01.2",
    "CUX.01.2",
    "ALC/MOA.01.2",
    "UNS/MOA[01.1=77].01.2",
    "UNS/TAX/MOA.01.2",
    "UNT.01",
)
LINE = (
    "LIN.01",
    "LIN.03",
    "MOA[01.1=203].01.2",
    "TAX/MOA.01.2",
    "RFF[01.1=CN].01.2",
    "ALC/MOA.01.2",
)
AMOUNTS = ("ALC/MOA", "LIN/MOA", "LIN/TAX/MOA", "LIN/ALC/MOA", "UNS/MOA", "UNS/TAX/MOA")
SEVERAL = written(
    [
        *interchange(group(message("1"), message("2")), group(message("3"), number="8")),
        *interchange(message("1"), number="REF2"),
    ],
    "'",
)
WITH_UNA = with_una(interchange(message("1"), message("2")), "=*.? ~")
RELEASED = plain(2).replace(b"NORDSEE LINE", b"RUE DE L?'EAU ?+ 1?:2 ??")

Record = tuple[bool, bool, dict[str, list[str | None]]]


def records(chunks: list[EdiChunk]) -> list[Record]:
    """For each message, whether a defect rejects it, whether one is told of it, and all that is
    mapped of it."""
    found: list[Record] = []
    for chunk in chunks:
        rows, lines = chunk.records(), chunk.children("LIN")
        rejected = {d.record for d in chunk.defects if d.severity == "reject"}
        told = {d.record for d in chunk.defects}
        columns = [(path, rows, rows.record.tolist()) for path in HEADER]
        columns += [(f"LIN/{path}", lines, lines.record.tolist()) for path in LINE]
        content: list[dict[str, list[str | None]]] = [{} for _ in range(len(rows))]
        for path, held, owners in columns:
            for record in content:
                record[path] = []
            values = held.column(path.removeprefix("LIN/")).to_pylist()
            for owner, value in zip(owners, values, strict=True):
                content[owner][path].append(value)
        for row in AMOUNTS:
            amounts = chunk.children(row)
            for record in content:
                record[row] = []
            values = amounts.column("MOA.01.2").to_pylist()
            for owner, value in zip(amounts.record.tolist(), values, strict=True):
                content[owner][row].append(value)
        found += [(n in rejected, n in told, each) for n, each in enumerate(content)]
        for defect in chunk.defects:
            assert str(defect)
            assert defect.position.file
            offset = defect.position.byte_offset
            assert offset is None or 0 <= offset <= chunk.files[defect.file].size
        rows.lineage()
        lines.lineage()
    return found


SOUND = {content["UNH.01"][0]: content for _, _, content in records(read(WHOLE))}


def file_is_accused(chunks: list[EdiChunk]) -> bool:
    return any(d.record is None and d.severity == "reject" for c in chunks for d in c.defects)


def test_the_sound_file_has_what_is_looked_at() -> None:
    assert len(SOUND) == 4
    for content in SOUND.values():
        assert all(values and None not in values[:1] for values in content.values())


@given(st.integers(0, len(WHOLE) - 1))
def test_a_file_cut_anywhere_gives_only_whole_records_and_says_that_it_is_cut(at: int) -> None:
    chunks = read(WHOLE[:at])
    sound = [content for rejected, _, content in records(chunks) if not rejected]
    assert sound == list(SOUND.values())[: len(sound)]
    assert file_is_accused(chunks) or at >= len(WHOLE) - len("'\n")


@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 400))
def test_what_loses_whole_segments_is_rejected_or_unchanged(start: int, length: int) -> None:
    lost = WHOLE[start : start + length]
    chunks = read(WHOLE[:start] + WHOLE[start + length :])
    for rejected, _, content in records(chunks):
        if not rejected and lost.count(b"'") > 0:
            assert content == SOUND.get(content["UNH.01"][0])


@given(st.integers(0, WHOLE.count(b"'") - 1), st.binary(min_size=1, max_size=1))
@example(0, b"?")
@example(WHOLE.count(b"'") - 1, b"\x85")  # a space to Unicode, no padding to us
def test_a_lost_terminator_rejects_its_message_or_accuses_the_file(
    which: int, instead: bytes
) -> None:
    parts = WHOLE.split(b"'")
    damaged = b"'".join(parts[: which + 1]) + instead + b"'".join(parts[which + 1 :])
    chunks = read(damaged)
    if instead == b"'":
        assert not file_is_accused(chunks)
        return
    untouched = [content for rejected, _, content in records(chunks) if not rejected]
    assert all(content == SOUND.get(content["UNH.01"][0]) for content in untouched)
    last = which == len(parts) - 2 and instead in b" \t\r\n"
    assert len(untouched) < len(SOUND) or file_is_accused(chunks) or last


@example(one=34, to=1)
@given(st.integers(0, WHOLE.count(b"'") - 1), st.integers(0, WHOLE.count(b"'") - 1))
def test_a_segment_sent_twice_or_moved_to_another_message_is_found(one: int, to: int) -> None:
    segments = WHOLE.split(b"'\n")[:-1]
    repeated = b"'\n".join([*segments[:to], segments[one], *segments[to:], b""])
    chunks = read(repeated)
    found = records(chunks)
    sound = [content for rejected, _, content in found if not rejected]
    assert all(content == SOUND.get(content["UNH.01"][0]) for content in sound)
    assert any(rejected for rejected, _, _ in found) or file_is_accused(chunks)


STRUCTURAL = [
    match.start() + offset
    for match in re.finditer(rb"(?m)^[A-Z]{3}\+|[+:']", WHOLE)
    for offset in range(len(match[0]))
]
"""Where segment ids and separators stand: what is no part of a value."""


def no_amount_is_wrong_in_silence(chunks: list[EdiChunk]) -> bool:
    """Whether each message has its amounts, or is told to be damaged, or the file is."""
    accused = file_is_accused(chunks)
    return all(
        told or accused or all(content[row] == SOUND[content["UNH.01"][0]][row] for row in AMOUNTS)
        for _, told, content in records(chunks)
    )


@given(st.integers(0, len(WHOLE)))
def test_with_a_release_character_more_no_amount_is_wrong_in_silence(at: int) -> None:
    assert no_amount_is_wrong_in_silence(read(WHOLE[:at] + b"?" + WHOLE[at:]))


@settings(max_examples=300)
@given(st.sampled_from(STRUCTURAL), st.binary(min_size=1, max_size=1))
def test_with_any_other_byte_for_an_id_or_separator_no_amount_is_wrong_in_silence(
    at: int, instead: bytes
) -> None:
    assert no_amount_is_wrong_in_silence(read(WHOLE[:at] + instead + WHOLE[at + 1 :]))


@settings(max_examples=300)
@given(
    st.sampled_from([WHOLE, SEVERAL, WITH_UNA, RELEASED, plain(2, "'\r\n"), plain(2, "'")]),
    st.lists(
        st.tuples(st.floats(0, 1), st.integers(0, 3), st.binary(max_size=4)), min_size=1, max_size=6
    ),
)
def test_any_damage_is_read_to_the_end(
    data: bytes, damages: list[tuple[float, int, bytes]]
) -> None:
    for place, length, instead in damages:
        at = int(place * len(data))
        data = data[:at] + instead + data[at + length :]
    records(read(data, data[: len(data) // 2], plain(1)))


@given(st.binary(max_size=300))
def test_any_bytes_after_a_valid_unb_are_read_to_the_end(rest: bytes) -> None:
    head = WHOLE[: WHOLE.index(b"UNH")]
    assert all(rejected for rejected, _, _ in records(read(head + rest)))


@given(st.binary(max_size=300))
def test_any_bytes_at_all_are_read_to_the_end(data: bytes) -> None:
    assert records(read(data)) == []


@given(st.text(alphabet="UNBAHTZ+:?'* \n1", max_size=200))
def test_any_separators_and_service_segments_are_read_to_the_end(text: str) -> None:
    records(read(text.encode(), b"UNA:+.? '" + text.encode(), WHOLE))
