"""The doorway of the form: at most so many connections, each for so long.

A service that anyone can reach meets connections that open and say nothing, or say it one byte at a time
(« slow loris »). An onion service passes them on without an address that would tell them apart, so what is
limited is their number and their time.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from aiohttp import web

CONNECTIONS: Final = 64
HEAD_SECONDS: Final = 10.0  # for a request's first lines; Tor is slow, but they are a kilobyte
WHOLE_SECONDS: Final = 90.0  # for all of it: eight megabytes at 100 kB/s, and the answer

# aiohttp logs a line, with its time, for each request that it cannot read: that is a trace of someone.
# The form logs its own failures, without what was sent.
_UNWRITTEN: Final = logging.getLogger(f"{__name__}.unwritten")
_UNWRITTEN.disabled = True


class _Closed(asyncio.Protocol):
    """A connection that is closed at once."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            transport.abort()


class Doorway:
    """Listens for an application, on one address of this machine.

    `connections`: how many at once. `whole`: seconds that each may last. `head`: seconds until a request's
    first lines, after which aiohttp closes the connection.
    """

    def __init__(
        self,
        app: web.Application,
        host: str,
        port: int,
        *,
        connections: int = CONNECTIONS,
        head: float = HEAD_SECONDS,
        whole: float = WHOLE_SECONDS,
    ) -> None:
        self.port = port
        self._host = host
        self._connections = connections
        self._whole = whole
        self._runner = web.AppRunner(
            app,
            access_log=None,
            logger=_UNWRITTEN,
            keepalive_timeout=head,
            shutdown_timeout=1,
            handle_signals=False,
        )
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Listen. Raises `OSError` when the port is taken. A `port` of 0 becomes the one that was free."""
        await self._runner.setup()
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._met, self._host, self.port)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop listening, and end the requests under way. May be called at any moment."""
        if self._server is not None:
            self._server.close()
            self._server = None
        await self._runner.cleanup()

    def _met(self) -> asyncio.BaseProtocol:
        server = self._runner.server
        if server is None or len(server.connections) >= self._connections:
            return _Closed()
        handler = server()
        asyncio.get_running_loop().call_later(self._whole, _hang_up, handler)
        return handler


def _hang_up(handler: web.RequestHandler) -> None:
    if handler.transport is not None:
        handler.transport.abort()
