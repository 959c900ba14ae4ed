from hashlib import sha256

from etl.config.edi import EdiReading
from etl.jobs.edi.source import source_with_defaults
from tests.edi_night import ACME, EdiNight
from tests.freight_bills import FreightBill, interchange

READING = EdiReading(
    envelope={"counts": "warn", "junk": "ignore", "isa": "ignore", "unb": "reject"},
    structure={"codes": "ignore"},
    charset="iso-8859-1",
    deviations=({"document": "210"},),
)


def test_a_mapping_comes_before_its_partner() -> None:
    own = {
        "format": "x12",
        "envelope": {"counts": "reject"},
        "charset": "utf-8",
        "deviations": [{"document": "214"}],
    }
    assert source_with_defaults(own, READING) == {
        "format": "x12",
        "envelope": {"counts": "reject", "junk": "ignore", "isa": "ignore"},
        "structure": {"codes": "ignore"},
        "charset": "utf-8",
        "deviations": [{"document": "210"}, {"document": "214"}],
    }


def test_each_syntax_gets_its_own_keys_and_other_formats_none() -> None:
    edifact = source_with_defaults({"format": "edifact"}, READING)
    assert edifact["envelope"] == {"counts": "warn", "junk": "ignore", "unb": "reject"}
    assert source_with_defaults({"format": "csv"}, READING) == {"format": "csv"}
    assert source_with_defaults({"format": "x12"}, EdiReading()) == {"format": "x12"}


def test_a_partners_severities_hold_for_its_files_and_are_named_in_the_manifest(
    edi: EdiNight,
) -> None:
    edi.declare(ACME, {"read": {"envelope": {"references": "warn"}}})
    bill = FreightBill("B-1", "SHP-1")
    edi.night.drop(ACME, "a.edi", interchange(bill.segments("0001")).replace("IEA*1*0", "IEA*1*9"))
    (batch,) = edi.run().batches
    assert edi.exceptions() == []
    folder = edi.open().archive.find_batch(batch)
    assert folder is not None
    assert folder.read_table("defects")["severity"].to_pylist() == ["warn"]
    used = folder.manifest().content["mappings"]
    declared = edi.night.root / "mappings" / ACME / "partner.yaml"
    assert used[f"{ACME}/partner.yaml"] == sha256(declared.read_bytes()).hexdigest()
