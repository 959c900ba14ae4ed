"""The structure files of the motor and air carriers' sets and of the acknowledgements.

They are read here as plain YAML: the files have to agree with themselves, and elements have to
stand where mappings, checks and acknowledgements look for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.formats.x12.structure_yaml import (
    STRUCTURES,
    VERSIONS,
    dictionary,
    document,
    element_at,
    loops,
    own,
    topic,
)

KINDS = ("elements", "composites", "segments", "codes")
GROUPS = {
    "204": "SM",
    "990": "GF",
    "214": "QM",
    "210": "IM",
    "110": "IA",
    "824": "AG",
    "997": "FA",
    "999": "FA",
}
DOCUMENTS = [
    (name, version)
    for name in GROUPS
    for version in VERSIONS
    if (name, version) != ("999", "004010")
]


def uses(version: str) -> Iterator[tuple[str, str]]:
    """All items of segments and composites, as (owner, ``REF REQ [REPEAT]``)."""
    for kind in ("composites", "segments"):
        for owner, declared in dictionary(kind, version).items():
            for item in declared["elements"]:
                yield owner, item


@pytest.mark.parametrize(("name", "version"), DOCUMENTS)
def test_a_set_names_itself_and_its_functional_group(name: str, version: str) -> None:
    declared = document(name, version)
    assert (declared["document"], declared["group"]) == (name, GROUPS[name])


@pytest.mark.parametrize(("name", "version"), DOCUMENTS)
def test_each_segment_of_a_set_is_defined(name: str, version: str) -> None:
    used = {item.split()[0] for items in loops(name, version).values() for item in items}
    assert used - dictionary("segments", version).keys() == set()


@pytest.mark.parametrize(("name", "version"), DOCUMENTS)
def test_items_of_a_set_have_requirement_and_repeat(name: str, version: str) -> None:
    for items in loops(name, version).values():
        for item in items:
            assert re.fullmatch(r"[A-Z][A-Z0-9]{1,2} [MO] (>1|[1-9]\d*)", item), item


@pytest.mark.parametrize(("name", "version"), DOCUMENTS)
def test_an_id_stands_once_in_a_loop_so_that_a_reader_knows_its_place(
    name: str, version: str
) -> None:
    for path, items in loops(name, version).items():
        ids = [item.split()[0] for item in items]
        assert len(ids) == len(set(ids)), path


def test_each_segment_is_used_by_a_set_or_by_the_envelope() -> None:
    used = {
        item.split()[0]
        for version in VERSIONS
        for file in (STRUCTURES / version).glob("*.yaml")
        for items in loops(file.stem, version).values()
        for item in items
    }
    envelope = {"ISA", "GS", "ST", "SE", "GE", "IEA", "TA1"}
    assert dictionary("segments", "005010").keys() - used - envelope == set()


@pytest.mark.parametrize("version", VERSIONS)
def test_each_element_of_a_segment_and_composite_is_defined(version: str) -> None:
    known = dictionary("elements", version).keys() | dictionary("composites", version).keys()
    for owner, item in uses(version):
        number, requirement, *repeat = item.split()
        assert number in known, f"{owner}: {item}"
        assert requirement in {"M", "O", "X"}, f"{owner}: {item}"
        assert all(times.isdigit() for times in repeat), f"{owner}: {item}"


def test_each_element_and_composite_is_used_by_a_segment_or_composite() -> None:
    used = {
        item.split()[0]
        for version in VERSIONS
        for kind in ("composites", "segments")
        for file in (STRUCTURES / version / kind).glob("*.yaml")
        for declared in topic(kind, version, file.stem).values()
        for item in declared["elements"]
    }
    for kind in ("elements", "composites"):
        assert dictionary(kind, "005010").keys() - used == set()


@pytest.mark.parametrize("version", VERSIONS)
def test_notes_name_elements_that_the_segment_has(version: str) -> None:
    for segment_id, declared in dictionary("segments", version).items():
        for note in declared.get("notes", ()):
            match = re.fullmatch(r"[PRECL]((?:\d\d){2,})", note)
            assert match, f"{segment_id}: {note}"
            numbers = [int(two) for two in re.findall(r"\d\d", match[1])]
            assert 0 < min(numbers) <= max(numbers) <= len(declared["elements"]), segment_id
            assert len(numbers) == len(set(numbers)), f"{segment_id}: {note}"


@pytest.mark.parametrize("version", VERSIONS)
def test_just_the_elements_that_a_note_binds_are_relational(version: str) -> None:
    for segment_id, declared in dictionary("segments", version).items():
        bound = set()
        for note in declared.get("notes", ()):
            numbers = [int(two) for two in re.findall(r"\d\d", note)]
            bound |= set(numbers if note[0] in "PRE" else numbers[1:])
        for place, item in enumerate(declared["elements"], start=1):
            requirement = item.split()[1]
            assert requirement == "M" or (requirement == "X") == (place in bound), (
                f"{segment_id}{place:02}"
            )


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_an_entry_is_defined_by_one_topic_of_a_version(kind: str, version: str) -> None:
    files = sorted((STRUCTURES / version / kind).glob("*.yaml"))
    numbers = [number for file in files for number in topic(kind, version, file.stem)]
    assert len(numbers) == len(set(numbers))
    assert all(isinstance(number, str) for number in numbers)


@pytest.mark.parametrize("kind", KINDS)
def test_a_newer_version_defines_again_only_what_differs(kind: str) -> None:
    before = own(kind, "004010")
    for number, entry in own(kind, "005010").items():
        assert entry != before.get(number), number


@pytest.mark.parametrize("version", VERSIONS)
def test_elements_have_type_lengths_and_name(version: str) -> None:
    for number, text in dictionary("elements", version).items():
        match = re.fullmatch(r"(AN|ID|DT|TM|R|B|N\d) (\d+)-(\d+) \S.*", text)
        assert match, f"{number}: {text}"
        assert 0 < int(match[2]) <= int(match[3]), f"{number}: {text}"


@pytest.mark.parametrize("version", VERSIONS)
def test_codes_fit_into_their_element(version: str) -> None:
    elements = dictionary("elements", version)
    for number, declared in dictionary("codes", version).items():
        type_, lengths, _ = elements[number].split(" ", 2)
        least, most = (int(length) for length in lengths.split("-"))
        assert type_ == "ID", number
        for code, meaning in declared["values"].items():
            assert isinstance(code, str), f"{number}: {code!r} is not quoted"
            assert isinstance(meaning, str), f"{number} {code}: {meaning!r}"
            assert meaning, f"{number} {code}"
            assert least <= len(code) <= most, f"{number}: {code}"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("segment_id", "order"),
    [
        # 210: invoice, shipment, payer, net amount, carrier; currency, terms, references, parties
        ("B3", "147 76 145 146 188 373 193 202 32 374 140 373 375 335"),
        ("B3A", "640 21"),
        ("C3", "100 280 100 100"),
        ("ITD", "336 333 338 370 351 446 386 362 388 389 342 352 765 107 954"),
        ("N9", "128 127 369 373 337 623 C040"),
        ("L11", "127 128 352"),
        ("G62", "432 373 176 337 623"),
        ("R3", "140 133 19 91 154 76 373 610 369"),
        ("N1", "98 93 66 67 706 98"),
        ("POD", "373 337 93"),
        # its lines: goods, weight and pieces, rate and charge, tariff; totals
        ("L5", "213 79 22 23 103 87 88 23 22 595"),
        ("L0", "213 220 221 81 187 183 184 80 211 458 188 56 380 211 1073"),
        ("L1", "213 60 122 58 191 117 120 150 121 39 16 276 257 74 122 372 220 221 954 100 610"),
        ("L7", "213 168 171 172 169 170 59 173 46 373 119 227 294 295 19 156"),
        ("L3", "81 187 60 122 58 191 117 150 183 184 80 188 171 74 122"),
        # 214: references, event with its reason or appointment, place, equipment, exceptions
        ("B10", "127 145 140 71 128 127 1073"),
        ("AT7", "1650 1651 1652 1651 373 337 623"),
        ("MS1", "19 156 26 1654 1655 1280 1280"),
        ("MS2", "140 207 40 761"),
        ("AT8", "187 188 81 80 80 184 183"),
        ("Q7", "33 211 80"),
        # 990 and 204: answer, tender, purpose, stops
        ("B1", "140 145 373 558"),
        ("B2", "375 140 154 145 188 146 147 86 460 501 335 591"),
        ("B2A", "353 346"),
        ("S5", "165 163 81 188 382 355 183 184 352 154 190"),
        # acknowledgements
        ("AK1", "479 28"),
        ("AK2", "143 329"),
        ("AK3", "721 719 447 720"),
        ("AK4", "C030 725 723 724"),
        ("AK5", "717 718 718 718 718 718"),
        ("AK9", "715 97 123 2 716 716 716 716 716"),
        ("TA1", "I12 I08 I09 I17 I18"),
        ("OTI", "110 128 127 142 124 373 337 28 329 143 480"),
        ("TED", "647 3 721 719"),
    ],
)
def test_elements_stand_where_mappings_look_for_them(
    segment_id: str, order: str, version: str
) -> None:
    items = dictionary("segments", version)[segment_id]["elements"]
    numbers = [item.split()[0] for item in items]
    assert numbers[: len(order.split())] == order.split()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("segment_id", "mandatory"),
    [
        ("B3", [2, 4, 6, 7, 11]),
        ("B10", [3]),
        ("B2", [6]),
        ("S5", [1, 2]),
        ("N1", [1]),
        ("POD", [1, 3]),
        ("L1", []),
        ("AT7", []),
        ("AK4", [1, 3]),
        ("AK9", [1, 2, 3, 4]),
        ("OTI", [1, 2, 3]),
        ("ISA", list(range(1, 17))),
    ],
)
def test_elements_without_which_a_segment_says_nothing_are_mandatory(
    segment_id: str, mandatory: list[int], version: str
) -> None:
    items = dictionary("segments", version)[segment_id]["elements"]
    assert [n for n, item in enumerate(items, 1) if item.split()[1] == "M"] == mandatory


@pytest.mark.parametrize(
    ("place", "format_"),
    [
        ("B302", "AN 1-22"),
        ("B307", "N2 1-12"),
        ("L102", "R 1-9"),
        ("L104", "N2 1-12"),
        ("L105", "N2 1-9"),
        ("L106", "N2 1-9"),
        ("L108", "ID 3-3"),
        ("L120", "ID 3-3"),
        ("L305", "N2 1-12"),
        ("L902", "R 1-18"),
        ("R308", "N2 1-15"),
        ("AT701", "ID 2-2"),
        ("AT705", "DT 8-8"),
        ("AT706", "TM 4-8"),
        ("N102", "AN 1-60"),
        ("N104", "AN 2-80"),
        ("N902", "AN 1-30"),
        ("ISA13", "N0 9-9"),
        ("GS04", "DT 8-8"),
        ("SE01", "N0 1-10"),
    ],
)
def test_mapped_elements_have_the_type_and_lengths_of_004010(place: str, format_: str) -> None:
    number = element_at(place, "004010").split()[0]
    assert dictionary("elements", "004010")[number].startswith(f"{format_} ")


@pytest.mark.parametrize(
    ("number", "older", "newer"),
    [
        ("58", "N2 1-12", "N2 1-15"),
        ("117", "N2 1-9", "N2 1-15"),
        ("127", "AN 1-30", "AN 1-50"),
        ("207", "AN 1-10", "AN 1-15"),
        ("364", "AN 1-80", "AN 1-256"),
        ("719", "N0 1-6", "N0 1-10"),
        ("1035", "AN 1-35", "AN 1-60"),
    ],
)
def test_elements_grew_longer_by_005010(number: str, older: str, newer: str) -> None:
    assert dictionary("elements", "004010")[number].startswith(f"{older} ")
    assert dictionary("elements", "005010")[number].startswith(f"{newer} ")


def test_element_11_of_the_isa_is_the_repetition_separator_from_005010_on() -> None:
    assert element_at("ISA11", "004010") == "I10 M"
    assert element_at("ISA11", "005010") == "I65 M"


def test_order_of_a_shipment_is_told_by_packaging_from_005010_on() -> None:
    assert element_at("OID04", "004010") == "355 X"
    assert element_at("OID04", "005010") == "211 X"


def test_answer_to_a_tender_names_the_carrier_from_005010_on() -> None:
    assert [element_at(f"B10{n}", "004010") for n in (1, 2)] == ["140 O", "145 M"]
    assert [element_at(f"B10{n}", "005010") for n in (1, 2)] == ["140 M", "145 O"]


def test_context_of_an_error_may_have_ten_values() -> None:
    assert element_at("CTX01", "005010") == "C998 M 10"


@pytest.mark.parametrize(
    ("version", "reference", "order"), [("004010", "N9", "SPO"), ("005010", "L11", "OID")]
)
def test_freight_bill_has_the_references_of_its_version(
    version: str, reference: str, order: str
) -> None:
    found = loops("210", version)
    assert f"{reference} O 300" in found[""]
    assert f"{reference} O 5" in found["N1"]
    assert any(item.startswith(f"{order} ") for item in found["LX"])


@pytest.mark.parametrize("version", VERSIONS)
def test_charges_of_a_freight_bill_stand_in_its_lines(version: str) -> None:
    lines = [item.split()[0] for item in loops("210", version)["LX"]]
    assert [one for one in lines if one in ("L5", "L0", "L1", "L7")] == ["L5", "L0", "L1", "L7"]


def test_events_of_a_shipment_carry_their_place_and_equipment() -> None:
    assert loops("214", "004010")["LX/AT7"] == ["MS1 O 1", "MS2 O 1"]
    assert loops("214", "005010")["LX/AT7"] == ["MS1 O 1", "MS2 O 2", "K1 O 1", "M7 O 1"]


@pytest.mark.parametrize("version", VERSIONS)
def test_stops_of_a_tender_have_their_party_times_and_goods(version: str) -> None:
    found = loops("204", version)
    assert "S5 M 999" in found[""]
    assert {"N1", "G62", "AT8", "L5", "OID"} <= {item.split()[0] for item in found["S5"]}
    assert "LH2 O 4" in found["S5/L5/G61/LH1"]


def test_charges_of_air_freight_may_have_their_own_currency() -> None:
    assert loops("110", "004010")["LX/L5/L1"] == ["C3 O 1"]


@pytest.mark.parametrize("version", VERSIONS)
def test_functional_acknowledgement_answers_sets_segments_and_elements(version: str) -> None:
    found = loops("997", version)
    assert found[""] == ["AK1 M 1", "AK2 O >1", "AK9 M 1"]
    assert found["AK2"] == ["AK3 O >1", "AK5 M 1"]
    assert found["AK2/AK3"] == ["AK4 O 99"]


def test_implementation_acknowledgement_gives_the_context_of_errors() -> None:
    found = loops("999", "005010")
    assert found["AK2"] == ["IK3 O >1", "IK5 M 1"]
    assert found["AK2/IK3"] == ["CTX O 10", "IK4 O >1"]
    assert found["AK2/IK3/IK4"] == ["CTX O 10"]


@pytest.mark.parametrize(
    ("number", "codes"),
    [
        ("98", {"SH", "CN", "BT", "PR", "CA", "RI"}),
        ("128", {"BM", "CN", "PO", "MB", "SI", "CR", "OP", "P8"}),
        ("146", {"PP", "CC", "TP"}),
        ("432", {"86", "11", "35"}),
        ("150", {"400", "405", "FUE", "DSC", "DET", "LFT", "HAZ", "020", "665", "999"}),
        ("1650", {"XB", "X3", "AF", "CP", "P1", "X6", "X4", "AV", "X1", "AH", "D1", "PA", "SD"}),
        ("558", {"A", "D"}),
        ("I18", {"000", "001", "025"}),
        ("720", {"1", "2", "3", "5", "8"}),
        ("723", {"1", "5", "7", "10"}),
    ],
)
def test_codes_that_partners_use_have_a_meaning(number: str, codes: set[str]) -> None:
    for version in VERSIONS:
        assert codes <= dictionary("codes", version)[number]["values"].keys()


def test_only_tiny_lists_are_complete() -> None:
    complete = {
        number
        for version in VERSIONS
        for number, declared in own("codes", version).items()
        if declared.get("complete", False)
    }
    assert complete == {"I13", "I14", "I17", "715", "717"}
