"""For the tests of the adapter: a small catalogue, the adapter on it, and what Slack sends."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

from bot.conversation.dispatcher import Dispatcher, Welcome
from bot.conversation.forms import Form, Reply, TextField
from bot.conversation.messages import Button, Buttons, Link, Message, Quotation, Quote, Span, Text
from bot.conversation.requests import Command, FieldsError, Request
from bot.platforms.groups import Members
from bot.platforms.slack.adapter import Heard, SlackAdapter
from bot.settings import BOT
from tests.kits.effort import PATIENCE
from tests.kits.platforms.fake_slack import BOT_TOKEN, BOT_USER, SIGNING_SECRET, FakeSlack

Json = dict[str, Any]

SECRET_WORDS = "mon secret à moi"


class Commands:
    """A catalogue whose commands can be made to wait, and that keeps the requests it gets."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.released = threading.Event()

    def catalogue(self) -> tuple[Command, ...]:
        return (
            Command("politique", "Cite", self.politique, slash=True),
            Command("partager", "Partage", self.partager),
            Command(
                "chercher", "Cherche", self.chercher, opens_form=True, shortcut=lambda: "Trouver la clause",
                anywhere="Demander", own=lambda: "vigie",
            ),
            Command("attendre", "Attend", self.attendre),
            Command("perdue", "Cite ce qui n'existe pas", self.perdue),
            Command("vigie", "Montre le menu", self.menu, slash=True),
            Command(
                "taire", "Ne sait pas qui demande", self.taire, slash=True, opens_form=True,
                shortcut=lambda: "Taire", takes=lambda text: "adresse" if "http" in text else "",
                anonymous=True, fleeting=True, alone=True,
            ),
        )  # fmt: skip

    def politique(self, request: Request) -> Reply:
        self.requests.append(request)
        return Message(
            Quote("pa20", "2015-12-13", request.text),
            Buttons(
                Button("Suivante", "politique 5.11"), Button("Partager", f"partager {request.text}"[:96])
            ),
        )

    def partager(self, request: Request) -> Reply:
        return Message(
            Quote("pa20", "2015-12-13", request.text),
            Buttons(Button("Suivante", "politique 5.11")),
            public=True,
        )

    def chercher(self, request: Request) -> Reply:
        self.requests.append(request)
        if request.fields.get("mots") == "lent":
            assert self.released.wait(PATIENCE)
        if request.fields.get("mots") in {"rien", "lent"}:
            raise FieldsError({"mots": "Ces mots ne disent rien."})
        if request.fields:
            return Message(Text(f"Cherché\u00a0: {request.fields['mots']} ({request.text})"))
        if request.text not in {"", "encore"}:
            return Message(Text(f"Trouvé\u00a0: {request.text}"))
        return Form(
            "chercher encore",
            "Chercher",
            (TextField("mots", "Mots"), TextField("plus", "Plus", required=False)),
        )

    def attendre(self, _: Request) -> Reply:
        self.released.wait(PATIENCE)
        return Message(Text("Enfin"))

    def perdue(self, _: Request) -> Reply:
        return Message(Quote("pa20", "2015-12-13", SECRET_WORDS))

    def taire(self, request: Request) -> Reply:
        self.requests.append(request)
        if request.text == "remplir" and not request.fields:
            return Form("taire remplir", "Taire", (TextField("mots", "Mots"),))
        if request.text == "briser":
            raise RuntimeError(SECRET_WORDS)
        words = request.fields.get("mots", request.text)
        return Message(Text(f"Tu\u00a0: {words}"), Buttons(Button("Remplir", "taire remplir")))

    def menu(self, request: Request) -> Reply:
        self.requests.append(request)
        return Message(
            Text("Menu"), Buttons(Button("Lire", "politique 5.10"), Link("Site", "https://exemple.invalid"))
        )


def quote(reference: Quote) -> Quotation:
    if reference.clause == SECRET_WORDS:
        raise LookupError(reference.clause)
    return Quotation(f"PA20, {reference.clause}", ((Span(f"Texte de {reference.clause}."),),))


def built(
    slack: FakeSlack,
    commands: Commands,
    executor: ThreadPoolExecutor,
    welcome: Welcome | None = None,
    **changes: str | int | Heard | Members | Callable[[], Sequence[str]] | None,
) -> SlackAdapter:
    settings: dict[str, Any] = {
        "bot_token": BOT_TOKEN,
        "app_token": None,
        "signing_secret": SIGNING_SECRET,
        "port": 0,
        "bot": BOT,
        "api_url": slack.api_url,
    }
    dispatcher = Dispatcher(commands.catalogue(), executor, welcome=welcome or Welcome())
    return SlackAdapter(dispatcher, quote, **(settings | changes))


@asynccontextmanager
async def running(adapter: SlackAdapter) -> AsyncIterator[SlackAdapter]:
    await adapter.start()
    try:
        yield adapter
    finally:
        await adapter.close()


# What Slack sends, reduced to what it says.

_event_numbers = itertools.count()


def slash(slack: FakeSlack, command: str, text: str = "", hook: str = "a") -> dict[str, str]:
    return {
        "command": command,
        "text": text,
        "team_id": "T1",
        "user_id": "U1",
        "channel_id": "C1",
        "trigger_id": slack.trigger(),
        "response_url": slack.hook(hook),
    }


def event(content: Json, number: int | None = None) -> Json:
    identifier = next(_event_numbers) if number is None else number
    return {"type": "event_callback", "team_id": "T1", "event_id": f"Ev{identifier}", "event": content}


def direct(text: str, **more: object) -> Json:
    return event(
        {"type": "message", "channel_type": "im", "channel": "D1", "user": "U1", "text": text} | more
    )


def mention(text: str, **more: object) -> Json:
    return event(
        {"type": "app_mention", "channel": "C1", "user": "U1", "text": f"<@{BOT_USER}> {text}"} | more
    )


def press(slack: FakeSlack, button: Json, channel: str = "C1", hook: str = "b", **container: object) -> Json:
    return {
        "type": "block_actions",
        "team": {"id": "T1"},
        "user": {"id": "U1", "team_id": "T1"},
        "channel": {"id": channel},
        "container": {"type": "message", "channel_id": channel, **container},
        "trigger_id": slack.trigger(),
        "response_url": slack.hook(hook),
        "actions": [{"type": "button", **button}],
    }


def press_at_home(slack: FakeSlack, button: Json) -> Json:
    return {
        "type": "block_actions",
        "team": {"id": "T1"},
        "user": {"id": "U1", "team_id": "T1"},
        "container": {"type": "view", "view_id": "V1"},
        "view": {"id": "V1", "type": "home"},
        "trigger_id": slack.trigger(),
        "actions": [{"type": "button", **button}],
    }


def press_in_window(slack: FakeSlack, button: Json) -> Json:
    pressed = press_at_home(slack, button)
    return {**pressed, "view": {"id": "V2", "type": "modal"}}


def submission(view: Json, values: dict[str, str | None], trigger: str = "") -> Json:
    state = {name: {"value": {"type": "plain_text_input", "value": value}} for name, value in values.items()}
    return {
        "type": "view_submission",
        "team": {"id": "T1"},
        "user": {"id": "U1", "team_id": "T1"},
        "trigger_id": trigger,
        "view": {**view, "state": {"values": state}},
    }


def buttons(blocks: list[Json]) -> list[Json]:
    rows = [
        [block["accessory"]] if "accessory" in block else block["elements"]
        for block in blocks
        if block["type"] == "actions" or "accessory" in block
    ]
    return [button for row in rows for button in row]


def shortcut(slack: FakeSlack, command: str, text: str, hook: str = "c", author: str = "U2") -> Json:
    return {
        "type": "message_action",
        "callback_id": command,
        "team": {"id": "T1"},
        "user": {"id": "U1", "team_id": "T1"},
        "channel": {"id": "C1"},
        "message": {"type": "message", "user": author, "team": "T1", "text": text},
        "trigger_id": slack.trigger(),
        "response_url": slack.hook(hook),
    }


def anywhere(slack: FakeSlack, command: str) -> Json:
    return {
        "type": "shortcut",
        "callback_id": command,
        "team": {"id": "T1"},
        "user": {"id": "U1", "username": "alice", "team_id": "T1"},
        "trigger_id": slack.trigger(),
    }


def envelope(kind: str, payload: object) -> Json:
    return {
        "type": kind,
        "envelope_id": kind,
        "payload": payload,
        "accepts_response_payload": kind != "events_api",
    }


def leftover_tasks() -> set[asyncio.Task[Any]]:
    """Return the tasks that the adapter left: neither the test's nor those of its stand-in for Slack."""
    ours = {asyncio.current_task()}
    return {
        task
        for task in asyncio.all_tasks() - ours
        if "web_protocol" not in str(task.get_coro()) and "RequestHandler" not in str(task.get_coro())
    }
