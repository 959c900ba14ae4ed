"""Canonical records: the types every source is mapped to, and what follows from their content."""

from etl.canonical.completion import complete
from etl.canonical.record_types import Field, Kind, RecordType, record_type, record_types
from etl.canonical.records import RecordSet
from etl.canonical.validation import Violation, lineage_position, validate, violations
from etl.canonical.views import nested

__all__ = [
    "Field",
    "Kind",
    "RecordSet",
    "RecordType",
    "Violation",
    "complete",
    "lineage_position",
    "nested",
    "record_type",
    "record_types",
    "validate",
    "violations",
]
