"""Rows that conditions leave out although nobody named them are told, and money is held."""

from __future__ import annotations

import pytest

from etl.defects import Severity
from etl.mapping import Mapped
from tests.mapping.documents import mapping, problems, read_by
from tests.mapping.test_lossy import EDIFACT, INVOIC, interchange

CSV = "{format: csv, group_by: [no]}"
HEAD = (
    "fields: {invoice_no: no, invoice_date: {const: 2026-01-01}, currency: {const: EUR}, "
    "total: t}\n"
)
BILLS = (
    "no,t,class,amount\nA,10,FRT,10.00\nA,10,NEW,90.00\nA,10,INF,0.00\nB,1,FRT,1.00\nB,1,,\n"
    "B,1,NEW,0.00\n"
)
CHARGE = "fields: {charge_code: {const: BASE}, amount: amount}"


def bills(charges: str, content: str = BILLS, rest: str = "", source: str = CSV) -> Mapped:
    """What becomes of bills whose charges are read so."""
    declared = mapping(f"{HEAD}children:\n  charge_line: {charges}\n{rest}", source=source)
    _, [mapped] = read_by(declared, content)
    return mapped


def told(mapped: Mapped) -> list[tuple[int | None, str | None, Severity]]:
    """Record, first value and severity of what was left out."""
    assert {each.code for each in mapped.defects} <= {"LEFT_OUT"}
    return [(each.record, each.value, each.severity) for each in mapped.defects]


@pytest.mark.parametrize(
    "condition", ["row: '[class=FRT|FSC]'", "when: \"{class} in ('FRT', 'FSC')\""]
)
def test_a_charge_of_a_value_that_nobody_named_refuses_its_invoice(condition: str) -> None:
    mapped = bills(f"{{{condition}, {CHARGE}}}")
    assert mapped.rejected.tolist() == [True, False]
    assert told(mapped) == [(0, "NEW", Severity.REJECT), (None, "INF", Severity.WARN)]
    reject, warn = mapped.defects
    assert (reject.position.row, reject.position.column) == (3, "class")
    assert "charge_line: rows of the source are left out by class" in reject.message
    assert "('INF' 1 times, 'NEW' 1 times)" in warn.message


@pytest.mark.parametrize(
    "ignored",
    [
        "{row: '[class=NEW|INF]', ignore: true}",
        "{when: \"{class} in ('NEW', 'INF')\", ignore: true}",
        "{ignore: true}",
        f"{{when: \"{{class}} == 'INF' or {{class}} == 'NEW'\", {CHARGE}}}",
        f"{{row: '[class=INF|NEW]', {CHARGE}}}",
    ],
)
@pytest.mark.parametrize("condition", ["row: '[class=FRT]'", "when: \"{class} == 'FRT'\""])
def test_what_a_block_names_or_ignores_is_not_told(condition: str, ignored: str) -> None:
    mapped = bills(f"[{{{condition}, {CHARGE}}}, {ignored}]")
    assert told(mapped) == []
    assert not mapped.rejected.any()


def test_a_value_that_another_table_reads_or_that_is_excluded_by_name_is_known() -> None:
    fields = "fields: {type: {const: PO}, value_raw: amount}"
    reference = f"  reference: {{row: '[class=NEW]', {fields}}}\n"
    mapped = bills(f"{{row: '[class=FRT]', {CHARGE}}}", rest=reference)
    assert told(mapped) == [(None, "INF", Severity.WARN)]
    mapped = bills(f"{{when: \"{{class}} != 'NEW'\", {CHARGE}}}", BILLS.replace("B,1,,\n", ""))
    assert told(mapped) == []


def test_rows_that_another_table_reads_without_conditions_are_not_left_out() -> None:
    fields = "fields: {type: {const: PO}, value_raw: amount}"
    reference = f"  reference: {{when: \"{{class}} == 'FRT'\", {fields}}}\n"
    assert told(bills(f"{{{CHARGE}}}", BILLS.replace("B,1,,\n", ""), reference)) == []


def test_rows_with_the_records_own_columns_are_known() -> None:
    content = "no,t,type,amount\nA,10,I,10.00\nA,,S,10.00\n"
    source = "{format: csv, group_by: [no], row: '[type=I]'}"
    assert told(bills(f"{{row: '[type=S]', {CHARGE}}}", content, source=source)) == []


def test_repeated_columns_are_looked_at_one_by_one() -> None:
    content = "no,t,c1,a1,c2,a2\nA,1,FRT,1.00,,\nB,1,FRT,1.00,NEW,90.00\nC,1,FRT,1.00,FRT,2.00\n"
    blocks = [
        f"{{when: \"{{c{n}}} == 'FRT'\", fields: {{charge_code: {{const: BASE}}, amount: a{n}}}}}"
        for n in (1, 2)
    ]
    mapped = bills(f"[{', '.join(blocks)}]", content)
    assert told(mapped) == [(1, "NEW", Severity.REJECT)]


def test_an_empty_value_beside_an_amount_is_told() -> None:
    content = "no,t,class,amount\nA,1,FRT,1.00\nA,1,,90.00\nB,1,FRT,x\nB,1,NEW,x\n"
    mapped = bills(f"{{when: \"{{class}} == 'FRT'\", {CHARGE}}}", content)
    left = [(each.record, each.value) for each in mapped.defects if each.code == "LEFT_OUT"]
    assert left == [(0, ""), (1, "NEW")]


def test_a_condition_on_a_mapped_field_or_on_the_parents_is_one() -> None:
    mapped = bills(f"{{when: \"raw_code == 'FRT'\", {CHARGE[:-1]}, raw_code: class}}}}")
    assert told(mapped)[0] == (0, "NEW", Severity.REJECT)
    parents = f"[{{when: \"parent.invoice_no == 'A'\", {CHARGE}}}]"
    mapped = bills(parents)
    assert told(mapped)[0] == (1, "B", Severity.REJECT)


@pytest.mark.parametrize("condition", ["when: '{amount} > 0'", "when: '{class}'"])
def test_a_condition_that_names_no_values_leaves_out_in_silence(condition: str) -> None:
    assert told(bills(f"{{{condition}, {CHARGE}}}")) == []


X12_210 = '{format: x12, document: "210", row: ST, structure: {missing: ignore}}'
BILL = (
    "ST*210*0001~B3**A1*S1*CC**20261120*1000*****ACLT~N9*CN*P1~N9*ZZ*Z9~N9*OI*O1~"
    "LX*1~L1*1***1000****400~LX*2~L1*2***9000****NEW~SE*9*0001~"
)


def test_in_x12_charges_refuse_and_references_warn() -> None:
    body = """\
    fields:
      invoice_no: B3.02
      orig_invoice_no: "N9[01=OI].02"
      invoice_date: {from: B3.06, date: "%Y%m%d"}
      currency: {const: USD}
      total: {from: B3.07, implied_decimals: 2}
    children:
      charge_line:
        row: "LX/L1[08=400|405]"
        fields: {charge_code: {const: BASE}, amount: {from: L1.04, implied_decimals: 2}}
      reference:
        row: "N9[01=CN|BM]"
        fields: {type: {const: PRO}, value_raw: N9.02}
    """
    _, [mapped] = read_by(mapping(body, source=X12_210), interchange(BILL))
    left = [each for each in mapped.defects if each.code == "LEFT_OUT"]
    assert [(each.record, each.value, each.severity) for each in left] == [
        (0, "NEW", Severity.REJECT),
        (None, "ZZ", Severity.WARN),
    ]
    assert (left[0].position.segment_id, left[0].position.element) == ("L1", 8)
    assert mapped.rejected.tolist() == [True]


def test_in_edifact_a_group_of_another_qualifier_is_told() -> None:
    body = """\
    fields:
      invoice_no: BGM.02
      invoice_date: {from: DTM.01.2, date: "%Y%m%d"}
      currency: {const: EUR}
      total: {from: UNS/MOA.01.2, decimal: {}}
    children:
      reference: {row: "RFF[01=CN]", fields: {type: {const: PRO}, value_raw: RFF.01.2}}
    """
    content = INVOIC.format(references="RFF+CU:SHP1'RFF+CN:2'", amount="10,5")
    _, [mapped] = read_by(mapping(body, source=EDIFACT), content)
    left = [(e.record, e.value) for e in mapped.defects if e.code == "LEFT_OUT"]
    assert left == [(None, "CU")]


@pytest.mark.parametrize(
    ("row", "left"),
    [
        ("line[@class = 'FRT']", [(0, "NEW")]),
        ("line[@class = 'FRT' or @class = 'NEW']", []),
        ("line[position() = 1]", []),
        ("line", []),
    ],
)
def test_in_xml_a_predicate_is_a_condition(row: str, left: list[tuple[int, str]]) -> None:
    source = "{format: xml, row: /bill}"
    content = (
        "<bill><no>A</no><t>1</t><line class='FRT'><amount>1</amount></line>"
        "<line class='NEW'><amount>90</amount></line></bill>"
    )
    mapped = bills(f'{{row: "{row}", {CHARGE}}}', content, source=source)
    assert [(each.record, each.value) for each in mapped.defects] == left


def test_a_block_has_fields_or_ignores() -> None:
    child = "children: {reference: {row: LX}}"
    found = problems(mapping(HEAD + child))
    assert [problem.found for problem in found] == ["no type", "no value_raw"]
    both = "children: {reference: {ignore: true, fields: {type: a, value_raw: b}}}"
    [problem] = problems(mapping(HEAD + both))
    assert problem.found == "fields with ignore"
