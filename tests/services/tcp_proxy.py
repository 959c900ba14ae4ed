"""A TCP proxy on 127.0.0.1 that can freeze, cut off or lose connections in the middle."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

from tests.services.processes import HOST

_CHUNK = 65536
_Result = TypeVar("_Result")


class TcpProxy:
    """Passes every connection on to an upstream port, until told to misbehave.

    `freeze` stops the flow in both directions while the connections stay open, as a firewall
    that forgot them would.  `cut_after` resets a connection once so many bytes came back, in
    the middle of a download for example.
    """

    host = HOST

    def __init__(self, upstream_port: int) -> None:
        self.upstream_port = upstream_port
        self.port = 0
        self.cuts = 0
        self.connections = 0
        self._answer_bytes_left: int | None = None
        self._freeze_then = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._flowing: asyncio.Event
        self._open: dict[Connection, asyncio.Task[None]] = {}
        self._server: asyncio.Server

    def start(self) -> None:
        """Listen on a free port, `port`."""
        self._thread.start()
        self._in_loop(self._listen())

    def stop(self) -> None:
        """Close the port and every connection."""
        if self._thread.is_alive():
            self._in_loop(self._close())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def freeze(self) -> None:
        """From now on take connections and bytes, but pass nothing on."""
        self._in_loop(self._call(self._flowing.clear))

    def thaw(self) -> None:
        """Let everything flow again, what was held back first."""
        self._in_loop(self._call(self._flowing.set))

    def cut_after(self, answer_bytes: int) -> None:
        """Reset the next connection over which so many bytes in all came from upstream."""
        self._limit(answer_bytes, freeze=False)

    def freeze_after(self, answer_bytes: int) -> None:
        """Like `cut_after`, but freeze everything instead of resetting."""
        self._limit(answer_bytes, freeze=True)

    def drop_connections(self) -> None:
        """Reset every open connection now."""
        self._in_loop(self._call(self._reset_all))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    async def relay(self, connection: Connection) -> None:
        """Pass one connection's bytes in both directions until both sides are done."""
        async with asyncio.TaskGroup() as both:
            both.create_task(self.relay_request(connection))
            both.create_task(self.relay_answer(connection))

    async def relay_request(self, connection: Connection) -> None:
        """Pass on what the client sends."""
        while data := await connection.from_client.read(_CHUNK):
            await self.pass_up(connection, data)
        connection.end_request()

    async def relay_answer(self, connection: Connection) -> None:
        """Pass back what upstream answers."""
        while data := await connection.from_upstream.read(_CHUNK):
            await self.pass_down(connection, data)
        connection.close()

    async def pass_up(self, connection: Connection, data: bytes) -> None:
        """Send bytes to upstream, unless frozen."""
        await self._flowing.wait()
        connection.to_upstream.write(data)
        await connection.to_upstream.drain()

    async def pass_down(self, connection: Connection, data: bytes) -> None:
        """Send bytes to the client, unless frozen or the limit of `cut_after` is reached."""
        await self._flowing.wait()
        left = self._answer_bytes_left
        if left is not None:
            self._answer_bytes_left = max(0, left - len(data))
            if len(data) >= left:
                self._answer_bytes_left = None
                connection.to_client.write(data[:left])
                await connection.to_client.drain()
                if not self._freeze_then:
                    self.cuts += 1
                    connection.reset_both()
                    return
                self._flowing.clear()
                await self._flowing.wait()
                data = data[left:]
        if connection.cuts_answer and not connection.is_cut:
            connection.cut()
        if connection.is_cut:
            connection.close()  # upstream has begun to answer: it did its work
            return
        connection.to_client.write(data)
        await connection.to_client.drain()

    def _limit(self, answer_bytes: int, *, freeze: bool) -> None:
        self._answer_bytes_left = answer_bytes
        self._freeze_then = freeze

    async def _listen(self) -> None:
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._server = await asyncio.start_server(self._serve, HOST, 0, limit=_CHUNK)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            upstream = await asyncio.open_connection(HOST, self.upstream_port, limit=_CHUNK)
        except OSError:
            reset(writer)  # upstream is down: so are we
            return
        connection = Connection(reader, writer, *upstream)
        task = asyncio.current_task()
        assert task is not None
        self._open[connection] = task
        try:
            await self.relay(connection)
        except* (OSError, asyncio.IncompleteReadError):
            connection.reset_both()
        finally:
            del self._open[connection]
            connection.close()

    async def _close(self) -> None:
        self._server.close()
        tasks = list(self._open.values())
        self._reset_all()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _reset_all(self) -> None:
        for connection in list(self._open):
            connection.reset_both()

    async def _call(self, action: Callable[[], None]) -> None:
        action()

    def _in_loop(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=10)


class Connection:
    """The two halves of one proxied connection."""

    def __init__(
        self,
        from_client: asyncio.StreamReader,
        to_client: asyncio.StreamWriter,
        from_upstream: asyncio.StreamReader,
        to_upstream: asyncio.StreamWriter,
    ) -> None:
        self.from_client = from_client
        self.to_client = to_client
        self.from_upstream = from_upstream
        self.to_upstream = to_upstream
        self.is_cut = False
        self.cuts_answer = False

    def cut(self) -> None:
        """Reset towards the client; upstream notices nothing."""
        self.is_cut = True
        reset(self.to_client)

    def reset_both(self) -> None:
        """Reset towards both sides."""
        self.is_cut = True
        reset(self.to_client)
        reset(self.to_upstream)

    def end_request(self) -> None:
        """Tell upstream that the client sends no more; after a cut it is not told."""
        if not self.is_cut and self.to_upstream.can_write_eof():
            with contextlib.suppress(OSError):
                self.to_upstream.write_eof()

    def close(self) -> None:
        """Close both sides in good order."""
        self.to_client.close()
        self.to_upstream.close()


def reset(writer: asyncio.StreamWriter) -> None:
    """End a connection by RST instead of FIN, losing what was not sent yet."""
    raw = writer.get_extra_info("socket")
    if raw is not None and raw.fileno() != -1:
        with contextlib.suppress(OSError):
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
