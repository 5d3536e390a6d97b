"""A Web server for the published folder: read-only, on its own port of the loopback interface.

A proxy gives the site a host name of its own. The form for reports has another port and another origin, so
that neither can reach the other. Visits are not logged, and only the path of a request is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote

from aiohttp import hdrs, web

from bot.platforms import http_headers
from bot.platforms.doorway import Doorway
from bot.site import addresses
from bot.site.frame import CONTENT_POLICY

HOST: Final = "127.0.0.1"
HEADERS: Final[Mapping[str, str]] = {
    **http_headers.COMMON,
    # browsers may store a page, but must check that it is current, which is a cheap conditional request
    hdrs.CACHE_CONTROL: "no-cache",
    "Content-Security-Policy": f"{CONTENT_POLICY}; frame-ancestors 'none'",
    "Permissions-Policy": "interest-cohort=()",
}
_TYPES: Final[Mapping[str, str]] = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".json": "application/json",
    ".xml": "application/xml",
    ".atom": "application/atom+xml",
    ".ics": "text/calendar",
    ".txt": "text/plain",
    ".pdf": "application/pdf",
}


class PublicSite:
    """The platform « Site public » (see `bot.platforms.contract.Platform`).

    `folder`: the folder of the site, which may not exist yet. `port`: 0 for any free port.
    """

    name = "Site public"

    def __init__(self, folder: Path, *, port: int) -> None:
        self._folder = folder
        app = web.Application()
        app.on_response_prepare.append(http_headers.add_headers(HEADERS))
        app.router.add_get("/{path:.*}", self._send)  # GET and HEAD; nothing else is answered
        self._doorway = Doorway(app, HOST, port)

    @property
    def address(self) -> str:
        """The address on this machine, known once the site is served."""
        return f"http://{HOST}:{self._doorway.port}/"

    async def start(self) -> None:
        """Listen. Raises `PlatformError` if the port is taken."""
        await self._doorway.open("VIGIE_SITE_PORT")

    async def close(self) -> None:
        """Stop listening. May be called at any time."""
        await self._doorway.close()

    async def _send(self, request: web.Request) -> web.StreamResponse:
        path_info = request.match_info["path"]
        path = published_file(self._folder, path_info)
        if path is None and published_file(self._folder, f"{path_info}/"):
            # When people type a policy's address as « /pa20 », relative links need « /pa20/ ».
            raise web.HTTPMovedPermanently(f"{quote(path_info.rpartition('/')[2])}/")
        if path is None:
            raise web.HTTPNotFound(text="Cette page n'existe pas.")
        kind = _TYPES[path.suffix]
        headers = {hdrs.CONTENT_TYPE: kind if kind == "application/pdf" else f"{kind}; charset=utf-8"}
        return web.FileResponse(path, headers=headers)


def published_file(folder: Path, url_path: str) -> Path | None:
    """Return the file at an address of the site, None when there is none.

    Names that begin with a dot, and files outside the folder, even through a link or « .. », are not served.
    """
    parts = [part for part in url_path.split("/") if part]
    if any(part.startswith(".") or "\0" in part or "\\" in part for part in parts):
        return None
    path = folder.joinpath(*parts)
    if not parts or url_path.endswith("/"):
        path /= addresses.HOME
    try:
        whole = path.resolve(strict=True)
        inside = whole.is_relative_to(folder.resolve(strict=True))
    except OSError:
        return None
    return whole if inside and whole.is_file() and whole.suffix in _TYPES else None
