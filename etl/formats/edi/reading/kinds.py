"""What each transaction of a buffer is: which document, in which version."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pyarrow.compute as pc

from etl.formats.edi.reading.segments import Indexes, SegmentIndex
from etl.formats.edi.reading.transactions import Kind, OpenEnvelope, Outline
from etl.formats.edi.syntax import Syntax

_INTERCHANGE_VERSION = re.compile(r"00(\d)(\d\d)")


def kinds_of(
    index: SegmentIndex,
    outline: Outline,
    syntax: Syntax,
    envelopes: tuple[Indexes, Sequence[OpenEnvelope]],
) -> tuple[Indexes, list[Kind]]:
    """The kind of each transaction as an index, and the kinds.

    Args:
        envelopes: for each transaction the index of its group (X12: GS08 has the version), and
            the groups; of EDIFACT messages the UNH says it all.
    """
    cells = index.cells(index.pick(outline.start), syntax.document_at)
    names = pc.dictionary_encode(pc.fill_null(index.strings(cells), ""))
    documents: list[str] = names.dictionary.to_pylist()
    codes = names.indices.to_numpy().astype(np.int64)
    if syntax.composites:
        component = chr(index.delimiters.component)
        return codes, [_message(document.split(component)) for document in documents]
    groups, opened = envelopes
    versions = [*(group.element(8) or _of_interchange(group) for group in opened), ""]
    pairs = codes * len(versions) + np.where(groups < 0, len(versions) - 1, groups)
    distinct, kind = np.unique(pairs, return_inverse=True)
    kinds = [
        Kind(documents[pair // len(versions)].strip(), versions[pair % len(versions)])
        for pair in distinct.tolist()
    ]
    return kind.astype(np.int64), kinds


def _message(parts: list[str]) -> Kind:
    """S009: message type, version, release, agency, association."""
    padded = [*parts, "", "", ""]
    return Kind(padded[0], padded[1] + padded[2])


def _of_interchange(group: OpenEnvelope) -> str:
    """ISA12 says the version where a GS08 is empty: 00401 is 004010."""
    around = group.around
    match = _INTERCHANGE_VERSION.fullmatch(around.element(12)) if around else None
    return f"00{match[1]}{match[2]}0" if match else ""
