import pytest

from etl.errors import ConfigurationError
from etl.mapping import CodeLists, compile_mapping
from etl.mapping.codes import CodeList
from tests.mapping.documents import invoice_mapping, mapping, problems
from tests.mapping.memory import MemoryReader

CODES = CodeLists({"codes": CodeList("codes", 1, "x", {(None, None, "CN"): "PROO"}, {})})


def test_a_right_mapping_has_no_problems() -> None:
    assert problems(invoice_mapping("pro_no: {from: [a, b], text: trim}")) == []


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("invoce_no: a", "invoce_no: found an unknown field"),
        ("invoce_no: a", "Did you mean 'invoice_no'?"),
        ("pro_no: bad", "'bad', expected a path without bad in it"),
        ("pro_no: {from: [a, bad]}", "fields.pro_no.from[1]: found 'bad'"),
        ("pro_no: {template: '{a}-{bad}'}", "fields.pro_no.template: found 'bad'"),
        ("pro_no: {from: a, when: '{bad}'}", "fields.pro_no.when: found 'bad'"),
        ("pro_no: {from: a, const: b}", "found from and const, expected exactly one of"),
        ("pro_no: {text: trim}", "found none of them, expected exactly one of"),
        ("pro_no: {from: a, when: 'kind == 1'}", "A path of the source stands in braces"),
        ("pro_no: {compute: 'invoice_nr'}", "Did you mean 'invoice_no'?"),
        ("pro_no: {from: a, when: 'a.b'}", "fields.pro_no.when: found 'a.b'"),
        ("pro_no: {from: a, lookup: carriers}", "carriers', expected the name of a code list"),
        ("pro_no: {from: a, lookup: codez}", "Did you mean 'codes'?"),
        ("pro_no: {from: a, map: {A: B}, lookup: codes}", "expected one of them"),
        ("pro_no: {from: a, when_missing: X}", "when_missing with map or lookup"),
        ("pro_no: {from: a, else: X}", "else with case"),
        ("pro_no: {from: a, regex: '('}", "a regular expression"),
        ("pro_no: {from: a, regex: {pattern: 'b', group: 1}}", "a group of it: none"),
        ("pro_no: {from: a, decimal: {comma: true}}", "decimal for money and quantity only"),
        ("pro_no: {const: a, text: trim}", "found text with const"),
        ("pro_no: {compute: '{a}', map: {A: B}}", "found map with compute"),
        ("pro_no: {function: 'no_such_module:f'}", "a function that can be imported"),
        ("due_date: {const: tomorrow}", "fields.due_date.const: found 'tomorrow', expected a date"),
        ("due_date: {from: a, zone: Europe/Berlin}", "zone for date-time only"),
        ("invoice_type: {const: '999'}", "one of 380, 381, 383, 384"),
        ("invoice_type: {from: a, map: {CO: '383', X: '38O'}}", "found '38O', expected one of 380"),
        ("invoice_type: {case: [{if: '{a}', then: '1'}]}", "case[0].then: found '1'"),
        ("invoice_type: {case: [{if: '{a} ==', then: '380'}]}", "case[0].if"),
        ("invoice_type: {case: [{if: '{a}', then: '380'}], else: {from: bad}}", "else.from"),
        ("invoice_type: {from: a, map: {A: '380'}, when_unknown: X}", "when_unknown: found 'X'"),
        ("tax_total: {from: a, default: none}", "fields.tax_total.default"),
        ("tax_total: {from: a, implied_decimals: 5}", "at most 4, as money has"),
        ("tax_total: {from: a, implied_decimals: 2, decimal: {comma: true}}", "one of them"),
        ("tax_total: {from: a, decimal: {thousands: '.'}}", "not the mark of the decimals"),
        ("tax_total: {compute: 'sum(charge_lin.amount)'}", "charge_lin"),
    ],
)
def test_a_wrong_field_is_told_with_line_and_key(field: str, expected: str) -> None:
    found = problems(invoice_mapping(field), CODES)
    told = [str(problem) for problem in found]
    assert any(expected in text for text in told), told
    assert all(problem.line for problem in found)


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("children: {lines: {fields: {amount: a}}}", "children.lines: found an unknown table"),
        ("children: {charge_line: {row: NOWHERE, fields: {amount: a}}}", "a row that there is"),
        ("children: {charge_line: {fields: {amount: a}}}", "found no charge_code"),
        ("children: {reference: {fields: {value_raw: a, type: b, tipe: c}}}", "Did you mean"),
        (
            "children: {reference: {fields: {value_raw: a, type: {from: b, lookup: codes}}}}",
            "found 'PROO', expected one of PRO, BOL",
        ),
        (
            "children: {reference: {fields: {type: a, value_raw: parent.invoice_nr}}}",
            "Did you mean 'parent.invoice_no'?",
        ),
        (
            "children: {reference: {when: \"typ == 'PRO'\", fields: {type: a, value_raw: b}}}",
            "Did you mean 'type'?",
        ),
        (
            "children: {reference: {when: 'count(party) > 1', fields: {type: a, value_raw: b}}}",
            "sum and count in the record's own fields",
        ),
        ("checks: [{rule: 'totl > 0', reason: X}]", "Did you mean 'total'?"),
        ("checks: [{rule: 'sum(charge_line.raw_code) > 0', reason: X}]", "a number of charge_line"),
        ("checks: [{rule: 'total >', reason: X}]", "checks[0].rule"),
    ],
)
def test_wrong_children_and_checks_are_told(rest: str, expected: str) -> None:
    told = [str(problem) for problem in problems(invoice_mapping("", rest), CODES)]
    assert any(expected in text for text in told), told


def test_a_missing_required_field_is_told_and_those_that_fill_themselves_are_not() -> None:
    found = problems(mapping("fields: {invoice_no: a}"))
    assert [problem.found for problem in found] == ["no invoice_date", "no currency", "no total"]


def test_an_unknown_record_type_is_told() -> None:
    (problem,) = problems(mapping("fields: {invoice_no: a}", record="freight_invoce"))
    assert "Did you mean 'freight_invoice'?" in str(problem)
    (problem,) = problems(mapping("fields: {amount: a}", record="charge_line"))
    assert "one of" in problem.expected


def test_compiling_raises_what_the_check_finds() -> None:
    declared = invoice_mapping("pro_no: bad\nbol_no: bad")
    with pytest.raises(ConfigurationError) as raised:
        compile_mapping(declared, MemoryReader(), CodeLists())
    assert len(raised.value.problems) == 2
