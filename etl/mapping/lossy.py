"""LOSSY_PATH: a path gives one value, and where several stand it passes the others over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from etl.defects import Defect, Severity
from etl.raw import Chunk, Crossing

LOSSY_PATH = "LOSSY_PATH"

_TODAY = (
    "add a condition that says which is meant, or read all of them as rows of a child table (row:)"
)


def lossy_paths(chunk: Chunk) -> Iterator[Defect]:
    """What the paths of a mapping really passed over in a chunk, once all columns were read: a
    warning for each file and path."""
    for lost in chunk.passed_over():
        values = "1 value" if lost.values == 1 else f"{lost.values} values"
        places = "1 place" if lost.places == 1 else f"{lost.places} places"
        yield Defect(
            LOSSY_PATH,
            f"the path {lost.path} takes the first of several and passes {values} over, in "
            f"{places}; nothing else reads them: {_TODAY}",
            lost.position,
            value=lost.value[:200],
            expected="one value, or a path that reads all of them",
            file=lost.file,
            severity=Severity.WARN,
        )


def may_lose(path: str, crossings: Sequence[Crossing], *, of_money: bool) -> str | None:
    """What is to be told of a path before anything is read, as it is found in the mapping; None:
    nothing. A loop is repeated as a rule, a segment now and then; for money both are told."""
    crossed = [crossing.name for crossing in crossings if crossing.is_loop or of_money]
    if not crossed:
        return None
    names = " and ".join(dict.fromkeys(crossed))
    return f"{path!r}, which takes the first {names} although there may be several ({LOSSY_PATH})"


TO_DO = f"a path that finds one: {_TODAY}"
