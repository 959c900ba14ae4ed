"""A path that takes the first of several tells what it passed over."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from etl.defects import Defect, Severity
from etl.mapping.declaration import Mapping
from tests.mapping.documents import mapping, read_by

CORPUS = os.environ.get("ETL_CORPUS")
X12_214 = '{format: x12, document: "214", row: ST}'


def statuses(*codes: str, number: str = "0001") -> str:
    """A 214 with a status a stop."""
    stops = [f"LX*{stop}~AT7*{code}*NS***20261120*0930*ET~" for stop, code in enumerate(codes, 1)]
    body = f"ST*214*{number}~B10*1*SHP{number}*ACLT~{''.join(stops)}"
    return f"{body}SE*{body.count('~') + 1}*{number}~"


def interchange(*transactions: str) -> str:
    """An X12 file."""
    head = (
        "ISA*00*          *00*          *02*ACLT           *ZZ*US             *261120*0930*U*00401*"
        "000000001*0*P*>~GS*QM*ACLT*US*20261120*0930*1*X*004010~"
    )
    return head + "".join(transactions) + f"GE*{len(transactions)}*1~IEA*1*000000001~"


def shipment(status: str, rest: str = "", source: str = X12_214) -> Mapping:
    """A mapping of status messages."""
    fields = f"fields:\n  shipment_ref: B10.02\n  status: {status}\n"
    return mapping(fields + rest, "shipment", source)


def lossy(defects: list[Defect]) -> list[tuple[str | None, str]]:
    """The first value that each LOSSY_PATH names, and how many it counts."""
    found = [each for each in defects if each.code == "LOSSY_PATH"]
    assert all(each.severity is Severity.WARN and each.record is None for each in found)
    return [(each.value, each.message.partition("passes ")[2].partition(";")[0]) for each in found]


def test_statuses_of_other_stops_are_told_with_their_count() -> None:
    files = [
        interchange(statuses("X3", "AF", "X1", "D1"), statuses("X3", "D1", number="0002")),
        interchange(statuses("D1")),
        interchange(statuses("X3", "D1")),
    ]
    _, [mapped] = read_by(shipment("LX/AT7.01"), *files)
    assert not mapped.rejected.any()
    assert mapped.records.main["status"].to_pylist() == ["X3", "X3", "D1", "X3"]
    assert lossy(mapped.defects) == [
        ("AF", "4 values over, in 2 places"),
        ("D1", "1 value over, in 1 place"),
    ]
    first = next(each for each in mapped.defects if each.code == "LOSSY_PATH")
    assert (first.position.file, first.position.document) == ("0.txt", "0001")
    assert (first.position.segment, first.position.segment_id, first.position.element) == (
        6,
        "AT7",
        1,
    )


@pytest.mark.parametrize(
    ("status", "codes"),
    [
        ("LX/AT7.01", ["D1"]),
        ("LX/AT7.01", ["D1", "D1"]),
        ("LX/AT7.01", ["D1", ""]),
        ("'LX/AT7[01=D1].01'", ["X3", "D1"]),
    ],
)
def test_nothing_is_told_where_nothing_is_lost(status: str, codes: list[str]) -> None:
    _, [mapped] = read_by(shipment(status), interchange(statuses(*codes)))
    assert lossy(mapped.defects) == []


def test_a_value_that_the_rows_of_a_child_read_is_not_lost() -> None:
    row = "row: LX/AT7, fields: {type: {const: PO}, value_raw: AT7.01}"
    rest = f"children: {{reference: {{{row}}}}}"
    _, [mapped] = read_by(shipment("LX/AT7.01", rest), interchange(statuses("X3", "D1")))
    assert lossy(mapped.defects) == []
    elsewhere = rest.replace("AT7.01", "AT7.05")
    _, [mapped] = read_by(shipment("LX/AT7.01", elsewhere), interchange(statuses("X3", "D1")))
    assert lossy(mapped.defects) == [("D1", "1 value over, in 1 place")]


def test_a_condition_sees_the_first_only_as_well() -> None:
    status = "{const: DELIVERED, when: \"{LX/AT7.01} == 'D1'\"}"
    _, [mapped] = read_by(shipment(status), interchange(statuses("X3", "D1")))
    assert lossy(mapped.defects) == [("D1", "1 value over, in 1 place")]


EDIFACT = "{format: edifact, document: INVOIC, versions: [D96A], row: UNH}"
INVOIC = (
    "UNB+UNOC:3+A:14+B:14+261120:0930+1'UNH+1+INVOIC:D:96A:UN'BGM+380+NL1'DTM+137:20261120:102'"
    "{references}UNS+S'MOA+77:{amount}'UNT+6+1'UNZ+1+1'"
)


def test_in_edifact_a_component_of_another_group_is_told() -> None:
    fields = """\
    fields:
      invoice_no: BGM.02
      invoice_date: {from: DTM.01.2, date: "%Y%m%d"}
      currency: {const: EUR}
      total: {from: UNS/MOA.01.2, decimal: {}}
      pro_no: RFF.01.2
    """
    content = INVOIC.format(references="RFF+CU:SHP1'RFF+CN:2'RFF+CN:3'", amount="10,5")
    _, [mapped] = read_by(mapping(fields, source=EDIFACT), content)
    assert lossy(mapped.defects) == [("2", "2 values over, in 1 place")]


XML = "{format: xml, row: /bill}"


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("tax/@rate", [("7", "1 value over, in 1 place")]),
        ("tax", [("7.00", "1 value over, in 1 place")]),
        ("tax/text()", [("7.00", "1 value over, in 1 place")]),
        ("tax[@rate='7']", []),
        ("sum(tax)", []),
        ("same", []),
        ("tax[1]", []),
    ],
)
def test_in_xml_the_other_nodes_are_told(path: str, told: list[tuple[str, str]]) -> None:
    bill = (
        "<bill><no>A</no><tax rate='19'>19.00</tax><tax rate='7'>7.00</tax>"
        "<same>x</same><same>x</same></bill>"
    )
    fields = f"""\
    fields:
      invoice_no: no
      invoice_date: {{const: 2026-11-20}}
      currency: {{const: EUR}}
      total: {{const: 1}}
      carrier_name: "{path}"
    """
    _, [mapped] = read_by(mapping(fields, source=XML), bill)
    assert lossy(mapped.defects) == told


def test_in_xml_what_a_child_reads_is_not_lost() -> None:
    fields = """\
    fields:
      invoice_no: no
      invoice_date: {const: 2026-11-20}
      currency: {const: EUR}
      total: line/amount
    children:
      charge_line: {row: line, fields: {charge_code: {const: BASE}, amount: amount}}
    """
    lines = "".join(f"<line><amount>{amount}</amount></line>" for amount in ("10", "5"))
    _, [mapped] = read_by(mapping(fields, source=XML), f"<bill><no>A</no>{lines}</bill>")
    assert lossy(mapped.defects) == []


def test_rows_of_a_csv_record_that_differ_are_refused_already() -> None:
    fields = """\
    fields:
      invoice_no: no
      invoice_date: {const: 2026-11-20}
      currency: {const: EUR}
      total: total
    """
    declared = mapping(fields, source="{format: csv, group_by: [no]}")
    _, [mapped] = read_by(declared, "no,total\nA,10\nA,5\n")
    assert [(each.code, each.record) for each in mapped.defects] == [("INCONSISTENT_GROUP", 0)]


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("LX/AT7.01", "LX and AT7"),
        ("'LX[01=1]/AT7.01'", "AT7"),
        ("'LX[01=1]/AT7[01=D1].01'", None),
        ("{from: [B10.01, LX/AT7.01]}", "LX and AT7"),
        ("{const: D, when: \"{LX/AT7.01} == 'D1'\"}", "LX and AT7"),
        ("{case: [{if: \"{LX/AT7.01} == 'D1'\", then: D}]}", "LX and AT7"),
        ("K1.01", None),
        ("ISA.06", None),
    ],
)
def test_a_path_through_what_may_be_repeated_is_told_before_anything_is_read(
    path: str, names: str | None
) -> None:
    plan, _ = read_by(shipment(path))
    found = [str(warning) for warning in plan.warnings]
    assert len(found) == (names is not None)
    if names is not None:
        assert f"which takes the first {names} although" in found[0]
        assert "orders.yaml:" in found[0]
        assert "add a condition" in found[0]


def test_a_repeated_segment_is_told_where_it_is_about_money() -> None:
    body = """\
    fields:
      invoice_no: B3.02
      invoice_date: {const: 2026-01-01}
      currency: {const: USD}
      total: {const: 1}
    children:
      charge_line:
        row: LX
        fields:
          charge_code: {const: BASE}
          amount: {from: L1.04, implied_decimals: 2}
          raw_desc: L5.02
    """
    plan, _ = read_by(mapping(body, source='{format: x12, document: "210", row: ST}'))
    [warning] = plan.warnings
    assert warning.key == "children.charge_line.fields.amount.from"


@pytest.mark.skipif(CORPUS is None, reason="ETL_CORPUS not set")
def test_the_real_file_with_18_statuses_is_told() -> None:
    content = (Path(str(CORPUS)) / "x12/214_v004010_inline_1.edi").read_text("latin-1")
    _, [mapped] = read_by(shipment("LX/AT7.05"), content)
    assert len(mapped.records.main) == 1
    [(_, counted)] = lossy(mapped.defects)
    assert counted.endswith("in 1 place")
