"""Who is let in: so many connections, each for so long, whatever they do or leave undone.

A service that anyone can reach meets connections that open and say nothing, or say it one byte at a
time (« slow loris »). An onion service hands them over as they are, without an address to tell them
apart, so they are bounded by their number and by time.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from aiohttp import web

CONNECTIONS: Final = 64
HEAD_SECONDS: Final = 10.0  # for a request's first lines; Tor is slow, but they are a kilobyte
WHOLE_SECONDS: Final = 90.0  # for all of it: eight megabytes at 100 kB/s, and the answer

# aiohttp writes a line, with its time, for each request that it cannot read: that is a trace of someone.
# What breaks in the form itself is logged there, without what was sent.
_UNWRITTEN: Final = logging.getLogger(f"{__name__}.unwritten")
_UNWRITTEN.disabled = True


class _Closed(asyncio.Protocol):
    """Hangs up at once."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            transport.abort()


class Doorway:
    """Listens for an application, on this machine only.

    `whole`, `connections`: see above. aiohttp itself closes a connection whose head does not come.
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
        """Listen. Raises `OSError` when the port is taken; `port` then holds which, if it was 0."""
        await self._runner.setup()
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._met, self._host, self.port)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Listen no more, and end what is under way; may be called at any moment."""
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
