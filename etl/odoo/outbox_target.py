"""The target without an Odoo at hand: a folder of files that Odoo's own import takes."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from filecmp import cmp
from itertools import chain, count
from pathlib import Path

import pyarrow as pa

from etl.durable import PART, disk_errors, fsync, make_folder
from etl.odoo.bills import Bill, read_bills
from etl.odoo.import_file import FILES, by_columns, import_file
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
        found, rejected = read_bills(bills)
        report = PushReport(rejected=rejected)
        written: list[Pushed] = []
        to_write: list[Bill] = []
        with_originals: list[Bill] = []
        for bill in found:
            earlier = known.get(bill.source_key)
            if earlier is not None and earlier.record_hash == bill.record_hash:
                report.pushed.append(_pushed(bill, PushState.UNCHANGED))
                if bill.source_key in attachments.owed:
                    with_originals.append(bill)
                continue
            state = PushState.CREATED if earlier is None else PushState.UPDATED
            written.append(_pushed(bill, state))
            to_write.append(bill)
            with_originals.append(bill)
        self._write_documents(with_originals, attachments)
        self._write(to_write)
        if written:
            on_batch(written)
        report.pushed.extend(written)
        return report

    def _write(self, bills: Sequence[Bill]) -> None:
        for move_type, part in FILES.items():
            chosen = [bill for bill in bills if bill.move_type == move_type]
            for group in by_columns(chosen, self._due_date):
                content = import_file(group, self._taxes, self._due_date)
                with self._new(part, "csv") as new:
                    new.write_bytes(content)

    def _write_documents(self, bills: Sequence[Bill], attachments: Attachments) -> None:
        """Write the originals; for bills without any there is no file."""
        ids = {bill.source_key: bill.external_id for bill in bills}
        documents = ((ids[key], document) for key, document in attachments(list(ids)))
        first = next(documents, None)
        if first is not None:
            with self._new("documents", "zip") as new:
                pack(new, chain([first], documents))

    @contextmanager
    def _new(self, part: str, suffix: str) -> Iterator[Path]:
        """Give a path to write a file to; it takes its name unless the same is there already.

        A file with other content is never overwritten: the new one gets a number.
        """
        make_folder(self._folder)
        stem = f"{MODEL}-{self._batch}-{part}"
        new = self._folder / f"{stem}.{suffix}{PART}"
        with disk_errors(self._folder):
            try:
                yield new
                for number in count(1):
                    path = self._folder / f"{stem}{f'-{number}' if number > 1 else ''}.{suffix}"
                    if not path.exists():
                        fsync(new)
                        new.replace(path)
                        fsync(self._folder)
                        return
                    if cmp(path, new, shallow=False):
                        return
            finally:
                new.unlink(missing_ok=True)


def _pushed(bill: Bill, state: PushState) -> Pushed:
    return Pushed(bill.source_key, bill.external_id, MODEL, None, None, bill.record_hash, state)
