"""How calls reach Odoo, and the four ways in which a call can end badly.

A transport is small on purpose: /jsonrpc through odoorpc today; Odoo 19's JSON-2 fits the same
shape, as arguments are always given by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from etl.errors import EtlError, TransientError


class NotSentError(TransientError):
    """Odoo cannot have seen the call: no connection could be made."""


class LostAnswerError(TransientError):
    """The call may have been carried out, or may still be: only looking tells."""


class RefusedError(EtlError):
    """Odoo answered with an exception of its own, so nothing of the call was saved.

    Attributes:
        exception: Odoo's class name, ``odoo.exceptions.UserError``.
        message: Odoo's text for its users, without traceback.
    """

    def __init__(self, exception: str, message: str) -> None:
        self.exception = exception
        self.message = message
        super().__init__(f"Odoo refused ({exception}): {message}")


class Transport(Protocol):
    """A session with one Odoo database."""

    def login(self) -> int:
        """Connect if that was not done yet and return the user's id.

        Raises:
            TerminalError: wrong address, database, login or key.
            TransientError: not reachable at the moment.
        """

    @property
    def version(self) -> tuple[int, int]:
        """Odoo's version, (19, 0); only after `login`."""

    def call(
        self,
        model: str,
        method: str,
        ids: Sequence[int] | None,
        arguments: Mapping[str, Any],
        context: Mapping[str, Any],
    ) -> Any:
        """Call a method of a model, on the records `ids` or (None) on the model itself.

        Raises:
            RefusedError: Odoo raised; nothing was saved.
            NotSentError: the call did not reach Odoo.
            LostAnswerError: it is not known whether the call was carried out.
            TerminalError: the login is no longer good.
        """
