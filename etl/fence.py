"""A fence around single items: whatever one of them raises, it alone is kept out, the others go on.

Readers, mappings and the audit report what is wrong with a document and do not raise for it. What
they raise all the same is a fault of ours, met with content that nobody foresaw. It must cost that
content only: not the other files of the night, and not the nights to come.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from pathlib import Path
from typing import Generic, TypeVar

from etl.defects import Defect, Position
from etl.errors import EtlError

FAULT = "UNEXPECTED_ERROR"
"""The code of what a fence kept out."""

_EXPECTED = "a document that is processed, rejected or held with a reason"

_PACKAGE = Path(__file__).parent
_SHOWN = 300

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Caught(Generic[Item]):
    """Items that an attempt raised for: one, or several that could not be told apart in time."""

    items: tuple[Item, ...]
    error: Exception


def told(what: str, error: Exception) -> str:
    """What was raised and what to do, as a sentence; `what` was being done, "reading it"."""
    if isinstance(error, EtlError):
        return f"{what} failed: {error}"
    text = " ".join(str(error).split())
    if len(text) > _SHOWN:
        text = f"{text[: _SHOWN - 1]}…"  # it may hold the whole content
    named = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return (
        f"{what} raised {named} (at {_place(error)}). This is a fault of etl: report it with the "
        "original; with the next version: etl exceptions retry"
    )


def fault_defect(what: str, error: Exception, position: Position, value: str | None) -> Defect:
    """The defect of a document or a file that the code raised for."""
    return Defect(
        code=FAULT, message=told(what, error), position=position, value=value, expected=_EXPECTED
    )


def fenced(
    items: Sequence[Item],
    attempt: Callable[[Sequence[Item]], Result],
    *,
    passing: tuple[type[Exception], ...] = (EtlError,),
    most: int | None = None,
) -> list[Result | Caught[Item]]:
    """Attempt all items at once; where that raises, halves of them, down to those it raises for.

    Args:
        attempt: is given some of `items`, in their order. It may be called again for a part of
            what it raised for, so it must not leave anything behind when it raises.
        passing: what no item is to blame for; raised as it is.
        most: of so many attempts what still raises is caught together; None: no limit. The
            largest parts are attempted first, so that few items are in what is caught so.

    Returns:
        Results and what was caught, in the order of `items`; no items give nothing.
    """
    ended: list[tuple[int, Result | Caught[Item]]] = []
    waiting = [(-len(items), 0)] if items else []
    attempts = 0
    while waiting:
        size, start = heappop(waiting)
        some = items[start : start - size]
        attempts += 1
        try:
            ended.append((start, attempt(some)))
        except passing:
            raise
        except Exception as error:
            if len(some) == 1 or (most is not None and attempts >= most):
                ended.append((start, Caught(tuple(some), error)))
                continue
            half = len(some) // 2
            heappush(waiting, (-half, start))
            heappush(waiting, (half - len(some), start + half))
    return [result for _, result in sorted(ended, key=lambda each: each[0])]


def _place(error: Exception) -> str:
    """The innermost frame within this package, else the innermost of all."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(_PACKAGE)]
    for frame in (*reversed(ours), *reversed(frames)):
        path = Path(frame.filename)
        shown = path.relative_to(_PACKAGE) if frame in ours else Path(path.name)
        return f"{shown.as_posix()}:{frame.lineno} {frame.name}"
    return "an unknown place"
