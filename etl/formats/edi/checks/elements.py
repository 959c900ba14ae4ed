"""What is wrong with the elements of a buffer's segments: presence, length, type, code, notes.

Whole columns of cells are looked at together, and give suspects; only these are looked at one by
one, by :mod:`etl.formats.edi.checks.values`, which has the last word.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from etl.formats.edi.checks.dates import suspect_periods
from etl.formats.edi.checks.findings import TransactionFindings
from etl.formats.edi.checks.notes import broken, meaning
from etl.formats.edi.checks.values import ValueFault, value_fault
from etl.formats.edi.notation import Notation
from etl.formats.edi.outgoing import Components
from etl.formats.edi.reading.cells import Cells, Offsets
from etl.formats.edi.reading.content import Reading
from etl.formats.edi.reading.picked import Segments
from etl.formats.edi.reading.segments import Indexes, Mask
from etl.formats.edi.reading.words import (
    WIDTH,
    ZEROS,
    WordReader,
    Words,
    digits_only,
    is_date,
    is_leap_day,
    is_time,
    packed,
    without_mark,
    without_sign,
)
from etl.formats.edi.structures.dictionary import Composite, Element, Note, Segment, Use


class ElementChecks:
    """Checks the elements of one buffer and reports to `findings`."""

    def __init__(self, reading: Reading, findings: TransactionFindings) -> None:
        self._reading, self._findings = reading, findings
        self._index = reading.index
        self._levels = reading.declaration.levels
        self._composites_usual = reading.declaration.syntax.composites
        self._words = WordReader(reading.index.data)
        self._notation = Notation(reading.index.delimiters)

    def run(self) -> None:
        """All checks."""
        keys = ("elements", "lengths", "types", "codes", "notes")
        if all(self._levels[key] is None for key in keys):
            return
        for segments, definition in self._by_definition():
            self._count(segments, definition)
            parted = sum(
                self._element(segments, number, use)
                for number, use in enumerate(definition.elements, start=1)
            )
            if self._composites_usual and parted != self._index.inner_separators(segments):
                self._no_components(segments, definition)
            for note in definition.notes:
                self._note(segments, note)

    def _by_definition(self) -> Iterator[tuple[Segments, Segment]]:
        """The segments of transactions, by their definition; the service segments are looked at
        with the envelopes."""
        reading, structures = self._reading, self._reading.declaration.structures
        ids = list(structures.classes)
        used = np.unique(reading.used)
        for number, found in self._index.by_class().items():
            if number <= len(structures.syntax.control):
                continue
            head = reading.part.head
            segments = found.chosen(found.numbers >= head) if head else found
            if len(used) > 1:
                owners = reading.transactions.owners(segments.numbers)
                structure_of = np.append(reading.used, -1)[owners]
            for structure in used[used >= 0].tolist():
                definition = structures.segment(structure, ids[number - 1])
                some = segments
                if len(used) > 1:
                    some = segments.chosen(structure_of == structure)
                if definition is not None and len(some):
                    yield some, definition

    def _count(self, segments: Segments, definition: Segment) -> None:
        most = self._reading.most_elements(definition)
        if segments.widest <= most:
            return
        for at in np.flatnonzero(segments.counts > most).tolist():
            self._tell(
                "TOO_MANY_ELEMENTS",
                "elements",
                int(segments.numbers[at]),
                f"the segment has more elements than {definition.id} ({definition.name}) may have",
                place=most + 1,
                value=str(segments.counts[at]),
                expected=f"at most {most} elements",
            )

    def _element(self, segments: Segments, number: int, use: Use) -> int:
        """Check one element; gives how many separators part the components of its composites."""
        if number > segments.widest and not use.required:
            return 0
        lengths = segments.lengths(number)
        longest, shortest = int(lengths.max(initial=0)), int(lengths.min(initial=1))
        if use.required and shortest == 0:
            self._missing(segments.numbers, lengths == 0, number, None, use)
        if longest == 0 or self._fits(use, lengths, longest):
            return 0
        present = np.flatnonzero(lengths) if shortest == 0 else None
        cells = segments.cells(number, present, composite=isinstance(use.of, Composite))
        numbers = segments.numbers if present is None else segments.numbers[present]
        if self._index.repeats:
            cells = self._repetitions(numbers, cells, number, use)
        if isinstance(use.of, Composite):
            parted, parts = self._components(numbers, cells, number, use.of)
            if present is None and not self._index.repeats:
                segments.components[number] = parts
            return parted
        self._value(numbers, cells, number, None, use.of)
        return 0

    def _no_components(self, segments: Segments, definition: Segment) -> None:
        """Simple elements have no components, where a separator would part them."""
        for number, use in enumerate(definition.elements, start=1):
            present = np.flatnonzero(segments.lengths(number))
            if isinstance(use.of, Composite) or not len(present):
                continue
            counts = self._index.component_counts(segments.cells(number, present))
            for at in np.flatnonzero(counts > 1).tolist():
                segment = int(segments.numbers[present[at]])
                self._tell_components(segment, number, use.of, 1, counts[at])

    def _fits(self, use: Use, lengths: Offsets, longest: int) -> bool:
        """Whether all values of an element must be right, as only their lengths matter."""
        element = use.of
        if self._index.repeats or isinstance(element, Composite) or longest > element.most:
            return False
        if element.numeric or element.type in ("DT", "TM") or element.codes.complete:
            return False
        return element.least <= 1 or not bool(((lengths < element.least) & (lengths > 0)).any())

    def _components(
        self, numbers: Indexes, cells: Cells, number: int, composite: Composite
    ) -> tuple[int, list[Cells]]:
        """Check components; gives how many separators part them, and their cells."""
        index = self._index
        most = len(composite.components)
        counts, parts = index.components(cells, most)
        if int(counts.max(initial=0)) > most:
            for at in np.flatnonzero(counts > most).tolist():
                self._tell_components(int(numbers[at]), number, composite, most, counts[at])
        for component, (use, part) in enumerate(
            zip(composite.components, parts, strict=False), start=1
        ):
            if use.required and int((part.end - part.start).min(initial=1)) <= 0:
                self._missing(numbers, part.end <= part.start, number, component, use)
            if isinstance(use.of, Element):
                self._value(numbers, part, number, component, use.of)
        if composite.number == "C507" and len(parts) == 3:
            suspects = suspect_periods(self._words, index, parts)
            for at in np.flatnonzero(suspects).tolist():
                self._period(numbers, parts, number, at)
        return int(counts.sum()) - len(counts), parts

    def _value(
        self, numbers: Indexes, cells: Cells, number: int, component: int | None, element: Element
    ) -> None:
        for at in np.flatnonzero(self._suspects(cells, element)).tolist():
            text = self._text(cells, at)
            if text and (fault := value_fault(text, element, self._index.delimiters)):
                self._fault(int(numbers[at]), number, component, text, element, fault)

    def _suspects(self, cells: Cells, element: Element) -> Mask:
        """Which cells are worth a closer look; all that are wrong are among them."""
        lengths = cells.end - cells.start
        longest = int(lengths.max(initial=0))
        suspects = np.zeros(len(cells), bool)
        if longest > element.most:
            suspects |= lengths > element.most
        if element.least > 1 and int(lengths.min(initial=element.least)) < element.least:
            suspects |= (lengths < element.least) & (lengths > 0)
        if longest > 0 and element.numeric:
            suspects |= self._no_numbers(cells, lengths, longest, element)
        elif longest > 0 and element.type in ("DT", "TM"):
            words = self._words.words(cells.start, lengths)
            right = is_date if element.type == "DT" else is_time
            wrong = ~right(words, lengths)
            if element.type == "DT":
                wrong |= is_leap_day(words, lengths)
            suspects |= wrong & (lengths > 0)
        elif longest > 0 and element.codes.complete:
            words = self._words.words(cells.start, lengths)
            known = np.array([packed(code) for code in element.codes.values], np.uint64)
            suspects |= ~np.isin(words, known) & (lengths > 0)
        return suspects

    def _no_numbers(self, cells: Cells, lengths: Offsets, longest: int, element: Element) -> Mask:
        if longest <= 2:
            # line numbers and counts: their first and their last character are all there is
            heads = self._index.bytes.take(cells.start, mode="clip") - np.uint8(ord("0"))
            tails = self._index.bytes.take(cells.end - 1, mode="clip") - np.uint8(ord("0"))
            return ((heads > 9) | (tails > 9)) & (lengths > 0)
        parts = [self._words.words(cells.start, lengths)]
        if longest > WIDTH:
            long = np.flatnonzero(lengths > WIDTH)
            rest = np.minimum(lengths.take(long) - WIDTH, WIDTH)
            parts.append(np.full(len(cells), ZEROS))
            parts[1][long] = self._words.words(cells.start.take(long) + WIDTH, rest)
        wrong: Mask = ~np.logical_and.reduce([digits_only(words) for words in parts])
        if wrong.any() and element.least == 1:
            odd = np.flatnonzero(wrong & (lengths > 2) & (lengths <= 2 * WIDTH))
            wrong[odd] = ~self._are_numbers([words.take(odd) for words in parts], element)
        return (wrong & (lengths > 0)) | (lengths > 2 * WIDTH)

    def _are_numbers(self, parts: list[Words], element: Element) -> Mask:
        """Which values are digits with a sign and a decimal mark; given eight characters each."""
        parts[0] = without_sign(parts[0])
        marks = np.zeros(len(parts[0]), np.uint8)
        if element.type in ("R", "n"):
            mark = "," if self._index.delimiters.decimal_comma else "."
            for place, words in enumerate(parts):
                parts[place], more = without_mark(words, mark)
                marks += more
        right: Mask = marks <= 1
        for words in parts:
            right &= digits_only(words)
        return right

    def _repetitions(self, numbers: Indexes, cells: Cells, number: int, use: Use) -> Cells:
        """Check the repetitions behind the first one by one; gives the cells of the first."""
        first = self._index.first_repetition(cells)
        for at in np.flatnonzero(first.end < cells.end).tolist():
            segment = int(numbers[at])
            values = self._notation.value(self._raw(cells, at))
            if len(values) > use.repeat:
                self._tell(
                    "TOO_MANY_REPETITIONS",
                    "elements",
                    segment,
                    "the element is repeated more often than it may be",
                    place=number,
                    value=str(len(values)),
                    expected=f"at most {use.repeat}",
                )
            for parts in values[1:]:
                self._repeated(segment, number, use, parts)
        return first

    def _repeated(self, segment: int, number: int, use: Use, parts: Components) -> None:
        composite = isinstance(use.of, Composite)
        for component, (part, inner) in enumerate(zip(parts, use.components, strict=False), 1):
            if (
                part
                and isinstance(inner.of, Element)
                and (fault := value_fault(part, inner.of, self._index.delimiters))
            ):
                place = component if composite else None
                self._fault(segment, number, place, part, inner.of, fault)

    def _note(self, segments: Segments, note: Note) -> None:
        if min(note.elements) > segments.widest and note.relation != "R":
            return
        present = [segments.lengths(number) > 0 for number in note.elements]
        excluded = note.relation == "E"
        for at in np.flatnonzero(broken(note, present)).tolist():
            gaps = [
                number
                for number, column in zip(note.elements, present, strict=True)
                if bool(column[at]) == excluded
            ]
            self._tell(
                "CONDITION_EXCLUDED" if excluded else "CONDITION_MISSING",
                "notes",
                int(segments.numbers[at]),
                f"the elements do not go together: note {note}",
                place=gaps[-1] if excluded else gaps[0],
                expected=meaning(note),
            )

    def _tell_components(
        self, segment: int, number: int, of: Element | Composite, most: int, count: int
    ) -> None:
        self._tell(
            "TOO_MANY_COMPONENTS",
            "elements",
            segment,
            f"the element has more components than {of.number} ({of.name}) may have",
            place=number,
            component=most + 1,
            value=str(count),
            expected=f"at most {most} component{'s' if most > 1 else ''}",
        )

    def _missing(
        self, numbers: Indexes, absent: Mask, number: int, component: int | None, use: Use
    ) -> None:
        for at in np.flatnonzero(absent).tolist():
            self._tell(
                "MISSING_ELEMENT",
                "elements",
                int(numbers[at]),
                f"a required value is missing: {use.of.name}",
                place=number,
                component=component,
                expected=use.of.format if isinstance(use.of, Element) else use.of.number,
            )

    def _period(self, numbers: Indexes, parts: list[Cells], number: int, at: int) -> None:
        self._tell(
            "BAD_DATE",
            "types",
            int(numbers[at]),
            "this is no date or time of the format that is named beside it",
            place=number,
            component=2,
            value=self._text(parts[1], at),
            expected=f"a value of format {self._text(parts[2], at)}",
        )

    def _fault(
        self,
        segment: int,
        number: int,
        component: int | None,
        value: str,
        element: Element,
        fault: ValueFault,
    ) -> None:
        self._tell(
            fault.code,
            fault.level,
            segment,
            f"{fault.message}: {element.name}",
            place=number,
            component=component,
            value=value,
            expected=fault.expected,
        )

    def _tell(
        self,
        code: str,
        level: str,
        segment: int,
        message: str,
        *,
        place: int,
        component: int | None = None,
        value: str | None = None,
        expected: str | None = None,
    ) -> None:
        record = int(self._reading.transactions.owners(np.array([segment]))[0])
        self._findings.tell(
            code,
            self._levels[level],
            record,
            segment,
            message,
            place=place,
            component=component,
            value=value,
            expected=expected,
        )

    def _raw(self, cells: Cells, at: int) -> str:
        return self._index.between(int(cells.start[at]), int(cells.end[at]))

    def _text(self, cells: Cells, at: int) -> str:
        """A value without its release characters."""
        return self._index.strings(cells.some(np.array([at])))[0].as_py() or ""
