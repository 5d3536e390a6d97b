"""A small catalogue, and a world of simcord's where the Discord adapter answers with it.

The catalogue is of its own, so that what is tested is the adapter; the real commands meet the adapter
in tests/wire.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from simcord.actors import MemberActor
from simcord.builders import ChannelHandle, UserHandle
from simcord.env import Env

from bot.conversation.dispatcher import Dispatcher
from bot.conversation.forms import Form, Reply, TextField
from bot.conversation.messages import Button, Buttons, Message, Quotation, Quote, Span, Text
from bot.conversation.requests import Command, FieldsError, Request, Suggestion, UserError
from bot.platforms.discord.client import Client

WORDS = "Nous vous invitons à vous abstenir."
TEXTS: Mapping[str, str] = {"5.10": WORDS, "5.11": "Les questions du public.", "long": "mot " * 1_200}


def quote(reference: Quote) -> Quotation:
    return Quotation(f"PA20, {reference.clause} (invitation)", ((Span(TEXTS[reference.clause]),),))


def politique(request: Request) -> Reply:
    clause = request.text or "5.10"
    if clause not in TEXTS:
        return Message(Text(f"Je ne trouve pas {clause}."))
    row = Buttons(Button("Suivante", "politique 5.11"), Button("Partager", f"partager {clause}"))
    return Message(Text("Voici"), Quote("pa20", "2015-12-13", clause), row)


def chercher(request: Request) -> Reply:
    if request.fields.get("mots") == "rien":
        raise FieldsError({"mots": "Ces mots ne disent rien."})
    if request.fields:
        return Message(Text(f"Cherché {request.fields['mots']} ({request.text})"))
    return Form(f"chercher {request.text}".strip(), "Chercher", (TextField("mots", "Mots"),))


def menu(_: Request) -> Reply:
    return Message(
        Text("Menu"),
        Buttons(
            Button("Chercher", "chercher ici"), Button("Clause", "politique 5.10"), Button("Taire", "taire")
        ),
    )


def partager(request: Request) -> Reply:
    return Message(Quote("pa20", "2015-12-13", request.text), public=True)


def refuser(_: Request) -> Reply:
    raise UserError("C'est réservé à l'administration.")


def casser(_: Request) -> Reply:
    raise RuntimeError("secret de la personne")


ASKED: list[Request] = []  # of the anonymous command


def taire(request: Request) -> Reply:
    ASKED.append(request)
    if request.text == "remplir" and not request.fields:
        return Form("taire remplir", "Taire", (TextField("mots", "Mots"),))
    words = request.fields.get("mots", request.text)
    if words == "rien":
        raise FieldsError({"mots": "Ces mots ne disent rien."}, request.fields)
    return Message(
        Text(f"Tu\u00a0: {words}"),
        Buttons(Button("Remplir", "taire remplir"), Button("Suite", "taire suite")),
    )


def suggest(text: str) -> list[Suggestion]:
    return [Suggestion(f"{text} {n} — {'é' * 200}", f"5.{n}") for n in range(60)] + [
        Suggestion("x", "y" * 101)
    ]


COMMANDS = (
    Command(
        "politique", "Cite la politique.", politique, usage="[Numéro, mots]", slash=True, suggest=suggest,
        examples=lambda: ("5.10", "logo"), shortcut=lambda: "Que dit la politique?",
    ),
    Command("vigie", "Montre ce que je sais faire.", menu, slash=True),
    Command("chercher", "Cherche des mots.", chercher, group="Tout", opens_form=True),
    Command("quiz", "Pose des questions.", chercher, slash=True, opens_form=True),
    Command("partager", "Montre à tout le salon.", partager, group="Tout", suggest=suggest),
    Command("refuser", "Refuse.", refuser, group="Tout"),
    Command("casser", "Se casse.", casser, group="Tout"),
    Command(
        "taire", "Ne sait pas qui demande.", taire, slash=True, opens_form=True, shortcut=lambda: "Taire",
        takes=lambda text: "adresse" if "http" in text else "", anonymous=True, fleeting=True, alone=True,
    ),
)  # fmt: skip


@dataclass
class World:
    """A server with a channel and a person, and how to press a button after another start of the bot."""

    env: Env
    channel: ChannelHandle
    alice: MemberActor
    restart: Callable[[], Any]

    @property
    def user(self) -> UserHandle:
        return self.alice.user


@asynccontextmanager
async def living(client: Client, again: Callable[[], Client]) -> AsyncIterator[World]:
    env = Env(client, shard_count=1)
    await env.start()
    try:
        guild = env.create_guild("AGE")
        channel = guild.create_text_channel("general")
        alice = guild.add_member(env.create_user("alice"))
        await env.settle()
        yield World(env, channel, alice, lambda: env.restart_bot(again()))
    finally:
        await env.shutdown()
    assert env.errors_since(env._errors_acknowledged) == ()


class Late(Dispatcher):
    """A dispatcher that takes longer than an impatient client waits."""

    async def handle(self, request: Request) -> Reply:
        await asyncio.sleep(0.02)
        return await super().handle(request)


def shown(message: Any) -> str:  # noqa: ANN401 — simcord's messages and discord.py's have no common type
    """Return every text and label of a message, of simcord's or discord.py's."""
    raw = message.components
    parts = raw if raw and isinstance(raw[0], dict) else [part.to_dict() for part in raw]
    return "\n".join(_texts(parts))


def _texts(parts: list[dict[str, Any]]) -> Iterator[str]:
    for part in parts:
        yield from (part[key] for key in ("content", "label") if part.get(key))
        yield from _texts(part.get("components", []))
