"""EDIFACT as the core takes it (ISO 9735: UNB, UNG, UNH and their trailers)."""

from __future__ import annotations

import re

from etl.formats.edi.syntax import Envelope, Syntax
from etl.formats.edifact.delimiters import form_fault, headers
from etl.formats.edifact.header_content import content_faults

EDIFACT = Syntax(
    name="edifact",
    standard="EDIFACT",
    interchange=Envelope("UNB", "UNZ", 5, 2, 1, "interchange"),
    group=Envelope("UNG", "UNE", 5, 2, 1, "group"),
    transaction=Envelope("UNH", "UNT", 1, 2, 1, "message"),
    others=("UNA",),
    sender_at=2,
    receiver_at=3,
    test_at=11,
    test_mark="1",
    groups_required=False,
    composites=True,
    document_at=2,
    version_form=re.compile(r"[A-Z]?\d{1,3}[A-Z0-9]{0,2}"),
    header_form="a UNB segment with syntax, sender, recipient, time and reference",
    block=6 << 20,
    headers=headers,
    form_fault=form_fault,
    content_faults=content_faults,
)
