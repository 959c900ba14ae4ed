"""Structure files of X12 as plain YAML, for tests of what they say.

`dictionary` and `own` look at the topics of the motor and air carriers' sets, the acknowledgements
and what all sets share.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

STRUCTURES = Path(__file__).parents[3] / "etl" / "formats" / "x12" / "structures"
VERSIONS = ("004010", "005010")
TOPICS = ("common", "motor", "acknowledgement", "charges")


@cache
def topic(kind: str, version: str, name: str) -> dict[str, Any]:
    """The entries of one file; empty where there is none."""
    file = STRUCTURES / version / kind / f"{name}.yaml"
    if not file.exists():
        return {}
    entries: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return entries


def own(kind: str, version: str) -> dict[str, Any]:
    """What the files of these tests define in the folder of a version."""
    return {
        number: entry for name in TOPICS for number, entry in topic(kind, version, name).items()
    }


@cache
def dictionary(kind: str, version: str) -> dict[str, Any]:
    """The entries that hold in a version: its own over those of the versions before."""
    entries: dict[str, Any] = {}
    for older in VERSIONS[: VERSIONS.index(version) + 1]:
        entries |= own(kind, older)
    return entries


@cache
def document(name: str, version: str) -> dict[str, Any]:
    declared: dict[str, Any] = yaml.safe_load(
        (STRUCTURES / version / f"{name}.yaml").read_text(encoding="utf-8")
    )
    return declared


def loops(name: str, version: str) -> dict[str, list[str]]:
    """The items of each loop as ``N9 O 300``, by the loop's path; the outermost has none."""
    found: dict[str, list[str]] = {}

    def visit(content: list[Any], path: str) -> None:
        items = found.setdefault(path, [])
        for item in content:
            if isinstance(item, str):
                items.append(item)
                continue
            ((text, inner),) = item.items()
            items.append(text)
            visit(inner, f"{path}/{text.split()[0]}".lstrip("/"))

    visit(document(name, version)["content"], "")
    return found


def element_at(place: str, version: str) -> str:
    """What stands at a place such as ``B307``: number, requirement, repeat."""
    declared = dictionary("segments", version)[place[:-2]]
    item: str = declared["elements"][int(place[-2:]) - 1]
    return item
