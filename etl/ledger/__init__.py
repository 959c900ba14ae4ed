"""What happened: runs, batches, files, documents, exceptions, pushes.

An index: what it says of sealed batches can be rebuilt from the archive.
"""

from etl.ledger.documents import Counts, document_id
from etl.ledger.exceptions import NewException, Raised
from etl.ledger.files import NewFile
from etl.ledger.ledger import Ledger, Transaction, open_ledger, upgrade_ledger
from etl.ledger.models import (
    Batch,
    BatchState,
    Disposition,
    Document,
    ExceptionItem,
    ExceptionKind,
    ExceptionState,
    File,
    FileState,
    Push,
    Run,
    RunKind,
    RunState,
    ScheduleFire,
)
from etl.ledger.pushes import NewPush

__all__ = [
    "Batch",
    "BatchState",
    "Counts",
    "Disposition",
    "Document",
    "ExceptionItem",
    "ExceptionKind",
    "ExceptionState",
    "File",
    "FileState",
    "Ledger",
    "NewException",
    "NewFile",
    "NewPush",
    "Push",
    "Raised",
    "Run",
    "RunKind",
    "RunState",
    "ScheduleFire",
    "Transaction",
    "document_id",
    "open_ledger",
    "upgrade_ledger",
]
