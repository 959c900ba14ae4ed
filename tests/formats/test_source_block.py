from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from etl.formats.source_block import SourceBlock, nearest
from etl.raw import DeclarationError


def test_the_nearest_word_is_found_whatever_its_case() -> None:
    assert nearest("invoice number", ["Invoice Number", "Total"]) == (
        "; did you mean 'Invoice Number'?"
    )
    assert nearest("xyz", ["Invoice Number"]) == ""


def test_an_unknown_key_is_named_with_the_nearest() -> None:
    with pytest.raises(DeclarationError, match=r"source\.delimeter.*did you mean 'delimiter'"):
        SourceBlock({"format": "csv", "delimeter": ";"}, ["delimiter", "quote"])


@pytest.mark.parametrize(
    ("read", "found"),
    [
        (lambda block: block.text("key"), ""),
        (lambda block: block.text("key"), 3),
        (lambda block: block.flag("key", True), "yes"),
        (lambda block: block.whole_number("key", 1, at_least=1), 0),
        (lambda block: block.whole_number("key", 1, at_least=0), True),
        (lambda block: block.choice("key", ("a", "b"), "a"), "c"),
        (lambda block: block.texts("key"), [None]),
        (lambda block: block.texts("key"), {"a": 1}),
    ],
)
def test_a_wrong_value_names_key_and_what_was_found(
    read: Callable[[SourceBlock], Any], found: object
) -> None:
    with pytest.raises(DeclarationError) as error:
        read(SourceBlock({"key": found}, ["key"]))
    assert error.value.key == "source.key"
    assert error.value.found == repr(found)


def test_absent_keys_give_the_default_and_one_text_stands_for_a_list() -> None:
    block = SourceBlock({"one": "a", "numbers": [1, "b"]}, ["one", "numbers", "none"])
    assert block.texts("one") == ("a",)
    assert block.texts("numbers") == ("1", "b")
    assert block.texts("none") == ()
    assert block.flag("none", True) is True
    with pytest.raises(DeclarationError, match="found nothing"):
        block.text("none")
