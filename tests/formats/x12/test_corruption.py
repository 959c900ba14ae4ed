"""Whatever happens to a file, the reader neither crashes nor gives a changed record in silence."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from etl.formats.edi.reading.reader import EdiChunk
from tests.formats.x12.interchanges import group, interchange, plain, read, transaction, written

WHOLE = plain(4)
HEADER = ("ST.02", "B3.02", "B3.07", "C3.01", "N1[01=BT].02", "N1[01=CN]/N4.01", "L3.05", "SE.01")
LINE = ("LX.01", "L1.04", "L1.08", "LX/N9[01=CN].02", "LX/N1/N4.01")
SEVERAL = written(
    [
        *interchange(group(transaction("0001"), transaction("0002")), group(transaction("3"))),
        *interchange(group(transaction("0001")), number="000000002"),
    ],
    "|",
)


def records(chunks: list[EdiChunk]) -> list[tuple[bool, dict[str, list[str | None]]]]:
    """For each transaction, whether a defect rejects it, and all that is mapped of it."""
    found = []
    for chunk in chunks:
        rows, lines = chunk.records(), chunk.children("LX/L1")
        rejected = {d.record for d in chunk.defects if d.severity == "reject"}
        header = {path: rows.column(path).to_pylist() for path in HEADER}
        line = {path: lines.column(path).to_pylist() for path in LINE}
        owners = lines.record.tolist()
        for record in range(len(rows)):
            content = {path: [values[record]] for path, values in header.items()}
            for path, values in line.items():
                content[path] = [v for v, own in zip(values, owners, strict=True) if own == record]
            found.append((record in rejected, content))
        for defect in chunk.defects:
            assert str(defect)
            assert defect.position.file
            offset = defect.position.byte_offset
            assert offset is None or 0 <= offset <= chunk.files[defect.file].size
        rows.lineage()
        lines.lineage()
    return found


SOUND = {content["ST.02"][0]: content for _, content in records(read(WHOLE))}


def file_is_accused(chunks: list[EdiChunk]) -> bool:
    return any(d.record is None and d.severity == "reject" for c in chunks for d in c.defects)


@given(st.integers(0, len(WHOLE) - 1))
def test_a_file_cut_anywhere_gives_only_whole_records_and_says_that_it_is_cut(at: int) -> None:
    chunks = read(WHOLE[:at])
    sound = [content for rejected, content in records(chunks) if not rejected]
    assert sound == list(SOUND.values())[: len(sound)]
    assert file_is_accused(chunks) or at >= len(WHOLE) - len("~\n")


@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 400))
def test_what_loses_whole_segments_is_rejected_or_unchanged(start: int, length: int) -> None:
    lost = WHOLE[start : start + length]
    chunks = read(WHOLE[:start] + WHOLE[start + length :])
    for rejected, content in records(chunks):
        if not rejected and lost.count(b"~") > 0:
            assert content == SOUND.get(content["ST.02"][0])


@given(st.integers(0, WHOLE.count(b"~") - 1), st.binary(min_size=1, max_size=1))
@example(0, b"\n")  # the ISA then declares a newline, and every segment ends with a stray ~
def test_a_lost_terminator_rejects_its_transaction_or_accuses_the_file(
    which: int, instead: bytes
) -> None:
    parts = WHOLE.split(b"~")
    damaged = b"~".join(parts[: which + 1]) + instead + b"~".join(parts[which + 1 :])
    chunks = read(damaged)
    if instead == b"~":
        assert not file_is_accused(chunks)
        return
    untouched = [content for rejected, content in records(chunks) if not rejected]
    assert all(content == SOUND.get(content["ST.02"][0]) for content in untouched)
    last = which == len(parts) - 2 and instead in b" \t\r\n"
    assert len(untouched) < len(SOUND) or file_is_accused(chunks) or last


@example(one=24, to=1)
@given(st.integers(0, WHOLE.count(b"~") - 1), st.integers(0, WHOLE.count(b"~") - 1))
def test_a_segment_sent_twice_or_moved_to_another_transaction_is_found(one: int, to: int) -> None:
    segments = WHOLE.split(b"~\n")[:-1]
    repeated = b"~\n".join([*segments[:to], segments[one], *segments[to:], b""])
    chunks = read(repeated)
    found = records(chunks)
    sound = [content for rejected, content in found if not rejected]
    assert all(content == SOUND.get(content["ST.02"][0]) for content in sound)
    # a lone ST costs none of the sound ones, but is a rejected transaction of its own
    assert any(rejected for rejected, _ in found) or file_is_accused(chunks)


@settings(max_examples=300)
@given(
    st.sampled_from([WHOLE, SEVERAL, plain(2, "\r\n"), plain(2, "")]),
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
def test_any_bytes_after_a_valid_isa_are_read_to_the_end(rest: bytes) -> None:
    assert all(rejected for rejected, _ in records(read(WHOLE[:107] + rest)))


@given(st.binary(max_size=300))
def test_any_bytes_at_all_are_read_to_the_end(data: bytes) -> None:
    assert records(read(data)) == []
