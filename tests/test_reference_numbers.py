import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.reference_numbers import normalise, normalised


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ([" 00-12a", "---", None, "B.1"], ["0012A", None, None, "B1"]),
        ([" 00-12a", "---", None, "ÄB.1"], ["0012A", None, None, "ÄB1"]),
        (["0012a", None], ["0012A", None]),
        (["", "-"], [None, None]),
        ([], []),
    ],
)
def test_leading_zeros_stay_and_nothing_becomes_null(
    raw: list[str | None], expected: list[str | None]
) -> None:
    assert normalise(pa.array(raw, pa.string())).to_pylist() == expected


@given(st.lists(st.one_of(st.none(), st.text())))
def test_a_normalised_number_is_normal(values: list[str | None]) -> None:
    once = normalise(pa.array(values, pa.string()))
    assert normalise(once).to_pylist() == once.to_pylist()


@given(st.lists(st.one_of(st.none(), st.text(st.characters(max_codepoint=127)))), st.integers(0, 3))
def test_ascii_numbers_keep_exactly_their_letters_and_digits(
    values: list[str | None], start: int
) -> None:
    column = pa.array(values, pa.string()).slice(start)
    expected = [
        "".join(filter(str.isalnum, value.upper())) or None if value is not None else None
        for value in values[start:]
    ]
    assert normalise(column).to_pylist() == expected


@given(st.lists(st.one_of(st.none(), st.text(alphabet="aB1-. Äß"))))
def test_a_filter_finds_the_same_numbers(values: list[str | None]) -> None:
    table = pa.table({"number": pa.array(values, pa.string())})
    wanted = normalise(pa.array(["ab1", "1", "Ä"]))
    expected = [
        value
        for value, n in zip(
            values, normalise(table["number"].combine_chunks()).to_pylist(), strict=True
        )
        if n in wanted.to_pylist()
    ]
    assert table.filter(normalised("number").isin(wanted))["number"].to_pylist() == expected
