"""What breaks its contract is named exactly, kept, and costs nothing else of the night."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from etl.cli.main import cli
from tests.freight_bills import FreightBill, bills_file, expected_file, interchange
from tests.night import Night

DEMO = resources.files("etl.demo") / "files"
CSV = (DEMO / "parcelxpress" / "PXPR_INV_20261116.csv").read_bytes()
XML = (DEMO / "rhein-forwarding" / "FWDE_RF-2611-2041.xml").read_bytes().split(b"?>", 1)[1]
GOOD, WHOLE, CUT, COUNTED = (FreightBill(f"B-{n}", f"LD-B{n}") for n in range(1, 5))


def with_dtd(declarations: bytes, entity: bytes) -> bytes:
    head = b'<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE Invoice [' + declarations + b"]>"
    return head + XML.replace(b"RF-2611-2041", b"&" + entity + b";", 1)


LAUGHS = b'<!ENTITY a "ha">' + b"".join(
    b'<!ENTITY %c "%s">' % (name + 1, b"&%c;" % name * 10) for name in range(ord("a"), ord("k"))
)


@dataclass(frozen=True)
class Bad:
    """A broken file.

    Attributes:
        codes: of the exceptions that it gives.
        named: what their messages must say: position, value and what was expected.
    """

    partner: str
    name: str
    content: bytes
    codes: tuple[str, ...]
    named: tuple[str, ...]


BAD = (
    Bad(
        "acme-freight",
        "empty.edi",
        b"",
        ("EMPTY_FILE",),
        ("is empty", "expected a file that starts with ISA"),
    ),
    Bad(
        "acme-freight",
        "truncated.edi",
        bills_file(WHOLE, CUT, control_number=102).encode()[:-150],
        ("SE_MISSING", "TRUNCATED"),
        ("document 0002 segment 4 segment_id N9", "byte_offset 427", "SE with number 0002"),
    ),
    Bad(
        "acme-freight",
        "counted.edi",
        interchange(COUNTED.segments("0001", declared_count=99), control_number=103).encode(),
        ("SE_COUNT",),
        ("document 0001 segment 12 segment_id SE element 1", "found '99'", "expected 12"),
    ),
    Bad(
        "acme-freight",
        "garbage.edi",
        bytes(range(256)) * 40,
        ("NOT_X12",),
        ("byte_offset 0", r"found '\x00\x01", "expected an ISA segment of 16 elements"),
    ),
    Bad(
        "acme-freight",
        "evil\n\x1b[31m.edi",
        b"not an interchange",
        ("NOT_X12",),
        (r"evil\x0a\x1b[31m.edi", "found 'not an interchange'"),
    ),
    Bad(
        "parcelxpress",
        "PXPR_INV_column.csv",
        CSV.replace(b"InvoiceTotal", b"Total"),
        ("MISSING_COLUMN",),
        ("column InvoiceTotal", "no column 'InvoiceTotal'", "expected one of 'Account'"),
    ),
    Bad(
        "parcelxpress",
        "PXPR_INV_utf16.csv",
        CSV.decode("cp1252").encode("utf-16"),
        ("NUL_CHARACTER",),
        ("byte_offset 3 row 1", "no cp1252 text", "expected text"),
    ),
    Bad(
        "parcelxpress",
        "PXPR_INV_encoding.csv",
        CSV.replace(b"FR26-00988", b"FR26-\x8100988"),
        ("UNDECODABLE",),
        ("row 2", "found '0x81'", "expected text in cp1252"),
    ),
    Bad(
        "rhein-forwarding",
        "external.xml",
        with_dtd(b'<!ENTITY e SYSTEM "file:///etc/passwd">', b"e"),
        ("FORBIDDEN_DTD",),
        ("row 1", "found '<!DOCTYPE Invoice'", "expected no DOCTYPE"),
    ),
    Bad(
        "rhein-forwarding",
        "laughs.xml",
        with_dtd(LAUGHS, b"k"),
        ("FORBIDDEN_DTD",),
        ("row 1", "found '<!DOCTYPE Invoice'", "expected no DOCTYPE"),
    ),
)


@dataclass
class Seen:
    """A night with every broken file and some good ones, after its run by the command line."""

    night: Night
    run: Any
    exceptions: list[dict[str, Any]]

    def of(self, bad: Bad) -> list[dict[str, Any]]:
        """The exceptions of a file."""
        name = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in bad.name)
        return [item for item in self.exceptions if item["message"].startswith(f"{name}: ")]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    with Night(tmp_path_factory.mktemp("bad") / "project") as night:
        night.drop("tms", "expected_charges_1.csv", expected_file(GOOD, WHOLE))
        night.drop("acme-freight", "good.edi", bills_file(GOOD))
        night.drop("acme-freight", "good.txt", "of no pattern")
        for bad in BAD:
            night.drop(bad.partner, bad.name, bad.content)
        done = night.etl("run", "nightly", "--json")
        assert done.returncode == 1, done.stderr
        assert done.stderr == ""
        yield Seen(night, json.loads(done.stdout), night.etl_json("exceptions", "list"))


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.codes[0] + "-" + bad.name[:5])
def test_a_broken_file_is_told_with_position_value_and_what_was_expected(
    seen: Seen, bad: Bad
) -> None:
    items = seen.of(bad)
    assert sorted(item["code"] for item in items) == sorted(bad.codes)
    assert {(item["kind"], item["queue"]) for item in items} == {("data", "integration")}
    told = "\n".join(item["message"] for item in items)
    for part in bad.named:
        assert part in told


def test_the_other_documents_come_through_and_the_counts_add_up(seen: Seen) -> None:
    counts = seen.run["counts"]
    # the truncated file's first bill is whole, and its second one is rejected like the rest
    assert (counts["stored"], counts["pushed"], counts["rejected"]) == (4, 2, len(BAD))
    assert counts["read"] == counts["stored"] + counts["pushed"] + counts["rejected"]
    assert counts["files"] == len(BAD) + 2
    [bills] = (seen.night.root / "outbox" / "odoo").glob("*.csv")
    assert all(bill.number in bills.read_text("utf-8") for bill in (GOOD, WHOLE))


def test_every_original_is_kept_byte_for_byte(seen: Seen) -> None:
    workspace = seen.night.open()
    for bad in BAD:
        original = workspace.archive.find_original(sha256(bad.content).hexdigest())
        assert original is not None
        assert original.read() == bad.content
    assert workspace.archive.verify() == []


def test_a_file_that_no_mapping_is_for_is_left_and_said(seen: Seen) -> None:
    left = {left["name"]: left["reason"] for p in seen.run["partners"] for left in p["left"]}
    assert left == {"good.txt": "matches no pattern (*.edi)"}
    assert (seen.night.drop_folder("acme-freight") / "good.txt").exists()


def test_nothing_that_a_partner_sends_reaches_the_terminal_raw(seen: Seen) -> None:
    garbage, evil = (bad for bad in BAD if bad.codes == ("NOT_X12",))
    assert "\x1b" in seen.of(garbage)[0]["details"]["defects"][0]["value"]
    for arguments in (
        ["exceptions", "list"],
        ["exceptions", "show", seen.of(garbage)[0]["id"]],
        ["exceptions", "show", seen.of(evil)[0]["id"]],
        ["show", seen.run["run"]],
        ["trace", "evil"],
    ):
        shown = invoke(seen.night, *arguments)
        assert "Traceback" not in shown.output
        assert "\x1b" not in shown.output


# as a partner names its file -> as we show the name; None: taken for an upload still under way
HOSTILE = {
    "..%2f..%2fevil.edi": None,
    "..\\..\\evil.edi": None,
    "-rf.edi": "-rf.edi",
    "$(reboot).edi": "$(reboot).edi",
    "C:\\evil.edi": "C:\\\\evil.edi",
    "a\nb.edi": r"a\x0ab.edi",
    "Ünï©ode.edi": "Ünï©ode.edi",
    "x" * 250 + ".edi": "x" * 250 + ".edi",
}


def test_hostile_names_stay_names(night: Night) -> None:
    bills = [FreightBill(f"H-{number}", f"LD-H{number}") for number, _ in enumerate(HOSTILE)]
    night.drop("tms", "expected_charges_1.csv", expected_file(*bills))
    for number, (name, bill) in enumerate(zip(HOSTILE, bills, strict=True)):
        night.drop("acme-freight", name, bills_file(bill, control_number=300 + number))
    before = {path for path in night.root.parent.rglob("*") if night.root not in path.parents}

    result = night.run()

    taken = [shown for shown in HOSTILE.values() if shown is not None]
    assert (result.exit_code, result.counts.pushed) == (0, len(taken))
    assert sum(len(pulled.left) for pulled in result.pulled) == len(HOSTILE) - len(taken)
    with night.open().ledger.read() as ledger:
        names = {file.original_name for file in ledger.files.of_batches(result.batches)}
    assert names == {*taken, "expected_charges_1.csv"}
    after = {path for path in night.root.parent.rglob("*") if night.root not in path.parents}
    assert after == before
    stored = [path.name for path in (night.root / "archive").rglob("originals/*.zst")]
    assert [name for name in stored if not re.fullmatch(r"[0-9a-f]{64}\.zst", name)] == []


def invoke(night: Night, *arguments: str) -> Result:
    """A command in this process, ended as a shell would see it."""
    return CliRunner().invoke(
        cli, ["--project", str(night.root), *arguments], catch_exceptions=False
    )


Change = Callable[[str], str]


def replaced(old: str, new: str) -> Change:
    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return change


@pytest.mark.parametrize(
    ("file", "change", "named"),
    [
        (
            "schedules.yaml",
            lambda text: text + "  broken: [\n",
            ("schedules.yaml:", "YAML"),
        ),
        (
            "schedules.yaml",
            replaced("    partners:", "    partner:"),
            ("schedules.yaml:", "jobs.nightly.partner:", "Did you mean 'partners'?"),
        ),
        (
            "mappings/acme-freight/partner.yaml",
            replaced("identity:", "identity: {"),
            ("mappings/acme-freight/partner.yaml:", "YAML"),
        ),
        (
            "mappings/acme-freight/x12-210.yaml",
            replaced("fields:", "fields: ]"),
            ("mappings/acme-freight/x12-210.yaml:", "YAML"),
        ),
        (
            "mappings/acme-freight/x12-210.yaml",
            replaced("  invoice_date:", "  invoice_dat:"),
            ("mappings/acme-freight/x12-210.yaml:24", "fields.invoice_dat:", "'invoice_date'"),
        ),
        (
            "mappings/codes/charge_codes.yaml",
            replaced("value: BASE", "value: BASIS"),
            ("mappings/codes/charge_codes.yaml:", ":17", "BASIS", "one of the list's values"),
        ),
        (
            "mappings/tolerances.yaml",
            replaced("amount: 1.00", "amount: one"),
            ("mappings/tolerances.yaml:", "'one'"),
        ),
    ],
    ids=lambda value: value.replace("/", ".") if isinstance(value, str) else "",
)
def test_a_wrong_declaration_stops_the_run_before_anything_is_moved(
    night: Night, file: str, change: Change, named: tuple[str, ...]
) -> None:
    night.drop("tms", "expected_charges_1.csv", expected_file(GOOD))
    night.drop("acme-freight", "good.edi", bills_file(GOOD))
    path = night.root / file
    right = path.read_text("utf-8")
    path.write_text(change(right), "utf-8")

    for command in (["run", "nightly"], ["check"]):
        stopped = invoke(night, *command)
        assert stopped.exit_code == 2, stopped.output
        assert "Traceback" not in stopped.output
        for part in named:
            assert part in stopped.output
    assert (night.drop_folder("acme-freight") / "good.edi").exists()
    assert not (night.root / "archive").exists() or not list(
        (night.root / "archive").rglob("originals/*")
    )

    path.write_text(right, "utf-8")
    assert invoke(night, "run", "nightly").exit_code == 0


def test_a_mapping_that_declares_no_such_field_is_a_usage_error_of_the_shell(night: Night) -> None:
    path = night.root / "mappings" / "acme-freight" / "x12-210.yaml"
    path.write_text(path.read_text("utf-8").replace("  invoice_date:", "  invoice_dat:"), "utf-8")
    stopped = night.etl("run", "nightly")
    assert (stopped.returncode, stopped.stdout) == (2, "")
    assert stopped.stderr.startswith("error: mappings/acme-freight/x12-210.yaml:24")
    assert "Traceback" not in stopped.stderr


def test_a_job_or_environment_that_is_not_declared_is_named_with_those_that_are(
    night: Night, tmp_path: Path
) -> None:
    for arguments, named in (
        (["run", "nigthly"], ("'nigthly'", "Did you mean 'nightly'?")),
        (["--environment", "tset", "run", "nightly"], ("tset", "test")),
        (["rerun", "nothing"], ("no batch 'nothing'",)),
    ):
        stopped = invoke(night, *arguments)
        assert stopped.exit_code == 2
        for part in named:
            assert part in stopped.output
    nowhere = CliRunner().invoke(cli, ["--project", str(tmp_path), "run", "nightly"])
    assert nowhere.exit_code == 2
    assert "schedules.yaml" in nowhere.output
