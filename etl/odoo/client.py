"""Calls to one company of an Odoo database: questions are repeated, changes never blindly."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from etl.errors import TerminalError, TransientError
from etl.odoo.settings import OdooSettings
from etl.odoo.transport import RefusedError, Transport

Row = dict[str, Any]
Domain = list[Any]

_Item = TypeVar("_Item")

_ACCESS_ERROR = "odoo.exceptions.AccessError"
_LONGEST_WAIT = 30.0
_QUESTION_SIZE = 1000


class Client:
    """What the rest of the room speaks to Odoo through.

    Every call carries the company, because Odoo 14 ignores a ``company_id`` among values and
    19 shows what several companies have mixed up.
    """

    def __init__(
        self,
        transport: Transport,
        settings: OdooSettings,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self.sleep = sleep
        self.monotonic = monotonic
        self._transport = transport
        self._context = {"allowed_company_ids": [settings.company]}

    def login(self) -> int:
        """Connect, repeating while Odoo is away for a moment; return the user's id."""
        return self._repeat(self._transport.login)

    @property
    def version(self) -> tuple[int, int]:
        """Odoo's version."""
        return self._transport.version

    def ask(
        self,
        model: str,
        method: str,
        ids: Sequence[int] | None = None,
        context: Mapping[str, Any] | None = None,
        **arguments: Any,
    ) -> Any:
        """Call a method that changes nothing; repeated when the answer was lost.

        Raises:
            TransientError: Odoo stayed away for all the retries.
            TerminalError: the user may not do this.
            RefusedError: Odoo raised something else.
        """
        return self._repeat(lambda: self._call(model, method, ids, context, arguments))

    def change(
        self,
        model: str,
        method: str,
        ids: Sequence[int] | None = None,
        context: Mapping[str, Any] | None = None,
        **arguments: Any,
    ) -> Any:
        """Call a method that may change something, once.

        Raises:
            LostAnswerError: it may have happened; the caller has to look before it repeats.
            NotSentError: it has not happened.
            TerminalError: the user may not do this.
            RefusedError: Odoo raised something else; nothing was saved.
        """
        return self._call(model, method, ids, context, arguments)

    def search_read(
        self,
        model: str,
        domain: Domain,
        fields: Sequence[str],
        *,
        order: str = "id",
        archived: bool = False,
    ) -> list[Row]:
        """Return the records' fields (``id`` always); `archived` includes archived ones."""
        rows: list[Row] = self.ask(
            model,
            "search_read",
            context={"active_test": False} if archived else None,
            domain=domain,
            fields=list(fields),
            order=order,
        )
        return rows

    def search_in(
        self,
        model: str,
        field: str,
        values: Iterable[Any],
        fields: Sequence[str],
        *,
        where: Domain | None = None,
        archived: bool = False,
    ) -> list[Row]:
        """Like `search_read` for all records whose `field` is one of many values."""
        rows: list[Row] = []
        for some in chunks(sorted(set(values)), _QUESTION_SIZE):
            domain = [[field, "in", list(some)], *(where or [])]
            rows += self.search_read(model, domain, fields, archived=archived)
        return rows

    def waits(self) -> Iterator[float]:
        """Yield the seconds to wait before each repetition, growing, as many as are allowed."""
        wait = self.settings.retry_wait
        for _ in range(self.settings.retries):
            yield wait
            wait = min(2 * wait, _LONGEST_WAIT)

    def _repeat(self, work: Callable[[], _Item]) -> _Item:
        for wait in self.waits():
            try:
                return work()
            except TransientError:
                self.sleep(wait)
        return work()

    def _call(
        self,
        model: str,
        method: str,
        ids: Sequence[int] | None,
        context: Mapping[str, Any] | None,
        arguments: Mapping[str, Any],
    ) -> Any:
        try:
            return self._transport.call(
                model, method, ids, arguments, {**self._context, **(context or {})}
            )
        except RefusedError as error:
            if error.exception != _ACCESS_ERROR:
                raise
            # The right that is missing may be on another model, which Odoo's first line names.
            words = error.message.strip().partition("\n")[0]
            raise TerminalError(
                f"the Odoo user {self.settings.login!r} may not do {method} on {model}. "
                "Give it the rights named in docs/odoo.md; `etl check --connect` says which "
                f"are missing. Odoo says: {words}"
            ) from error


def chunks(items: Sequence[_Item], size: int) -> Iterator[Sequence[_Item]]:
    """Yield the items in slices of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def many2one(value: Any) -> int | None:
    """Return the id of a many2one as Odoo reads it: ``[id, name]``, an id, or False."""
    if isinstance(value, list | tuple):
        return int(value[0])
    return int(value) if value else None
