"""The catalogue as Discord holds it, and the lines that a person's choices stand for."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any
from urllib.parse import parse_qs, urlsplit

import discord
import pytest

from bot.conversation.messages import Message, Text
from bot.conversation.requests import Command, Request
from bot.platforms.discord import client
from bot.platforms.discord import commands as catalogue
from tests.wire.discord_schema import needs_schema, problems


def run(_: Request) -> Message:
    return Message(Text("Voici"))


COMMANDS = (
    Command(
        "politique", "Lire la politique. " + "é" * 120, run, usage="[numéro ou mot]", slash=True,
        examples=lambda: ("5.10", "logo"), suggest=lambda _: [], shortcut=lambda: "Chercher dans la PA20",
    ),
    Command("vigie", "Le menu.", run, slash=True),
    Command("aide", "Relire.", run),
    Command("quiz", "Un quiz.", run, slash=True),
)  # fmt: skip
WANTED = catalogue.commands_payload(COMMANDS, "vigie")


def as_held(payload: Mapping[str, Any], number: int) -> dict[str, Any]:
    """Return a command as Discord gives it back: its own fields added, defaults left out or spelled."""
    options = [
        {key: value for key, value in option.items() if value is not False}
        for option in payload.get("options", [])
    ]
    held = {
        **deepcopy(dict(payload)),
        "id": str(number),
        "application_id": "1",
        "version": "2",
        "nsfw": False,
    }
    held |= {
        "default_member_permissions": None,
        "dm_permission": True,
        "description": payload.get("description", ""),
    }
    held["contexts"] = list(reversed(payload["contexts"]))
    return {**held, "options": options} if options else {k: v for k, v in held.items() if k != "options"}


HELD = [as_held(payload, number) for number, payload in enumerate(reversed(WANTED))]


def test_only_the_commands_with_a_slash_of_their_own_and_the_menu_entries_are_registered() -> None:
    assert [payload["name"] for payload in WANTED] == ["politique", "vigie", "quiz", "Chercher dans la PA20"]


def test_an_option_has_an_ascii_name_and_says_what_to_write() -> None:
    [option] = WANTED[0]["options"]
    assert option["name"] == "numero_ou_mot"
    assert option["description"] == "numéro ou mot (ex.\u00a0: 5.10, logo)"
    assert option["autocomplete"]
    assert WANTED[2]["options"] == []


def test_the_menu_takes_the_name_of_any_other_command() -> None:
    [option] = WANTED[1]["options"]
    assert option["name"] == "commande"
    assert option["autocomplete"]


@needs_schema
@pytest.mark.parametrize("payload", WANTED, ids=lambda payload: payload["name"])
def test_what_is_registered_has_the_shape_that_discord_describes(payload: dict[str, Any]) -> None:
    assert problems("ApplicationCommandCreateRequest", payload) == []


def test_what_discord_holds_is_recognised_in_any_order_and_with_its_own_fields() -> None:
    assert catalogue.same_commands(HELD, WANTED)


@pytest.mark.parametrize(
    "change",
    [
        {"description": "Autre"},
        {"name": "autre"},
        {"options": []},
        {"options": [{**WANTED[0]["options"][0], "autocomplete": False}]},
        {"options": [{**WANTED[0]["options"][0], "required": True}]},
        {"contexts": [0]},
        {"integration_types": [0, 1]},
        {"default_member_permissions": "8"},
    ],
    ids=str,
)
def test_any_difference_that_a_person_would_notice_is_seen(change: dict[str, Any]) -> None:
    changed = [{**held, **change} if held["name"] == "politique" else held for held in HELD]
    assert not catalogue.same_commands(changed, WANTED)


def test_a_command_too_many_or_too_few_is_seen() -> None:
    assert not catalogue.same_commands(HELD[1:], WANTED)
    assert not catalogue.same_commands(HELD, WANTED[1:])
    assert not catalogue.same_commands([], WANTED)


@pytest.mark.parametrize(
    ("data", "line"),
    [
        ({"type": 1, "name": "politique", "options": [{"name": "mot", "value": "5.10"}]}, "politique 5.10"),
        ({"type": 1, "name": "politique"}, "politique "),
        ({"custom_id": "v1:politique 5.10"}, "politique 5.10"),
        ({"custom_id": "autre:chose"}, ""),
        ({"custom_id": ""}, ""),
        ({"type": 3, "name": "Chercher dans la PA20", "target_id": "9",
          "resolved": {"messages": {"9": {"content": "le logo"}}}}, "politique le logo"),
        ({"type": 3, "name": "Chercher dans la PA20", "target_id": "9"}, "politique "),
        ({"type": 3, "name": "Une entrée d'autrefois", "target_id": "9",
          "resolved": {"messages": {"9": {"content": "le logo"}}}}, "le logo"),
    ],
)  # fmt: skip
def test_what_a_person_does_is_a_line_that_they_could_have_typed(data: dict[str, Any], line: str) -> None:
    assert client.command_line(data, COMMANDS) == line


def test_the_answers_of_a_form_are_read_without_control_characters() -> None:
    parts = ({"custom_id": "mots", "value": "lo\0go"}, {"custom_id": "suite", "value": None})
    labels = [{"type": 18, "component": {"type": 4, **part}} for part in parts]
    assert client.form_answers({"components": labels}) == {"mots": "logo", "suite": ""}


def test_the_introduction_of_a_form_which_discord_sends_back_is_no_answer() -> None:
    name = {"type": 18, "component": {"type": 4, "custom_id": "nom", "value": "Alex"}}
    assert client.form_answers({"components": [{"type": 10, "id": 1}, name]}) == {"nom": "Alex"}


def test_the_invitation_asks_for_the_least() -> None:
    address = urlsplit(catalogue.invitation_url(42))
    asked = parse_qs(address.query)
    assert address.hostname == "discord.com"
    assert asked["client_id"] == ["42"]
    assert asked["scope"][0].split() == ["bot", "applications.commands"]
    granted = discord.Permissions(int(asked["permissions"][0]))
    assert {name for name, value in granted if value} == {
        "read_messages",
        "send_messages",
        "send_messages_in_threads",
        "read_message_history",
    }


@pytest.mark.parametrize(
    ("token", "application"),
    [
        ("MTQ1NjA3NDQ0Mzk4MDgwMDAwMQ.wire.test", 1456074443980800001),
        ("n'importe quoi", None),
        ("", None),
        ("YQ.b.c", None),
    ],
)
def test_a_token_spells_its_application(token: str, application: int | None) -> None:
    assert catalogue.client_id(token) == application
