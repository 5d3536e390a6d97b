"""A form that is served, and someone who uses it without a script, as Tor Browser does at « safest »."""

from __future__ import annotations

import io
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

import aiohttp
from PIL import Image

from bot.reports.intake import Reporting
from bot.web.form import WebForm

TYPED = {
    "address": "https://www.facebook.com/groups/spotted/posts/123456?fbclid=abc",
    "summary": "Quelqu'un dit que l'association vole l'argent des membres.\nJ'étais la seule à le savoir.",
    "severity": "serious",
    "recipient": "vp-communications",
    "name": "",
}


def a_picture(size: tuple[int, int] = (60, 40)) -> bytes:
    """Return a PNG of pixels drawn at random."""
    written, dice = io.BytesIO(), random.Random(1)  # noqa: S311 — to be the same each time
    Image.frombytes("RGB", size, dice.randbytes(3 * size[0] * size[1])).save(written, "PNG")
    return written.getvalue()


class _Reader(HTMLParser):
    """Reads a page: its text, and the forms that it holds."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.forms: list[dict[str, Any]] = []
        self._filling = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append({"action": known["action"], "fields": []})
        elif tag == "input" and ("checked" in known or known["type"] in {"hidden", "text"}):
            self.forms[-1]["fields"].append((known["name"], known["value"]))
        elif tag == "textarea":
            self._filling = known["name"]
            self.forms[-1]["fields"].append((known["name"], ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._filling = ""

    def handle_data(self, data: str) -> None:
        self.text.append(data)
        if self._filling:
            name, value = self.forms[-1]["fields"].pop()
            self.forms[-1]["fields"].append((name, (value + data).removeprefix("\n")))


@dataclass
class Seen:
    """A page as it came: its status, its text, its forms, its source and headers."""

    status: int
    text: str
    forms: list[dict[str, Any]]
    source: str
    headers: Mapping[str, str]


@dataclass
class Visitor:
    """Someone at the form."""

    session: aiohttp.ClientSession
    address: str

    async def open(self, path: str = "", **headers: str) -> Seen:
        """Open a page."""
        async with self.session.get(self.address + path, headers=headers) as answer:
            return await seen(answer)

    async def fill(
        self,
        values: Mapping[str, str | list[str]],
        picture: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Seen:
        """Fill in the form, and ask to read it again."""
        form = aiohttp.FormData(default_to_multipart=True)
        for name, value in values.items():
            for one in [value] if isinstance(value, str) else value:
                form.add_field(name, one)
        form.add_field("picture", picture or b"", filename="Capture d'Alice.png" if picture else "",
                       content_type="application/octet-stream")  # fmt: skip
        async with self.session.post(self.address + "relire", data=form, headers=headers) as answer:
            return await seen(answer)

    async def press(self, page: Seen, action: str, **values: str) -> Seen:
        """Press the button that leads to `action`, with what the page holds and `values`."""
        form = next((form for form in page.forms if form["action"] == action), page.forms[0])
        filled = [(name, value) for name, value in form["fields"] if name not in values]
        data = [*filled, *values.items()]
        async with self.session.post(self.address + action, data=data) as answer:
            return await seen(answer)


async def seen(answer: aiohttp.ClientResponse) -> Seen:
    """Read an answer."""
    source = await answer.text()
    reader = _Reader()
    reader.feed(source)
    text = " ".join(" ".join(reader.text).split())
    return Seen(answer.status, text, reader.forms, source, answer.headers)


@asynccontextmanager
async def served(reporting: Reporting) -> AsyncIterator[tuple[Visitor, WebForm]]:
    """Serve the form, and give someone to use it."""
    form = WebForm(reporting, port=0)
    await form.start()
    try:
        async with aiohttp.ClientSession() as session:
            yield Visitor(session, form.address), form
    finally:
        await form.close()
