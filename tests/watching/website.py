"""A real site of this machine that holds a document, and names that lead where the test says."""

from __future__ import annotations

import asyncio
import socket
import zlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

HOME = "127.0.0.1"


@dataclass
class Website:
    """What the site answers. `asked`: the path and the headers of each request.

    `path`: where its document is. `headers`, `status`: those of its answer. `redirections`: how many are left
    at « /encore ».
    """

    port: int = 0
    path: str = "/politique.md"
    content: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200
    redirections: int = 0
    asked: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)

    def at(self, path: str = "", host: str = HOME) -> str:
        """Return an address of the site."""
        return f"http://{host}:{self.port}{path or self.path}"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer as a site does, or as none should."""
        self.asked.append((request.path, dict(request.headers)))
        match request.path:
            case "/vers":
                return web.Response(status=302, headers={"Location": request.query["lieu"]})
            case "/sans-fin" | "/par-morceaux":
                return await self._stream(request, forever=request.path == "/sans-fin")
            case "/lent":
                return await self._hang(request)
        if request.path == "/encore" and self.redirections:
            self.redirections -= 1
            return web.Response(status=301, headers={"Location": "/encore"})
        same = {
            name: (value, request.headers.get(asked))
            for name, asked in (("ETag", "If-None-Match"), ("Last-Modified", "If-Modified-Since"))
            if (value := self.headers.get(name))
        }
        status = 304 if any(value == known for value, known in same.values()) else self.status
        return web.Response(status=status, body=self.content, headers=self.headers)

    async def _stream(self, request: web.Request, *, forever: bool) -> web.StreamResponse:
        answer = web.StreamResponse()
        answer.enable_chunked_encoding()
        await answer.prepare(request)
        for at in range(0, len(self.content), 100):
            await answer.write(self.content[at : at + 100])
        while forever:
            await answer.write(bytes(256 * 1024))
        await answer.write_eof()
        return answer

    async def _hang(self, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        await answer.write(b"# Politique\n")
        await asyncio.Event().wait()
        return answer


def gzipped(content: bytes) -> bytes:
    """Return bytes as a server compresses them."""
    packer = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    return packer.compress(content) + packer.flush()


@asynccontextmanager
async def opened() -> AsyncIterator[Website]:
    """Open a site on this machine."""
    site, app = Website(), web.Application()
    app.add_routes([web.route("*", "/{tail:.*}", site.answer)])
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOME, 0).start()
        site.port = runner.addresses[0][1]
        yield site
    finally:
        await runner.cleanup()


class Names(AbstractResolver):
    """A resolver that gives the same addresses for every name. `asked`: the names."""

    def __init__(self, *addresses: str) -> None:
        self.addresses: Sequence[str] = addresses
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses."""
        del family
        self.asked.append(host)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self.addresses
        ]

    async def close(self) -> None:
        """Close nothing."""
