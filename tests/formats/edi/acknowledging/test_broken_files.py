"""Whatever a file is, it gets an acknowledgement that can be read, or none; nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.defects import Severity
from etl.formats.edi.acknowledging.acknowledgements import SYNTAX_KINDS
from etl.formats.edi.outgoing import OutgoingInterchange
from etl.formats.edi.writing.unwritable import UnwritableError
from etl.formats.edi.writing.writer import written
from tests.formats.edi.answers import outgoing, received
from tests.formats.edifact import invoices
from tests.formats.x12 import interchanges as x12

SOUND = {"x12": x12.plain(2), "edifact": invoices.plain(2)}


def assert_answered(data: bytes, syntax: str) -> None:
    """What goes back can be read, but for what it repeats of the broken file's own values."""
    interchanges, _ = received(data, syntax)
    for interchange in interchanges:
        for each in outgoing(interchange, SYNTAX_KINDS[syntax]):
            _, defects = received(_written(each), syntax)
            assert [defect for defect in defects if defect.severity is Severity.REJECT] == []


def _written(interchange: OutgoingInterchange) -> bytes:
    """Its bytes; of one whose address was broken itself, the same to another one."""
    try:
        return written(interchange)
    except UnwritableError as error:
        assert error.position.segment_id in ("ISA", "GS", "UNB")  # noqa: PT017
        return written(replace(interchange, sender=("US", "ZZ"), receiver=("THEM", "ZZ")))


@pytest.mark.parametrize("syntax", SOUND)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_of_files_cut_off_at_any_byte(syntax: str, data: st.DataObject) -> None:
    end = data.draw(st.integers(0, len(SOUND[syntax])))
    assert_answered(SOUND[syntax][:end], syntax)


@pytest.mark.parametrize("syntax", SOUND)
@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_of_files_with_any_other_byte(syntax: str, data: st.DataObject) -> None:
    sound = SOUND[syntax]
    at = data.draw(st.integers(0, len(sound) - 1))
    byte = data.draw(st.sampled_from(b"*~>+:'?^\x00\x01\n\r AaZz09.,-\xe9\xff"))
    assert_answered(sound[:at] + bytes((byte,)) + sound[at + 1 :], syntax)


@pytest.mark.parametrize("syntax", SOUND)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_of_files_with_a_piece_lost_or_twice(syntax: str, data: st.DataObject) -> None:
    sound = SOUND[syntax]
    begin, end = sorted(data.draw(st.tuples(*2 * [st.integers(0, len(sound))])))
    assert_answered(sound[:begin] + sound[end:], syntax)
    assert_answered(sound[:end] + sound[begin:], syntax)
