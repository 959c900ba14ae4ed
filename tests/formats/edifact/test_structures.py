"""What the structure files say of messages, and that they hold together, read as plain YAML."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml

import etl.formats

STRUCTURES = Path(etl.formats.__file__).parent / "edifact" / "structures"
VERSIONS = ("D96A", "D96B", "D99B", "D00B")
KINDS = ("elements", "composites", "segments", "codes")
MESSAGES = sorted(
    (path.parent.name, path.stem)
    for version in VERSIONS
    for path in STRUCTURES.joinpath(version).glob("*.yaml")
)
LOOP_ITEM = re.compile(r"(SG\d+ [A-Z]{3}|UNS) [MC] [1-9]\d*")
SEGMENT_ITEM = re.compile(r"[A-Z]{3} [MC] [1-9]\d*")
USE = re.compile(r"([CS]\d{3}|\d{4}) [MC]( [1-9]\d*)?")
ELEMENT = re.compile(r"(an|a|n)(\.\.)?[1-9]\d* \S.*")

Row = tuple[str, bool, int] | tuple[str, bool, int, list[Any]]


@cache
def topics(version: str, kind: str) -> dict[str, Any]:
    """The entries of all topics of one kind in one version's folder."""
    entries: dict[str, Any] = {}
    for path in sorted(STRUCTURES.joinpath(version, kind).glob("*.yaml")):
        entries |= yaml.safe_load(path.read_text("utf-8"))
    return entries


@cache
def dictionary(version: str) -> dict[str, dict[str, Any]]:
    """A version's dictionary, laid over those of the older versions."""
    merged: dict[str, dict[str, Any]] = {kind: {} for kind in KINDS}
    for older in VERSIONS[: VERSIONS.index(version) + 1]:
        for kind in KINDS:
            merged[kind] |= topics(older, kind)
    return merged


@cache
def message(version: str, document: str) -> dict[str, Any]:
    return yaml.safe_load(STRUCTURES.joinpath(version, f"{document}.yaml").read_text("utf-8"))


def split(item: Any) -> tuple[str, list[Any]]:
    """The text of an item and, for a loop, what is inside."""
    if isinstance(item, dict):
        ((text, inside),) = item.items()
        return text, inside
    return item, []


def items(content: list[Any]) -> Iterator[tuple[str, list[Any]]]:
    for item in content:
        text, inside = split(item)
        yield text, inside
        yield from items(inside)


def group(version: str, document: str, name: str) -> list[str]:
    """Ids of a segment group, its trigger first; groups inside of it as ``SG3 RFF``."""
    for text, inside in items(message(version, document)["content"]):
        if text.startswith(f"{name} "):
            rows = [split(item) for item in inside]
            return [text.split()[1], *(re.sub(r" [MC] \d+$", "", row) for row, _ in rows)]
    raise AssertionError(f"{document} {version} has no {name}")


def elements_at(version: str, segment: str, position: int) -> list[str]:
    """Numbers of the element at a position of a segment, or of the composite's components."""
    known = dictionary(version)
    reference = known["segments"][segment]["elements"][position - 1].split()[0]
    if reference not in known["composites"]:
        return [reference]
    return [use.split()[0] for use in known["composites"][reference]["elements"]]


@pytest.mark.parametrize("version", VERSIONS)
def test_an_entry_stands_in_one_topic_only(version: str) -> None:
    for kind in KINDS:
        names = [
            name
            for path in STRUCTURES.joinpath(version, kind).glob("*.yaml")
            for name in yaml.safe_load(path.read_text("utf-8"))
        ]
        assert len(names) == len(set(names))
        assert all(isinstance(name, str) for name in names)


@pytest.mark.parametrize("version", VERSIONS)
def test_elements_composites_and_segments_are_well_formed_and_defined(version: str) -> None:
    known = dictionary(version)
    assert [text for text in known["elements"].values() if not ELEMENT.fullmatch(text)] == []
    for kind, parts in (
        ("composites", known["elements"]),
        ("segments", known["elements"] | known["composites"]),
    ):
        for owner, entry in known[kind].items():
            for use in entry["elements"]:
                assert USE.fullmatch(use), (owner, use)
                assert use.split()[0] in parts, (owner, use)


@pytest.mark.parametrize("version", VERSIONS)
def test_codes_fit_the_format_of_their_element(version: str) -> None:
    known = dictionary(version)
    for number, entry in known["codes"].items():
        longest = int(re.findall(r"\d+", known["elements"][number])[0])
        assert set(entry) <= {"complete", "values"}
        for code, meaning in entry["values"].items():
            assert isinstance(code, str)
            assert isinstance(meaning, str)
            assert len(code) <= longest, (number, code)


@pytest.mark.parametrize(("version", "document"), MESSAGES)
def test_messages_are_well_formed_and_use_defined_segments(version: str, document: str) -> None:
    declared, segments = message(version, document), dictionary(version)["segments"]
    assert declared["document"] == document
    assert declared["name"]
    for text, inside in items(declared["content"]):
        assert (LOOP_ITEM if inside else SEGMENT_ITEM).fullmatch(text), text
        assert text.split()[-3] in segments, text


@pytest.mark.parametrize(("version", "document"), MESSAGES)
def test_no_level_of_a_message_is_ambiguous(version: str, document: str) -> None:
    content = message(version, document)["content"]
    for level in [content, *(inside for _, inside in items(content) if inside)]:
        kinds: dict[str, set[bool]] = {}
        for text, inside in map(split, level):
            kinds.setdefault(text.split()[-3], set()).add(bool(inside))
        assert [segment for segment, kind in kinds.items() if len(kind) > 1] == []


@pytest.mark.parametrize(("version", "document"), MESSAGES)
def test_segment_groups_are_numbered_in_order(version: str, document: str) -> None:
    texts = [text for text, _ in items(message(version, document)["content"])]
    numbers = [int(found[1]) for text in texts if (found := re.match(r"SG(\d+) ", text))]
    assert numbers == list(range(1, len(numbers) + 1))


def test_invoic_has_the_groups_of_a_freight_invoice() -> None:
    expected = {
        "SG1": ["RFF", "DTM"],
        "SG3": ["RFF", "DTM"],
        "SG7": ["CUX", "DTM"],
        "SG9": ["TDT", "SG10 LOC", "SG11 RFF"],
        "SG19": ["MOA", "RNG"],
        "SG21": ["TAX", "MOA"],
        "SG26": ["MOA", "CUX"],
        "SG29": ["RFF", "DTM"],
        "SG33": ["TAX", "MOA", "LOC"],
        "SG48": ["MOA", "SG49 RFF"],
    }
    assert {name: group("D96A", "INVOIC", name) for name in expected} == expected
    assert group("D96A", "INVOIC", "SG2")[0] == "NAD"
    assert "SG3 RFF" in group("D96A", "INVOIC", "SG2")
    assert group("D96A", "INVOIC", "SG8")[0] == "PAT"
    assert {"SG19 MOA", "SG21 TAX"} < set(group("D96A", "INVOIC", "SG15"))
    lines = {"IMD", "QTY", "SG26 MOA", "SG28 PRI", "SG29 RFF", "SG33 TAX"}
    assert lines < set(group("D96A", "INVOIC", "SG25"))


def test_the_summary_of_invoic_stands_behind_uns() -> None:
    content = message("D96A", "INVOIC")["content"]
    (summary,) = [inside for text, inside in map(split, content) if text == "UNS M 1"]
    triggers = [re.sub(r" [MC] \d+$", "", split(item)[0]) for item in summary]
    assert triggers == ["CNT", "SG48 MOA", "SG50 TAX", "SG51 ALC"]


def test_invoic_has_its_values_where_freight_invoices_have_them() -> None:
    assert [elements_at("D96A", "BGM", at)[0] for at in (1, 2, 3)] == ["1001", "1004", "1225"]
    assert elements_at("D96A", "CUX", 1)[1] == "6345"
    assert elements_at("D96A", "ALC", 1) == ["5463"]
    assert elements_at("D96A", "ALC", 5)[0] == "7161"
    assert elements_at("D96A", "LIN", 3)[0] == "7140"
    assert elements_at("D96A", "IMD", 3)[3] == "7008"
    assert elements_at("D96A", "TAX", 5)[3] == "5278"
    assert elements_at("D96A", "TAX", 6) == ["5305"]
    assert elements_at("D96A", "MOA", 1)[:3] == ["5025", "5004", "6345"]


def test_iftfcc_has_charges_in_sg6_and_in_the_groups_of_what_they_are_for() -> None:
    assert group("D96A", "IFTFCC", "SG6")[0] == "TCC"
    assert {"SG7 PRI", "SG8 MOA"} < set(group("D96A", "IFTFCC", "SG6"))
    for name in ("SG17", "SG19", "SG24", "SG28"):
        assert "TCC" in group("D96A", "IFTFCC", name)
    charge = elements_at("D96A", "TCC", 1)
    assert (charge[0], charge[3], charge[4]) == ("8023", "8022", "4237")


def test_iftsta_has_the_event_below_the_consignment() -> None:
    assert "SG5 STS" in group("D96A", "IFTSTA", "SG4")
    assert {"RFF", "DTM", "LOC", "SG6 TDT", "SG7 EQD"} < set(group("D96A", "IFTSTA", "SG5"))
    assert [elements_at("D96A", "CNI", at)[0] for at in (1, 2)] == ["1490", "1004"]
    assert elements_at("D96A", "STS", 1)[0] == "9015"
    assert elements_at("D96A", "STS", 2)[:3] == ["9011", "1131", "3055"]
    assert elements_at("D96A", "STS", 3)[0] == "9013"
    assert elements_at("D96A", "TDT", 2) == ["8028"]
    assert elements_at("D96A", "TDT", 5)[0] == "3127"
    assert elements_at("D96A", "TDT", 8)[3] == "8212"
    assert elements_at("D96A", "EQD", 2)[0] == "8260"


def test_iftsta_of_d99b_has_another_event_element_and_equipment_in_sg8() -> None:
    assert group("D99B", "IFTSTA", "SG8")[0] == "EQD"
    assert elements_at("D96B", "STS", 2)[0] == "9011"
    assert elements_at("D99B", "STS", 2)[0] == elements_at("D00B", "STS", 2)[0] == "4405"


def test_cusres_of_d96a_is_flat() -> None:
    assert group("D96A", "CUSRES", "SG1") == ["ERP", "ERC"]
    assert group("D96A", "CUSRES", "SG4")[0] == "TAX"
    assert group("D96A", "CUSRES", "SG5")[0] == "RFF"


def test_cusres_of_later_directories_has_documents_and_items_inside_them() -> None:
    for version in ("D96B", "D99B", "D00B"):
        assert group(version, "CUSRES", "SG3")[0] == "RFF"
        assert group(version, "CUSRES", "SG4") == ["ERP", "RFF", "ERC", "FTX"]
        assert group(version, "CUSRES", "SG5") == ["TAX", "MOA", "GIS"]
        assert group(version, "CUSRES", "SG6")[0] == "DOC"
    assert group("D96B", "CUSRES", "SG10")[0] == "CST"
    assert group("D00B", "CUSRES", "SG11")[0] == "CST"
    assert elements_at("D96B", "GIS", 1)[:3] == ["7365", "1131", "3055"]
    assert elements_at("D96B", "ERC", 1)[0] == "9321"
    assert elements_at("D96B", "FTX", 4)[0] == "4440"
    assert elements_at("D96B", "TAX", 2)[0] == "5153"


def test_contrl_reports_messages_alone_and_inside_of_groups() -> None:
    assert group("D96A", "CONTRL", "SG1") == ["UCM", "SG2 UCS"]
    assert group("D96A", "CONTRL", "SG3") == ["UCF", "SG4 UCM"]
    assert elements_at("D96A", "UCI", 4) == ["0083"]
    codes = dictionary("D00B")["codes"]
    assert list(codes["0083"]["values"]) == [str(code) for code in range(1, 9)]
    assert list(codes["0085"]["values"]) == [str(code) for code in range(1, 49)]
    assert codes["0083"]["complete"]
    assert codes["0085"]["complete"]


def test_a_newer_dictionary_changes_lengths_and_keeps_the_rest() -> None:
    formats = {
        version: {
            number: dictionary(version)["elements"][number].split()[0]
            for number in ("1131", "1154", "5004", "4440", "3035")
        }
        for version in VERSIONS
    }
    assert formats["D96A"] == {
        "1131": "an..3", "1154": "an..35", "5004": "n..18", "4440": "an..70", "3035": "an..3",
    }  # fmt: skip
    assert formats["D96B"] == formats["D96A"]
    assert formats["D99B"] == formats["D96A"] | {"5004": "n..35", "4440": "an..512"}
    assert formats["D00B"] == formats["D99B"] | {"1131": "an..17", "1154": "an..70"}


CORPUS = os.environ.get("ETL_CORPUS")


def ours(content: list[Any]) -> list[Row]:
    """A message as the public tables have it: what follows UNS stands beside it."""
    rows: list[Row] = []
    for text, inside in map(split, content):
        name, requirement, most = text.split()[0], text.split()[-2] == "M", int(text.split()[-1])
        if not inside:
            rows.append((name, requirement, most))
        elif name == "UNS":
            rows += [(name, requirement, most), *ours(inside)]
        else:
            trigger: Row = (text.split()[1], True, 1)
            rows.append((name, requirement, most, [trigger, *ours(inside)]))
    return rows


def public(parent: ET.Element) -> list[Row]:
    rows: list[Row] = []
    for child in parent:
        if child.tag == "defaults" or child.get("id") in ("UNH", "UNT"):
            continue
        row = (child.attrib["id"], child.get("required") == "true", int(child.attrib["maxrepeat"]))
        rows.append(row if child.tag == "segment" else (*row, public(child)))
    return rows


@pytest.mark.skipif(CORPUS is None, reason="ETL_CORPUS not set")
def test_segment_tables_equal_the_public_ones() -> None:
    compared = []
    for path in sorted(Path(str(CORPUS), "directories").glob("edifact_*.xml")):
        _, version, document = path.stem.split("_")
        known = [one for one in VERSIONS if (one, document.upper()) in MESSAGES]
        older = [one for one in known if VERSIONS.index(one) <= VERSIONS.index(version)]
        content = message(older[-1], document.upper())["content"]
        assert ours(content) == public(ET.parse(path).getroot()), path.name
        compared.append(path.name)
    assert compared
