import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.reconcile.frames import normalised as in_frame
from etl.reference_numbers import normalise, normalised, normalised_text


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


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text()))
def test_a_column_a_frame_a_filter_and_a_typed_number_compare_in_one_form(
    values: list[str],
) -> None:
    stored = normalise(pa.array(values, pa.string())).to_pylist()
    assert [normalised_text(value) for value in values] == stored
    column = pd.Series(values, dtype=pd.ArrowDtype(pa.string()))
    assert [None if pd.isna(one) else one for one in in_frame(column)] == stored
    table = pa.table({"number": pa.array(values, pa.string())})
    numbers = pa.array(stored, pa.string()).drop_null()
    found = table.filter(normalised("number").isin(numbers))["number"].to_pylist()
    assert found == [value for value, number in zip(values, stored, strict=True) if number]


@pytest.mark.parametrize("number", ["straße-12", "ﬁ-7", "ŉ1", "é 1"])
def test_a_letter_that_some_write_as_two_is_looked_up_as_it_is_stored(number: str) -> None:
    [stored] = normalise(pa.array([number])).to_pylist()
    assert normalised_text(number) == stored


@pytest.mark.parametrize(
    "written",
    [
        "ＩＮＶ－００１２３",
        "inv\u00a000123",
        "\ufeffINV\u200b00123\u200d",
        "I\u00adNV 00123",
        "\u202eINV\u202c00123",
        "𝐈𝐍𝐕𝟎𝟎𝟏𝟐𝟑",
        "ⓘⓝⓥ-₀₀¹²³",
        "Inv\u201100123",
    ],
)
def test_a_number_is_the_same_in_whatever_characters_it_is_written(written: str) -> None:
    assert normalised_text(written) == "INV00123"
    table = pa.table({"number": [written]})
    assert table.filter(normalised("number").isin(pa.array(["INV00123"]))).num_rows == 1


@settings(max_examples=300)
@given(st.text(st.characters(categories=["L", "M", "N", "Cf", "Zs"])))
def test_what_is_normal_stays_in_every_script(value: str) -> None:
    once = normalise(pa.array([value], pa.string()))
    assert normalise(once).to_pylist() == once.to_pylist()
