"""The structure files of the ocean, customs and payment sets, read as plain YAML.

Whatever reads them, the files have to agree with themselves (each segment, element and note has
its definition) and with the facts that mappings rely on: which element stands where.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

STRUCTURES = Path(__file__).parents[3] / "etl" / "formats" / "x12" / "structures"
VERSIONS = ("004010", "005010")
DOCUMENTS = ("310", "315", "350", "355", "820")
TOPICS = ("ocean", "customs", "payment")
BOTH = [(document, version) for document in DOCUMENTS for version in VERSIONS]

LOOP_AND_PLAIN = {("310", "C8")}
"""Where the standard has an id both as a loop's trigger and as a plain segment at one level."""


@cache
def read(file: Path) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


@cache
def topics(kind: str, version: str) -> Mapping[str, Any]:
    """The entries of one version's folder; one that two topics define is a fault."""
    entries: dict[str, Any] = {}
    for file in sorted((STRUCTURES / version / kind).glob("*.yaml")):
        found = read(file)
        assert not entries.keys() & found.keys(), f"{file}: defined twice"
        entries |= found
    return entries


@cache
def dictionary(kind: str, version: str) -> Mapping[str, Any]:
    """The entries that hold in a version: its own over those of the versions before."""
    entries: dict[str, Any] = {}
    for older in VERSIONS[: VERSIONS.index(version) + 1]:
        entries |= topics(kind, older)
    return entries


@cache
def own(kind: str, version: str) -> Mapping[str, Any]:
    """What the topics of these tests define in a version's folder."""
    entries: dict[str, Any] = {}
    for topic in TOPICS:
        file = STRUCTURES / version / kind / f"{topic}.yaml"
        if file.exists():
            entries |= read(file)
    return entries


def document(name: str, version: str) -> Mapping[str, Any]:
    declared: Mapping[str, Any] = read(STRUCTURES / version / f"{name}.yaml")
    return declared


def levels(content: list[Any], path: str = "") -> Iterator[tuple[str, list[tuple[str, bool]]]]:
    """For each loop, the outermost first: its path, and its items as (id, starts a loop)."""
    items = []
    inner = []
    for item in content:
        text, below = next(iter(item.items())) if isinstance(item, dict) else (item, None)
        segment_id = text.split()[0]
        items.append((segment_id, below is not None))
        if below is not None:
            inner.append((f"{path}/{segment_id}".lstrip("/"), below))
    yield path, items
    for inner_path, below in inner:
        yield from levels(below, inner_path)


def loops(name: str, version: str) -> dict[str, list[str]]:
    """The ids in each loop, by path; of loops that share a path, those of the first."""
    found: dict[str, list[str]] = {}
    for path, items in levels(document(name, version)["content"]):
        found.setdefault(path, [segment_id for segment_id, _ in items])
    return found


def elements_of(segment_id: str, version: str) -> list[str]:
    return [item.split()[0] for item in dictionary("segments", version)[segment_id]["elements"]]


@pytest.mark.parametrize(("name", "version"), BOTH)
def test_each_segment_of_a_set_is_defined(name: str, version: str) -> None:
    used = {
        segment_id
        for _, items in levels(document(name, version)["content"])
        for segment_id, _ in items
    }
    assert used - dictionary("segments", version).keys() == set()


@pytest.mark.parametrize(("name", "version"), BOTH)
def test_items_of_a_set_have_requirement_and_repeat(name: str, version: str) -> None:
    def texts(content: list[Any]) -> Iterator[str]:
        for item in content:
            if isinstance(item, dict):
                ((text, below),) = item.items()
                assert below, text
                yield from texts(below)
                yield text
            else:
                yield item

    for text in texts(document(name, version)["content"]):
        assert re.fullmatch(r"[A-Z][A-Z0-9]{1,2} [MO] (>1|[1-9]\d*)", text), text


@pytest.mark.parametrize(("name", "version"), BOTH)
def test_an_id_at_several_places_of_a_level_is_plain_at_all_or_a_loop_at_all(
    name: str, version: str
) -> None:
    for path, items in levels(document(name, version)["content"]):
        plain = {segment_id for segment_id, loop in items if not loop}
        triggers = [segment_id for segment_id, loop in items if loop]
        mixed = plain & set(triggers)
        assert {(name, one) for one in mixed} <= LOOP_AND_PLAIN, path
        assert len(triggers) == len(set(triggers)), path


@pytest.mark.parametrize("version", VERSIONS)
def test_each_element_of_a_segment_and_composite_is_defined(version: str) -> None:
    composites = dictionary("composites", version)
    elements = dictionary("elements", version)
    for owner, declared in {**own("segments", version), **own("composites", version)}.items():
        for item in declared["elements"]:
            number, requirement, *repeat = item.split()
            assert number in elements or number in composites, f"{owner}: {item}"
            assert requirement in {"M", "O", "X"}, f"{owner}: {item}"
            assert repeat == [], f"{owner}: {item}"


@pytest.mark.parametrize("version", VERSIONS)
def test_notes_name_elements_that_the_segment_has(version: str) -> None:
    for segment_id, declared in own("segments", version).items():
        for note in declared.get("notes", []):
            match = re.fullmatch(r"([PRECL])((?:\d\d){2,})", note)
            assert match, f"{segment_id}: {note}"
            numbers = [int(two) for two in re.findall(r"\d\d", match[2])]
            assert max(numbers) <= len(declared["elements"]), f"{segment_id}: {note}"
            assert len(set(numbers)) == len(numbers), f"{segment_id}: {note}"


@pytest.mark.parametrize("version", VERSIONS)
def test_elements_of_no_relational_note_are_mandatory_or_optional_alone(version: str) -> None:
    for segment_id, declared in own("segments", version).items():
        related = {
            int(two) for note in declared.get("notes", []) for two in re.findall(r"\d\d", note)
        }
        for place, item in enumerate(declared["elements"], start=1):
            assert item.split()[1] != "X" or place in related, f"{segment_id}{place:02}"


@pytest.mark.parametrize("version", VERSIONS)
def test_elements_have_type_lengths_and_name(version: str) -> None:
    for number, text in own("elements", version).items():
        match = re.fullmatch(r"(AN|ID|DT|TM|R|N\d) (\d+)-(\d+) \S.*", text)
        assert match, f"{number}: {text}"
        assert int(match[2]) <= int(match[3]), f"{number}: {text}"


@pytest.mark.parametrize("version", VERSIONS)
def test_codes_fit_the_length_of_their_element(version: str) -> None:
    elements = dictionary("elements", version)
    for number, declared in own("codes", version).items():
        least, most = map(int, elements[number].split()[1].split("-"))
        for code, meaning in declared["values"].items():
            assert isinstance(code, str), f"{number}: {code!r} is not quoted"
            assert isinstance(meaning, str), f"{number} {code}: {meaning!r}"
            assert least <= len(code) <= most, f"{number}: {code}"


@pytest.mark.parametrize("kind", ["elements", "segments"])
def test_005010_defines_again_only_what_differs(kind: str) -> None:
    before = topics(kind, "004010")
    for number, declared in own(kind, "005010").items():
        assert declared != before.get(number), number


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("place", "number"),
    [
        # 315: the status, its time, the container and where it is; voyage and vessel
        ("B403", "157"),
        ("B404", "373"),
        ("B407", "206"),
        ("B408", "207"),
        ("B411", "310"),
        ("B412", "309"),
        ("B413", "761"),
        ("Q209", "55"),
        ("Q213", "182"),
        # 310: vessel, voyage, carrier; port by function, qualifier, code, name, country
        ("V102", "182"),
        ("V104", "55"),
        ("V105", "140"),
        ("R401", "115"),
        ("R402", "309"),
        ("R403", "310"),
        ("R404", "114"),
        ("R405", "26"),
        # 350: port and date; entry, time and disposition of a bill of lading
        ("P401", "310"),
        ("P402", "373"),
        ("X401", "598"),
        ("X404", "601"),
        ("X405", "373"),
        ("X406", "337"),
        ("X407", "35"),
        # 355: bill of lading that was amended
        ("M1304", "598"),
        ("M1002", "91"),
        ("M1006", "55"),
        # 820: amount, way and date of the payment, its trace, items and adjustments
        ("BPR02", "782"),
        ("BPR04", "591"),
        ("BPR16", "373"),
        ("TRN02", "127"),
        ("RMR01", "128"),
        ("RMR02", "127"),
        ("RMR04", "782"),
        ("RMR05", "782"),
        ("RMR06", "782"),
        ("RMR07", "426"),
        ("ADX01", "782"),
        ("ADX02", "426"),
        ("ADX03", "128"),
        ("ADX04", "127"),
    ],
)
def test_mapped_elements_stand_where_mappings_look_for_them(
    place: str, number: str, version: str
) -> None:
    segment_id, position = place[:-2], int(place[-2:])
    assert elements_of(segment_id, version)[position - 1] == number


def test_status_time_of_b4_is_a_full_time_from_005010_on() -> None:
    assert elements_of("B4", "004010")[4] == "161"
    assert dictionary("elements", "004010")["161"].startswith("TM 4-4 ")
    assert elements_of("B4", "005010")[4] == "337"


@pytest.mark.parametrize(
    ("number", "older", "newer"),
    [("598", "AN 1-12", "AN 1-25"), ("50", "AN 6-12", "AN 6-35"), ("539", "AN 1-25", "AN 1-30")],
)
def test_numbers_grew_longer_by_005010(number: str, older: str, newer: str) -> None:
    assert dictionary("elements", "004010")[number].startswith(f"{older} ")
    assert dictionary("elements", "005010")[number].startswith(f"{newer} ")


@pytest.mark.parametrize("version", VERSIONS)
def test_charges_of_an_ocean_bill_carry_their_currency(version: str) -> None:
    found = loops("310", version)
    assert found["L1"] == found["LX/N7/L1"] == found["LX/L0/L1"] == ["C3"]


@pytest.mark.parametrize("version", VERSIONS)
def test_charges_of_the_whole_ocean_bill_follow_its_total(version: str) -> None:
    order = loops("310", version)[""]
    assert order.index("LX") < order.index("L3") < order.index("L1")


@pytest.mark.parametrize("version", VERSIONS)
def test_places_of_a_voyage_have_their_own_times(version: str) -> None:
    assert loops("310", version)["R4"] == loops("315", version)["R4"] == ["DTM"]


def test_references_of_a_release_are_in_its_loop_from_005010_on() -> None:
    assert loops("350", "004010")["P4/N9"] == ["K1"]
    assert loops("350", "004010")["P4/X4"] == ["K1", "N7"]
    assert loops("350", "005010")["P4/X4"] == ["K1", "N9", "N7"]


@pytest.mark.parametrize("version", VERSIONS)
def test_an_item_that_is_paid_has_its_adjustments_inside(version: str) -> None:
    found = loops("820", version)
    assert {"RMR", "ADX"} <= set(found["ENT"])
    assert {"REF", "DTM", "IT1", "ADX"} <= set(found["ENT/RMR"])


@pytest.mark.parametrize(
    ("name", "older", "newer"),
    [
        ("310", "IO", "IO"),
        ("315", "QO", "QO"),
        ("350", "SO", "AU"),
        ("355", "SO", "AZ"),
        ("820", "RA", "RA"),
    ],
)
def test_customs_sets_alone_changed_their_functional_group(
    name: str, older: str, newer: str
) -> None:
    assert document(name, "004010")["group"] == older
    assert document(name, "005010")["group"] == newer


@pytest.mark.parametrize(
    ("number", "codes"),
    [
        ("115", {"R", "L", "D", "E", "T"}),
        ("157", {"VD", "VA", "AE", "UV", "I", "OA", "CT"}),
        ("35", {"1A", "1B", "1C", "1H", "1I", "1J"}),
        ("426", {"01", "19", "20", "22", "23", "46"}),
    ],
)
def test_codes_that_partners_use_have_a_meaning(number: str, codes: set[str]) -> None:
    assert codes <= dictionary("codes", "005010")[number]["values"].keys()
