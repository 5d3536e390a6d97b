"""The reading of form bodies into memory. aiohttp's own reader writes files to disk, with their metadata.

The sender of a body chooses neither its codec nor its pace. A body is read as UTF-8, because aiohttp uses any
codec that a request names, and some of Python's codecs take quadratic time. A body must arrive at `PACE_SIZE`
bytes per `PACE_SECONDS` or faster, and be no larger than its page allows.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl

from aiohttp import BodyPartReader, StreamReader, web
from aiohttp.http_exceptions import HttpProcessingError

from bot.conversation.messages import clean
from bot.typesetting import image_cleaning

PICTURE_SIZE: Final = image_cleaning.LARGEST
# Fits an uploaded picture, the texts and a margin, so that the sender of a body that is slightly too large
# gets a page.
BODY_SIZE: Final = 24 * 1024 * 1024
DRAFT_SIZE: Final = 10 * 1024 * 1024  # the redrawn picture, sealed, which base64 encodes twice, and the texts
TEXT_SIZE: Final = 64 * 1024
ROOM: Final = 80 * 1024 * 1024  # for all bodies being read; 64 at the slowest pace allowed fill half of it
FIELDS: Final = 40
PACE_SIZE: Final = 64 * 1024
PACE_SECONDS: Final = 10.0

_CHUNK: Final = 64 * 1024
_FILE: Final = "picture"
_NAME: Final = re.compile(r'\bname="([^"]*)"')


@dataclass(frozen=True, slots=True)
class FormBody:
    """A form's fields with their values, its file (b"" if none), and whether this file was too large."""

    fields: Mapping[str, list[str]] = field(repr=False)
    file: bytes = field(default=b"", repr=False)
    too_large: bool = False

    def value(self, name: str) -> str:
        """Return the first value of a field, "" if the form has no such field."""
        return self.fields.get(name, [""])[0]


class Bodies:
    """A reader of form bodies. They share `ROOM` bytes of memory until their requests are answered."""

    def __init__(self) -> None:
        self._contents: set[StreamReader] = set()

    @asynccontextmanager
    async def read(self, request: web.Request, most: int = TEXT_SIZE) -> AsyncIterator[FormBody]:
        """Yield the body of a form.

        `most`: the size limit of a form without a file, in bytes. Raises `HTTPException` if the body is not a
        form, is too large or does not fit in memory, and `TimeoutError` if it is too slow.
        """
        if str(request.charset or "utf-8").lower() != "utf-8":
            raise web.HTTPUnsupportedMediaType
        if "Content-Encoding" in request.headers:  # no browser compresses a form
            raise web.HTTPUnsupportedMediaType
        self._contents.add(request.content)
        pace = _Pace(request.content, self._contents)
        try:
            yield await _read(request, pace, most)
        finally:
            self._contents.discard(request.content)


@dataclass(slots=True)
class _Pace:
    """The limits on the time and the memory that a body takes. `contents`: all the bodies being read."""

    content: StreamReader
    contents: AbstractSet[StreamReader]
    _due: int = 0
    _until: float = 0.0

    def limit(self) -> asyncio.Timeout:
        """Return the timeout of the next read. Raises `HTTPServiceUnavailable` if memory is full."""
        if sum(content.total_bytes for content in self.contents) > ROOM:
            raise web.HTTPServiceUnavailable
        if self.content.total_bytes >= self._due:
            self._due = self.content.total_bytes + PACE_SIZE
            self._until = asyncio.get_running_loop().time() + PACE_SECONDS
        return asyncio.timeout_at(self._until)


async def _read(request: web.Request, pace: _Pace, most: int) -> FormBody:
    try:
        if request.content_type == "multipart/form-data":
            return await _read_parts(request, pace)
        if request.content_type == "application/x-www-form-urlencoded":
            return await _read_pairs(pace, most)
    except (ValueError, AssertionError, RuntimeError, HttpProcessingError) as error:  # malformed bodies
        raise web.HTTPBadRequest from error
    raise web.HTTPUnsupportedMediaType


async def _read_pairs(pace: _Pace, most: int) -> FormBody:
    content = bytearray()
    while not pace.content.at_eof():
        async with pace.limit():
            content += await pace.content.readany()
        if len(content) > most:
            raise web.HTTPRequestEntityTooLarge(most, len(content))

    def parse() -> FormBody:
        fields: dict[str, list[str]] = {}
        text = content.decode("utf-8", "replace")
        for name, value in parse_qsl(text, keep_blank_values=True, max_num_fields=FIELDS):
            fields.setdefault(name, []).append(clean(value))
        return FormBody(fields)

    return await asyncio.to_thread(parse) if len(content) > TEXT_SIZE else parse()


async def _read_parts(request: web.Request, pace: _Pace) -> FormBody:
    fields: dict[str, list[str]] = {}
    file = b""
    too_large = False
    left = BODY_SIZE
    parts = await request.multipart()
    for _ in range(FIELDS + 1):
        async with pace.limit():
            part = await parts.next()
        if part is None:
            return FormBody(fields, file, too_large)
        if not isinstance(part, BodyPartReader) or "Content-Transfer-Encoding" in part.headers:
            raise web.HTTPBadRequest
        # `part.name` is not used: it is decoded with a codec that the part names.
        match = _NAME.search(part.headers.get("Content-Disposition", ""))
        name = match[1] if match else ""
        most = PICTURE_SIZE if name == _FILE else TEXT_SIZE
        content, size = await _content(part, pace, most, left)
        left -= size
        if name == _FILE:
            file, too_large = content, size > most
        elif size > most:
            raise web.HTTPRequestEntityTooLarge(most, size)
        else:
            fields.setdefault(name, []).append(clean(content.decode("utf-8", "replace")))
    raise web.HTTPBadRequest


async def _content(part: BodyPartReader, pace: _Pace, most: int, left: int) -> tuple[bytes, int]:
    """Return a part's content, truncated at about `most` bytes, and its full size.

    A part that is too large is still read to its end, because a browser reads the answer only after it has
    sent everything.
    """
    content, size = bytearray(), 0
    while not part.at_eof():
        async with pace.limit():
            chunk = await part.read_chunk(_CHUNK)
        size += len(chunk)
        if size > left:
            raise web.HTTPRequestEntityTooLarge(BODY_SIZE, size)
        if size <= most:
            content += chunk
    return bytes(content), size
