"""The envelopes around the transaction sets of a buffer, and what is wrong with them.

X12.5, X12.6: ISA..IEA holds GS..GE holds ST..SE. ISO 9735: UNB..UNZ holds UNH..UNT, or UNG..UNE
that hold these. Trailers repeat their header's control number and count what they close. Only the
few envelope segments around the transactions are walked one by one.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from etl.defects import Severity
from etl.formats.edi.checks.findings import Findings
from etl.formats.edi.elements import element
from etl.formats.edi.reading.buffer import Buffer
from etl.formats.edi.reading.envelope_faults import EnvelopeFaults, FileState
from etl.formats.edi.reading.kinds import kinds_of
from etl.formats.edi.reading.parts import Part
from etl.formats.edi.reading.segments import SegmentIndex
from etl.formats.edi.reading.transactions import (
    OpenEnvelope,
    Outline,
    Transactions,
    same_number,
)
from etl.formats.edi.syntax import (
    GROUP,
    GROUP_END,
    INTERCHANGE,
    INTERCHANGE_END,
    OTHER,
    TRANSACTION_END,
    Envelope,
    Syntax,
)

TEST = "TEST_INTERCHANGE"


class EnvelopeWalk:
    """Gives the transactions of a buffer their envelopes, and checks these.

    `state` is that of the file whose text goes on at the start of the buffer; after
    :meth:`run`, that of the file whose text goes on after its end.
    """

    def __init__(
        self,
        syntax: Syntax,
        index: SegmentIndex,
        buffer: Buffer,
        outline: Outline,
        state: FileState,
        part: Part,
        severities: Mapping[str, Severity | None],
        findings: Findings,
    ) -> None:
        self._syntax = syntax
        self._index, self._buffer, self._outline = index, buffer, outline
        self.state, self._part = state, part
        self._severities = severities
        self._interchanges: list[OpenEnvelope] = []
        self._groups: list[OpenEnvelope] = []
        self._marks: list[tuple[int, int, int]] = []
        self._base = 0
        self._faults = EnvelopeFaults(syntax, index, buffer, severities, findings, state)

    def run(self) -> Transactions:
        """Walk over the pieces, and in each over what stands around its transactions."""
        self._carry_on()
        strays = dict(self._outline.strays)
        events = np.sort(np.concatenate([self._outline.around, np.array([*strays], np.int64)]))
        starts = np.searchsorted(self._index.start, self._buffer.starts)
        bounds = np.append(starts, len(self._index))
        parts = np.searchsorted(events, bounds)
        for number, piece in enumerate(self._buffer.pieces):
            if piece.opens:
                self._count(int(bounds[number]))
                self.state = FileState()
                self._faults.begin(self.state)
                self._faults.junk_before(number)
                if piece.header.assumed:
                    self._faults.assumed(int(bounds[number]))
            for segment in events[parts[number] : parts[number + 1]].tolist():
                if segment in strays:
                    self._faults.stray(segment, strays[segment])
                else:
                    self._envelope_segment(segment)
            last = int(bounds[number + 1]) - 1
            if piece.unterminated:
                self._faults.unterminated(last)
            if piece.closes:
                self._close("the file ends", last)
        self._count(len(self._index))
        return self._transactions()

    def _carry_on(self) -> None:
        """Take over what the buffer before left open."""
        for envelope, list_ in (
            (self.state.interchange, self._interchanges),
            (self.state.group, self._groups),
        ):
            if envelope is not None:
                envelope.place = 0
                list_.append(envelope)
        self._mark(0)

    def _mark(self, segment: int) -> None:
        """From `segment` on, transactions belong to what is open now."""
        interchange, group = self.state.interchange, self.state.group
        self._marks.append(
            (segment, interchange.place if interchange else -1, group.place if group else -1)
        )

    def _transactions(self) -> Transactions:
        outline, envelope = self._outline, self._syntax.transaction
        marks = np.array(self._marks)
        opening = self._index.pick(outline.start)
        at = np.searchsorted(marks[:, 0], outline.start, "right") - 1
        groups = marks[at, 2]
        kind, kinds = kinds_of(self._index, outline, self._syntax, (groups, self._groups))
        return Transactions(
            start=outline.start,
            stop=outline.stop,
            closed=outline.closed,
            numbers=self._index.strings(self._index.cells(opening, envelope.number_at)),
            interchange=marks[at, 1],
            group=groups,
            interchanges=self._interchanges,
            groups=self._groups,
            kind=kind,
            kinds=kinds,
        )

    def _envelope_segment(self, segment: int) -> None:
        kind = int(self._index.classes[segment])
        self._count(segment)
        if kind == INTERCHANGE:
            self._open_interchange(segment)
        elif kind == GROUP:
            self._open_group(segment)
        elif kind == GROUP_END:
            self._close_by_trailer(segment, self._syntax.group, self.state.group)
            self.state.group = None
        elif kind == INTERCHANGE_END:
            self._close_group(f"the {self._syntax.interchange.trailer} comes", segment)
            self._close_by_trailer(segment, self._syntax.interchange, self.state.interchange)
            self.state.interchange = None
        elif kind == OTHER and self.state.interchange is not None:
            self.state.interchange.notes.append(self._index.elements(segment))
        elif kind == TRANSACTION_END:
            header, trailer = self._syntax.transaction.header, self._syntax.transaction.trailer
            text = f"an {trailer} without its {header} before it"
            self._faults.tell(f"{header}_MISSING", "trailers", segment, text)
        self._mark(segment)

    def _count(self, segment: int) -> None:
        """Count the transactions before `segment` to the envelope that is open around them."""
        begun = int(np.searchsorted(self._outline.start, segment))
        held = begun - self._base
        if self._part.goes_on and self._base == 0 and begun > 0:
            held -= 1
        self._base = begun
        around = self.state.group or self.state.interchange
        if around is not None and (self.state.group or not self._syntax.groups_required):
            around.held += held

    def _open_interchange(self, segment: int) -> None:
        syntax = self._syntax
        elements = self._index.elements(segment)
        self._close(f"the next {syntax.interchange.header} comes", segment)
        number = element(elements, syntax.interchange.number_at)
        file, _ = self._buffer.origin(int(self._index.start[segment]))
        opened = OpenEnvelope(elements, number, len(self._interchanges))
        opened.file = self._buffer.files[file]
        self.state.interchange = opened
        self._interchanges.append(opened)
        if fault := syntax.form_fault(self._index.text(segment), elements):
            found, expected = fault
            self._faults.tell(
                f"{syntax.interchange.header}_FORM",
                syntax.interchange.header.lower(),
                segment,
                f"the {syntax.interchange.header} has not the form that the standard gives it",
                value=found,
                expected=expected,
            )
        key = "*".join(
            opened.element(at)
            for at in (syntax.sender_at, syntax.receiver_at, syntax.interchange.number_at)
        )
        self._faults.content(segment, elements)
        if opened.element(syntax.test_at) == syntax.test_mark:
            self._test(segment, opened)
        if key in self.state.seen:
            self._faults.used_twice(segment, syntax.interchange)
            if self._severities["duplicates"] is Severity.REJECT:
                opened.kept_out = (
                    f"DUPLICATE_{syntax.interchange.header}",
                    "its interchange came before in this file: nothing is taken twice",
                )
        self.state.seen.add(key)

    def _open_group(self, segment: int) -> None:
        envelope = self._syntax.group
        self._close_group(f"the next {envelope.header} comes", segment)
        elements = self._index.elements(segment)
        interchange = self.state.interchange
        group = OpenEnvelope(
            elements, element(elements, envelope.number_at), len(self._groups), interchange
        )
        self.state.group = group
        self._groups.append(group)
        self._faults.content(segment, elements)
        if interchange is None:
            self._faults.no_header(segment, f"a {envelope.header}", self._syntax.interchange)
            return
        if group.number in interchange.seen:
            self._faults.used_twice(segment, envelope)
        interchange.seen.add(group.number)
        interchange.held += 1

    def _test(self, segment: int, opened: OpenEnvelope) -> None:
        """Tell that an interchange is a test; one that is rejected is kept out as a whole."""
        header, place = self._syntax.interchange.header, self._syntax.test_at
        message = f"{header}{place:02} says that this is a test"
        self._faults.tell(
            TEST,
            "test",
            segment,
            f"{message}; ask the partner to send it as production, or set edi.read.test",
            place=place,
            value=self._syntax.test_mark,
            expected="an interchange of production",
        )
        if self._severities["test"] is Severity.REJECT:
            opened.kept_out = (TEST, f"its interchange is not taken: {message}")

    def _close_by_trailer(
        self, segment: int, envelope: Envelope, opened: OpenEnvelope | None
    ) -> None:
        trailer = envelope.trailer
        if opened is None:
            self._faults.no_header(segment, f"a {trailer}", envelope)
            return
        elements = self._index.elements(segment)
        opened.counted = element(elements, envelope.count_at)
        if not same_number(opened.counted, str(opened.held)):
            self._faults.tell(
                f"{trailer}_COUNT",
                "group_counts",
                segment,
                f"{trailer}{envelope.count_at:02} does not count what is inside; ask the partner "
                "whether some were lost",
                place=envelope.count_at,
                value=opened.counted,
                expected=str(opened.held),
            )
        repeated = element(elements, envelope.repeated_at)
        if not same_number(repeated, opened.number):
            self._faults.tell(
                f"{trailer}_REFERENCE",
                "references",
                segment,
                f"{trailer}{envelope.repeated_at:02} is not the control number of its header",
                place=envelope.repeated_at,
                value=repeated,
                expected=opened.number,
            )

    def _close(self, why: str, segment: int) -> None:
        """The interchange ends without its trailer, if it is open."""
        self._close_group(why, segment)
        self._break_off(why, segment, self._syntax.interchange, self.state.interchange)
        self.state.interchange = None

    def _close_group(self, why: str, segment: int) -> None:
        """The group ends without its trailer, if it is open."""
        self._break_off(why, segment, self._syntax.group, self.state.group)
        self.state.group = None

    def _break_off(
        self, why: str, segment: int, envelope: Envelope, opened: OpenEnvelope | None
    ) -> None:
        if opened is not None:
            self._faults.tell(
                f"{envelope.trailer}_MISSING",
                "trailers",
                segment,
                f"{why} before the {envelope.trailer}; ask the partner whether the file is whole",
                expected=f"{envelope.trailer} with control number {opened.number}",
            )
