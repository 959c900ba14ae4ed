"""X12 as the core takes it (X12.5 and X12.6: ISA, GS, ST and their trailers)."""

from __future__ import annotations

import re

from etl.formats.edi.syntax import Envelope, Syntax
from etl.formats.x12.delimiters import form_fault, headers
from etl.formats.x12.header_content import content_faults

X12 = Syntax(
    name="x12",
    standard="X12",
    interchange=Envelope("ISA", "IEA", 13, 2, 1, "interchange"),
    group=Envelope("GS", "GE", 6, 2, 1, "group"),
    transaction=Envelope("ST", "SE", 2, 2, 1, "transaction set"),
    others=("TA1",),
    sender_at=6,
    receiver_at=8,
    test_at=15,
    test_mark="T",
    groups_required=True,
    composites=False,
    document_at=1,
    version_form=re.compile(r"(0\d{5}[A-Z0-9]*)?"),
    header_form="an ISA segment of 16 elements and 106 bytes",
    block=8 << 20,
    headers=headers,
    form_fault=form_fault,
    content_faults=content_faults,
)
