"""A partner's ``edi.read`` below the ``source:`` of its mappings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from etl.config.edi import EdiReading
from etl.config.project import Project

FORMATS = {"x12": "isa", "edifact": "unb"}
"""The formats it is for, with the key of `envelope` that only this one has."""


def reading_in(project: Project, reading: EdiReading) -> EdiReading:
    """How a partner's files are read in an environment, which says what becomes of tests where the
    partner does not."""
    return reading if reading.test else replace(reading, test=project.edi_test)


def source_with_defaults(source: Mapping[str, Any], reading: EdiReading) -> Mapping[str, Any]:
    """The ``source:`` of a mapping, what it leaves open filled in; of another format as it is.

    Severities are taken key by key; the deviations of both hold.
    """
    if source.get("format") not in FORMATS:
        return source
    envelope = envelope_of(source["format"], reading.envelope)
    merged = dict(source)
    for name, defaults in (("envelope", envelope), ("structure", reading.structure)):
        own = source.get(name, {})
        if defaults and isinstance(own, Mapping):  # what is no mapping is told by the reader
            merged[name] = {**defaults, **own}
    if reading.charset is not None:
        merged.setdefault("charset", reading.charset)
    if reading.test is not None:
        merged.setdefault("test", reading.test)
    own_deviations = source.get("deviations", [])
    if reading.deviations and isinstance(own_deviations, list | tuple):
        merged["deviations"] = [*reading.deviations, *own_deviations]
    return merged


def envelope_of(name: str, envelope: Mapping[str, Any]) -> dict[str, Any]:
    """Of severities that may be for both formats, those that the format `name` has."""
    other = set(FORMATS.values()) - {FORMATS[name]}
    return {key: severity for key, severity in envelope.items() if key not in other}
