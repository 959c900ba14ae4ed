"""Just enough of `load()` and ``ir.model.data`` to lose answers in every order, quickly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any

from etl.odoo.client import Client
from etl.odoo.rows import LoadRows
from etl.odoo.settings import OdooSettings
from etl.odoo.transport import LostAnswerError, NotSentError, RefusedError


class Fate(StrEnum):
    """What happens to one `load()` call."""

    WELL = "carried out and answered"
    CUT_AFTER = "carried out, answer lost"
    CUT_BEFORE = "lost before Odoo saw it"
    STILL_RUNNING = "lost, and carried out a few questions later"
    NOT_SENT = "no connection"
    BUSY = "refused as it could not be serialised"


class FakeOdoo:
    """A transport whose `load()` refuses bad records and suffers the fates that it is told."""

    version = (19, 0)

    def __init__(
        self,
        fates: Sequence[Fate] = (),
        bad: Mapping[str, str | None] | None = None,
        forbidden: tuple[str, str] | None = None,
    ):
        """`bad` maps external ids to the field that Odoo names in its error, or to None;
        `forbidden` is an operation on a model that `load()` needs and the user may not do."""
        self.records: dict[str, int] = {}
        self.created: list[str] = []
        self.loads: list[list[str]] = []
        self.raises = False
        self.names_culprits = True
        self.words = "{} is bad"
        self._forbidden = forbidden
        self._fates: Iterator[Fate] = iter(fates)
        self._bad = dict(bad or {})
        self._running: list[tuple[int, list[str]]] = []

    def login(self) -> int:
        return 2

    def call(
        self,
        model: str,
        method: str,
        ids: Sequence[int] | None,
        arguments: Mapping[str, Any],
        context: Mapping[str, Any],
    ) -> Any:
        if method == "search_read":
            return self._search(arguments["domain"])
        if method == "has_group":
            return True
        if method == "has_access":
            if model == "no.model":
                raise RefusedError("builtins.KeyError", model)
            return (arguments["operation"], model) != self._forbidden
        assert method == "load"
        return self._load([row[0] for row in arguments["data"] if row[0]])

    def _search(self, domain: list[Any]) -> list[dict[str, Any]]:
        self._running = [(left - 1, names) for left, names in self._running]
        for left, names in self._running:
            if left <= 0:
                self._commit(names)
        self._running = [(left, names) for left, names in self._running if left > 0]
        wanted = domain[0][2]
        return [
            {"id": 0, "name": name, "res_id": self.records[f"etl.{name}"]}
            for name in wanted
            if f"etl.{name}" in self.records
        ]

    def _load(self, names: list[str]) -> dict[str, Any]:
        self.loads.append(names)
        fate = next(self._fates, Fate.WELL)
        at_work = {name for _, running in self._running for name in running}
        if fate is Fate.NOT_SENT:
            raise NotSentError("no connection")
        if fate is Fate.CUT_BEFORE:
            raise LostAnswerError("lost")
        if fate is Fate.BUSY or at_work & set(names):
            return {"ids": False, "messages": [_error("could not serialize access")]}
        if self._forbidden:
            return {"ids": False, "messages": [_error(f"You may not … ({self._forbidden[1]})")]}
        bad = [name for name in names if name in self._bad]
        if bad:
            return self._refuse(names, bad)
        if fate is Fate.STILL_RUNNING:
            self._running.append((3, names))
            raise LostAnswerError("lost")
        self._commit(names)
        if fate is Fate.CUT_AFTER:
            raise LostAnswerError("lost")
        return {"ids": [self.records[name] for name in names], "messages": []}

    def _refuse(self, names: list[str], bad: list[str]) -> dict[str, Any]:
        if self.raises:
            raise RefusedError("odoo.exceptions.UserError", "bad")
        messages = [
            _error(self.words.format(name), field=self._bad[name], record=names.index(name))
            for name in bad
        ]
        if len(names) > 1 and any(self._bad[name] is None for name in bad):
            # The error of the whole call comes first and is put on the first record; what comes
            # after it is told only as far as Odoo went on.
            whole = _error(self.words.format("something"), record=0)
            messages = [whole, *messages] if self.names_culprits else [whole]
        return {"ids": False, "messages": messages}

    def _commit(self, names: list[str]) -> None:
        for name in names:
            self.created.append(name)
            self.records[name] = len(self.created)


def client_of(odoo: FakeOdoo) -> Client:
    """Return a client whose waits pass at once."""
    clock = [0.0]

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    settings = OdooSettings("http://fake", "fake", "etl", "key")
    return Client(odoo, settings, sleep, lambda: clock[0])


def rows_of(*names: str) -> list[LoadRows]:
    """Return bills of one column."""
    return [LoadRows("account.move", f"etl.{name}", ("id",), [[f"etl.{name}"]]) for name in names]


def _error(message: str, field: str | None = None, record: int = 0) -> dict[str, Any]:
    return {"type": "error", "message": message, "record": record, "field": field}
