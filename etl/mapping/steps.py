"""The steps between a source value and its field, each over a whole column.

A step takes a column and the cells that it is for, and gives a column of the same length; what it
can't make something of it refuses, and leaves null.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from etl.canonical import Kind
from etl.canonical.record_types import ARROW_TYPES
from etl.canonical.views import decimal_text
from etl.defects import Severity
from etl.mapping import dates, numbers, units
from etl.mapping.codes import CodeList
from etl.mapping.scope import Cells
from etl.reference_numbers import normalise

Step = Callable[[pa.Array, Cells], pa.Array]

BAD_NUMBER = "BAD_NUMBER"
BAD_DATE = "BAD_DATE"
AMBIGUOUS_TIME = "AMBIGUOUS_TIME"
NONEXISTENT_TIME = "NONEXISTENT_TIME"
BAD_BOOLEAN = "BAD_BOOLEAN"
UNKNOWN_CODE = "UNKNOWN_CODE"
UNKNOWN_UNIT = "UNKNOWN_UNIT"

_NO_TEXT = pa.scalar(None, pa.string())
_BOOLEANS = {"true": True, "false": False, "y": True, "n": False, "1": True, "0": False}


def as_text(values: pa.Array) -> pa.Array:
    """Any column as text; decimals without trailing zeros, dates ISO 8601."""
    if pa.types.is_string(values.type):
        return values
    if pa.types.is_decimal(values.type) and values.type.scale > 6:
        # Arrow writes small numbers of such a scale with an exponent
        exact = values.to_pylist()
        return pa.array([None if n is None else decimal_text(n) for n in exact], pa.string())
    text = values.cast(pa.string())
    if pa.types.is_decimal(values.type):
        text = pc.replace_substring_regex(text, r"(\.[0-9]*?)0+$", r"\1")
        text = pc.replace_substring_regex(text, r"\.$", "")
    return text


def absent_if(stand_ins: Sequence[str]) -> Step:
    """Values that stand for none become none."""
    known = pa.array(stand_ins, pa.string())

    def step(values: pa.Array, cells: Cells) -> pa.Array:
        text = as_text(values)
        return pc.if_else(pc.is_in(text, value_set=known), _NO_TEXT, values)

    return step


def text(operations: Sequence[str]) -> Step:
    """`trim`, `upper`, `lower`, `normalise`, in the order given."""
    functions: Mapping[str, Callable[[pa.Array], pa.Array]] = {
        "trim": pc.utf8_trim_whitespace,
        "upper": pc.utf8_upper,
        "lower": pc.utf8_lower,
        "normalise": normalise,
    }

    def step(values: pa.Array, cells: Cells) -> pa.Array:
        values = as_text(values)
        for operation in operations:
            values = functions[operation](values)
        return _without_empty(values)

    return step


def regex(pattern: re.Pattern[str], group: int | str) -> Step:
    """The part that matches, or a group of it; none where nothing matches."""

    def step(values: pa.Array, cells: Cells) -> pa.Array:
        encoded = as_text(values).dictionary_encode()
        matches = map(pattern.search, encoded.dictionary.to_pylist())
        parts = [match[group] if match else None for match in matches]
        return _without_empty(pa.array(parts, pa.string()).take(encoded.indices))

    return step


def look_up(codes: CodeList, missing: str | None, unknown: str) -> Step:
    """Codes become what a code list says they mean to the row's carrier.

    Args:
        codes: the list.
        missing: the result where there is no code.
        unknown: ``exception``, ``keep``, or the result for codes that are not in the list.
    """

    def step(values: pa.Array, cells: Cells) -> pa.Array:
        written = as_text(values)
        encoded = written.dictionary_encode()
        distinct = [code.strip() for code in encoded.dictionary.to_pylist()]
        client, carriers = cells.scope.context.client, cells.scope.carriers()
        if isinstance(carriers, pa.DictionaryArray):
            meanings = _by_carrier(codes, distinct, encoded.indices, carriers, client)
        else:
            found = [codes.value_of(code, carriers, client) for code in distinct]
            meanings = pa.array(found, pa.string()).take(encoded.indices)
        if meanings.null_count > written.null_count:
            meanings = _unknown(meanings, written, cells)
        return meanings if missing is None else _filled(meanings, written, missing)

    def _unknown(meanings: pa.Array, written: pa.Array, cells: Cells) -> pa.Array:
        if unknown == "keep":
            return pc.coalesce(meanings, written)
        lost = pc.and_(written.is_valid(), meanings.is_null())
        if unknown != "exception":
            return pc.if_else(lost, pa.scalar(unknown), meanings)
        cells.refuse(
            lost.to_numpy(zero_copy_only=False),
            written,
            UNKNOWN_CODE,
            f"the code is not in the list {codes.name}: add it in {codes.shown_as}, "
            "then run the file again",
            f"a code of the list {codes.name}",
        )
        return meanings

    def _filled(meanings: pa.Array, written: pa.Array, missing: str) -> pa.Array:
        return pc.if_else(written.is_null(), pa.scalar(missing), meanings)

    return step


def to_decimal(scale: int, written: numbers.NumberFormat) -> Step:
    """Numbers, as text or typed, become decimal128(18, `scale`)."""

    def step(values: pa.Array, cells: Cells) -> pa.Array:
        if pa.types.is_string(values.type):
            result, bad = numbers.read_decimals(values, scale, written)
            expected = written.expected(scale)
        else:
            result, bad = numbers.fit(values, scale)
            expected = f"at most {scale} decimals; in an expression, use round(…, {scale})"
        cells.refuse(bad, values, BAD_NUMBER, "the value can not be read as a number", expected)
        return result

    return step


def to_integer(values: pa.Array, cells: Cells) -> pa.Array:
    """Whole numbers, as text or typed, become int64."""
    if pa.types.is_integer(values.type):
        return values.cast(pa.int64())
    if pa.types.is_string(values.type):
        result, bad = numbers.read_integers(values)
    else:
        result, bad = numbers.fit(values, 0)
    cells.refuse(
        bad, values, BAD_NUMBER, "the value can not be read as a whole number", "a whole number"
    )
    return result.cast(pa.int64())


def to_boolean(values: pa.Array, cells: Cells) -> pa.Array:
    """`true`, `Y`, `1` and their opposites become booleans."""
    if pa.types.is_boolean(values.type):
        return values

    def read(written: str) -> bool | None:
        return _BOOLEANS.get(written.strip().lower())

    result, bad = dates.by_distinct_text(as_text(values), read, pa.bool_())
    cells.refuse(
        bad, values, BAD_BOOLEAN, "the value is neither yes nor no", "true, false, Y, N, 1 or 0"
    )
    return result


def to_date(formats: Sequence[str]) -> Step:
    """Dates, as text or typed, become date32."""

    def step(values: pa.Array, cells: Cells) -> pa.Array:
        if not pa.types.is_string(values.type):
            return values.cast(pa.date32())
        result, bad = dates.read_dates(values, formats)
        cells.refuse(
            bad,
            values,
            BAD_DATE,
            "the value can not be read as a date",
            f"a date of the form {' or '.join(formats)}, not before 1900",
        )
        return result

    return step


def to_time(
    formats: Sequence[str],
    time: tuple[str, str] | None,
    zone: str | None,
    zone_path: str | None,
    doubtful: dates.Doubtful,
) -> Step:
    """Points in time become timestamps in UTC.

    Args:
        formats: of the value.
        time: path and format of the time of day, where it stands apart.
        zone: name of the zone.
        zone_path: path of the zone's name.
        doubtful: what is meant by local times that the zone has twice or never.
    """

    def step(values: pa.Array, cells: Cells) -> pa.Array:
        if pa.types.is_timestamp(values.type):
            return values.cast(pa.timestamp("us", "UTC"))
        scope = cells.scope
        clock = (as_text(scope.source(time[0])), time[1]) if time else None
        zones = as_text(scope.source(zone_path)) if zone_path else zone
        read = dates.read_times(as_text(values), formats, clock, zones, doubtful)
        of_time = f" with a time of the form {time[1]}" if time else ""
        cells.refuse(
            read.bad,
            values,
            BAD_DATE,
            "the value can not be read as a point in time",
            f"{' or '.join(formats)}{of_time}, in a known time zone",
        )
        written = values if clock is None else _joined(values, clock[0])
        for cells_in_doubt, policy, code, happens in (
            (read.ambiguous, doubtful.ambiguous, AMBIGUOUS_TIME, "twice, the earlier one is taken"),
            (read.nonexistent, doubtful.nonexistent, NONEXISTENT_TIME, "never, the later is taken"),
        ):
            if policy not in (dates.REJECT, dates.WARN):
                continue
            key = "ambiguous" if code == AMBIGUOUS_TIME else "nonexistent"
            taken = happens if policy == dates.WARN else happens.partition(",")[0]
            cells.refuse(
                cells_in_doubt,
                written,
                code,
                f"the clocks of its time zone show this time {taken}; "
                f"say which is meant with {key}: in the mapping, or ask the partner for UTC",
                "a time that there is once",
                Severity.REJECT if policy == dates.REJECT else Severity.WARN,
            )
        return read.values

    return step


def _joined(days: pa.Array, clocks: pa.Array) -> pa.Array:
    """Days with their times, as they are shown."""
    return pc.binary_join_element_wise(
        as_text(days), clocks, " ", null_handling="replace", null_replacement=""
    )


def in_unit(to: str, unit: str | None, unit_path: str | None) -> Step:
    """Quantities are converted to the unit `to`, from `unit` or from the one at `unit_path`."""

    def step(values: pa.Array, cells: Cells) -> pa.Array:
        if unit is not None:
            return units.convert(values, unit, to)
        assert unit_path is not None
        written = as_text(cells.scope.source(unit_path))
        result = pa.nulls(len(values), values.type)
        for code in written.unique().drop_null().to_pylist():
            if units.factor(code.strip(), to) is not None:
                converted = units.convert(values, code.strip(), to)
                result = pc.if_else(pc.equal(written, code).fill_null(False), converted, result)
        lost = pc.and_(values.is_valid(), result.is_null()).to_numpy(zero_copy_only=False)
        cells.of((unit_path,)).refuse(
            lost,
            written,
            UNKNOWN_UNIT,
            f"the unit is not known or can not be converted to {to}",
            f"a UN/ECE Rec 20 unit of the same measure, one of {', '.join(sorted(units.UNITS))}",
        )
        return result

    return step


def conversion(kind: Kind, written: numbers.NumberFormat, formats: Sequence[str]) -> Step:
    """The step that makes a column of `kind`, points in time apart."""
    match kind:
        case Kind.MONEY | Kind.QUANTITY:
            return to_decimal(ARROW_TYPES[kind].scale, written)
        case Kind.INTEGER:
            return to_integer
        case Kind.BOOLEAN:
            return to_boolean
        case Kind.DATE:
            return to_date(formats or [dates.ISO_DATE])
        case Kind.DATE_TIME:
            return to_time(formats or dates.ISO_TIMES, None, None, None, dates.Doubtful())
        case Kind.STRING:
            return lambda values, cells: as_text(values)


def constant(kind: Kind, value: str | int | Decimal | bool) -> pa.Scalar | None:
    """A declared value as one of `kind`; None where it is not of that kind."""
    written = pa.array([str(value).lower() if isinstance(value, bool) else str(value)])
    match kind:
        case Kind.STRING:
            result = written
        case Kind.MONEY | Kind.QUANTITY:
            result, _ = numbers.read_decimals(written, ARROW_TYPES[kind].scale)
        case Kind.INTEGER:
            result, _ = numbers.read_integers(written)
        case Kind.BOOLEAN:
            result = pa.array([_BOOLEANS.get(written[0].as_py())], pa.bool_())
        case Kind.DATE:
            result, _ = dates.read_dates(written)
        case Kind.DATE_TIME:
            result = dates.read_times(written).values
    return result[0] if result[0].is_valid else None


def _by_carrier(
    codes: CodeList,
    distinct: list[str],
    indices: pa.Array,
    carriers: pa.DictionaryArray,
    client: str | None,
) -> pa.Array:
    """Meanings where rows are of several carriers: each pair of carrier and code once."""
    names = [*carriers.dictionary.to_pylist(), None]
    carrier_index = carriers.indices.fill_null(len(names) - 1).to_numpy().astype(np.int64)
    code_index = indices.fill_null(len(distinct)).to_numpy()
    pairs = pa.array(carrier_index * (len(distinct) + 1) + code_index).dictionary_encode()
    meanings = []
    for pair in pairs.dictionary.to_pylist():
        carrier, code = divmod(pair, len(distinct) + 1)
        meanings.append(
            codes.value_of(distinct[code], names[carrier], client) if code < len(distinct) else None
        )
    return pa.array(meanings, pa.string()).take(pairs.indices)


def _without_empty(text: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(text, ""), _NO_TEXT, text)
