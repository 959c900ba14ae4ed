"""What happened: runs, batches, files, documents, exceptions, pushes, interchanges.

An index: what it says of sealed batches can be rebuilt from the archive.
"""

from etl.ledger.control_history import Channel
from etl.ledger.documents import document_id
from etl.ledger.exceptions import NewException, Raised
from etl.ledger.files import NewFile
from etl.ledger.interchange_models import Direction, Interchange, InterchangeState, Purpose
from etl.ledger.interchanges import NewGroup, NewInterchange
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
from etl.ledger.sealed import SealedBatch, SealedContent
from etl.ledger.trace import Trace
from etl.ledger.views import as_dict

__all__ = [
    "Batch",
    "BatchState",
    "Channel",
    "Direction",
    "Disposition",
    "Document",
    "ExceptionItem",
    "ExceptionKind",
    "ExceptionState",
    "File",
    "FileState",
    "Interchange",
    "InterchangeState",
    "Ledger",
    "NewException",
    "NewFile",
    "NewGroup",
    "NewInterchange",
    "NewPush",
    "Purpose",
    "Push",
    "Raised",
    "Run",
    "RunKind",
    "RunState",
    "ScheduleFire",
    "SealedBatch",
    "SealedContent",
    "Trace",
    "Transaction",
    "as_dict",
    "document_id",
    "open_ledger",
    "upgrade_ledger",
]
