"""A form that is served, and someone who uses it without a script, as Tor Browser does at « safest »."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from typing import Any

import aiohttp

from bot.conversation.messages import Quotation, Span
from bot.web.form import WebForm
from bot.web.intake import (
    CleanedImage,
    DialogueLine,
    FollowedReport,
    FormChoice,
    FormChoices,
    Pointed,
    RefusedError,
    Review,
    Typed,
)
from tests.kits.fake_clock import FakeClock

CODE = "pieuvre cascade fermer bocal tulipe nageur lucide orage dette"
QUOTATION = Quotation("PA20, 5.10 (invitation)", ((Span("S'il est porté à votre connaissance…"),),))
TYPED = {
    "address": "https://www.facebook.com/groups/spotted/posts/123456?fbclid=abc",
    "summary": "Quelqu'un dit que l'association vole l'argent des membres.\nJ'étais la seule à le savoir.",
    "severity": "serieuse",
    "recipient": "vp-communications",
    "name": "",
}


@dataclass
class FakeIntake:
    """Reports in memory. `refusal`: what is answered to who sends, "" for nothing."""

    refusal: str = ""
    broken: bool = False
    sent: dict[str, tuple[Typed, CleanedImage | None]] = field(default_factory=dict)
    said: dict[str, list[DialogueLine]] = field(default_factory=dict)
    codes: int = 0

    async def choices(self) -> FormChoices:
        return FormChoices(
            severities=(
                FormChoice("legere", "Légère", "Un mécontentement, une plainte."),
                FormChoice("serieuse", "Sérieuse", "Une accusation, ou ce qui circule beaucoup."),
                FormChoice("grave", "Grave", "Des menaces, ou des personnes visées."),
            ),
            recipients=(
                FormChoice("vp-communications", "Vice-présidence aux communications"),
                FormChoice("conseiller-executif", "Conseillère ou conseiller à l'exécutif"),
            ),
            named=(
                FormChoice("vp-communications", "La vice-présidence aux communications"),
                FormChoice("conseiller-executif", "La conseillère ou le conseiller à l'exécutif"),
            ),
        )

    async def review(self, typed: Typed) -> Review:
        if self.broken:
            raise RuntimeError(typed.summary)
        problems = {}
        if "://" not in typed.address:
            problems["address"] = "Je ne trouve pas d'adresse de publication dans ce texte."
        if not typed.summary:
            problems["summary"] = "Dites en quelques mots ce que la publication affirme."
        words = "J'étais la seule"
        at = typed.summary.find(words)
        pointed = {"summary": (Pointed(at, at + len(words), "dit qui le savait"),)} if at >= 0 else {}
        return Review(replace(typed, address=typed.address.partition("?")[0]), problems, pointed)

    async def point_out(self, words: str) -> Sequence[Pointed]:
        return (await self.review(Typed(summary=words))).pointed.get("summary", ())

    async def clean(self, content: bytes) -> CleanedImage:
        if not content.startswith(b"\x89PNG"):
            raise RefusedError("Ce fichier n'est pas une image PNG, JPEG ou WebP.")
        return CleanedImage(content, "image/png", hashlib.sha256(content).hexdigest())

    def new_code(self) -> str:
        self.codes += 1
        return f"{CODE} {self.codes}"

    async def send(self, typed: Typed, picture: CleanedImage | None, code: str) -> None:
        if self.refusal:
            raise RefusedError(self.refusal)
        self.sent.setdefault(code, (typed, picture))

    async def follow(self, code: str) -> FollowedReport | None:
        if code not in self.sent:
            return None
        return FollowedReport("Reçu", "Personne ne l'a encore ouvert.", tuple(self.said.get(code, ())))

    async def add(self, code: str, words: str) -> FollowedReport | None:
        self.said.setdefault(code, []).append(DialogueLine(ours=True, words=words))
        return await self.follow(code)

    async def withdraw(self, code: str) -> bool:
        return self.sent.pop(code, None) is not None


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
        form = next((one for one in page.forms if one["action"] == action), page.forms[0])
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
async def served(intake: Any) -> AsyncIterator[tuple[Visitor, WebForm, FakeClock]]:  # noqa: ANN401 — any that has its methods
    """Serve the form, and give someone to use it."""
    clock = FakeClock()
    form = WebForm(intake, lambda: QUOTATION, clock, port=0)
    await form.start()
    try:
        async with aiohttp.ClientSession() as session:
            yield Visitor(session, form.address), form, clock
    finally:
        await form.close()
