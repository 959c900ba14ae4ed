"""How a run tells what it is doing, without knowing who is looking."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """What a run reports to: a bar on a terminal, or nothing."""

    def stage(self, title: str, total: int | None = None) -> None:
        """A stage begins; `total` steps are expected, None: not known."""
        ...

    def advance(self, steps: int = 1) -> None:
        """Some steps of the current stage are done."""
        ...

    def note(self, text: str) -> None:
        """Something that a person watching would want to know."""
        ...


class Silent:
    """Reports to nobody."""

    def stage(self, title: str, total: int | None = None) -> None:
        """See :class:`Progress`."""

    def advance(self, steps: int = 1) -> None:
        """See :class:`Progress`."""

    def note(self, text: str) -> None:
        """See :class:`Progress`."""
