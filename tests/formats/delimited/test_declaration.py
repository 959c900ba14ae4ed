from __future__ import annotations

from typing import Any

import pytest

from etl.formats.delimited.columns import ColumnNotFoundError, Columns, conditions_of, position_of
from etl.formats.delimited.declaration import declared
from etl.raw import DeclarationError


def test_the_defaults_are_utf8_commas_quotes_and_a_header() -> None:
    declaration = declared({"format": "csv"})
    assert (declaration.encoding, declaration.delimiter, declaration.quote) == ("utf-8", b",", b'"')
    assert (declaration.header, declaration.skip_rows, declaration.max_bytes) == (True, 0, None)
    assert declaration.null_values == ("",)


def test_a_header_given_by_its_line_skips_the_lines_before_it() -> None:
    assert declared({"header": 4}).skip_rows == 3
    assert declared({"header": 4}).header is True


@pytest.mark.parametrize(
    ("name", "codec"),
    [("UTF8", "utf-8"), ("utf-8-sig", "utf-8"), ("latin-1", "iso8859-1"), ("cp1252", "cp1252")],
)
def test_encodings_go_by_any_of_their_names(name: str, codec: str) -> None:
    assert declared({"encoding": name}).encoding == codec


def test_grouped_files_have_a_limit_of_512_mb_unless_told_otherwise() -> None:
    assert declared({"group_by": "invoice"}).max_bytes == 512 * 1024 * 1024
    assert declared({"group_by": ["invoice"], "max_mb": 2}).max_bytes == 2 * 1024 * 1024
    assert declared({"max_mb": 1}).max_bytes == 1024 * 1024


@pytest.mark.parametrize(
    ("source", "key"),
    [
        ({"encoding": "utf-9"}, "encoding"),
        ({"encoding": "rot13"}, "encoding"),
        ({"encoding": "utf-7"}, "encoding"),
        ({"delimiter": ";;"}, "delimiter"),
        ({"delimiter": "§"}, "delimiter"),
        ({"delimiter": "\n"}, "delimiter"),
        ({"delimiter": '"'}, "quote"),
        ({"header": 0}, "header"),
        ({"header": "yes"}, "header"),
        ({"header": 2, "skip_rows": 1}, "skip_rows"),
        ({"columns": ["a", "a"]}, "columns"),
        ({"columns": {"a": None}}, "columns"),
        ({"where": ["a"]}, "where"),
        ({"where": {"a": [None]}}, "where"),
        ({"ignore": ["a"]}, "ignore"),
        ({"ignore": {"a": [None]}}, "ignore"),
        ({"row": "[a=1]"}, "row"),
        ({"row": "a=1", "group_by": "b"}, "row"),
        ({"short_rows": "ignore"}, "short_rows"),
        ({"max_mb": 0}, "max_mb"),
        ({"max_mb": 2001, "group_by": "a"}, "max_mb"),
    ],
)
def test_what_is_wrong_in_the_block_is_named(source: dict[str, Any], key: str) -> None:
    with pytest.raises(DeclarationError) as error:
        declared(source)
    assert error.value.key == f"source.{key}"


def test_no_quoting_and_tabs_can_be_declared() -> None:
    declaration = declared({"quote": None, "delimiter": "tab"})
    assert (declaration.quote, declaration.delimiter) == (None, b"\t")


def test_columns_used_by_the_block_itself_must_be_known() -> None:
    with pytest.raises(DeclarationError, match="did you mean 'invoice'"):
        declared({"header": False, "columns": ["invoice", "net"], "group_by": ["invoise"]})


def test_without_header_and_names_only_positions_are_paths() -> None:
    declaration = declared({"header": False})
    declaration.check_path("#3")
    declaration.check_path("3")
    with pytest.raises(DeclarationError, match="a position like '#3'"):
        declaration.check_path("Invoice Number")


def test_with_a_header_any_name_is_a_path_until_the_columns_are_declared() -> None:
    declared({}).check_path("Invoice Number")
    with pytest.raises(DeclarationError, match="did you mean 'Invoice Number'"):
        declared({"columns": ["Invoice Number"]}).check_path("Invoice No")
    with pytest.raises(DeclarationError, match="an empty path"):
        declared({}).check_path("")


def test_a_position_beyond_the_declared_columns_is_refused() -> None:
    with pytest.raises(DeclarationError, match="#1 to #2"):
        declared({"header": False, "columns": ["a", "b"]}).check_path("#3")


def test_aliases_name_headers_or_positions() -> None:
    declaration = declared({"columns": {"net": 3, "total": "Invoice Amount"}})
    columns = Columns(3, ("Invoice Amount", "x", "y"), declaration.aliases)
    assert columns.index("net") == 2
    assert columns.index("total") == 0
    assert columns.index("x") == 1


def test_positions_count_from_one_with_or_without_the_sign() -> None:
    assert (position_of("#12"), position_of("12"), position_of("#0")) == (12, 12, None)
    assert position_of("12a") is None


def test_a_name_that_stands_twice_is_ambiguous_and_its_positions_are_told() -> None:
    with pytest.raises(ColumnNotFoundError, match="#1, #3") as error:
        Columns(3, ("charge", "x", "charge")).index("charge")
    assert error.value.code == "AMBIGUOUS_COLUMN"


def test_conditions_take_several_columns_and_values() -> None:
    first, second = conditions_of("row", "[Line Type = S] [Country=DE|AT]")
    assert (first.path, first.values) == ("Line Type", ("S",))
    assert (second.path, second.values) == ("Country", ("DE", "AT"))
    with pytest.raises(DeclarationError):
        conditions_of("row", "[Line Type]")
