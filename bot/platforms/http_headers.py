"""The HTTP headers of every page that we serve."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from aiohttp import web

COMMON: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Server": "vigie",
}


def add_headers(headers: Mapping[str, str]) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """Return a handler for a server's `on_response_prepare` that adds `headers` to each response."""

    async def add(_: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(headers)

    return add
