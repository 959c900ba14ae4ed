"""Three nights of known truth through the whole job: each bill ends as its truth says."""

from __future__ import annotations

import shutil
from collections import Counter, defaultdict
from itertools import count

import yaml

from etl.jobs.retry import retry
from tests.freight_bills import bills_file, expected_file
from tests.known_truth import PAY, Sent, cases
from tests.night import PARTNERS, Night

EACH, SEED = 6, 20261130
SERVICE = "freight-desk"


def add_service(night: Night) -> None:
    """A billing service that delivers ACME's bills too, in a folder of its own."""
    folder = night.root / "mappings" / SERVICE
    shutil.copytree(night.root / "mappings" / "acme-freight", folder)
    for path in folder.glob("*.yaml"):
        path.write_text(path.read_text("utf-8").replace("acme-freight", SERVICE), "utf-8")
    declared = yaml.safe_load((night.root / "schedules.yaml").read_text("utf-8"))
    own = yaml.safe_dump(declared["environments"]["test"]["endpoints"]["acme-freight"])
    endpoint = yaml.safe_load(own.replace("acme-freight", SERVICE))
    night.write_schedules(endpoints={SERVICE: endpoint}, partners=[*PARTNERS, SERVICE])
    night.drop_folder(SERVICE).mkdir(parents=True)


def told(night: Night, batch: str) -> Counter[tuple[str, str, str]]:
    """Folder, number, and how it ended, of all bills of a batch."""
    with night.open().ledger.read() as ledger:
        rows = ledger.documents.of_batch(batch, "freight_invoice")
        return Counter(
            (
                row.partner,
                str(row.document_no),
                PAY if row.disposition in ("pushed", "unchanged") else row.reasons[0],
            )
            for row in rows
        )


def test_every_bill_of_three_nights_ends_as_its_truth_says(night: Night) -> None:
    add_service(night)
    made = list(cases(EACH, SEED))
    agreed = [bill for case in made for bill in case.agreed]
    night.drop("tms", "expected_charges_1.csv", expected_file(*agreed))
    control = count(101)
    for number in (1, 2, 3):
        sent: dict[str, list[Sent]] = defaultdict(list)
        for case in made:
            for each in case.sent:
                if each.night == number:
                    sent[each.folder].append(each)
        for folder, some in sent.items():
            content = bills_file(*(each.bill for each in some), control_number=next(control))
            night.drop(folder, f"night{number}.edi", content)
        result = night.run()
        truth = Counter(
            (each.folder, each.bill.number, each.truth) for some in sent.values() for each in some
        )
        assert told(night, result.batches[-1]) == truth

    codes = night.root / "mappings" / "codes" / "charge_codes.yaml"
    text = codes.read_text("utf-8")
    codes.write_text(text.replace("entries:\n", "entries:\n  - {code: ZRT, value: FUEL}\n"))
    with night.open().ledger.read() as ledger:
        waiting = [item.id for item in ledger.exceptions.find(code="UNKNOWN_CODE", limit=None)]
    assert len(waiting) == EACH
    for again in retry(night.open(), waiting):
        ended = told(night, again.batches[-1])
        for case in made:
            if case.kind.startswith("waits for a code"):
                key = ("acme-freight", case.sent[0].bill.number, "DUPLICATE_BILL")
                assert ended[key] == 1
