"""The transport over /jsonrpc, by odoorpc."""

from __future__ import annotations

import http.client
import json
import logging
import re
import ssl
import urllib.error
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlsplit

import odoorpc

from etl.errors import TerminalError
from etl.odoo.settings import OdooSettings
from etl.odoo.transport import LostAnswerError, NotSentError, RefusedError

# odoorpc writes whole calls to its log at level DEBUG, with the API key among the arguments.
logging.getLogger("odoorpc.rpc.jsonrpclib").addFilter(lambda record: False)

_Answer = TypeVar("_Answer")

# PostgreSQL's troubles pass through Odoo with these names. They say that the database was busy,
# restarted or ended, or that another transaction has the same records in its hands.
_PASSING = re.compile(
    r"psycopg2\.(errors\.)?(Operational|Interface|Internal|TransactionRollback)Error$"
    r"|psycopg2\.errors\.(SerializationFailure|LockNotAvailable|DeadlockDetected"
    r"|AdminShutdown|CrashShutdown|CannotConnectNow|QueryCanceled|ConnectionFailure"
    r"|InFailedSqlTransaction|TooManyConnections|IdleInTransactionSessionTimeout)$"
    r"|psycopg2\.pool\.PoolError$|odoo\.exceptions\.ConcurrencyError$"
)
_WRONG_LOGIN = "odoo.exceptions.AccessDenied"


class JsonRpcTransport:
    """A session over /jsonrpc; odoorpc sends login and key with every call."""

    def __init__(self, settings: OdooSettings) -> None:
        self._settings = settings
        self._odoo: odoorpc.ODOO | None = None
        self._version = (0, 0)

    def login(self) -> int:
        """Connect and log in once; see `Transport.login`."""
        if self._odoo is None:
            try:
                self._odoo = self._connect()
            except RefusedError as error:
                raise TerminalError(
                    f"{self._place} has no usable database {self._settings.database!r} "
                    f"({error.exception}). Correct the database's name in the Odoo settings."
                ) from error
        return int(self._odoo.env.uid)

    @property
    def version(self) -> tuple[int, int]:
        """Odoo's version; online versions such as ``saas~19.1`` count as (19, 1)."""
        return self._version

    def call(
        self,
        model: str,
        method: str,
        ids: Sequence[int] | None,
        arguments: Mapping[str, Any],
        context: Mapping[str, Any],
    ) -> Any:
        """Call a method through ``execute_kw``; see `Transport.call`."""
        self.login()
        odoo = self._odoo
        assert odoo is not None
        given = [] if ids is None else [list(ids)]
        named = {**arguments, "context": {**odoo.env.context, **context}}
        return self._guarded(
            f"{model}.{method}", lambda: odoo.execute_kw(model, method, given, named)
        )

    @property
    def _place(self) -> str:
        return f"Odoo at {self._settings.url}"

    def _connect(self) -> odoorpc.ODOO:
        settings = self._settings
        protocol, host, port = _address(settings.url)
        odoo = self._guarded(
            "connect",
            lambda: odoorpc.ODOO(host, protocol=protocol, port=port, timeout=settings.timeout),
            connecting=True,
        )
        numbers = re.findall(r"\d+", str(odoo.version))
        self._version = (int(numbers[0]), int(numbers[1]) if len(numbers) > 1 else 0)
        self._guarded(
            "login",
            lambda: odoo.login(settings.database, settings.login, settings.password),
            connecting=True,
        )
        return odoo

    def _guarded(
        self, what: str, work: Callable[[], _Answer], *, connecting: bool = False
    ) -> _Answer:
        """Do `work` and turn whatever goes wrong into one of the transport's errors."""
        try:
            return work()
        except odoorpc.error.RPCError as error:
            raise self._refusal(error, what, connecting=connecting) from None
        except urllib.error.HTTPError as error:
            raise self._http_status(error.code, what, connecting=connecting) from None
        except urllib.error.URLError as error:
            raise self._no_connection(error.reason) from None
        except (OSError, http.client.HTTPException) as error:
            raise LostAnswerError(
                f"{self._place} gave no answer to {what} ({type(error).__name__}: {error})"
            ) from None
        except (json.JSONDecodeError, UnicodeDecodeError, KeyError, AttributeError):
            if connecting:
                raise TerminalError(
                    f"{self._place} does not speak Odoo's JSON-RPC. Check the url; "
                    "it is the server's address without a path."
                ) from None
            raise LostAnswerError(f"{self._place} gave no readable answer to {what}") from None

    def _refusal(self, error: odoorpc.error.RPCError, what: str, *, connecting: bool) -> Exception:
        info = error.info if isinstance(error.info, dict) else {}
        data = info.get("data")
        data = data if isinstance(data, dict) else {}
        name = str(data.get("name", ""))
        text = str(data.get("message") or error).strip()
        if name == _WRONG_LOGIN or (connecting and not info):
            return TerminalError(
                f"{self._place} does not accept the login {self._settings.login!r} for the "
                f"database {self._settings.database!r}. Check the login and its API key (in Odoo: "
                "the user's preferences, Account Security); keys of ordinary users expire after "
                "90 days."
            )
        if connecting and "does not exist" in text:
            return RefusedError(name, text)
        if _PASSING.search(name):
            return LostAnswerError(f"{self._place} was interrupted in {what} ({name})")
        return RefusedError(name or "unknown", text)

    def _http_status(self, status: int, what: str, *, connecting: bool) -> Exception:
        passing = status in {408, 425, 429} or status >= 500
        if passing and not (connecting and status == 500):
            return LostAnswerError(f"{self._place} answered {what} with HTTP {status}")
        return TerminalError(
            f"{self._place} answered {what} with HTTP {status}. Check the url, and that the "
            "server selects this database (dbfilter) where it has several."
        )

    def _no_connection(self, reason: object) -> Exception:
        if isinstance(reason, ssl.SSLCertVerificationError):
            return TerminalError(
                f"{self._place} shows a certificate that is not trusted "
                f"({reason.verify_message}). Install its issuer on this machine."
            )
        return NotSentError(f"{self._place} cannot be reached ({reason})")


def _address(url: str) -> tuple[str, str, int]:
    """Split a url into odoorpc's protocol, host and port; raises TerminalError."""
    wrong = TerminalError(
        f"the Odoo url {url!r} is not of the form https://host or http://host:port. "
        "Correct it in the Odoo settings."
    )
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        raise wrong from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/"):
        raise wrong
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    if parts.scheme == "https":
        return "jsonrpc+ssl", host, port or 443
    return "jsonrpc", host, port or 80
