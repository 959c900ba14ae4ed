"""Why a file, or the rest of it, is not read: raised inside the formats, reported as a defect."""

from __future__ import annotations

from dataclasses import replace

from etl.defects import Defect, Position, Severity


class RefusedError(Exception):
    """Carries the file-level defect, still without the name and index of its file."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        at: Position | None = None,
        value: str | None = None,
        expected: str | None = None,
        severity: Severity = Severity.REJECT,
    ) -> None:
        self._defect = Defect(
            code, message, at or Position(), shortened(value), expected, severity=severity
        )
        super().__init__(message)

    def defect(self, file_name: str, file: int) -> Defect:
        """The defect of the file named `file_name`, number `file` of its chunk."""
        return replace(
            self._defect, position=replace(self._defect.position, file=file_name), file=file
        )


def shortened(value: str | None) -> str | None:
    """`value` cut to the 200 characters a defect may quote."""
    return value if value is None or len(value) <= 200 else value[:199] + "…"
