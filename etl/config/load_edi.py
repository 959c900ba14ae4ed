"""Reading the block ``edi:`` of a partner.yaml, already checked by its JSON Schema."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from typing import Any

from etl.config.edi import (
    Acknowledge,
    ControlNumberPolicy,
    Edi,
    EdifactWriting,
    EdiId,
    EdiIdentity,
    EdiReading,
    EdiWriting,
    Expect,
    X12Writing,
)
from etl.config.partner import Identity
from etl.errors import Problem
from etl.yamlfile import YamlFile

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_EXAMPLE = {
    "document": "997",
    "number": "000000001",
    "partner": "acme",
    "date": "20261123",
    "time": "023000",
}
_SEPARATORS = ("element", "component", "repetition", "terminator", "release")
_EDIFACT_USUAL = EdifactWriting()


def load_edi(
    file: YamlFile,
    identity: Identity,
    endpoint: Mapping[str, Any],
    problems: list[Problem],
) -> Edi:
    """The block, its defaults filled in; what is wrong with it is added to `problems`."""
    data = file.data.get("edi", {})
    us = data.get("us", {})
    edi = Edi(
        us=_identity(us.get("isa"), us.get("gs", ""), us.get("unb")),
        them=_identity(identity.isa, data.get("them", {}).get("gs", ""), identity.unb),
        read=_reading(data.get("read", {})),
        write=_writing(data.get("write", {})),
        acknowledge=Acknowledge(**_tuples(data.get("acknowledge", {}))),
        expect=Expect(**data.get("expect", {})),
        control_numbers=ControlNumberPolicy(**data.get("control_numbers", {})),
    )
    _check_names(file, edi, problems)
    _check_writing(file, edi.write, problems)
    _check_sending(file, edi, endpoint, problems)
    return edi


def _identity(isa: str | None, gs: str, unb: str | None) -> EdiIdentity:
    return EdiIdentity(EdiId.of_isa(isa) if isa else None, gs, EdiId.of_unb(unb) if unb else None)


def _reading(data: Mapping[str, Any]) -> EdiReading:
    return EdiReading(**{**data, "deviations": tuple(data.get("deviations", ()))})


def _writing(data: Mapping[str, Any]) -> EdiWriting:
    named = {"file": data["file"]} if "file" in data else {}
    return EdiWriting(
        X12Writing(**data.get("x12", {})), EdifactWriting(**data.get("edifact", {})), **named
    )


def _tuples(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}


def _check_names(file: YamlFile, edi: Edi, problems: list[Problem]) -> None:
    for key, template in (("write", edi.write.file), ("acknowledge", edi.acknowledge.file)):
        try:
            right = "{number}" in template and _PLAIN.fullmatch(template.format(**_EXAMPLE))
        except (KeyError, IndexError, ValueError):
            right = None
        if not right:
            problems.append(
                file.problem(
                    ["edi", key, "file"],
                    template,
                    f"a plain file name with {{number}}, and any of {', '.join(_EXAMPLE)}",
                )
            )


def _check_writing(file: YamlFile, writing: EdiWriting, problems: list[Problem]) -> None:
    for syntax, declared in (("x12", writing.x12), ("edifact", writing.edifact)):
        marks = [getattr(declared, name) for name in _SEPARATORS if hasattr(declared, name)]
        if len(set(marks)) < len(marks):
            problems.append(
                file.problem(["edi", "write", syntax], " ".join(marks), "separators that differ")
            )
    try:
        codecs.lookup(writing.x12.charset)
    except LookupError:
        problems.append(
            file.problem(
                ["edi", "write", "x12", "charset"], writing.x12.charset, "utf-8, iso-8859-1, …"
            )
        )
    usual = all(
        getattr(writing.edifact, name) == getattr(_EDIFACT_USUAL, name)
        for name in ("element", "component", "terminator", "release", "decimal")
    )
    if not (usual or writing.edifact.una):
        problems.append(
            file.problem(
                ["edi", "write", "edifact", "una"], "false", "true, where separators are unusual"
            )
        )


def _check_sending(
    file: YamlFile, edi: Edi, endpoint: Mapping[str, Any], problems: list[Problem]
) -> None:
    """Acknowledgements need a folder to be delivered to; their ids are those that the partner
    wrote to."""
    if edi.acknowledge.anything and not endpoint.get("folders", {}).get("out"):
        problems.append(
            file.problem(
                ["endpoint", "folders", "out"], "nothing", "the folder for acknowledgements"
            )
        )
