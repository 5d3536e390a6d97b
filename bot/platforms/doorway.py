"""A listener for the ports that a proxy exposes, with limits on the number and the duration of connections.

The ports are those of the web form, and of Slack in HTTP mode. A public service receives connections that
send nothing, or one byte at a time (« slow loris »). A proxy or an onion service forwards them without an
address to tell them apart, so their number and duration are limited instead. Half of the places are for
connections that have sent nothing yet, half for the others. When the first half is full, its oldest
connection is dropped; when the second is full, its slowest. An attacker who only holds connections open thus
loses them to people who request pages, even over Tor, and takes no place from people whose requests have
begun.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from aiohttp import web

from bot.platforms.contract import PlatformError
from bot.platforms.listening import port_problem

CONNECTIONS: Final = 64
HEAD_SECONDS: Final = 10.0  # to receive a request's headers, about a kilobyte; Tor is slow
WHOLE_SECONDS: Final = 90.0  # for the whole exchange: eight megabytes at 100 kB/s, and the answer

# aiohttp logs a timestamped line for each request that it cannot read. Such a line would be a trace of a
# visitor of the form, which logs its own failures without the visitor's data.
_UNWRITTEN: Final = logging.getLogger(f"{__name__}.unwritten")
_UNWRITTEN.disabled = True


class _Watched(asyncio.Protocol):
    """A connection, and the number of bytes received on it. `handler`: the protocol that it wraps.

    `watched`: the open connections. `most`: how many of them may have sent something.
    """

    def __init__(self, handler: web.RequestHandler, watched: set[_Watched], most: int) -> None:
        self._handler = handler
        self._watched = watched
        self._most = most
        self.size = 0
        self.since = asyncio.get_running_loop().time()
        watched.add(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._handler.connection_made(transport)
        if self not in self._watched:  # the connection was already dropped to make room
            self.hang_up()

    def data_received(self, data: bytes) -> None:
        if not self.size:
            sending = [connection for connection in self._watched if connection.size]
            if len(sending) >= self._most:
                min(sending, key=lambda connection: (connection.rate(), connection.since)).hang_up()
        self.size += len(data)
        self._handler.data_received(data)

    def eof_received(self) -> None:
        self._handler.eof_received()

    def connection_lost(self, exc: BaseException | None) -> None:
        self._watched.discard(self)
        self._handler.connection_lost(exc)

    def pause_writing(self) -> None:
        self._handler.pause_writing()

    def resume_writing(self) -> None:
        self._handler.resume_writing()

    def rate(self) -> float:
        """Return the average number of bytes received per second, over at least one second."""
        return self.size / max(asyncio.get_running_loop().time() - self.since, 1.0)

    def hang_up(self) -> None:
        """Drop the connection."""
        self._watched.discard(self)
        if self._handler.transport is not None:
            self._handler.transport.abort()


class Doorway:
    """A listener for an application, on one address of this machine.

    `connections`: how many may be open at once. `whole`: the maximum duration of a connection, in seconds.
    `head`: after how many seconds aiohttp closes a connection that has not sent a request's headers.
    """

    def __init__(
        self,
        app: web.Application,
        host: str,
        port: int,
        *,
        connections: int = CONNECTIONS,
        head: float = HEAD_SECONDS,
        whole: float | None = WHOLE_SECONDS,
        logger: logging.Logger = _UNWRITTEN,
    ) -> None:
        self.port = port
        self._host = host
        self._connections = connections
        self._whole = whole
        self._runner = web.AppRunner(
            app,
            access_log=None,
            logger=logger,
            keepalive_timeout=head,
            shutdown_timeout=1,
            handle_signals=False,
            auto_decompress=False,
        )
        self._server: asyncio.Server | None = None
        self._watched: set[_Watched] = set()

    async def open(self, setting: str) -> None:
        """Listen. If `port` is 0, use a free port and store it in `port`.

        `setting`: the name of the port's setting. Raises `PlatformError` if the port cannot be opened.
        """
        await self._runner.setup()
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(self._met, self._host, self.port)
        except OSError as error:
            await self.close()
            raise PlatformError(port_problem(error, self.port, setting)) from error
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop listening and end pending requests. May be called at any time."""
        if self._server is not None:
            self._server.close()
            self._server = None
        await self._runner.cleanup()

    def _met(self) -> asyncio.BaseProtocol:
        silent = [connection for connection in self._watched if not connection.size]
        if len(silent) >= self._connections // 2:
            min(silent, key=lambda connection: connection.since).hang_up()
        server = self._runner.server
        if server is None:  # closing
            raise ConnectionAbortedError
        connection = _Watched(server(), self._watched, self._connections // 2)
        if self._whole is not None:
            asyncio.get_running_loop().call_later(self._whole, connection.hang_up)
        return connection
