"""Fetching a file that was dropped on Slack, whole or not at all."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.conversation.requests import TAKEN_SIZE, Received
from bot.platforms import dropped_files

Json: TypeAlias = dict[str, Any]

_HOST = "files.slack.com"
_CHUNK = 64 * 1024


async def fetch(client: AsyncWebClient, file: Json) -> Received:
    """Return a file of a message's. Raises `NotTakenError`.

    The token goes to Slack alone, and nowhere that it redirects to.
    """
    url = str(file.get("url_private_download") or file.get("url_private") or "")
    if int(file.get("size") or 0) > TAKEN_SIZE:
        raise dropped_files.too_large()
    if not _is_slacks(url, client.base_url) or client.session is None:
        raise dropped_files.unreachable()
    headers = {"Authorization": f"Bearer {client.token}"}
    try:
        async with client.session.get(url, headers=headers, allow_redirects=False) as answer:
            if answer.status != HTTPStatus.OK:
                raise dropped_files.unreachable()
            return Received(str(file.get("name") or "fichier"), await _content(answer))
    except (aiohttp.ClientError, TimeoutError) as error:
        raise dropped_files.unreachable() from error


async def _content(answer: aiohttp.ClientResponse) -> bytes:
    content = bytearray()
    async for chunk in answer.content.iter_chunked(_CHUNK):
        content += chunk
        if len(content) > TAKEN_SIZE:
            raise dropped_files.too_large()
    return bytes(content)


def _is_slacks(url: str, api: str) -> bool:
    """Return whether an address is where Slack keeps files, or where the API itself was said to be."""
    asked, known = urlsplit(url), urlsplit(api)
    own = (asked.scheme, asked.netloc) == (known.scheme, known.netloc)
    return own or (asked.scheme == "https" and asked.hostname == _HOST)
