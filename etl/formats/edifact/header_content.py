"""What is wrong with the values of a UNB or a UNG (ISO 9735).

A separator of components that is not the usual one parts these values too, so that they are looked
at by their digits alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from etl.formats.edi.calendar import is_clock_time, is_day
from etl.formats.edi.elements import element
from etl.formats.edi.syntax import ContentFault

_WHEN = re.compile(r"(\w*)(?:\W(\w*))?", re.ASCII)


def content_faults(elements: list[str]) -> Iterator[ContentFault]:
    """Of a UNB or a UNG, split into its elements: date and time; of a UNB the test indicator."""
    value = element(elements, 4)
    when = _WHEN.fullmatch(value)
    if value and not (when and is_day(when[1]) and is_clock_time(when[2] or "")):
        yield ContentFault(4, "the date and time", value, "YYMMDD and HHMM")
    if elements[0].strip() == "UNB" and element(elements, 11) not in ("", "0", "1", "2", "3", "4"):
        yield ContentFault(11, "the test indicator", element(elements, 11), "1 or nothing")
