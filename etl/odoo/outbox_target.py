"""The target without an Odoo at hand: a folder of files that Odoo's own import takes."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from itertools import chain
from pathlib import Path

import pyarrow as pa

from etl.durable import disk_errors
from etl.odoo.bills import Bill, bill_groups
from etl.odoo.import_file import FILES, FileKind, ImportFile, file_kinds, kind_of
from etl.odoo.outbox_files import OutboxFiles
from etl.odoo.packing import pack
from etl.odoo.rows import MODEL
from etl.odoo.settings import DuePolicy
from etl.odoo.target import (
    Attachments,
    Finding,
    KnownPush,
    Level,
    OnBatch,
    Pushed,
    PushReport,
    PushState,
)


class OutboxTarget:
    """Vendor bills as files in a folder; implements `etl.odoo.target.Target`.

    Writes ``account.move-<batch>-bills.csv``, ``account.move-<batch>-refunds.csv`` and the
    originals in ``account.move-<batch>-documents.zip``. The same batch gives the same bytes; other
    content for a batch that was written already gets a file of its own (``-bills-2.csv``), as
    somebody may still have to import the first one.
    """

    name = "outbox"

    def __init__(
        self,
        folder: Path,
        batch: str,
        taxes: Mapping[str, str] | None = None,
        due_date: DuePolicy = DuePolicy.DOCUMENT,
    ) -> None:
        """Prepare writing.

        Args:
            folder: ``outbox/odoo``; made when needed.
            batch: id of the batch, part of the names.
            taxes: our tax -> name of the purchase tax in Odoo, as in `OdooSettings.taxes`; a
                rate that is not in it goes by Odoo's usual name, ``19%``.
            due_date: whose word it is when a bill is due.
        """
        self._folder = folder
        self._batch = batch
        self._taxes = dict(taxes or {})
        self._due_date = due_date

    def check(self) -> list[Finding]:
        """Try whether files can be written."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._folder):
                pass
        except OSError as error:
            return [
                Finding(
                    Level.ERROR,
                    "outbox",
                    f"{self._folder} cannot be written ({error.strerror}). "
                    "Correct the folder or its rights.",
                )
            ]
        unusable = [name for name in self._taxes.values() if "," in name]
        return [
            Finding(Level.OK, "outbox", f"files go to {self._folder}"),
            *(
                Finding(
                    Level.ERROR,
                    "taxes",
                    f"the tax name {name!r} has a comma, at which Odoo's import cuts names. "
                    "Rename the tax in Odoo.",
                )
                for name in unusable
            ),
        ]

    def push(
        self,
        bills: Mapping[str, pa.Table],
        known: Mapping[str, KnownPush],
        attachments: Attachments,
        post: bool,
        on_batch: OnBatch,
    ) -> PushReport:
        """Write the bills that are new or changed; `post` is up to whoever imports them.

        Raises:
            TerminalError: the folder cannot be written.
        """
        report = PushReport()
        written: list[Pushed] = []
        with_originals: dict[str, str] = {}
        with (
            OutboxFiles(self._folder, f"{MODEL}-{self._batch}") as files,
            disk_errors(self._folder),
        ):
            with self._import_files(files, bills["vendor_bill"]) as write:
                for found, rejected in bill_groups(bills):
                    report.rejected.extend(rejected)
                    to_write = []
                    for bill in found:
                        earlier = known.get(bill.source_key)
                        if earlier is not None and earlier.record_hash == bill.record_hash:
                            report.pushed.append(_pushed(bill, PushState.UNCHANGED))
                            if bill.source_key in attachments.owed:
                                with_originals[bill.source_key] = bill.external_id
                            continue
                        state = PushState.CREATED if earlier is None else PushState.UPDATED
                        written.append(_pushed(bill, state))
                        to_write.append(bill)
                        with_originals[bill.source_key] = bill.external_id
                    write(to_write)
            _write_documents(files, with_originals, attachments)
        if written:
            on_batch(written)
        report.pushed.extend(written)
        return report

    @contextmanager
    def _import_files(
        self, files: OutboxFiles, heads: pa.Table
    ) -> Iterator[Callable[[Sequence[Bill]], None]]:
        """Give what writes bills, each to the file of its kind."""
        kinds = file_kinds(heads, self._due_date)
        with ExitStack() as streams:
            opened: dict[FileKind, ImportFile] = {}

            def opened_for(bill: Bill) -> ImportFile:
                kind = kind_of(bill, self._due_date)
                if kind not in opened:
                    turn = kinds.index(kind)
                    path = files.new(FILES[kind.move_type], "csv", turn)
                    stream = streams.enter_context(path.open("wb"))
                    opened[kind] = ImportFile(stream, kinds[turn], self._taxes)
                return opened[kind]

            def write(bills: Sequence[Bill]) -> None:
                of_file: dict[ImportFile, list[Bill]] = defaultdict(list)
                for bill in bills:
                    of_file[opened_for(bill)].append(bill)
                for file, some in of_file.items():
                    file.add(some)

            yield write
            for file in opened.values():
                file.end()


def _write_documents(files: OutboxFiles, ids: Mapping[str, str], attachments: Attachments) -> None:
    """Write the originals of bills; for bills without any there is no file.

    Args:
        ids: external ids of the bills by source key.
    """
    documents = ((ids[key], document) for key, document in attachments(list(ids)))
    first = next(documents, None)
    if first is not None:
        pack(files.new("documents", "zip"), chain([first], documents))


def _pushed(bill: Bill, state: PushState) -> Pushed:
    return Pushed(bill.source_key, bill.external_id, MODEL, None, None, bill.record_hash, state)
