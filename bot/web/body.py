"""What a page brings, read into memory and nowhere else.

aiohttp's own reading of a form writes its files to the disk, metadata and all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from aiohttp import BodyPartReader, web

from bot.conversation.messages import clean

PICTURE_SIZE: Final = 8 * 1024 * 1024
# The picture that was drawn anew, sealed and in base64, and the texts; or a picture and some room.
BODY_SIZE: Final = 24 * 1024 * 1024
FIELDS: Final = 40
FIELD_SIZE: Final = 64 * 1024

_CHUNK: Final = 64 * 1024
_FILE: Final = "picture"


@dataclass(frozen=True, slots=True)
class FormBody:
    """The fields, each with its values; the file, if there is one, and whether it is too large."""

    fields: Mapping[str, list[str]] = field(repr=False)
    file: bytes = field(default=b"", repr=False)
    too_large: bool = False

    def value(self, name: str) -> str:
        """Return the first value of a field, "" when it has none."""
        return self.fields.get(name, [""])[0]


async def read_form(request: web.Request) -> FormBody:
    """Read what a page brings. Raises `HTTPException` when it is none of a form's, or too large."""
    if request.content_type == "multipart/form-data":
        return await _read_parts(request)
    if request.content_type != "application/x-www-form-urlencoded":
        raise web.HTTPUnsupportedMediaType
    try:
        brought = await request.post()
    except (LookupError, ValueError) as error:  # of an encoding that is none, or not its own
        raise web.HTTPBadRequest from error
    fields: dict[str, list[str]] = {}
    for name, value in brought.items():
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
            content, whole = await _content(part, PICTURE_SIZE if part.name == _FILE else FIELD_SIZE, left)
            left -= whole
            if part.name == _FILE:
                file, too_large = content, whole > PICTURE_SIZE
            elif whole > FIELD_SIZE:
                raise web.HTTPRequestEntityTooLarge(FIELD_SIZE, whole)
            else:
                fields.setdefault(part.name or "", []).append(clean(content.decode("utf-8", "replace")))
    except (ValueError, AssertionError) as error:  # what aiohttp raises of parts that are none
        raise web.HTTPBadRequest from error
    return FormBody(fields, file, too_large)


async def _content(part: BodyPartReader, most: int, left: int) -> tuple[bytes, int]:
    """Return a part's content, up to `most` bytes, and how long it was.

    What is too large is read to its end all the same: a browser that is still sending sees no answer.
    """
    kept, whole = bytearray(), 0
    while chunk := await part.read_chunk(_CHUNK):
        whole += len(chunk)
        if whole > left:
            raise web.HTTPRequestEntityTooLarge(BODY_SIZE, whole)
        if whole <= most:
            kept += chunk
    return bytes(kept), whole
