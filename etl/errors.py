"""The kinds of failure, told apart everywhere: technical, data, business, and wrong use.

Raised where a stage cannot go on. What is found *inside* documents (a bad date, a wrong total)
is not raised but reported as :class:`etl.defects.Defect`, so that the other documents go on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class ExitCode:
    """What the command line answers to the shell (documented in docs/exit-codes.md)."""

    OK = 0
    EXCEPTIONS = 1
    USAGE = 2
    TECHNICAL = 3


class EtlError(Exception):
    """Anything `etl` raises on purpose; its text is fit to be shown to a person."""

    exit_code = ExitCode.TECHNICAL


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a declared file (YAML, code list, command line).

    Attributes:
        file: the file as the user knows it, relative to the project where possible.
        line: 1-based line, or None where there is none (a missing file).
        key: dotted path of the key, e.g. ``endpoint.host_key`` or ``documents[0].mapping``.
        found: what stands there, shortened; never a secret.
        expected: what should stand there.
        hint: what to do next.
    """

    file: str
    line: int | None
    key: str
    found: str
    expected: str
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        key = f" {self.key}:" if self.key else ""
        text = f"{place}:{key} found {self.found}, expected {self.expected}"
        return f"{text}. {self.hint}" if self.hint else text


class ConfigurationError(EtlError):
    """The declared project or the command is wrong; nothing was run."""

    exit_code = ExitCode.USAGE

    def __init__(self, problems: Sequence[Problem] | str) -> None:
        self.problems: tuple[Problem, ...] = () if isinstance(problems, str) else tuple(problems)
        super().__init__(problems if isinstance(problems, str) else "\n".join(map(str, problems)))


class TechnicalError(EtlError):
    """A connection, a server, a disk: nothing is wrong with the documents."""

    exit_code = ExitCode.TECHNICAL


class TransientError(TechnicalError):
    """Likely to pass: retried with backoff, and again by the next run."""


class TerminalError(TechnicalError):
    """Will not pass by itself: a changed host key, missing rights, a full disk."""


class DataError(EtlError):
    """A file breaks its contract as a whole; quarantined with its original."""

    exit_code = ExitCode.EXCEPTIONS


class BusinessError(EtlError):
    """The file is fine, the facts disagree; routed to an operational queue."""

    exit_code = ExitCode.EXCEPTIONS
