"""A file as a tree: what stands in what, with names, and defects where they stand."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import pytest

from etl.defects import Defect, Position
from etl.formats.edi.delimiters import Delimiters
from etl.formats.edi.outgoing import OutgoingTransaction, segment
from etl.formats.edi.reading.framing import pieces
from etl.formats.edi.reading.text import text_of
from etl.formats.edi.viewing import walk as walking
from etl.formats.edi.viewing.tree import Node, SegmentNode, marked, plain, tree
from etl.formats.edi.viewing.walk import Standing, origins, walk
from etl.formats.edi.writing.writer import written
from etl.formats.edifact.syntax import EDIFACT
from etl.formats.x12.syntax import X12
from tests.formats.edi.outgoing import edifact, every, walked, x12

BILL = OutgoingTransaction(
    "210",
    "004010",
    (
        segment("B3", None, "4711", "BOL1", "PP", None, "20261125", "1500"),
        segment("N1", "SH", "SHIPPER"),
        segment("N4", "DALLAS", "TX"),
        segment("LX", "1"),
        segment("L1", "1", "1.25", "PH", "1000"),
        segment("LX", "2"),
        segment("L3", "120", "G"),
    ),
)


def outline(nodes: list[Node | SegmentNode]) -> list[Any]:
    """Segments as their ids, branches as lists that start with kind and label."""
    return [
        node.id
        if isinstance(node, SegmentNode)
        else [f"{node.branch.kind} {node.branch.label}", *outline(node.content)]
        for node in nodes
    ]


def outline_of(data: bytes, syntax: Any = X12) -> list[Any]:
    return outline(tree(marked(walked(data, syntax), [])))


def test_segments_stand_in_loops_transactions_groups_and_interchanges() -> None:
    assert outline_of(written(x12(BILL))) == [
        [
            "interchange 000000007",
            "ISA",
            [
                "group 1",
                "GS",
                [
                    "transaction 0001",
                    "ST",
                    "B3",
                    ["loop N1", "N1", "N4"],
                    ["loop LX", "LX", "L1"],
                    ["loop LX", "LX"],
                    "L3",
                    "SE",
                ],
                "GE",
            ],
            "IEA",
        ]
    ]


def test_edifact_loops_have_their_group_numbers() -> None:
    message = OutgoingTransaction(
        "INVOIC",
        "D96A",
        (
            segment("BGM", "380", "4711"),
            segment("NAD", "BY", ("4012345000009", "", "9")),
            segment("RFF", ("VA", "DE1")),
            segment("LIN", "1"),
            segment("MOA", ("203", "10")),
            segment("UNS", "S"),
            segment("MOA", ("79", "10")),
        ),
    )
    assert outline_of(written(edifact(message)), EDIFACT) == [
        [
            "interchange 7",
            "UNB",
            [
                "transaction 1",
                "UNH",
                "BGM",
                ["loop SG2", "NAD", ["loop SG3", "RFF"]],
                ["loop SG25", "LIN", ["loop SG26", "MOA"]],
                ["loop UNS", "UNS", ["loop SG48", "MOA"]],
                "UNT",
            ],
            "UNZ",
        ]
    ]


def test_what_is_unknown_or_has_no_place_stays_where_it_stands() -> None:
    data = written(x12(BILL)).replace(b"N4*", b"ZZZ*1~\nBGM*2~\nN4*")
    [interchange] = tree(marked(walked(data, X12), []))
    assert isinstance(interchange, Node)
    assert "'loop N1', 'N1', 'ZZZ', 'BGM', 'N4'" in str(outline([interchange]))
    [unknown] = [each for each in walked(data, X12) if each.value.id == "ZZZ"]
    assert (unknown.definition, unknown.number) == (None, 4)


def test_an_isa_shows_the_separators_that_it_declares() -> None:
    isa = walked(written(x12(BILL)), X12)[0].value
    assert [isa.elements[at - 1] for at in (6, 11, 16)] == [
        (("US             ",),),
        (("^",),),
        ((":",),),
    ]


def test_a_transaction_without_structure_has_no_loops_but_names() -> None:
    data = written(x12(BILL)).replace(b"ST*210*", b"ST*211*")
    assert "loop" not in str(outline_of(data))
    [party] = [each for each in walked(data, X12) if each.value.id == "N1"]
    assert party.definition is not None
    assert party.around is not None
    assert (party.around.kind, party.around.document, party.around.name) == (
        "transaction",
        "211",
        "",
    )


def test_missing_envelopes_leave_the_rest_in_its_place() -> None:
    data = written(x12(BILL))
    without = b"\n".join(
        line for line in data.splitlines() if not line.startswith((b"GS", b"SE", b"IEA"))
    )
    following = data.replace(b"000000007", b"000000008")
    assert outline_of(without + b"\nSTRAY*1~\n" + following)[0][:3] == [
        "interchange 000000007",
        "ISA",
        [
            "transaction 0001",
            "ST",
            "B3",
            ["loop N1", "N1", "N4"],
            ["loop LX", "LX", "L1"],
            ["loop LX", "LX"],
            "L3",
        ],
    ]
    assert outline_of(without + b"\nSTRAY*1~\n" + following)[0][3:] == ["GE", "STRAY"]
    assert outline_of(without + following)[1][0] == "interchange 000000008"
    lone = data[data.index(b"B3*") :]
    assert outline_of(data[: data.index(b"GS")] + lone)[0][2:4] == ["B3", "N1"]


def test_a_version_between_ours_is_read_by_the_nearest_structure() -> None:
    data = written(x12(BILL)).replace(b"X*004010", b"X*004030")
    assert "loop LX" in str(outline_of(data))
    [group] = {each.around for each in walked(data, X12) if each.value.id == "GS"}
    assert group is not None
    assert group.version == "004030"


def test_values_are_unescaped_and_offsets_are_those_of_the_file() -> None:
    message = OutgoingTransaction(
        "INVOIC", "D96A", (segment("BGM", "380", "A+B'"), segment("FTX", "AAI", None, None, "é"))
    )
    for data in (
        written(edifact(message)),
        b"\xef\xbb\xbf" + written(edifact(message, version="UNOW:4")),
    ):
        found = {each.value.id: each for each in walked(data, EDIFACT)}
        assert found["BGM"].value.elements[1] == (("A+B'",),)
        for each in found.values():
            assert data[each.offset :].startswith(each.value.id.encode())


@pytest.mark.parametrize("charset", ["utf-8", "latin-1"])
def test_offsets_lead_back_through_wrapped_lines_and_charsets(charset: str) -> None:
    flat = ("ISA*" + "é*Ä~AB*ü~" * 40).encode(charset)
    raw = b"\r\n".join(flat[at : at + 30] for at in range(0, len(flat), 30))
    text = text_of(raw, Delimiters(ord("*"), ord(":"), None, ord("~")), charset)
    assert text.wrapped
    begins = np.flatnonzero(np.frombuffer(text.data, np.uint8) & 0xC0 != 0x80)
    assert origins(text, begins).tolist() == [text.origin(int(each)) for each in begins]


def test_a_large_transaction_is_walked_in_parts_as_if_it_were_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines = [
        each
        for number in range(400)
        for each in (segment("LX", str(number)), segment("L1", str(number), "1.25", "PH", "1000"))
    ]
    bill = OutgoingTransaction("210", "004010", (*BILL.segments[:3], *lines, BILL.segments[-1]))
    data = written(x12(bill, bill))
    whole = walked(data, X12)
    counted = []

    def in_parts(*arguments: Any) -> Any:
        for piece in pieces(*arguments, block=2000, large=3000):
            counted.append(piece)
            yield piece

    monkeypatch.setattr(walking, "pieces", in_parts)
    cut = list(walk(BytesIO(data), every(X12)))
    assert len(counted) > 5
    assert list(map(told, cut)) == list(map(told, whole))


def told(standing: Standing) -> tuple[Any, ...]:
    path = standing.around.path if standing.around else ()
    labels = [(branch.kind, branch.label) for branch in path]
    return standing.value, standing.number, standing.offset, labels


def test_defects_stand_with_the_segment_that_they_stand_in() -> None:
    standings = walked(written(x12(BILL)), X12)
    party = next(each for each in standings if each.value.id == "N1")
    at = [0, party.offset, party.offset + 3, 10**9]
    defects = [Defect(f"D{offset}", "", Position(byte_offset=offset)) for offset in at]
    defects.append(Defect("FILE", "", Position()))
    nodes = {node.id: node for node in marked(standings, defects)}
    codes = {name: [each.code for each in node.defects] for name, node in nodes.items()}
    assert {name: found for name, found in codes.items() if found} == {
        "ISA": ["D0", "FILE"],
        "N1": [f"D{party.offset}", f"D{party.offset + 3}"],
        "IEA": [f"D{10**9}"],
    }


def test_the_tree_is_plain_data_with_names_and_meanings() -> None:
    message = OutgoingTransaction(
        "INVOIC", "D96A", (segment("DTM", ("137", "20261125", "102"), "more"),)
    )
    [interchange] = tree(marked(walked(written(edifact(message)), EDIFACT), []))
    [found] = [
        each for each in plain(interchange)["content"][1]["content"] if each["segment"] == "DTM"
    ]
    [when, more] = found["elements"]
    assert (when["reference"], len(when["repetitions"][0])) == ("C507", 3)
    kind = when["repetitions"][0][0]
    assert (kind["component"], kind["reference"], kind["value"]) == (1, "2005", "137")
    assert kind["meaning"]
    assert more == {"element": 2, "repetitions": [[{"component": 1, "value": "more"}]]}
