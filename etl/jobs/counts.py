"""The counts of a run, which have to add up: nothing that was read may be lost."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass
class Counts:
    """What became of what was read, in documents unless said otherwise.

    Attributes:
        files: files received.
        duplicate_files: those of them whose bytes had come before.
        read: documents in the files; a file that cannot be read counts as one.
        stored: kept for the audit, never pushed (expected charges, shipments).
        pushed: created or changed in the target.
        unchanged: the target had them already.
        held: waiting in a queue.
        rejected: breaking their contract; also in a queue.
        superseded: processed again, though a later file has them anew; that one counts.
        waiting: approved, but the target was away; the next run pushes them.
    """

    files: int = 0
    duplicate_files: int = 0
    read: int = 0
    stored: int = 0
    pushed: int = 0
    unchanged: int = 0
    held: int = 0
    rejected: int = 0
    superseded: int = 0
    waiting: int = 0

    @property
    def add_up(self) -> bool:
        """Whether every document that was read has ended somewhere, or is known to wait."""
        ended = (
            self.stored + self.pushed + self.unchanged + self.held + self.rejected + self.superseded
        )
        return self.read == ended + self.waiting

    def add(self, other: Counts) -> None:
        """Add another batch's counts to these."""
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))

    def as_dict(self) -> dict[str, int]:
        """By name, for the ledger and for scripts."""
        return {each.name: getattr(self, each.name) for each in fields(self)}
