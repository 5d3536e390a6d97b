"""The body of a form, read into memory only: aiohttp's own reader writes files, metadata and all, to disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from aiohttp import BodyPartReader, web

from bot.conversation.messages import clean

PICTURE_SIZE: Final = 8 * 1024 * 1024
# The redrawn picture, sealed and in base64, and the texts; or an uploaded picture and some room.
BODY_SIZE: Final = 24 * 1024 * 1024
FIELDS: Final = 40
FIELD_SIZE: Final = 64 * 1024

_CHUNK: Final = 64 * 1024
_FILE: Final = "picture"


@dataclass(frozen=True, slots=True)
class FormBody:
    """A form's fields, each with its values; its file, b"" without one, and whether that was too large."""

    fields: Mapping[str, list[str]] = field(repr=False)
    file: bytes = field(default=b"", repr=False)
    too_large: bool = False

    def value(self, name: str) -> str:
        """Return the first value of a field, "" when it has none."""
        return self.fields.get(name, [""])[0]


async def read_form(request: web.Request) -> FormBody:
    """Read the body of a form. Raises `HTTPException` when it is not one, or is too large."""
    if request.content_type == "multipart/form-data":
        return await _read_parts(request)
    if request.content_type != "application/x-www-form-urlencoded":
        raise web.HTTPUnsupportedMediaType
    try:
        form = await request.post()
    except (LookupError, ValueError) as error:  # of an unknown encoding, or a wrong one
        raise web.HTTPBadRequest from error
    fields: dict[str, list[str]] = {}
    for name, value in form.items():
        if isinstance(value, str):
            fields.setdefault(name, []).append(clean(value))
    return FormBody(fields)


async def _read_parts(request: web.Request) -> FormBody:
    fields: dict[str, list[str]] = {}
    file, too_large, left, count = b"", False, BODY_SIZE, 0
    try:
        async for part in await request.multipart():
            count += 1
            if not isinstance(part, BodyPartReader) or count > FIELDS:
                raise web.HTTPBadRequest
            content, size = await _content(part, PICTURE_SIZE if part.name == _FILE else FIELD_SIZE, left)
            left -= size
            if part.name == _FILE:
                file, too_large = content, size > PICTURE_SIZE
            elif size > FIELD_SIZE:
                raise web.HTTPRequestEntityTooLarge(FIELD_SIZE, size)
            else:
                fields.setdefault(part.name or "", []).append(clean(content.decode("utf-8", "replace")))
    except (ValueError, AssertionError) as error:  # which aiohttp raises for malformed parts
        raise web.HTTPBadRequest from error
    return FormBody(fields, file, too_large)


async def _content(part: BodyPartReader, most: int, left: int) -> tuple[bytes, int]:
    """Return a part's content, cut around `most` bytes, and its whole size.

    A part that is too large is read to its end: a browser that is still sending sees no answer.
    """
    content, size = bytearray(), 0
    while chunk := await part.read_chunk(_CHUNK):
        size += len(chunk)
        if size > left:
            raise web.HTTPRequestEntityTooLarge(BODY_SIZE, size)
        if size <= most:
            content += chunk
    return bytes(content), size
