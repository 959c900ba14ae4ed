"""The envelopes around the transaction sets of a buffer, and what is wrong with them.

X12.5 and X12.6: ISA..IEA holds GS..GE holds ST..SE; trailers repeat their header's control number
and count what they close. Only the few envelope segments around the transactions are walked one
by one. What is wrong with a group or an interchange is the file's defect, not its transactions':
these may be in the next stage already when the trailer comes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from etl.defects import Position, Severity
from etl.formats.x12.buffer import Buffer
from etl.formats.x12.delimiters import ISA_LENGTH
from etl.formats.x12.findings import MOST_ALIKE, Findings
from etl.formats.x12.segments import SegmentIndex
from etl.formats.x12.structure import GE, GS, IEA, ISA, SE
from etl.formats.x12.transactions import Envelope, Outline, Transactions, element, same_number


@dataclass
class FileState:
    """Where in the envelopes of a file the reader stands; carried from chunk to chunk.

    Attributes:
        interchange, group: those whose trailer has not come yet.
        seen: sender, receiver and number of the file's interchanges so far.
    """

    interchange: Envelope | None = None
    group: Envelope | None = None
    seen: set[str] = field(default_factory=set)


class EnvelopeWalk:
    """Gives the transactions of a buffer their envelopes, and checks these.

    `state` is that of the file whose text goes on at the start of the buffer; after
    :meth:`run`, that of the file whose text goes on after its end.
    """

    def __init__(
        self,
        index: SegmentIndex,
        buffer: Buffer,
        outline: Outline,
        state: FileState,
        severities: Mapping[str, Severity | None],
        findings: Findings,
    ) -> None:
        self._index, self._buffer, self._outline = index, buffer, outline
        self.state, self._severities, self._findings = state, severities, findings
        self._interchanges: list[Envelope] = []
        self._groups: list[Envelope] = []
        self._marks: list[tuple[int, int, int]] = []
        self._group_base = 0
        self._told: Counter[str] = Counter()

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
                self.state = FileState()
                self._told.clear()
                self._junk_before(number)
            for segment in events[parts[number] : parts[number + 1]].tolist():
                if segment in strays:
                    self._stray(segment, strays[segment])
                else:
                    self._envelope_segment(segment)
            last = int(bounds[number + 1]) - 1
            if piece.unterminated:
                self._unterminated(last)
            if piece.closes:
                self._close("the file ends", last)
        if self.state.group is not None:
            self.state.group.held += len(self._outline.start) - self._group_base
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
        outline = self._outline
        marks = np.array(self._marks)
        opening = self._index.pick(outline.start)
        at = np.searchsorted(marks[:, 0], outline.start, "right") - 1
        return Transactions(
            start=outline.start,
            stop=outline.stop,
            closed=outline.closed,
            numbers=self._index.strings(self._index.cells(opening, 2)),
            interchange=marks[at, 1],
            group=marks[at, 2],
            interchanges=self._interchanges,
            groups=self._groups,
        )

    def _envelope_segment(self, segment: int) -> None:
        kind = int(self._index.classes[segment])
        if kind == ISA:
            self._isa(segment)
        elif kind == GS:
            self._gs(segment)
        elif kind == GE:
            self._ge(segment)
        elif kind == IEA:
            self._iea(segment)
        elif kind == SE:
            self._tell("ST_MISSING", "trailers", segment, "an SE without its ST before it")
        self._mark(segment)

    def _isa(self, segment: int) -> None:
        elements = self._index.elements(segment)
        self._close("the next ISA comes", segment)
        self.state.interchange = Envelope(elements, len(self._interchanges))
        self._interchanges.append(self.state.interchange)
        length = int(self._index.stop[segment] - self._index.start[segment]) + 1
        if length != ISA_LENGTH or len(elements) != 17:
            self._tell(
                "ISA_FORM",
                "isa",
                segment,
                "the ISA has not its fixed form",
                value=f"{len(elements) - 1} elements, {length} bytes",
                expected=f"16 elements, {ISA_LENGTH} bytes",
            )
        key = "*".join(element(elements, number) for number in (6, 8, 13))
        if key in self.state.seen:
            self._used_twice("DUPLICATE_ISA", segment, 13, "interchange")
        self.state.seen.add(key)

    def _gs(self, segment: int) -> None:
        self._close_group("the next GS comes", segment)
        group = Envelope(self._index.elements(segment), len(self._groups))
        self.state.group = group
        self._groups.append(group)
        self._group_base = self._transactions_before(segment)
        interchange = self.state.interchange
        if interchange is None:
            self._tell("ISA_MISSING", "trailers", segment, "a GS outside of any interchange")
            return
        if group.number in interchange.seen:
            self._used_twice("DUPLICATE_GS", segment, 6, "group")
        interchange.seen.add(group.number)
        interchange.held += 1

    def _ge(self, segment: int) -> None:
        group = self.state.group
        if group is None:
            self._tell("GS_MISSING", "trailers", segment, "a GE without its GS before it")
            return
        held = group.held + self._transactions_before(segment) - self._group_base
        self._trailer("GE", segment, held, group.number, "transaction sets of the group")
        self.state.group = None

    def _iea(self, segment: int) -> None:
        self._close_group("the IEA comes", segment)
        interchange = self.state.interchange
        if interchange is None:
            self._tell("ISA_MISSING", "trailers", segment, "an IEA without its ISA before it")
            return
        self._trailer("IEA", segment, interchange.held, interchange.number, "groups")
        self.state.interchange = None

    def _transactions_before(self, segment: int) -> int:
        return int(np.searchsorted(self._outline.start, segment))

    def _trailer(self, trailer: str, segment: int, held: int, number: str, what: str) -> None:
        elements = self._index.elements(segment)
        if not same_number(element(elements, 1), str(held)):
            self._tell(
                f"{trailer}_COUNT",
                "group_counts",
                segment,
                f"{trailer}01 does not count the {what}; ask the partner whether some were lost",
                place=1,
                value=element(elements, 1),
                expected=str(held),
            )
        if not same_number(element(elements, 2), number):
            self._tell(
                f"{trailer}_REFERENCE",
                "references",
                segment,
                f"{trailer}02 is not the control number of its header",
                place=2,
                value=element(elements, 2),
                expected=number,
            )

    def _close(self, why: str, segment: int) -> None:
        """The interchange ends without its IEA, if it is open."""
        self._close_group(why, segment)
        if self.state.interchange is not None:
            self._tell(
                "IEA_MISSING",
                "trailers",
                segment,
                f"{why} before the IEA; ask the partner whether the file is whole",
                expected=f"IEA with control number {self.state.interchange.number}",
            )
            self.state.interchange = None

    def _close_group(self, why: str, segment: int) -> None:
        """The group ends without its GE, if it is open."""
        if self.state.group is not None:
            self._tell(
                "GE_MISSING",
                "trailers",
                segment,
                f"{why} before the GE; ask the partner whether the file is whole",
                expected=f"GE with control number {self.state.group.number}",
            )
            self.state.group = None

    def _unterminated(self, last: int) -> None:
        if self.state.interchange is not None:
            self._tell(
                "TRUNCATED",
                "trailers",
                last,
                "the text breaks off inside this segment; ask the partner to send the file again",
                expected="a segment terminator",
            )
        elif (
            self._index.classes[last] == IEA
            and not self._index.delimiters.breaks_lines
            and self._severities["trailers"] is not None
        ):
            self._findings.add(
                "TERMINATOR_MISSING",
                Severity.WARN,
                "the last segment has no terminator",
                self._findings.places.of(last),
            )

    def _junk_before(self, number: int) -> None:
        junk, file = self._buffer.pieces[number].junk, self._buffer.numbers[number]
        if junk:
            self._findings.add(
                "JUNK",
                self._severities["junk"],
                "something stands before the first ISA and was not read",
                (file, Position(self._buffer.files[file].name, byte_offset=0)),
                value=junk[:200].decode("ascii", "replace"),
                expected="an ISA at the start of the file",
            )

    def _stray(self, begin: int, end: int) -> None:
        inside, group = self.state.interchange is not None, self.state.group is not None
        many = f"{end - begin} segments stand" if end - begin > 1 else "a segment stands"
        self._tell(
            "STRAY_SEGMENT" if inside else "JUNK",
            "junk",
            begin,
            f"{many} outside of any {'transaction set' if inside else 'interchange'} and cannot "
            "be read; ask the partner what they belong to",
            value=self._index.text(begin),
            expected="ST or GE" if group else "GS or IEA" if inside else "an ISA or nothing",
        )

    def _used_twice(self, code: str, segment: int, place: int, what: str) -> None:
        self._tell(
            code,
            "duplicates",
            segment,
            f"the {what} control number was used before in this file; ask the partner whether "
            f"the {what} was sent twice",
            place=place,
            value=element(self._index.elements(segment), place),
            expected="a number not used before",
        )

    def _tell(
        self,
        code: str,
        setting: str,
        segment: int,
        message: str,
        *,
        place: int | None = None,
        value: str | None = None,
        expected: str | None = None,
    ) -> None:
        self._told[code] += 1
        if self._told[code] > MOST_ALIKE:
            return
        file, at = self._findings.places.of(segment, place)
        interchange, group = self.state.interchange, self.state.group
        at = replace(
            at,
            interchange=interchange.number if interchange else None,
            group=group.number if group else None,
        )
        self._findings.add(
            code, self._severities[setting], message, (file, at), value=value, expected=expected
        )
