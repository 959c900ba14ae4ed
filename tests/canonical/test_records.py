import numpy as np
import pytest

from etl.canonical import RecordSet
from tests.canonical.invoices import record_set


def two_invoices() -> RecordSet:
    return record_set(
        "freight_invoice",
        freight_invoice=[{"invoice_no": "A"}, {"invoice_no": "B"}],
        charge_line=[
            {"record_id": 0, "raw_code": "a1"},
            {"record_id": 1, "raw_code": "b1"},
            {"record_id": 1, "raw_code": "b2"},
        ],
    )


def test_empty_has_all_tables_without_rows() -> None:
    records = RecordSet.empty("freight_invoice")
    assert records.num_records == 0
    assert set(records.tables) == {"freight_invoice", "charge_line", "reference", "party"}


def test_select_keeps_children_in_step() -> None:
    second = two_invoices().select(np.array([False, True]))
    assert second.main["invoice_no"].to_pylist() == ["B"]
    assert second.tables["charge_line"]["raw_code"].to_pylist() == ["b1", "b2"]
    assert second.main["record_id"].to_pylist() == [1]


def test_batches_take_children_along_in_whatever_order_they_stand() -> None:
    records = record_set(
        "freight_invoice",
        freight_invoice=[{"invoice_no": each} for each in "ABCDE"],
        charge_line=[{"record_id": of, "raw_code": f"{of}"} for of in (4, 0, 2, 2, 0)],
    ).with_record_offset(7)
    batches = list(records.batches(2))
    assert [some.main["invoice_no"].to_pylist() for some in batches] == [
        list("AB"),
        list("CD"),
        ["E"],
    ]
    codes = [some.tables["charge_line"]["raw_code"].to_pylist() for some in batches]
    assert codes == [["0", "0"], ["2", "2"], ["4"]]
    assert all(some.parent_rows("charge_line") is not None for some in batches)


def test_few_records_are_one_batch() -> None:
    records = two_invoices()
    assert list(records.batches(2)) == [records]


def test_offset_and_concat_keep_records_apart() -> None:
    records = two_invoices()
    both = RecordSet.concat([records, records.with_record_offset(2)])
    assert both.main["record_id"].to_pylist() == [0, 1, 2, 3]
    assert both.tables["charge_line"]["record_id"].to_pylist() == [0, 1, 1, 2, 3, 3]


def test_concat_refuses_the_same_record_id_twice() -> None:
    with pytest.raises(ValueError, match="record_id is used by two"):
        RecordSet.concat([two_invoices(), two_invoices()])


def test_concat_refuses_nothing_and_mixtures() -> None:
    with pytest.raises(ValueError, match="same type"):
        RecordSet.concat([])
    with pytest.raises(ValueError, match="same type"):
        RecordSet.concat([RecordSet.empty("shipment"), RecordSet.empty("freight_invoice")])


def test_parent_rows_follow_record_ids_in_any_order() -> None:
    records = two_invoices()
    swapped = records.with_tables({"freight_invoice": records.main.take([1, 0])})
    assert swapped.parent_rows("charge_line").tolist() == [1, 0, 0]


def test_a_child_of_no_record_is_told() -> None:
    orphaned = two_invoices().with_tables({"freight_invoice": two_invoices().main.slice(1)})
    with pytest.raises(ValueError, match="charge_line has rows"):
        orphaned.parent_rows("charge_line")
