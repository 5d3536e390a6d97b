from __future__ import annotations

from functools import partial
from http import HTTPStatus

import pytest
from jsonschema_rs import Draft7Validator

from bot.conversation.dispatcher import Dispatcher
from bot.conversation.messages import Message, Text, TooLong
from bot.conversation.requests import Command, Request
from bot.platforms.slack import manifest
from bot.settings import BOT
from tests.kits.platforms.fake_slack import SignedHttp
from tests.kits.platforms.slack import event
from tests.kits.platforms.slack_checks import schema

pytest_plugins = ["tests.kits.platforms.slack_fixtures"]


def label() -> str:
    return "Trouver la clause"


def run(_: Request) -> Message:
    return Message(Text("ok"))


POLITIQUE = Command("politique", "Cite la politique", run, usage="[numéro ou mots]", slash=True)
CHERCHER = Command(
    "chercher", "Cherche la clause qui va avec ce message", run, shortcut=label, anywhere="Demander"
)
VIGIE = Command("vigie", "Montre ce qu'on peut faire ici", run, slash=True)
CATALOGUE = (POLITIQUE, CHERCHER, VIGIE)
slack_manifest = partial(manifest.slack_manifest, bot=BOT)


@pytest.mark.parametrize("request_url", [None, "https://vigie.exemple.invalid/slack/events"])
@pytest.mark.parametrize("commands", [CATALOGUE, (VIGIE,)])
def test_slack_would_take_it(commands: tuple[Command, ...], request_url: str | None) -> None:
    Draft7Validator(schema("manifest.schema.2.0.0.json")).validate(slack_manifest(commands, request_url))


def test_only_the_commands_with_a_slash_of_their_own_are_declared_with_their_usage() -> None:
    assert slack_manifest(CATALOGUE)["features"]["slash_commands"] == [
        {
            "command": "/politique",
            "description": "Cite la politique",
            "usage_hint": "[numéro ou mots]",
            "should_escape": False,
        },
        {"command": "/vigie", "description": "Montre ce qu'on peut faire ici", "should_escape": False},
    ]


def test_a_shortcut_of_a_message_or_offered_everywhere_is_named_for_its_command() -> None:
    assert slack_manifest(CATALOGUE)["features"]["shortcuts"] == [
        {
            "name": "Trouver la clause",
            "type": "message",
            "callback_id": "chercher",
            "description": "Cherche la clause qui va avec ce message",
        },
        {
            "name": "Demander",
            "type": "global",
            "callback_id": "chercher",
            "description": "Cherche la clause qui va avec ce message",
        },
    ]


def test_it_asks_for_no_history_but_that_of_messages_written_to_the_bot() -> None:
    scopes = slack_manifest(CATALOGUE)["oauth_config"]["scopes"]
    assert [scope for scope in scopes["bot"] if scope not in scopes["bot_optional"]] == [
        "app_mentions:read",
        "chat:write",
        "commands",
        "files:read",
        "files:write",
        "im:history",
        "im:write",
    ]
    assert "user" not in scopes


def test_what_it_takes_to_know_a_groups_members_may_be_refused_at_installation() -> None:
    made = slack_manifest(CATALOGUE)
    scopes = made["oauth_config"]["scopes"]
    assert scopes["bot_optional"] == ["usergroups:read", "groups:read"]
    assert set(scopes["bot_optional"]) < set(scopes["bot"]), "Slack wants them in both"
    assert made["settings"]["event_subscriptions"]["bot_events"] == [
        "app_home_opened",
        "app_mention",
        "message.im",
        "subteam_members_changed",
        "member_joined_channel",
        "member_left_channel",
    ]


def test_an_agent_suggests_at_most_four_questions_and_asks_for_what_it_takes() -> None:
    questions = [f"Question {number}?" for number in range(6)]
    made = slack_manifest(CATALOGUE, agent=questions)
    Draft7Validator(schema("manifest.schema.2.0.0.json")).validate(made)
    assert made["features"]["agent_view"]["suggested_prompts"] == [
        {"title": question, "message": question} for question in questions[:4]
    ]
    assert "assistant:write" in made["oauth_config"]["scopes"]["bot"]
    bare = slack_manifest(CATALOGUE, agent=())
    Draft7Validator(schema("manifest.schema.2.0.0.json")).validate(bare)
    assert "suggested_prompts" not in bare["features"]["agent_view"]


def test_no_agent_is_made_of_it_unless_one_asks() -> None:
    made = slack_manifest(CATALOGUE)
    assert "agent_view" not in made["features"]
    assert "assistant:write" not in made["oauth_config"]["scopes"]["bot"]


def test_socket_mode_needs_no_address_and_http_gives_it_everywhere() -> None:
    socket, http = (
        slack_manifest(CATALOGUE),
        slack_manifest(CATALOGUE, "https://vigie.exemple.invalid/slack/events"),
    )
    assert socket["settings"]["socket_mode_enabled"]
    assert "https" not in str(socket)
    assert not http["settings"]["socket_mode_enabled"]
    assert str(http).count("https://vigie.exemple.invalid/slack/events") == 4


def test_a_catalogue_that_slack_would_refuse_is_refused() -> None:
    with pytest.raises(TooLong, match="summary of chercher"):
        slack_manifest([Command("chercher", "mot " * 40, run, shortcut=lambda: "Trouver")])
    with pytest.raises(TooLong, match="slash commands: 51"):
        slack_manifest([Command(f"c{number}", "Résumé", run, slash=True) for number in range(51)])
    with pytest.raises(TooLong, match="shortcuts: 11"):
        slack_manifest([Command(f"c{number}", "Résumé", run, shortcut=label) for number in range(11)])


def test_slack_would_take_the_real_catalogue(dispatcher: Dispatcher) -> None:
    made = slack_manifest(dispatcher.commands)
    Draft7Validator(schema("manifest.schema.2.0.0.json")).validate(made)
    assert {"/politique", "/vigie"} <= {slash["command"] for slash in made["features"]["slash_commands"]}


async def test_every_event_it_subscribes_to_is_acknowledged_by_a_bot_that_follows_no_group(
    http: SignedHttp,
) -> None:
    for name in slack_manifest(CATALOGUE)["settings"]["event_subscriptions"]["bot_events"]:
        kind, _, channel_type = name.partition(".")
        content = {"type": kind, "user": "U1", "channel": "C1", "channel_type": channel_type, "bot_id": "B9"}
        assert (await http.event(event(content))).status == HTTPStatus.OK, name


async def test_an_event_that_someone_subscribed_to_by_hand_is_acknowledged_too(http: SignedHttp) -> None:
    assert (await http.event(event({"type": "reaction_added", "user": "U1"}))).status == HTTPStatus.OK
