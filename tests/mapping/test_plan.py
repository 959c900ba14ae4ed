"""A compiled mapping applied: records, lineage, defects at their places, findings."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from etl.canonical import nested
from etl.defects import Defect, Position, Severity
from etl.errors import ConfigurationError
from etl.mapping import CodeLists, Context, compile_mapping
from etl.mapping.codes import CodeList
from tests.mapping.documents import CONTEXT, apply, invoice_mapping, mapping
from tests.mapping.memory import FILE, MemoryChunk, MemoryReader

LINES = """\
children:
  charge_line:
    row: LX
    fields:
      raw_code: code
      charge_code: {from: code, lookup: charge_codes, when_missing: BASE}
      amount: {from: amount, implied_decimals: 2}
checks:
  - {rule: "total == sum(charge_line.amount)", reason: TOTAL_MISMATCH}
"""
CODES = CodeLists(
    {
        "charge_codes": CodeList(
            "charge_codes",
            1,
            "mappings/codes/charge_codes.yaml",
            {
                (None, None, "400"): "BASE",
                (None, None, "FUE"): "FUEL",
                (None, "PXPR", "400"): "LIFTGATE",
            },
            {},
        )
    }
)


def line(record: int, code: str | None, amount: str) -> dict[str, Any]:
    return {"record": record, "code": code, "amount": amount}


def test_records_are_complete_and_carry_their_lineage() -> None:
    context = Context("acme-freight", carrier_scac="ACLT", received_date=date(2026, 2, 1))
    declared = invoice_mapping("invoice_no: number\ntotal: {from: sum, implied_decimals: 2}", LINES)
    rows = [{"number": "a-1", "sum": "1050"}, {"number": "B2", "sum": "7"}]
    lines = [line(0, None, "1000"), line(0, "FUE", "50"), line(1, "400", "7")]
    mapped = apply(declared, rows, {"LX": lines}, CODES, context)
    assert mapped.defects == []
    assert mapped.findings == []
    assert mapped.rejected.tolist() == [False, False]
    main = mapped.records.main
    assert main["record_id"].to_pylist() == [0, 1]
    assert main["carrier_scac"].to_pylist() == ["ACLT", "ACLT"]
    assert main["received_date"].to_pylist() == [date(2026, 2, 1)] * 2
    assert main["business_key"].to_pylist()[0] == "acme-freight/freight_invoice/A1/0"
    assert main["mapping"].to_pylist() == ["acme-freight/orders@3"] * 2
    charges = mapped.records.tables["charge_line"]
    assert charges["charge_code"].to_pylist() == ["BASE", "FUEL", "BASE"]
    assert charges["amount"].to_pylist() == [Decimal(10), Decimal("0.5"), Decimal("0.07")]
    assert charges["currency"].to_pylist() == ["USD"] * 3
    assert charges["line_no"].to_pylist() == [1, 2, 1]
    assert charges["position"].to_pylist() == [1, 2, 3]
    assert charges["document_no"].to_pylist() == ["0", "0", "1"]
    assert charges["file_sha256"].to_pylist() == [FILE.sha256] * 3
    assert main.schema == mapped.records.type.arrow_schema


def test_typed_tables_are_those_of_the_records_before_they_are_completed() -> None:
    declared = invoice_mapping("invoice_no: number\ntotal: {from: sum, implied_decimals: 2}", LINES)
    rows, lines = [{"number": "a-1", "sum": "7"}], [line(0, "FUE", "5"), line(0, "400", "2")]
    plan = compile_mapping(declared, MemoryReader(), CODES)
    typed = plan.tables(MemoryChunk(rows, {"LX": lines}), CONTEXT)
    records = apply(declared, rows, {"LX": lines}, CODES).records
    assert set(typed) == set(records.tables)
    for name, table in records.tables.items():
        assert typed[name].schema == table.schema
    assert typed["charge_line"]["amount"] == records.tables["charge_line"]["amount"]
    assert typed["freight_invoice"]["total"].to_pylist() == [Decimal("0.07")]
    assert typed["freight_invoice"]["record_hash"].null_count == 1


def test_a_bad_cell_rejects_only_its_record_and_says_where_it_stands() -> None:
    declared = invoice_mapping("total: {from: sum, implied_decimals: 2}", LINES)
    rows = [{"sum": "100"}, {"sum": "200"}]
    lines = [line(0, "400", "100"), line(1, "400", "2.00"), line(1, "XYZ", "0")]
    mapped = apply(declared, rows, {"LX": lines}, CODES)
    assert mapped.rejected.tolist() == [False, True]
    by_code = {defect.code: defect for defect in mapped.defects}
    assert set(by_code) == {"BAD_NUMBER", "UNKNOWN_CODE"}
    number, code = by_code["BAD_NUMBER"], by_code["UNKNOWN_CODE"]
    assert (number.record, number.value, number.position.row, number.position.column) == (
        1,
        "2.00",
        2,
        "amount",
    )
    assert "charge_line.amount" in number.message
    assert "the last 2 of them decimals" in (number.expected or "")
    assert (code.value, code.position.row) == ("XYZ", 3)
    assert "mappings/codes/charge_codes.yaml" in code.message
    assert mapped.findings == []


def test_a_failing_business_check_is_a_finding_and_does_not_reject() -> None:
    declared = invoice_mapping("total: sum", LINES)
    mapped = apply(declared, [{"sum": "1.00"}, {"sum": "2"}], {"LX": [line(0, None, "100")]}, CODES)
    assert not mapped.rejected.any()
    (finding,) = mapped.findings
    assert (finding.record, finding.reason) == (1, "TOTAL_MISMATCH")
    assert (finding.value, finding.expected) == ("2", "0")


@pytest.mark.parametrize(("severity", "rejected"), [("reject", True), ("warn", False)])
def test_a_failing_data_check_is_a_defect(severity: str, rejected: bool) -> None:
    check = (
        "checks:\n  - {rule: 'due_date >= invoice_date', reason: DUE_EARLY, kind: data, "
        f"severity: {severity}}}"
    )
    mapped = apply(invoice_mapping("due_date: due", check), [{"due": "2025-01-01"}])
    (defect,) = mapped.defects
    assert defect.code == "DUE_EARLY"
    assert defect.position.column == "due"
    assert (defect.value, defect.expected) == ("2025-01-01", "2026-01-31")
    assert defect.severity == severity
    assert mapped.rejected.tolist() == [rejected]


def test_a_check_may_have_a_tolerance() -> None:
    check = "checks: [{rule: 'total == {control}', reason: CONTROL, tolerance: 0.01}]"
    declared = invoice_mapping("", check)
    mapped = apply(declared, [{"control": "10.01"}, {"control": "10.02"}])
    assert [finding.record for finding in mapped.findings] == [1]


def test_a_missing_required_value_is_told_once_with_its_path() -> None:
    declared = invoice_mapping("invoice_no: number\ncurrency: cur", LINES)
    mapped = apply(declared, [{}], {"LX": [line(0, None, "1"), line(0, None, "2")]}, CODES)
    told = {(defect.code, defect.position.column) for defect in mapped.defects}
    assert told == {("MISSING_VALUE", "number"), ("MISSING_VALUE", "cur")}
    assert len(mapped.defects) == 2


def test_a_refused_cell_is_not_told_again_as_missing() -> None:
    mapped = apply(invoice_mapping("invoice_date: day"), [{"day": "soon"}])
    assert [defect.code for defect in mapped.defects] == ["BAD_DATE"]


def test_a_value_against_the_schema_is_a_defect_at_its_path() -> None:
    mapped = apply(invoice_mapping("currency: {from: [a, b]}"), [{"b": "usd"}])
    (defect,) = mapped.defects
    assert (defect.code, defect.value, defect.position.column) == ("BAD_VALUE", "usd", "b")


def test_what_the_reader_found_goes_first_and_rejects_its_record() -> None:
    told = [
        Defect("SE_COUNT", "the count is wrong", Position(segment=9), record=1),
        Defect("ODD", "odd but harmless", record=0, severity=Severity.WARN),
        Defect("UNREADABLE", "the file's end is missing", record=None),
    ]
    plan = compile_mapping(invoice_mapping(), MemoryReader(), CodeLists())
    mapped = plan.apply(MemoryChunk([{}, {}], defects=told), CONTEXT)
    assert mapped.defects == told
    assert mapped.rejected.tolist() == [False, True]


def test_what_is_missing_in_a_document_that_the_reader_refused_is_not_told() -> None:
    told = [Defect("NO_MAPPING", "another document", record=0)]
    plan = compile_mapping(invoice_mapping("invoice_no: n"), MemoryReader(), CodeLists())
    mapped = plan.apply(MemoryChunk([{}, {}], defects=told), CONTEXT)
    assert [(d.code, d.record) for d in mapped.defects] == [("NO_MAPPING", 0), ("MISSING_VALUE", 1)]


def test_no_records_are_no_trouble() -> None:
    mapped = apply(invoice_mapping("", LINES), [], {}, CODES)
    assert mapped.records.num_records == 0
    assert mapped.rejected.tolist() == []


def test_rows_of_several_files_keep_their_file() -> None:
    other = replace(FILE, name="second.txt", sha256="cd" * 32)
    chunk = MemoryChunk([{"_file": 1, "total": "x"}, {"_file": 0, "total": "1"}], {}, (FILE, other))
    plan = compile_mapping(invoice_mapping("total: total"), MemoryReader(), CodeLists())
    mapped = plan.apply(chunk, CONTEXT)
    assert mapped.records.main["file_name"].to_pylist() == ["second.txt", "orders.txt"]
    assert [defect.file for defect in mapped.defects] == [1]


def test_blocks_of_a_child_are_joined_in_their_order_within_each_record() -> None:
    rest = """\
    children:
      reference:
        - {row: N9, when: "{q} == 'CN'", fields: {type: {const: PRO}, value_raw: v}}
        - {row: N9, when: "{q} in ('BM', 'MB')", fields: {type: {const: BOL}, value_raw: v}}
        - {row: HEAD, fields: {type: {const: INVOICE}, value_raw: parent.invoice_no}}
    """
    n9 = [
        {"record": 0, "q": "BM", "v": "b0"},
        {"record": 0, "q": "CN", "v": "p0"},
        {"record": 1, "q": "ZZ", "v": "z1"},
        {"record": 1, "q": "MB", "v": "m1"},
    ]
    head = [{"record": 0}, {"record": 1}]
    mapped = apply(invoice_mapping("", rest), [{}, {}], {"N9": n9, "HEAD": head})
    references = mapped.records.tables["reference"]
    assert references["value_raw"].to_pylist() == ["p0", "b0", "A1", "m1", "A1"]
    assert references["record_id"].to_pylist() == [0, 0, 0, 1, 1]
    assert references["position"].to_pylist() == [2, 1, 1, 4, 2]


def test_a_condition_on_mapped_fields_forgets_the_refusals_of_the_rows_it_drops() -> None:
    rest = """\
    children:
      charge_line:
        row: LX
        when: "charge_code != 'BASE' and {keep} == 'Y'"
        fields: {charge_code: code, amount: amount}
    """
    rows = [
        {"record": 0, "code": "BASE", "amount": "bad", "keep": "Y"},
        {"record": 0, "code": "FUEL", "amount": "worse", "keep": "Y"},
        {"record": 0, "code": "FUEL", "amount": "1", "keep": "Y"},
    ]
    mapped = apply(invoice_mapping("", rest), [{}], {"LX": rows})
    assert [(defect.value, defect.position.row) for defect in mapped.defects] == [("worse", 2)]
    assert mapped.records.tables["charge_line"]["amount"].to_pylist() == [None, Decimal(1)]


def test_fields_may_be_computed_from_the_children_and_from_each_other() -> None:
    rest = "children: {charge_line: {row: LX, fields: {charge_code: {const: BASE}, amount: a}}}"
    rows = [{"record": 0, "a": "99.5"}, {"record": 0, "a": "0.25"}]
    fields = """\
    tax_total: tax
    total: {compute: "sum(charge_line.amount) + coalesce(tax_total, 0)"}
    shipment_count: {compute: "count(charge_line)"}
    billing_kind: {case: [{if: "total > 100", then: rebill}], else: original}
    """
    declared = invoice_mapping(fields, rest)
    mapped = apply(declared, [{"tax": "1"}, {}], {"LX": rows})
    assert mapped.defects == []
    main = mapped.records.main
    assert main["total"].to_pylist() == [Decimal("100.75"), Decimal(0)]
    assert main["shipment_count"].to_pylist() == [2, 0]
    assert main["billing_kind"].to_pylist() == ["rebill", "original"]


def test_a_computed_number_is_never_rounded_silently() -> None:
    declared = invoice_mapping("total: t\ntax_total: {compute: 'total * 0.12345'}")
    mapped = apply(declared, [{"t": "100"}, {"t": "1"}])
    assert mapped.rejected.tolist() == [False, True]
    assert "round(…, 4)" in (mapped.defects[0].expected or "")


def test_text_that_can_not_be_computed_with_is_refused_where_it_stands() -> None:
    declared = invoice_mapping("total: t\ntax_total: {compute: '-coalesce({tax}, 0)'}")
    mapped = apply(declared, [{"t": "1", "tax": "1,5"}, {"t": "1"}])
    assert mapped.records.main["tax_total"].to_pylist()[1] == Decimal(0)
    (defect,) = mapped.defects
    assert (defect.code, defect.value, defect.position.column) == ("BAD_NUMBER", "1,5", "tax")


def test_codes_mean_what_they_mean_to_the_carrier_of_the_record() -> None:
    declared = invoice_mapping("carrier_scac: scac\ntotal: {const: 2}", LINES)
    lines = [line(0, "400", "200"), line(1, "400", "200"), line(2, "400", "200")]
    rows = [{"scac": "PXPR"}, {"scac": "ACLT"}, {}]
    context = Context("agency", carrier_scac="PXPR")
    mapped = apply(declared, rows, {"LX": lines}, CODES, context)
    codes = mapped.records.tables["charge_line"]["charge_code"].to_pylist()
    assert codes == ["LIFTGATE", "BASE", "LIFTGATE"]


@pytest.mark.parametrize(
    ("unknown", "expected"),
    [("keep", ["PRO", "prepaid"]), ("OTHER", ["OTHER", "prepaid"])],
)
def test_an_unknown_code_may_be_kept_or_replaced(unknown: str, expected: list[str]) -> None:
    field = f"payment_term: {{from: t, map: {{PP: prepaid}}, when_unknown: {unknown}}}"
    mapped = apply(invoice_mapping(field), [{"t": "PRO"}, {"t": " PP "}])
    assert mapped.records.main["payment_term"].to_pylist() == expected


def test_a_case_refuses_only_where_its_branch_is_taken() -> None:
    field = """\
    tax_total:
      case: [{if: "{kind} == 'C'", then: {from: tax, implied_decimals: 2}}]
      else: {from: tax}
    """
    mapped = apply(
        invoice_mapping(field), [{"kind": "C", "tax": "150"}, {"tax": "1.5"}, {"tax": "x"}]
    )
    assert mapped.records.main["tax_total"].to_pylist() == [Decimal("1.5"), Decimal("1.5"), None]
    assert [defect.record for defect in mapped.defects] == [2]


def test_a_unit_that_is_not_known_is_refused_at_the_units_place() -> None:
    rest = """\
    children:
      charge_line:
        row: LX
        fields:
          charge_code: {const: BASE}
          amount: {const: 1}
          weight: {from: w, unit: {from: u, to: KGM}}
    """
    rows = [{"record": 0, "w": "2", "u": "TNE"}, {"record": 0, "w": "2", "u": "BOX"}]
    mapped = apply(invoice_mapping("", rest), [{}], {"LX": rows})
    assert mapped.records.tables["charge_line"]["weight"].to_pylist() == [Decimal(2000), None]
    (defect,) = mapped.defects
    assert (defect.code, defect.value, defect.position.column) == ("UNKNOWN_UNIT", "BOX", "u")


def doubled(values: pa.Array) -> pa.Array:
    """A function that mappings of these tests call."""
    return pa.array([None if v is None else v * 2 for v in values.to_pylist()], pa.string())


def broken(values: pa.Array) -> pa.Array:
    """A function that is too short."""
    return values[:0]


def test_a_function_is_called_with_the_columns_it_names() -> None:
    field = "pro_no: {function: 'tests.mapping.test_plan:doubled', from: a, text: upper}"
    mapped = apply(invoice_mapping(field), [{"a": "x"}, {}])
    assert mapped.records.main["pro_no"].to_pylist() == ["XX", None]


@pytest.mark.parametrize(("name", "expected"), [("broken", "2 values"), ("CODES", "TypeError")])
def test_a_function_that_fails_is_told_with_its_field(name: str, expected: str) -> None:
    field = f"pro_no: {{function: 'tests.mapping.test_plan:{name}', from: a}}"
    with pytest.raises(ConfigurationError, match=f"field pro_no .*{expected}"):
        apply(invoice_mapping(field), [{"a": "x"}, {}])


def test_typed_sources_are_taken_as_they_are() -> None:
    rows = [{"day": date(2026, 1, 2), "sum": Decimal("10.50"), "n": 3, "text": Decimal("4.00")}]
    declared = invoice_mapping("invoice_date: day\ntotal: sum\nshipment_count: n\npro_no: text")
    mapped = apply(declared, rows)
    view = nested(mapped.records, 0)
    assert (view["invoice_date"], view["total"], view["shipment_count"], view["pro_no"]) == (
        "2026-01-02",
        "10.5",
        3,
        "4",
    )


def test_the_same_rows_give_the_same_hash_whatever_stands_beside_them() -> None:
    declared = invoice_mapping("invoice_no: number\ntotal: sum", LINES)
    row, other = {"number": "A", "sum": "1"}, {"number": "B", "sum": "x"}
    alone = apply(declared, [row], {"LX": [line(0, None, "100")]}, CODES)
    beside = apply(declared, [other, row], {"LX": [line(1, None, "100")]}, CODES)
    assert alone.records.main["record_hash"][0] == beside.records.main["record_hash"][1]


def test_a_mapping_wrong_for_every_row_tells_each_record_but_not_each_line() -> None:
    declared = invoice_mapping("", LINES)
    lines = [line(record, "400", "bad") for record in (0, 1) for _ in range(50)]
    mapped = apply(declared, [{}, {}], {"LX": lines}, CODES)
    assert mapped.rejected.all()
    assert len(mapped.defects) == 40


def test_after_many_defects_positions_are_those_of_the_row() -> None:
    declared = invoice_mapping("total: sum")
    mapped = apply(declared, [{"sum": "x"}] * 2001)
    assert len(mapped.defects) == 2001
    assert mapped.defects[1999].position.column == "sum"
    last = mapped.defects[2000].position
    assert (last.file, last.interchange, last.segment, last.column) == (
        "orders.txt",
        "7",
        2001,
        None,
    )


TIMES = """\
fields:
  acknowledgement_no: {const: A1}
  level: {const: syntax}
  result: {const: A}
  answered_at: {from: day, date: "%Y%m%d", time: {from: clock, format: "%H%M"}, zone: Europe/Berlin}
"""


def test_a_local_time_that_there_is_twice_or_never_is_told_and_not_refused() -> None:
    rows = [{"day": "20261025", "clock": "0230"}, {"day": "20260329", "clock": "0230"}]
    mapped = apply(mapping(TIMES, "acknowledgement"), rows)
    assert not mapped.rejected.any()
    assert [(each.code, each.severity, each.value) for each in mapped.defects] == [
        ("AMBIGUOUS_TIME", Severity.WARN, "20261025 0230"),
        ("NONEXISTENT_TIME", Severity.WARN, "20260329 0230"),
    ]


@pytest.mark.parametrize("option", ["ambiguous", "nonexistent"])
def test_a_doubtful_local_time_is_refused_where_that_is_declared(option: str) -> None:
    declared = TIMES.replace("Europe/Berlin}", f"Europe/Berlin, {option}: reject}}")
    day = {"ambiguous": "20261025", "nonexistent": "20260329"}[option]
    rows = [{"day": day, "clock": "0230"}, {"day": day, "clock": "0430"}]
    mapped = apply(mapping(declared, "acknowledgement"), rows)
    assert mapped.rejected.tolist() == [True, False]
    [defect] = mapped.defects
    assert defect.code == f"{option.upper()}_TIME"
    assert f"{option}: in the mapping" in defect.message
