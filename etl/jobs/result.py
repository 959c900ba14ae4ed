"""How a run ended, for the shell, for people and for the ledger."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from etl.errors import ExitCode
from etl.jobs.counts import Counts
from etl.jobs.stages.pull import Pulled
from etl.ledger.models import RunState
from etl.ledger.runs import RunEnd


@dataclass
class RunResult:
    """How a run ended.

    Attributes:
        batches: ids of the batches that it worked on, oldest first.
        pulled: what each partner's visit brought.
        waiting: those of them, and those behind them, that stay open for the next run.
        new_exceptions: things to be looked at that this run met.
        errors: technical failures, as text for people.
        visited_to_deliver: partners whose outbox was dealt with.
        sealed: what the batch sealed last says of the run's end.
    """

    run_id: str
    job: str
    nominal_date: date
    counts: Counts = field(default_factory=Counts)
    batches: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    pulled: list[Pulled] = field(default_factory=list)
    new_exceptions: int = 0
    errors: list[str] = field(default_factory=list)
    visited_to_deliver: set[str] = field(default_factory=set)
    sealed: RunEnd | None = None

    @property
    def error(self) -> str | None:
        """All errors as one text; None where there was none."""
        return "\n".join(self.errors) or None

    def end(self, at: datetime) -> RunEnd:
        """How the run ends, if it ends now."""
        return RunEnd(self.state, self.counts.as_dict(), self.error, at)

    @property
    def state(self) -> RunState:
        """Failed where something technical went wrong, even if the rest went well."""
        if self.errors:
            return RunState.FAILED
        return RunState.EXCEPTIONS if self.new_exceptions else RunState.OK

    @property
    def exit_code(self) -> int:
        """What the shell is told."""
        codes = {
            RunState.OK: ExitCode.OK,
            RunState.EXCEPTIONS: ExitCode.EXCEPTIONS,
            RunState.FAILED: ExitCode.TECHNICAL,
        }
        return codes[self.state]
