"""References that are none match nothing, and no rule puts all bills beside all others."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from etl.errors import ConfigurationError
from etl.reconcile import Placeholders, tolerances_of
from etl.yamlfile import parse_yaml
from tests.reconcile.freight import audit, before, expect, invoice, outcomes, table

NONE = Placeholders()
BILLED = ("BASE", 500)
APPROVED = ("AUTO_APPROVE", [])


def test_what_is_written_instead_of_a_number_is_none() -> None:
    numbers = ["NONE", "NA", "TBD", "UNKNOWN", "0", "0000", "1111", "XXXX", "NOBOL"]
    assert NONE.among(pa.array(numbers)).to_pylist() == [True] * len(numbers)


def test_numbers_are_numbers() -> None:
    numbers = ["1", "11", "111", "11112", "NONE1", "10", "XX", "NA7", None]
    assert NONE.among(pa.array(numbers)).to_pylist() == [False] * 8 + [None]


def test_two_bills_without_a_bol_are_two_bills() -> None:
    agreed = [expect(name, "BASE", 500, bol_no="N/A") for name in ("S1", "S2")]
    billed = [invoice("1", BILLED, bol_no="none"), invoice("2", BILLED, bol_no="n/a")]
    billed[1]["shipment_ref"] = billed[1]["lines"][0]["shipment_ref"] = "S2"
    history = [before("3", bol_norm="NONE", pro_norm="TBD", shipment_ref="S3")]
    result = audit(billed, agreed, history=history)
    assert outcomes(result) == [APPROVED, APPROVED]
    assert "NA is no reference" in result.invoices["explanation"][1].as_py()


@pytest.mark.parametrize(
    "word",
    ["ＮＯＮＥ", "n\u200bone", "NONE\u00a0", "N.O.N.E.", "none", "ＴＢＤ", "Ｎ／Ａ", "００００"],
)
def test_a_placeholder_is_one_in_whatever_characters_it_is_written(word: str) -> None:
    agreed = [expect(name, "BASE", 500, bol_no=word) for name in ("S1", "S2")]
    billed = [invoice(no, BILLED, bol_no=word, pro_no=word) for no in ("1", "2")]
    billed[1]["shipment_ref"] = billed[1]["lines"][0]["shipment_ref"] = "S2"
    history = [before("3", bol_norm=word, pro_norm=word, shipment_ref=word)]
    assert outcomes(audit(billed, agreed, history=history)) == [APPROVED, APPROVED]
    billed = [invoice("1", BILLED, shipment_ref=word, bol_no=word, pro_no=word)]
    assert outcomes(audit(billed, agreed)) == [("REVIEW", ["SHIPMENT_NOT_FOUND"])]


def test_a_shipment_is_not_found_by_a_placeholder() -> None:
    agreed = [expect("S9", "BASE", 500, bol_no="NONE", pro_no="0000")]
    billed = invoice("1", BILLED, shipment_ref="TBD", bol_no="NONE", pro_no="0000")
    assert outcomes(audit([billed], agreed)) == [("REVIEW", ["SHIPMENT_NOT_FOUND"])]


def test_a_charge_of_no_shipment_is_expected_of_none() -> None:
    agreed = [expect("N/A", "BASE", 500, pro_no="P1")]
    result = audit([invoice("1", BILLED, shipment_ref="nowhere")], agreed)
    assert outcomes(result) == [("REVIEW", ["SHIPMENT_NOT_FOUND"])]


def test_a_placeholder_on_a_charge_leaves_it_to_the_invoice() -> None:
    agreed = [expect("S1", "BASE", 500, pro_no="P1")]
    billed = invoice("1", (*BILLED, "N/A"), shipment_ref=None, pro_no="P1")
    assert outcomes(audit([billed], agreed)) == [APPROVED]


def freights(count: int, **numbers: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Bills of as many shipments, and what is expected for them."""
    names = [f"S{number}" for number in range(count)]
    billed = [invoice(f"I{name}", BILLED, shipment_ref=name, **numbers) for name in names]
    return billed, [expect(name, "BASE", 500) for name in names]


@pytest.mark.parametrize("key", ["pro_no", "bol_no"])
def test_a_number_on_bills_of_many_shipments_is_none(key: str) -> None:
    billed, agreed = freights(20, **{key: "K7"})
    result = audit(billed, agreed)
    assert outcomes(result) == [APPROVED] * 20
    name = key.removesuffix("_no").upper()
    told = result.invoices["explanation"][0].as_py()
    assert f"{name} K7 is no reference: it stands on bills of 20 shipments" in told


def test_a_number_on_many_bills_of_one_shipment_is_one() -> None:
    billed, agreed = freights(30)
    for each in billed:
        each.update(pro_no="K7", shipment_ref="S0")
        each["lines"][0]["shipment_ref"] = "S0"
    assert outcomes(audit(billed, agreed)).count(("REVIEW", ["DUPLICATE_BILL"])) == 29


def test_a_share_and_a_count_are_both_needed() -> None:
    billed, agreed = freights(10, pro_no="K7")
    assert outcomes(audit(billed, agreed)).count(APPROVED) == 1
    rule = {"percent": 50, "at_least": 5}
    tolerances = {
        "version": 1,
        "defaults": {"amount": 1, "percent": 1},
        "placeholders": {"common": rule},
    }
    assert outcomes(audit(billed, agreed, tolerances)).count(APPROVED) == 10


def test_earlier_bills_count_for_what_is_common() -> None:
    history = [before(f"E{n}", pro_norm="K7", shipment_ref=f"E{n}") for n in range(30)]
    billed, agreed = freights(1, pro_no="K7")
    assert outcomes(audit(billed, agreed, history=history)) == [APPROVED]


def test_words_are_declared_and_come_on_top() -> None:
    text = "version: 1\ndefaults: {amount: 1, percent: 1}\nplaceholders: {words: [siehe Anlage]}\n"
    none = tolerances_of(parse_yaml(text, "tolerances.yaml")).placeholders
    assert none.among(pa.array(["SIEHEANLAGE", "NONE", "S1"])).to_pylist() == [True, True, False]


def test_a_wrong_declaration_is_refused_with_its_line() -> None:
    text = "version: 1\ndefaults: {amount: 1, percent: 1}\nplaceholders: {common: {percent: 5}}\n"
    with pytest.raises(ConfigurationError, match=r"tolerances\.yaml:3: placeholders\.common"):
        tolerances_of(parse_yaml(text, "tolerances.yaml"))


_COUNT = 300


@pytest.mark.parametrize(
    ("bill", "charge", "earlier"),
    [
        ({"bol_no": "NONE"}, {"bol_no": "NONE"}, {"bol_norm": "NONE"}),
        ({"pro_no": "TBD"}, {"pro_no": "TBD"}, {"pro_norm": "TBD"}),
        ({"bol_no": "K7"}, {"bol_no": "K7"}, {"bol_norm": "K7"}),
        ({"pro_no": "K7"}, {"pro_no": "K7"}, {"pro_norm": "K7"}),
        ({"references": [{"type": "LOAD", "value_norm": "K7"}]}, {}, {}),
        ({"shipment_ref": "N/A", "pro_no": "K7"}, {"shipment_ref": "N/A"}, {"shipment_ref": "N/A"}),
        ({"invoice_no_norm": "K7", "business_key": "K7"}, {}, {"invoice_no_norm": "K7"}),
        ({"invoice_no_norm": "K7"}, {}, {"invoice_no_norm": "K7", "business_key": "K7"}),
    ],
)
def test_what_is_looked_at_grows_with_the_bills_and_not_with_their_pairs(
    bill: dict[str, Any],
    charge: dict[str, Any],
    earlier: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The largest frame that any join makes; pairs would be 90,000."""
    largest = 0
    merge = pd.DataFrame.merge

    def counted(self: pd.DataFrame, *given: Any, **named: Any) -> pd.DataFrame:
        nonlocal largest
        result = merge(self, *given, **named)
        largest = max(largest, len(result))
        return result

    billed, agreed = freights(_COUNT)
    for each in billed:
        each.update(bill)
        if "shipment_ref" in bill:
            each["lines"][0]["shipment_ref"] = bill["shipment_ref"]
    for each in agreed:
        each.update(charge)
    history = [
        before(f"E{n}", shipment_ref=f"E{n}", document_id=f"D{n}", amount=Decimal(500)) | earlier
        for n in range(_COUNT)
    ]
    references = table(
        [{"document_id": f"D{n}", "type": "BOL", "value_norm": "K7"} for n in range(_COUNT)]
    )
    monkeypatch.setattr(pd.DataFrame, "merge", counted)
    audit(billed, agreed, history=history, history_references=references)
    assert _COUNT <= largest <= 10 * _COUNT
