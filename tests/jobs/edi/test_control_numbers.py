"""Control numbers against those that were received before."""

import pytest

from etl.jobs.rebuild import rebuild_ledger
from etl.jobs.rerun import rerun
from etl.jobs.retry import retry
from tests.edi_night import ACME, POLICY, EdiNight
from tests.freight_bills import FreightBill, bills_file


def declare(edi: EdiNight, **control_numbers: str) -> None:
    edi.declare(ACME, {**POLICY, "control_numbers": control_numbers})


def drop(edi: EdiNight, name: str, control_number: int) -> None:
    bill = FreightBill(f"{name}-{control_number}", f"SHP-{name}")
    edi.night.drop(ACME, f"{name}.edi", bills_file(bill, control_number=control_number))


def test_a_number_that_came_before_keeps_its_interchange_out(edi: EdiNight) -> None:
    declare(edi, duplicates="reject")
    drop(edi, "first", 101)
    edi.run()
    drop(edi, "second", 101)
    result = edi.run()
    assert (result.counts.read, result.counts.rejected, result.counts.add_up) == (1, 1, True)
    (item,) = edi.exceptions(code="DUPLICATE_CONTROL_NUMBER")
    assert (item.queue, item.kind) == ("integration", "data")
    assert "interchange 000000101 came before in first.edi" in item.message
    first, second = edi.delivered().values()
    assert "AK9*A*1*1*1" in first
    assert "AK9*R*1*1*0" in second
    assert [each.result for each in edi.interchanges("in")] == ["A", "R"]


def test_without_a_declaration_it_is_kept_out_and_the_sender_is_told_so(edi: EdiNight) -> None:
    edi.declare(ACME, {**POLICY, "acknowledge": {"x12": ["TA1", "997"]}})
    for name in ("first", "second"):
        drop(edi, name, 101)
        edi.run()
    answers = [text.splitlines()[1] for text in edi.delivered().values()]
    assert answers == ["TA1*000000101*261121*2315*A*000~", "TA1*000000101*261121*2315*R*025~"]


def test_a_number_that_came_before_is_known_after_a_rebuild(edi: EdiNight) -> None:
    drop(edi, "first", 101)
    edi.run()
    for path in edi.night.root.glob("ledger.db*"):
        path.unlink()
    rebuild_ledger(edi.open())
    drop(edi, "second", 101)
    assert edi.run().counts.rejected == 1


def test_a_sender_that_counts_anew_is_read_once_that_is_declared(edi: EdiNight) -> None:
    for name in ("first", "second"):
        drop(edi, name, 101)
        edi.run()
    (item,) = edi.exceptions(code="DUPLICATE_CONTROL_NUMBER")
    declare(edi, duplicates="warn")
    (result,) = retry(edi.open(), [item.id])
    assert (result.counts.stored, result.counts.rejected) == (1, 0)
    assert edi.exceptions() == []


def test_of_two_in_one_night_the_one_that_came_first_counts(edi: EdiNight) -> None:
    declare(edi, duplicates="reject")
    drop(edi, "a", 101)
    drop(edi, "b", 101)
    result = edi.run()
    assert (result.counts.stored, result.counts.rejected) == (1, 1)
    (item,) = edi.exceptions(code="DUPLICATE_CONTROL_NUMBER")
    assert "b.edi" in item.message


@pytest.mark.parametrize("policy", ["warn", "ignore"])
def test_where_it_is_not_to_be_rejected_it_is_read(edi: EdiNight, policy: str) -> None:
    declare(edi, duplicates=policy)
    drop(edi, "first", 101)
    edi.run()
    drop(edi, "second", 101)
    result = edi.run()
    assert (result.counts.stored, result.counts.rejected) == (1, 0)
    assert edi.exceptions() == []
    folder = edi.open().archive.find_batch(result.batches[0])
    assert folder is not None
    told = folder.read_table("defects")["code"].to_pylist()
    assert told == (["DUPLICATE_CONTROL_NUMBER"] if policy == "warn" else [])


def test_the_same_file_again_is_no_repetition(edi: EdiNight) -> None:
    declare(edi, duplicates="reject")
    drop(edi, "first", 101)
    (batch,) = edi.run().batches
    drop(edi, "second", 101)
    edi.run()
    again = rerun(edi.open(), batch)
    assert (again.counts.stored, again.counts.rejected) == (1, 0)
    assert len(edi.exceptions(code="DUPLICATE_CONTROL_NUMBER")) == 1


def test_a_group_number_is_compared_only_where_it_is_declared(edi: EdiNight) -> None:
    declare(edi, groups="reject")
    bill = FreightBill("B-1", "SHP-1")
    edi.night.drop(ACME, "a.edi", bills_file(bill, control_number=101))
    edi.run()
    same_group = bills_file(FreightBill("B-2", "SHP-1"), control_number=102)
    same_group = same_group.replace("2315*102*X", "2315*101*X").replace("GE*1*102", "GE*1*101")
    edi.night.drop(ACME, "b.edi", same_group)
    assert edi.run().counts.rejected == 1
    (item,) = edi.exceptions(code="DUPLICATE_CONTROL_NUMBER")
    assert "group 101 came before in a.edi" in item.message


def test_a_gap_is_one_exception_until_what_is_missing_has_come(edi: EdiNight) -> None:
    declare(edi, gaps="warn")
    drop(edi, "a", 101)
    edi.run()
    drop(edi, "b", 104)
    (batch,) = edi.run().batches
    (item,) = edi.exceptions(code="CONTROL_NUMBER_GAP")
    assert item.queue == "integration"
    assert item.details["missing"] == ["102 to 103"]
    assert "b.edi came, but not the interchanges 102 to 103 from 02:ACLT" in item.message

    rerun(edi.open(), batch)
    drop(edi, "c", 105)
    edi.run()
    assert [each.id for each in edi.exceptions(code="CONTROL_NUMBER_GAP")] == [item.id]

    drop(edi, "late", 103)
    edi.run()
    assert [each.id for each in edi.exceptions(code="CONTROL_NUMBER_GAP")] == [item.id]
    drop(edi, "later", 102)
    edi.run()
    assert edi.exceptions(code="CONTROL_NUMBER_GAP") == []


def test_a_first_file_and_files_of_one_night_in_any_order_leave_no_gap(edi: EdiNight) -> None:
    declare(edi, gaps="warn")
    for name, number in (("c", 4711), ("a", 4713), ("b", 4712)):
        drop(edi, name, number)
    edi.run()
    assert edi.exceptions() == []


@pytest.mark.parametrize("same_night", [True, False])
def test_a_file_that_broke_off_does_not_keep_out_the_whole_one(
    edi: EdiNight, same_night: bool
) -> None:
    whole = bills_file(FreightBill("B-1", "S-1"), FreightBill("B-2", "S-2"), control_number=101)
    edi.night.drop(ACME, "half.edi", whole[: len(whole) * 3 // 4])
    if not same_night:
        edi.run()
    edi.night.drop(ACME, "whole.edi", whole)
    edi.run()
    assert edi.exceptions(code="DUPLICATE_CONTROL_NUMBER") == []
    assert len(edi.exceptions(code="TRUNCATED")) == 1
