"""A proxy in front of Odoo that knows its calls: it counts them, and loses those it should."""

from __future__ import annotations

import enum
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.services.tcp_proxy import Connection, TcpProxy

# Every other method counts as one that may change something.
_READING_METHODS = frozenset(
    {
        *("search", "read", "search_read", "search_count", "read_group", "formatted_read_group"),
        *("fields_get", "name_search", "default_get", "export_data", "get_views", "get_metadata"),
        *("check_access_rights", "has_access", "has_group", "context_get", "search_fetch"),
        *("web_search_read", "web_read", "check_access_rule", "exists", "compute_all"),
    }
)


class Fault(enum.Enum):
    """What the proxy does to a call."""

    DROP_ANSWER = "upstream gets the call and begins to answer, so it has committed; then RST"
    CUT_REQUEST = "upstream gets the whole call and works on; the client gets RST at once"
    LOSE_REQUEST = "upstream never sees the call; the client gets RST"
    FREEZE = "from this call on nothing is passed on, on any connection, until `thaw`"


@dataclass(frozen=True)
class Call:
    """One HTTP request, with what it asks of Odoo; fields that do not apply are None."""

    number: int
    path: str
    service: str | None = None
    model: str | None = None
    method: str | None = None
    body: bytes = field(default=b"", repr=False)

    @property
    def may_write(self) -> bool:
        """Whether this calls a method of a model that is not known to only read."""
        return self.model is not None and self.method not in _READING_METHODS


@dataclass
class _Rule:
    applies: Callable[[Call], bool]
    fault: Fault
    left: int | None


class CutProxy(TcpProxy):
    """An HTTP proxy for Odoo's JSON-RPC and JSON-2, with faults per call.

    Calls are noted in `calls` when they arrive.  Several requests on one connection work.
    """

    def __init__(self, upstream_port: int) -> None:
        super().__init__(upstream_port)
        self.calls: list[Call] = []
        self._rules: list[_Rule] = []

    @property
    def url(self) -> str:
        """The proxy's address, to be used in place of Odoo's."""
        return f"http://{self.host}:{self.port}"

    @property
    def writes(self) -> list[Call]:
        """The calls so far that may have changed something."""
        return [call for call in self.calls if call.may_write]

    def calls_of(self, *methods: str) -> list[Call]:
        """Return the calls so far of these methods of models."""
        return [call for call in self.calls if call.method in methods]

    def cut_when(
        self,
        applies: Callable[[Call], bool],
        fault: Fault = Fault.DROP_ANSWER,
        times: int | None = 1,
    ) -> None:
        """Do `fault` to calls for which `applies`; to as many as `times`, None being all."""
        self._rules.append(_Rule(applies, fault, times))

    def cut_nth(self, method: str, nth: int = 1, fault: Fault = Fault.DROP_ANSWER) -> None:
        """Do `fault` to the n-th call of a method from now on."""
        seen = len(self.calls_of(method))

        def is_nth(call: Call) -> bool:
            return call.method == method and len(self.calls_of(method)) == seen + nth

        self.cut_when(is_nth, fault)

    def forget(self) -> None:
        """Forget the calls seen and the faults asked for."""
        self.calls.clear()
        self._rules.clear()
        self.cuts = 0

    async def relay_request(self, connection: Connection) -> None:
        """Pass on requests one by one, each with the fault that it shall have."""
        while (request := await _read_request(connection)) is not None:
            head, body = request
            call = _understand(len(self.calls) + 1, head, body)
            self.calls.append(call)
            fault = self._fault_for(call)
            if fault is not None:
                self.cuts += 1
            if fault is Fault.LOSE_REQUEST:
                connection.reset_both()
                return
            if fault is Fault.FREEZE:
                self._flowing.clear()
            if fault is Fault.DROP_ANSWER:
                connection.cuts_answer = True
            await self.pass_up(connection, head + body)
            if fault is Fault.CUT_REQUEST:
                connection.cut()
                return
        connection.end_request()

    def _fault_for(self, call: Call) -> Fault | None:
        for rule in self._rules:
            if rule.left != 0 and rule.applies(call):
                if rule.left is not None:
                    rule.left -= 1
                return rule.fault
        return None


async def _read_request(connection: Connection) -> tuple[bytes, bytes] | None:
    """Read one whole request (head and body); None when the client is done."""
    reader = connection.from_client
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = await reader.readline()
        if not line:
            return None
        head += line
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            length = int(value)
        elif name.strip().lower() == b"transfer-encoding":
            raise ConnectionError("the test proxy takes no chunked requests")
    return head, await reader.readexactly(length)


def _understand(number: int, head: bytes, body: bytes) -> Call:
    """Find out what a request asks of Odoo."""
    path = head.split(b" ", 2)[1].decode("latin-1").partition("?")[0]
    parts = path.strip("/").split("/")
    if parts[:2] == ["json", "2"] and len(parts) == 4:
        return Call(number, path, "object", parts[2], parts[3], body)
    try:
        params: dict[str, Any] = json.loads(body)["params"]
        service, method, args = params["service"], params["method"], params["args"]
    except (ValueError, KeyError, TypeError):
        return Call(number, path, body=body)
    if service == "object" and len(args) >= 5:
        return Call(number, path, service, args[3], args[4], body)
    return Call(number, path, service, None, method, body)
