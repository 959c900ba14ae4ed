import pytest

from etl.mapping.expressions import ExpressionError, parse


def test_paths_fields_and_children_are_named() -> None:
    parsed = parse("{B3.08} == 'a {b}' and total - sum(charge_line.amount) > count(reference)")
    assert parsed.paths == ("B3.08",)
    assert parsed.fields == ("total",)
    assert parsed.children == (("charge_line", "amount"), ("reference", None))


def test_the_parents_fields_and_paths_with_predicates() -> None:
    parsed = parse("parent.invoice_type == '381' and {N1[01='BT'].02}")
    assert parsed.fields == ("parent.invoice_type",)
    assert parsed.paths == ("N1[01='BT'].02",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("B3.08 == 'CO'", "source paths in braces"),
        ("", "source paths in braces"),
        ("total = 1", "source paths in braces"),
        ("__import__('os').system('true')", "names, {paths}"),
        ("open('x')", "one of the functions"),
        ("total[0]", "names, {paths}"),
        ("charge_line.amount", "names, {paths}"),
        ("(lambda: 1)()", "names, {paths}"),
        ("[x for x in (1, 2)]", "names, {paths}"),
        ("total / 2", "names, {paths}"),
        ("total ** 99", "names, {paths}"),
        ("f'{total}'", "names, {paths}"),
        ("1e5 < total", "a plain number"),
        ("total is 1", "one of == !="),
        ("total in total", "in ('A', 'B')"),
        ("sum(total)", "sum(charge_line.amount)"),
        ("count(charge_line.amount)", "sum(charge_line.amount)"),
        ("abs(total, 1)", "1 argument(s)"),
        ("round(total, 9)", "places 0 to 6"),
        ("round(total, total)", "places 0 to 6"),
        ("True", "names, {paths}"),
        ("_path_0 == '1'", "source paths in braces"),
        ("{a} == _path_1", "source paths in braces"),
    ],
)
def test_what_is_not_of_the_language_is_refused(text: str, expected: str) -> None:
    with pytest.raises(ExpressionError, match="found") as raised:
        parse(text)
    assert expected in raised.value.expected


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("sum({L1.04})", "'sum({L1.04})'"),
        ("{a} == '_path_9' and count({N1[01=BT].02}) > 1", "'count({N1[01=BT].02})'"),
        ("{a} in {b}", "'{b}'"),
        ("sum('_path_9')", """\"sum('_path_9')\""""),
        ("{a} / {b}", "'{a} / {b}'"),
        ("round({a}, {b})", "'round({a}, {b})'"),
    ],
)
def test_an_error_shows_the_expression_as_it_was_written(text: str, found: str) -> None:
    with pytest.raises(ExpressionError) as raised:
        parse(text)
    assert raised.value.found == found
