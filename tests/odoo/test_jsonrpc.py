"""How the transport names what goes wrong on the wire; a small HTTP server plays Odoo."""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from etl.errors import TerminalError
from etl.odoo.jsonrpc import JsonRpcTransport
from etl.odoo.settings import OdooSettings
from etl.odoo.transport import LostAnswerError, NotSentError, RefusedError

KEY = "s3cr3t-key"


class PlayedOdoo(ThreadingHTTPServer):
    """Logs everybody in, then gives the answer that the test put here."""

    daemon_threads = True
    status = 200
    body: bytes = b""
    cut = False
    refuses_login = False

    def answer(self, error: dict[str, Any]) -> None:
        """Answer with Odoo's error envelope."""
        self.body = json.dumps({"jsonrpc": "2.0", "id": 1, "error": error}).encode()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: PlayedOdoo

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        params = request["params"]
        if self.path == "/web/webclient/version_info":
            self._send(200, {"result": {"server_version": "saas~19.2+e"}})
        elif params["service"] == "common":
            self._send(200, {"result": False if self.server.refuses_login else 7})
        elif params["args"][4] == "context_get":
            self._send(200, {"result": {"lang": "de_DE"}})
        elif self.server.cut:
            self.connection.shutdown(socket.SHUT_RDWR)
        else:
            self._send_bytes(self.server.status, self.server.body)

    def _send(self, status: int, answer: dict[str, Any]) -> None:
        self._send_bytes(status, json.dumps(answer).encode())

    def _send_bytes(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def played() -> Iterator[PlayedOdoo]:
    server = PlayedOdoo(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def call(url: str, timeout: float = 5) -> Any:
    transport = JsonRpcTransport(OdooSettings(url, "db", "etl", KEY, timeout=timeout))
    return transport.call("res.partner", "write", [1], {"vals": {}}, {})


def error(name: str, message: str = "no") -> dict[str, Any]:
    return {"message": "Odoo Server Error", "data": {"name": name, "message": message}}


def test_a_session_knows_user_and_version(played: PlayedOdoo) -> None:
    transport = JsonRpcTransport(OdooSettings(played.url, "db", "etl", KEY))
    assert transport.login() == 7
    assert transport.version == (19, 2)


@pytest.mark.parametrize(
    "name",
    ["odoo.exceptions.UserError", "odoo.exceptions.ValidationError", "builtins.ValueError"],
)
def test_an_exception_of_odoo_is_a_refusal(played: PlayedOdoo, name: str) -> None:
    played.answer(error(name, "Das geht nicht."))
    with pytest.raises(RefusedError) as caught:
        call(played.url)
    assert (caught.value.exception, caught.value.message) == (name, "Das geht nicht.")


@pytest.mark.parametrize(
    "name",
    [
        "psycopg2.errors.SerializationFailure",
        "psycopg2.errors.DeadlockDetected",
        "psycopg2.errors.AdminShutdown",
        "psycopg2.OperationalError",
        "psycopg2.InterfaceError",
    ],
)
def test_a_trouble_of_the_database_leaves_it_open_what_happened(
    played: PlayedOdoo, name: str
) -> None:
    played.answer(error(name))
    with pytest.raises(LostAnswerError, match=name):
        call(played.url)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_gateways_error_leaves_it_open_what_happened(played: PlayedOdoo, status: int) -> None:
    played.status = status
    with pytest.raises(LostAnswerError, match=str(status)):
        call(played.url)


@pytest.mark.parametrize("body", [b"", b"<html>maintenance</html>", b'{"result": [1, 2'])
def test_an_unreadable_answer_leaves_it_open_what_happened(played: PlayedOdoo, body: bytes) -> None:
    played.body = body
    with pytest.raises(LostAnswerError):
        call(played.url)


def test_a_cut_connection_leaves_it_open_what_happened(played: PlayedOdoo) -> None:
    played.cut = True
    with pytest.raises(LostAnswerError, match=r"res\.partner\.write"):
        call(played.url)


def test_a_call_without_connection_was_not_sent() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(NotSentError, match="cannot be reached"):
            call(f"http://127.0.0.1:{unused.getsockname()[1]}")


def test_a_server_that_hears_and_never_answers_ends_at_the_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(LostAnswerError):
        call(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=0.2)


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_refusal_by_status_lasts(played: PlayedOdoo, status: int) -> None:
    played.status = status
    with pytest.raises(TerminalError, match=f"HTTP {status}"):
        call(played.url)


def test_a_refused_login_lasts_and_the_key_is_not_told(played: PlayedOdoo) -> None:
    played.refuses_login = True
    with pytest.raises(TerminalError, match="does not accept the login 'etl'") as caught:
        call(played.url)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["odoo.example.com", "ftp://odoo", "https://", "http://odoo:x", "http://odoo/path"]
)
def test_an_address_that_cannot_be_right_is_told(url: str) -> None:
    with pytest.raises(TerminalError, match="not of the form"):
        call(url)


def test_nothing_of_a_call_comes_into_the_log(
    played: PlayedOdoo, caplog: pytest.LogCaptureFixture
) -> None:
    played.answer(error("odoo.exceptions.UserError"))
    with caplog.at_level(logging.DEBUG), pytest.raises(RefusedError):
        call(played.url)
    assert KEY not in caplog.text
