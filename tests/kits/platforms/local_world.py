"""What the tests of the sandbox are made of: a catalogue of its own, and a page open as someone."""

from __future__ import annotations

import json
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from bot.conversation.forms import Form, Reply, TextField
from bot.conversation.messages import Button, Buttons, Message, Quotation, Quote, Span, Text
from bot.conversation.requests import Command, FieldsError, Request, Suggestion
from tests.kits.effort import PATIENCE

CLAUSE = Quote("pa20", "2015-12-13", "5.10")
GROUP, RESERVED = "Essais", "Réservé"
FORM = Form("demander", "Demander", (TextField("mots", "Vos mots"),))


@dataclass
class Shop:
    """A catalogue of its own.

    `asked` keeps the requests; `attendre` tells that it has begun and ends when the `gate` opens.
    """

    asked: list[Request] = field(default_factory=list)
    begun: threading.Event = field(default_factory=threading.Event)
    gate: threading.Event = field(default_factory=threading.Event)

    def say(self, request: Request) -> Reply:
        self.asked.append(request)
        return Message(
            Text(f"Dit\u00a0: {request.text}"),
            Buttons(
                Button("Suite", "dire suite"),
                Button("Partager", "crier"),
                Button("Former", "demander"),
                Button("Passer", "passer"),
            ),
        )

    def shout(self, request: Request) -> Reply:
        self.asked.append(request)
        return Message(CLAUSE, Buttons(Button("Autour", "dire autour")), public=True)

    def ask(self, request: Request) -> Reply:
        self.asked.append(request)
        if request.fields.get("mots") == "rien":
            raise FieldsError({"mots": "Ces mots ne disent rien."})
        return Message(Text(f"Reçu\u00a0: {request.fields['mots']}")) if request.fields else FORM

    def wait(self, _: Request) -> Reply:
        self.begun.set()
        assert self.gate.wait(PATIENCE)
        return Message(Text("Enfin"))

    def break_(self, request: Request) -> Reply:
        raise RuntimeError(request.text)

    def refuse(self, request: Request) -> str:
        ours = request.actor is not None and request.actor.user == "administration"
        return "" if ours else "Réservé."

    def catalogue(self) -> list[Command]:
        def suggest(typed: str) -> list[Suggestion]:
            return [Suggestion(f"{typed} · Titre", typed + "0")]

        return [
            Command(
                "dire",
                "Dire",
                self.say,
                "[mots]",
                lambda: ("un", "deux"),
                slash=True,
                group=GROUP,
                suggest=suggest,
                shortcut=lambda: "Redire",
                own=lambda: "cacher",
            ),
            Command("vigie", "Le menu", lambda _: Message(Text("Menu")), slash=True),
            Command("crier", "Crier", self.shout, group=GROUP),
            Command("demander", "Demander", self.ask, opens_form=True, group=GROUP),
            Command("attendre", "Attendre", self.wait, group=GROUP),
            Command("casser", "Casser", self.break_, group=GROUP),
            Command("passer", "Passer", self.say, fleeting=True, group=GROUP),
            Command("cacher", "Cacher", self.say),
            Command("gouverner", "Gouverner", self.say, group=RESERVED, refusal=self.refuse),
        ]


def quoted(quote: Quote) -> Quotation:
    if quote.clause != "5.10":
        raise KeyError(quote.clause)
    return Quotation("PA20, 5.10", ((Span("« Les mots »"),),))


@dataclass
class Page:
    """A page open as one persona, in one conversation."""

    session: aiohttp.ClientSession
    url: str
    persona: str = "officier"
    conversation: str = "general"

    async def post(self, action: str, **body: object) -> aiohttp.ClientResponse:
        known = {"persona": self.persona, "conversation": self.conversation}
        return await self.session.post(
            f"{self.url}api/{action}", json={**known, **body}, headers={"Origin": self.url.rstrip("/")}
        )

    async def do(self, action: str, **body: object) -> dict[str, Any]:
        async with await self.post(action, **body) as response:
            assert response.status == 200, await response.text()
            answer: dict[str, Any] = await response.json()
            return answer

    async def state(self) -> dict[str, Any]:
        # As a page that was open before anything was said, to which nothing is hidden.
        async with self.session.get(f"{self.url}api/events?since=0") as stream:
            return await anext(each async for each in events(stream) if each["type"] == "state")

    async def seen(self) -> list[dict[str, Any]]:
        """Return what this persona sees here, without how the channel opens."""
        direct = self.conversation == "vigie"
        return [
            entry
            for entry in (await self.state())["entries"][2:]
            if entry["owner"] == (self.persona if direct else "") and entry["only"] in {"", self.persona}
        ]

    def as_(self, persona: str, conversation: str = "general") -> Page:
        return Page(self.session, self.url, persona, conversation)


async def events(stream: aiohttp.ClientResponse) -> AsyncIterator[dict[str, Any]]:
    async for line in stream.content:
        if line.startswith(b"data: "):
            yield json.loads(line.removeprefix(b"data: "))


async def suggestions(page: Page, line: str) -> list[dict[str, str]]:
    query = {"line": line, "conversation": page.conversation, "persona": page.persona}
    async with page.session.get(f"{page.url}api/suggestions", params=query) as response:
        found: list[dict[str, str]] = await response.json()
        return found
