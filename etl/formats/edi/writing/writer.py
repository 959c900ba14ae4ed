"""An interchange of ours as bytes."""

from __future__ import annotations

from etl.formats.edi.outgoing import OutgoingInterchange
from etl.formats.edifact.writer import edifact
from etl.formats.x12.writer import x12

_WRITERS = {"x12": x12, "edifact": edifact}


def written(interchange: OutgoingInterchange) -> bytes:
    """Write an interchange: headers, trailers, counts, control numbers, separators, escapes.

    Empty elements and components at the end of their segment or composite are left out. Nothing
    else of a value is changed: what could not be read back as it is raises
    :class:`etl.formats.edi.writing.unwritable.UnwritableError` (a separator that nothing releases,
    a character that the charset does not have, an id or a control number too long for its field).
    """
    return _WRITERS[interchange.syntax](interchange)
