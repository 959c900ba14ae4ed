"""What we ship as content: mappings with their samples, the demo's files with their audit."""

from __future__ import annotations

import dataclasses
import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from fnmatch import fnmatchcase
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from etl.canonical import RecordSet, nested
from etl.config.edi import EdiReading
from etl.config.load import load_project
from etl.config.partner import DocumentRule, Partner
from etl.config.project import Project
from etl.formats import format_named
from etl.formats.records import chunk_of
from etl.jobs.edi.source import source_with_defaults
from etl.jobs.samples import run_samples
from etl.jobs.workspace import CompiledMapping
from etl.mapping import (
    CodeLists,
    Context,
    Finding,
    check,
    compile_mapping,
    load_code_lists,
    load_mapping,
)
from etl.raw import SourceFile
from etl.reconcile import reconcile, tolerances_of
from etl.yamlfile import load_yaml

ROOT = Path(__file__).parents[1]
FILES = ROOT / "etl" / "demo" / "files"
EXPECTED = load_yaml(ROOT / "etl" / "demo" / "expected.yaml", "expected.yaml").data
MAPPINGS = sorted(
    path
    for path in (ROOT / "mappings").glob("*/*.yaml")
    if path.name != "partner.yaml" and path.parent.name != "codes"
)
CHARGE_CODES = set(
    load_yaml(ROOT / "mappings" / "codes" / "charge_codes.yaml", "charge_codes.yaml").data["values"]
)
APPROVED = ("AUTO_APPROVE", "APPROVE_WITH_VARIANCE")


@pytest.fixture(scope="module")
def project() -> Project:
    return load_project(ROOT, None, {})


@pytest.fixture(scope="module")
def codes() -> CodeLists:
    return load_code_lists(ROOT / "mappings" / "codes")


def compiled(path: Path, codes: CodeLists, reading: EdiReading | None = None) -> CompiledMapping:
    mapping = load_mapping(path, path.name)
    source = source_with_defaults(mapping.source, reading or EdiReading())
    reader = format_named(source["format"]).reader(source)
    return CompiledMapping(mapping, reader, compile_mapping(mapping, reader, codes))


@pytest.mark.parametrize("path", MAPPINGS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_mapping_fits_its_record_its_source_and_the_code_lists(
    path: Path, codes: CodeLists
) -> None:
    mapping = load_mapping(path, path.name)
    reader = format_named(mapping.source["format"]).reader(mapping.source)
    assert [str(problem) for problem in check(mapping, reader, codes)] == []


def test_every_mapping_of_a_partner_is_used_and_has_samples_that_come_out(
    project: Project, codes: CodeLists
) -> None:
    used = set()
    for partner in project.partners.values():
        for rule in partner.documents:
            used.add(rule.path)
            results = list(
                run_samples(partner, rule.mapping, compiled(rule.path, codes, partner.edi.read))
            )
            assert results, f"{rule.path} has no samples"
            assert [(result.path.name, result.difference) for result in results] == [
                (result.path.name, None) for result in results
            ]
    assert used == {path for path in MAPPINGS if path.parent.name != "odoo"}


def test_all_ways_to_settle_are_shown_and_no_endpoint_lacks_a_pinned_key(project: Project) -> None:
    declared = [
        load_yaml(partner.folder / "partner.yaml", partner.id).data["endpoint"]
        for partner in project.partners.values()
    ]
    assert {endpoint["settle"]["by"] for endpoint in declared} == {"age", "rename", "done_file"}
    assert all(endpoint["host_key"] for endpoint in declared)
    assert all(endpoint["host"].endswith(".example") for endpoint in declared)


def test_production_needs_no_secret_in_a_file() -> None:
    project = load_project(ROOT, "prod", {"ETL_LEDGER_URL": "postgresql+psycopg://etl@db/etl"})
    assert project.target == "odoo"


@dataclass
class Night:
    """What the demo's files of one night say."""

    records: dict[str, list[RecordSet]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    refused: dict[tuple[str, str, str], list[str]] = field(default_factory=dict)
    broken: dict[str, list[str]] = field(default_factory=dict)

    def of(self, kind: str) -> RecordSet:
        parts = self.records.get(kind)
        return RecordSet.concat(parts) if parts else RecordSet.empty(kind)


def source_file(path: Path) -> SourceFile:
    content = path.read_bytes()
    return SourceFile(path.name, sha256(content).hexdigest(), len(content), lambda: path.open("rb"))


def read_night(
    project: Project, codes: CodeLists, wanted: Callable[[Path], bool] = lambda path: True
) -> Night:
    """The demo's files that are `wanted`, through the real readers and mappings."""
    night = Night()
    next_id = Counter[str]()
    for partner, rule, paths in _by_rule(project, wanted):
        context = Context(partner.id, partner.identity.scac, partner.client, None)
        ready = compiled(rule.path, codes)
        for chunk in ready.reader.read([source_file(path) for path in paths]):
            mapped = ready.plan.apply(chunk, context)
            kind = mapped.records.record_type
            offset = next_id[kind]
            next_id[kind] += mapped.records.num_records
            records = mapped.records.with_record_offset(offset)
            night.records.setdefault(kind, []).append(records.select(~mapped.rejected))
            night.findings += [
                dataclasses.replace(finding, record=finding.record + offset)
                for finding in mapped.findings
            ]
            for defect in mapped.defects:
                if defect.record is None:
                    night.broken.setdefault(chunk.files[defect.file].name, []).append(defect.code)
                elif mapped.rejected[defect.record]:
                    row = records.main.slice(defect.record, 1).to_pylist()[0]
                    key = (partner.id, row["file_name"], row["invoice_no"])
                    night.refused.setdefault(key, []).append(defect.code)
    return night


def _by_rule(
    project: Project, wanted: Callable[[Path], bool]
) -> Iterator[tuple[Partner, DocumentRule, list[Path]]]:
    for partner in project.partners.values():
        # not every partner has a part in the demo's night
        paths = [path for path in sorted((FILES / partner.id).glob("*")) if wanted(path)]
        for rule in partner.documents:
            matching = [path for path in paths if fnmatchcase(path.name, rule.pattern)]
            if matching:
                yield partner, rule, matching


def audited(
    project: Project, night: Night, known: Night, history: pa.Table | None = None
) -> dict[tuple[str, str, str], dict[str, Any]]:
    """Outcomes by (partner, file, invoice number); `known` has expected charges and shipments."""
    invoices = night.of("freight_invoice")
    settings = project.reconcile
    result = reconcile(
        invoices.tables,
        known.of("expected_charge").main,
        tolerances_of(settings.tolerances),
        shipments=known.of("shipment").main,
        history=history,
        mapping_findings=night.findings,
    )
    names = invoices.main.select(["partner", "file_name", "invoice_no"]).to_pylist()
    return {
        tuple(name.values()): row
        for name, row in zip(names, result.invoices.to_pylist(), strict=True)
    }


def wanted_outcomes() -> dict[tuple[str, str, str], tuple[str | None, list[str]]]:
    return {
        (each["partner"], each["file"], each["invoice_no"]): (each.get("outcome"), each["reasons"])
        for each in EXPECTED["invoices"]
    }


@pytest.fixture(scope="module")
def night(project: Project, codes: CodeLists) -> Night:
    return read_night(project, codes)


def test_the_demo_is_large_and_varied_enough() -> None:
    dispositions = Counter(each["disposition"] for each in EXPECTED["invoices"])
    assert 45 <= dispositions.total() <= 55
    assert min(dispositions[name] for name in ("pushed", "held", "rejected")) >= 4
    outcomes = Counter(each.get("outcome") for each in EXPECTED["invoices"])
    assert set(outcomes) == {None, *APPROVED, "DISPUTE", "REVIEW"}
    reasons = {reason for each in EXPECTED["invoices"] for reason in each["reasons"]}
    assert reasons >= {
        "ACCESSORIAL_UNAUTHORISED",
        "BALANCE_DUE",
        "CREDIT",
        "CURRENCY_MISMATCH",
        "DISCOUNT_MISMATCH",
        "DUPLICATE_BILL",
        "DUPLICATE_BILL_FOR_BOL",
        "FUEL",
        "NO_RATE",
        "RATE",
        "SE_COUNT",
        "SHIPMENT_NOT_FOUND",
        "TOTAL_MISMATCH",
        "UNKNOWN_CODE",
    }


def test_dispositions_follow_from_outcomes_and_the_job(project: Project) -> None:
    push = project.jobs["nightly"].push
    assert push is not None
    for each in EXPECTED["invoices"]:
        outcome = each.get("outcome")
        wanted = "rejected" if outcome is None else "pushed" if outcome in push.outcomes else "held"
        assert each["disposition"] == wanted, each


def test_every_invoice_of_the_demo_ends_as_expected(project: Project, night: Night) -> None:
    outcomes: dict[tuple[str, str, str], tuple[str | None, list[str]]] = {
        key: (row["outcome"], row["reasons"]) for key, row in audited(project, night, night).items()
    }
    outcomes |= {key: (None, defects) for key, defects in night.refused.items()}
    assert outcomes == wanted_outcomes()


def test_files_that_cannot_be_read_are_told(night: Night) -> None:
    assert night.broken == {each["file"]: each["reasons"] for each in EXPECTED["files"]}


def test_night_by_night_comes_to_the_same(project: Project, codes: CodeLists) -> None:
    known = read_night(project, codes, lambda path: path.parent.name == "tms")
    issued = read_night(project, codes).of("freight_invoice").main
    # A file belongs to the night of its last invoice: a repeated invoice has an older date.
    arrived = dict(
        issued.group_by("file_name").aggregate([("invoice_date", "max")]).to_pandas().to_numpy()
    )
    nights = sorted(set(arrived.values()))
    assert len(nights) == 4
    outcomes: dict[tuple[str, str, str], Any] = {}
    history: list[dict[str, Any]] = []
    for date in nights:
        of_date = [name for name, night in arrived.items() if night == date]
        night = read_night(project, codes, lambda path, names=of_date: path.name in names)
        told = audited(project, night, known, _history(history) if history else None)
        outcomes |= told
        for row in night.of("freight_invoice").main.to_pylist():
            key = (row["partner"], row["file_name"], row["invoice_no"])
            pushed = told[key]["outcome"] in APPROVED
            history.append(
                row | {"batch_id": str(date), "disposition": "pushed" if pushed else "held"}
            )
    told = {key: (row["outcome"], row["reasons"]) for key, row in outcomes.items()}
    assert told == {key: value for key, value in wanted_outcomes().items() if value[0]}


def _history(rows: list[dict[str, Any]]) -> pa.Table:
    names = {"pro_norm": "pro_no", "bol_norm": "bol_no", "amount": "total"}
    same = ("business_key", "record_hash", "carrier_scac", "invoice_no_norm", "batch_id")
    columns: dict[str, Any] = {
        name: [row[source] for row in rows] for name, source in names.items()
    }
    for name in ("pro_norm", "bol_norm"):
        numbers = pa.array(columns[name], pa.string())
        columns[name] = pc.replace_substring_regex(numbers, "[^A-Z0-9]", "")
    columns |= {name: [row[name] for row in rows] for name in (*same, "disposition")}
    return pa.table(columns)


def test_what_is_pushed_makes_vendor_bills_that_add_up(
    project: Project, codes: CodeLists, night: Night
) -> None:
    invoices = night.of("freight_invoice")
    outcomes = audited(project, night, night)
    approved = [row["outcome"] in APPROVED for row in outcomes.values()]
    main = invoices.main
    for name in ("partner_ref", "partner_vat"):
        main = main.append_column(name, pa.nulls(len(main), pa.string()))
    chunk = chunk_of(dict(invoices.tables) | {"freight_invoice": main})
    bills = compiled(ROOT / "mappings" / "odoo" / "vendor_bill.yaml", codes).plan.apply(
        chunk, Context("", None, None, None)
    )
    assert bills.defects == []
    kinds = Counter[str]()
    for index, is_approved in enumerate(approved):
        bill = nested(bills.records, index)
        lines = bill["vendor_bill_line"]
        net = sum(Decimal(line["price_unit"]) * Decimal(line["quantity"]) for line in lines)
        if not is_approved:
            continue
        kinds[bill["move_type"]] += 1
        assert net + Decimal(bill.get("amount_tax", "0")) == Decimal(bill["amount_total"]), bill
        assert Decimal(bill["amount_total"]) > 0
        assert bill["partner_ref"] in {"ACLT", "PXPR", "FWDE"}
        assert {line["product_code"] for line in lines} <= CHARGE_CODES
        assert not str(bill.get("narration")).count("/")  # the internal key is nobody's business
        assert {
            line["name"].split(",")[0].split(":")[0]
            for line in lines
            if line["product_code"] == "BASE"
        } <= {"Base freight"}
    assert kinds == {"in_invoice": 28, "in_refund": 1}


@pytest.mark.parametrize(
    ("shipment", "pro", "bol", "origin", "name"),
    [
        ("LD-1", "P1", "B1", "Shipment LD-1, PRO P1, BOL B1", "Base freight: VALVES, LD-1"),
        ("LD-1", "P1", None, "Shipment LD-1, PRO P1", "Base freight: VALVES, LD-1"),
        ("LD-1", None, "B1", "Shipment LD-1, BOL B1", "Base freight: VALVES, LD-1"),
        (None, "P1", "B1", "PRO P1, BOL B1", "Base freight: VALVES"),
        ("LD-1", None, None, "Shipment LD-1", "Base freight: VALVES, LD-1"),
        (None, "P1", None, "PRO P1", "Base freight: VALVES"),
        (None, None, "B1", "BOL B1", "Base freight: VALVES"),
        (None, None, None, None, "Base freight: VALVES"),
    ],
)
def test_a_bill_names_what_was_shipped_and_calls_base_freight_so(
    night: Night,
    codes: CodeLists,
    shipment: str | None,
    pro: str | None,
    bol: str | None,
    origin: str | None,
    name: str,
) -> None:
    invoices = night.of("freight_invoice").select(
        pa.array([True] + [False] * (len(night.of("freight_invoice").main) - 1))
    )
    main = invoices.main
    for column, value in (("shipment_ref", shipment), ("pro_no", pro), ("bol_no", bol)):
        place = main.schema.get_field_index(column)
        main = main.set_column(place, column, pa.array([value], pa.string()))
    for column in ("partner_ref", "partner_vat"):
        main = main.append_column(column, pa.nulls(1, pa.string()))
    line = invoices.tables["charge_line"].slice(0, 1)
    for column, value in (
        ("charge_code", "BASE"),
        ("raw_desc", "VALVES"),
        ("shipment_ref", shipment),
    ):
        place = line.schema.get_field_index(column)
        line = line.set_column(place, column, pa.array([value], pa.string()))
    chunk = chunk_of(dict(invoices.tables) | {"freight_invoice": main, "charge_line": line})
    bills = compiled(ROOT / "mappings" / "odoo" / "vendor_bill.yaml", codes).plan.apply(
        chunk, Context("", None, None, None)
    )
    bill = nested(bills.records, 0)
    assert bill.get("invoice_origin") == origin
    assert [line["name"] for line in bill["vendor_bill_line"]] == [name]


def test_the_demo_speaks_our_charge_codes(night: Night) -> None:
    assert set(night.of("expected_charge").main["charge_code"].to_pylist()) <= CHARGE_CODES


CORPUS = os.environ.get("ETL_CORPUS")


@pytest.mark.skipif(CORPUS is None, reason="ETL_CORPUS not set")
def test_charges_of_public_210s_add_up_to_their_totals(codes: CodeLists) -> None:
    """Files of other carriers: any version, wrong counts only told, their own codes kept."""
    mapping = load_mapping(ROOT / "mappings" / "acme-freight" / "x12-210.yaml", "x12-210.yaml")
    (lines,) = mapping.children["charge_line"]
    code = lines.fields["charge_code"] | {"when_unknown": "MISC"}
    lines = dataclasses.replace(lines, fields=lines.fields | {"charge_code": code})
    mapping = dataclasses.replace(
        mapping,
        source=mapping.source | {"versions": [], "envelope": {"counts": "warn"}},
        children=mapping.children | {"charge_line": (lines,)},
    )
    reader = format_named("x12").reader(mapping.source)
    plan = compile_mapping(mapping, reader, codes)
    paths = sorted((Path(CORPUS or "") / "x12").glob("210_*.edi"))
    assert len(paths) == 4
    for path in paths:
        for chunk in reader.read([source_file(path)]):
            mapped = plan.apply(chunk, Context("corpus", None, None, None))
            assert not mapped.rejected.any(), [str(defect) for defect in mapped.defects]
            assert mapped.findings == []
            for index in range(mapped.records.num_records):
                record = nested(mapped.records, index)
                charges = [Decimal(line["amount"]) for line in record["charge_line"]]
                assert sum(charges) == Decimal(record["total"]), record["invoice_no"]
