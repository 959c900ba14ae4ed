"""A good partner's bills are pushed whatever the other partners send beside them."""

from __future__ import annotations

import os
import shutil
from importlib import resources
from pathlib import Path

import pytest

from tests.freight_bills import FreightBill, bills_file, expected_file
from tests.night import PARTNERS, REPOSITORY, Night
from tests.strange_files import strange_files

DEMO = Path(str(resources.files("etl.demo") / "files"))
GOOD = "honest-freight"
PATTERNS = {
    "acme-freight": "{}.edi",
    "nordsee-line": "INVOIC_{}.edi",
    "parcelxpress": "PXPR_INV_{}.csv",
    "rhein-forwarding": "FWDE_{}.xml",
}
CHARSETS = (None, "iso-8859-1", "utf-8")


def add_good_partner(night: Night) -> None:
    """A carrier like acme-freight, under its own SCAC."""
    folder = night.root / "mappings" / GOOD
    shutil.copytree(night.root / "mappings" / "acme-freight", folder)
    for path in folder.glob("*.yaml"):
        text = path.read_text("utf-8").replace("acme-freight", GOOD).replace("ACLT", "HNST")
        path.write_text(text, "utf-8")
    night.drop_folder(GOOD).mkdir()


def good(text: str) -> str:
    return text.replace("ACLT", "HNST")


def samples() -> dict[str, list[bytes]]:
    """By partner, files that are right; real ones too where there are some."""
    found: dict[str, list[bytes]] = {}
    corpus = os.environ.get("ETL_CORPUS")
    real = {"acme-freight": "x12", "nordsee-line": "edifact", "parcelxpress": "carrier_csv"}
    real["rhein-forwarding"] = "ubl"
    for partner in PATTERNS:
        places = [REPOSITORY / "mappings" / partner / "samples", DEMO / partner]
        if corpus and partner in real:
            places.append(Path(corpus) / real[partner])
        paths = sorted(path for place in places for path in place.rglob("*") if path.is_file())
        found[partner] = [
            path.read_bytes()
            for path in paths
            if path.suffix in (".edi", ".csv", ".xml", ".txt") and path.stat().st_size < 100_000
        ]
        assert found[partner]
    return found


@pytest.mark.parametrize(
    ("seed", "count"),
    [
        (1, 150),
        *(pytest.param(seed, 500, marks=pytest.mark.soak) for seed in range(2, 6)),
    ],
)
def test_strange_files_cost_nothing_but_themselves(night: Night, seed: int, count: int) -> None:
    add_good_partner(night)
    charset = CHARSETS[seed % len(CHARSETS)]
    if charset is not None:
        for path in night.root.glob("mappings/*/x12-*.yaml"):
            text = path.read_text("utf-8")
            path.write_text(
                text.replace("format: x12\n", f"format: x12\n  charset: {charset}\n"), "utf-8"
            )
    partners = [*PARTNERS, "nordsee-line", GOOD]
    night.write_schedules(
        endpoints={GOOD: night._local(GOOD)},
        partners=partners,
    )
    bills = [FreightBill(f"GOOD-{number}", f"LD-GOOD{number}") for number in range(1, 6)]
    night.drop("tms", "expected_charges_1.csv", good(expected_file(*bills)))
    for number, bill in enumerate(bills, start=500):
        night.drop(GOOD, f"{bill.number}.edi", good(bills_file(bill, control_number=number)))
    of_partner = {name: each for name, each in samples().items() if name in partners}
    for place, (partner, files) in enumerate(of_partner.items()):
        name = PATTERNS[partner]
        some = strange_files(seed * 100 + place, count // len(of_partner), files)
        for number, content in enumerate(some):
            night.drop(partner, name.format(number), content)

    done = night.etl("run", "nightly", "--json")

    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    outbox = (night.root / "outbox" / "odoo").glob("*bills*.csv")
    text = "".join(path.read_text("utf-8") for path in outbox)
    assert [bill.number for bill in bills if bill.number in text] == [b.number for b in bills]
    listed = night.etl_json("exceptions", "list", "--limit", "10000")
    technical = [item for item in listed if item["kind"] == "technical"]
    assert [item["message"] for item in technical] == []
    left = [path.name for name in partners for path in night.drop_folder(name).glob("*.*")]
    assert left == []
    assert night.etl("archive", "verify").returncode == 0
    assert night.etl("run", "nightly").returncode == 0
