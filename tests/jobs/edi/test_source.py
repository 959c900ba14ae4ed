from etl.config.edi import EdiReading
from etl.jobs.edi.source import source_with_defaults

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
