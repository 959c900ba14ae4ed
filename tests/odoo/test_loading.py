from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.errors import TerminalError, TransientError
from etl.odoo.loading import Pace, batches, load_batch
from etl.odoo.rows import LoadRows
from etl.odoo.settings import LoadLimits
from tests.odoo.fake_odoo import FakeOdoo, Fate, client_of, rows_of

NAMES = [f"bill{number}" for number in range(7)]


def pace() -> Pace:
    return Pace(LoadLimits())


@given(
    st.lists(st.sampled_from(Fate), max_size=4),
    st.dictionaries(st.sampled_from(NAMES), st.sampled_from(["partner_id", None]), max_size=3),
    st.booleans(),
    st.booleans(),
)
def test_every_good_bill_is_there_once_whatever_happens(
    fates: list[Fate], bad: dict[str, str | None], raises: bool, names_culprits: bool
) -> None:
    odoo = FakeOdoo(fates, {f"etl.{name}": field for name, field in bad.items()})
    odoo.raises, odoo.names_culprits = raises, names_culprits
    loaded = load_batch(client_of(odoo), pace(), rows_of(*NAMES))
    good = {f"etl.{name}" for name in NAMES if name not in bad}
    assert Counter(odoo.created) == Counter(good)
    assert loaded.ids == {name: odoo.records[name] for name in good}
    assert set(loaded.refused) == {f"etl.{name}" for name in bad}


@given(st.lists(st.sampled_from([f for f in Fate if f is not Fate.WELL]), max_size=60))
def test_a_push_that_gives_up_is_finished_by_the_next_one(fates: list[Fate]) -> None:
    odoo = FakeOdoo(fates)
    for _ in range(70):
        try:
            load_batch(client_of(odoo), pace(), rows_of(*NAMES))
            break
        except TransientError:
            continue
    assert Counter(odoo.created) == Counter(f"etl.{name}" for name in NAMES)


def test_what_is_there_already_is_not_given_again() -> None:
    odoo = FakeOdoo()
    load_batch(client_of(odoo), pace(), rows_of("a", "b"))
    load_batch(client_of(odoo), pace(), rows_of("a", "b", "c"))
    assert odoo.loads == [["etl.a", "etl.b"], ["etl.c"]]


def test_a_named_field_takes_its_bill_out_in_one_more_call() -> None:
    odoo = FakeOdoo(bad={"etl.bill3": "partner_id"})
    loaded = load_batch(client_of(odoo), pace(), rows_of(*NAMES))
    assert len(odoo.loads) == 2
    assert loaded.refused == {"etl.bill3": "etl.bill3 is bad"}


def test_a_right_that_is_missing_ends_the_push_at_once() -> None:
    odoo = FakeOdoo(forbidden=("create", "x.model"))
    with pytest.raises(TerminalError, match=r"may not create x\.model: ask Odoo's administrator"):
        load_batch(client_of(odoo), pace(), rows_of(*NAMES))
    assert len(odoo.loads) == 1


def test_a_model_that_is_only_named_beside_a_bad_bill_is_no_missing_right() -> None:
    odoo = FakeOdoo(bad={"etl.bill3": None})
    odoo.words = "the tax (account.tax) is not for purchases, see (no.model)"
    loaded = load_batch(client_of(odoo), pace(), rows_of(*NAMES))
    assert set(loaded.refused) == {"etl.bill3"}
    assert len(loaded.ids) == len(NAMES) - 1


def test_a_bill_that_was_refused_while_saving_is_tried_alone() -> None:
    odoo = FakeOdoo(bad={"etl.bill5": None})
    loaded = load_batch(client_of(odoo), pace(), rows_of(*NAMES))
    assert loaded.refused == {"etl.bill5": "etl.bill5 is bad"}
    assert [len(names) for names in odoo.loads] == [7, 6, 1]


def test_a_bad_bill_that_odoo_does_not_name_is_found_in_halves() -> None:
    odoo = FakeOdoo(bad={"etl.bill5": None})
    odoo.raises = True
    loaded = load_batch(client_of(odoo), pace(), rows_of(*NAMES))
    assert loaded.refused == {"etl.bill5": "bad"}
    assert len(loaded.ids) == len(NAMES) - 1


def test_answers_that_are_always_lost_end_the_push() -> None:
    odoo = FakeOdoo([Fate.CUT_BEFORE] * 1000)
    with pytest.raises(TransientError):
        load_batch(client_of(odoo), pace(), rows_of(*NAMES))
    assert odoo.created == []


def test_repeated_losses_make_the_calls_smaller() -> None:
    odoo = FakeOdoo([Fate.CUT_BEFORE] * 2)
    load_batch(client_of(odoo), pace(), rows_of(*NAMES))
    assert [len(names) for names in odoo.loads] == [7, 7, 3, 3, 1]


def test_the_size_of_a_batch_follows_what_was_measured() -> None:
    limits = LoadLimits(first_batch=50, largest_batch=100, seconds=20)
    pace = Pace(limits)
    assert pace.batch_size == 50
    pace.took(50, 5.0)
    assert pace.batch_size == 100
    pace.took(100, 50.0)
    assert pace.batch_size == 40
    pace.took(40, 8000.0)
    assert pace.batch_size == 1


def test_the_first_batch_is_no_larger_than_any_may_be() -> None:
    assert Pace(LoadLimits(first_batch=50, largest_batch=10)).batch_size == 10


def test_a_batch_holds_no_more_lines_than_a_call_may_have() -> None:
    lengths = [40, 40, 30, 1, 200, 99, 1, 2]
    rows = [
        LoadRows("account.move", f"etl.{n}", ("id",), [[""]] * length)
        for n, length in enumerate(lengths)
    ]
    found = [
        [len(row.cells) for row in batch]
        for batch in batches(rows, Pace(LoadLimits(largest_lines=100)))
    ]
    assert found == [[40, 40], [30, 1], [200], [99, 1], [2]]


def test_a_batch_holds_rows_of_the_same_columns_only() -> None:
    rows = [LoadRows("account.move", f"etl.{n}", ("id", "ab"[n % 2]), [[""]]) for n in range(5)]
    found = [[row.external_id for row in batch] for batch in batches(rows, pace())]
    assert found == [["etl.0", "etl.2", "etl.4"], ["etl.1", "etl.3"]]
