"""What an exception says of the trouble behind it."""

from datetime import UTC, datetime
from io import BytesIO

from etl.defects import Defect, Position, Severity
from etl.jobs import queues
from etl.jobs.batch import BatchFile
from etl.jobs.stages.map import Trouble

FILE = BatchFile(
    "f1", "acme", "a.edi", "ab" * 32, 1, datetime(2026, 11, 23, tzinfo=UTC), 1, lambda: BytesIO(b"")
)


def defect(code: str, severity: Severity, row: int) -> Defect:
    return Defect(code, f"{code} is told", Position("a.edi", row=row), severity=severity)


def test_the_first_defect_that_rejects_gives_the_code_and_stands_first() -> None:
    defects = (
        defect("SMALL", Severity.WARN, 1),
        defect("GRAVE", Severity.REJECT, 2),
        defect("WORSE", Severity.REJECT, 3),
    )
    item = queues.data(Trouble(FILE, "shipment", 0, defects, rejected=True), "b1", "k", known=True)
    assert item.code == "GRAVE"
    assert item.message.endswith("(and 2 more)")
    assert [each["code"] for each in item.details["defects"]] == ["GRAVE", "WORSE", "SMALL"]
