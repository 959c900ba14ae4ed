"""What is wrong with envelopes, in words: a defect of the file, and of the receipt concerned.

What is wrong with a group or an interchange is the file's defect, not its transactions': these may
be in the next stage already when the trailer comes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from etl.defects import Position, Severity
from etl.formats.edi.checks.findings import MOST_ALIKE, Findings
from etl.formats.edi.elements import element
from etl.formats.edi.reading.buffer import Buffer
from etl.formats.edi.reading.segments import SegmentIndex
from etl.formats.edi.reading.transactions import OpenEnvelope
from etl.formats.edi.syntax import INTERCHANGE_END, Envelope, Syntax


@dataclass
class FileState:
    """Where in the envelopes of a file the reader stands; carried from chunk to chunk.

    Attributes:
        interchange, group: those whose trailer has not come yet.
        seen: sender, receiver and number of the file's interchanges so far.
        segments: how many segments of a transaction that is read in parts have come.
        transactions: how many transactions of the file have come, one in parts included.
    """

    interchange: OpenEnvelope | None = None
    group: OpenEnvelope | None = None
    seen: set[str] = field(default_factory=set)
    segments: int = 0
    transactions: int = 0


@dataclass
class EnvelopeFaults:
    """Tells of the envelopes of a buffer; of many faults alike in a file, only of the first ones.

    Attributes:
        state: that of the file whose text is told of.
    """

    syntax: Syntax
    index: SegmentIndex
    buffer: Buffer
    severities: Mapping[str, Severity | None]
    findings: Findings
    state: FileState
    _told: Counter[str] = field(default_factory=Counter)

    def begin(self, state: FileState) -> None:
        """Another file begins."""
        self.state = state
        self._told.clear()

    def tell(
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
        """Add a defect at a segment, by the severity of a setting."""
        self._told[code] += 1
        if self._told[code] > MOST_ALIKE:
            return
        file, at = self.findings.places.of(segment, place)
        interchange, group = self.state.interchange, self.state.group
        at = replace(
            at,
            interchange=interchange.number if interchange else None,
            group=group.number if group else None,
        )
        told = self.findings.add(
            code, self.severities[setting], message, (file, at), value=value, expected=expected
        )
        envelope = self.syntax.group
        of_group = {envelope.header, envelope.trailer} & set(code.split("_"))
        concerned = group if of_group else interchange
        if told is not None and concerned is not None:
            concerned.defects.append(told)

    def used_twice(self, segment: int, envelope: Envelope) -> None:
        """A control number came twice."""
        self.tell(
            f"DUPLICATE_{envelope.header}",
            "duplicates",
            segment,
            f"the {envelope.name} control number was used before in this file; ask the partner "
            f"whether the {envelope.name} was sent twice",
            place=envelope.number_at,
            value=element(self.index.elements(segment), envelope.number_at),
            expected="a number not used before",
        )

    def content(self, segment: int, elements: list[str]) -> None:
        """Tell what cannot be right in the header of an interchange or a group."""
        header = self.syntax.interchange.header.lower()
        for fault in self.syntax.content_faults(elements):
            segment_id = elements[0].strip()
            self.tell(
                f"{segment_id}_CONTENT",
                header,
                segment,
                f"{segment_id}{fault.element:02} cannot be {fault.what}",
                place=fault.element,
                value=fault.value,
                expected=fault.expected,
            )

    def no_header(self, segment: int, what: str, envelope: Envelope) -> None:
        """A trailer or something else stands without its header."""
        text = f"{what} stands without its {envelope.header} before it"
        self.tell(f"{envelope.header}_MISSING", "trailers", segment, text)

    def unterminated(self, last: int) -> None:
        """The text ends within its last segment."""
        if self.state.interchange is not None:
            self.tell(
                "TRUNCATED",
                "trailers",
                last,
                "the text breaks off inside this segment; ask the partner to send the file again",
                expected="a segment terminator",
            )
        elif (
            self.index.classes[last] == INTERCHANGE_END
            and not self.index.delimiters.breaks_lines
            and self.severities["trailers"] is not None
        ):
            self.findings.add(
                "TERMINATOR_MISSING",
                Severity.WARN,
                "the last segment has no terminator",
                self.findings.places.of(last),
            )

    def junk_before(self, number: int) -> None:
        """Something stands before the first interchange of a file."""
        junk, file = self.buffer.pieces[number].junk, self.buffer.numbers[number]
        if junk:
            self.findings.add(
                "JUNK",
                self.severities["junk"],
                f"something stands before the first {self.syntax.interchange.header} and was not "
                "read",
                (file, Position(self.buffer.files[file].name, byte_offset=0)),
                value=junk[:200].decode("ascii", "replace"),
                expected=f"an {self.syntax.interchange.header} at the start of the file",
            )

    def assumed(self, segment: int) -> None:
        """Separators were assumed that nothing declares."""
        header = self.syntax.interchange.header
        self.tell(
            "UNA_MISSING",
            header.lower(),
            segment,
            "segments end with line feeds here, which no UNA declares; ask the partner to end them "
            "with ' or to send a UNA",
            expected="a UNA that declares the line feed",
        )

    def stray(self, begin: int, end: int) -> None:
        """Segments stand outside of any transaction."""
        syntax = self.syntax
        inside, group = self.state.interchange is not None, self.state.group is not None
        many = f"{end - begin} segments stand" if end - begin > 1 else "a segment stands"
        envelope = syntax.transaction if inside else syntax.interchange
        within = (
            f"{syntax.transaction.header} or {syntax.group.trailer}"
            if group
            else f"{syntax.group.header} or {syntax.interchange.trailer}"
        )
        self.tell(
            "STRAY_SEGMENT" if inside else "JUNK",
            "junk",
            begin,
            f"{many} outside of any {envelope.name} and cannot be read; ask the partner what they "
            "belong to",
            value=self.index.text(begin),
            expected=within if inside else f"an {syntax.interchange.header} or nothing",
        )
