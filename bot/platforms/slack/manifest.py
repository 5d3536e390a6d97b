"""The application's manifest, built from the catalogue of commands. An administrator pastes it into Slack.

Pure functions. Format: docs.slack.dev/reference/app-manifest. The manifest requests only the permissions that
the adapter needs:

- to receive messages: `commands`, `app_mentions:read`, and `im:history` for private messages to the bot;
- to answer: `chat:write`, and `files:write` for the file of a person's own data;
- to read the text of a revision that the administration drops, and a file that someone attaches to a form
  with a field for it: `files:read` (no other file is fetched);
- to search for messages that the bot may already have sent to someone: `im:write`.

The adapter reads no channel's history. It reads no list of people except the members of followed groups. That
takes an `OPTIONAL` permission, which the person who installs the application may refuse.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from bot.conversation.messages import TooLong
from bot.conversation.requests import Command

BOT_SCOPES = (
    "app_mentions:read",
    "chat:write",
    "commands",
    "files:read",
    "files:write",
    "im:history",
    "im:write",
)
# The permission of an agent (`agent_view`): to suggest questions at the top of a conversation.
AGENT_SCOPE = "assistant:write"
PROMPTS = 4  # maximum suggested questions
BOT_EVENTS = ("app_home_opened", "app_mention", "message.im")


@dataclass(frozen=True, slots=True)
class OptionalPermission:
    """A permission that may be refused at installation, and the events that need it.

    `purpose`: what does not work without it, worded to follow « Vigie ne peut pas ».
    """

    scope: str
    events: tuple[str, ...]
    purpose: str


# The permissions needed to know the members of groups, by kind of group.
OPTIONAL: Mapping[str, OptionalPermission] = {
    "slack_group": OptionalPermission(
        "usergroups:read", ("subteam_members_changed",), "suivre un groupe d'utilisateurs de Slack"
    ),
    "slack_channel": OptionalPermission(
        "groups:read", ("member_joined_channel", "member_left_channel"), "suivre un canal privé de Slack"
    ),
}
# How to grant an optional permission.
REINSTALL = (
    "réinstallez l'application en l'accordant (si elle n'est pas proposée, collez d'abord le "
    "manifeste\u00a0: vigie slack manifeste)."
)
SLASH_COMMANDS = 50
SHORTCUTS = 10
COMMAND_LENGTH = 32  # including the slash
COMMAND_DESCRIPTION_LENGTH = 2_000
SHORTCUT_DESCRIPTION_LENGTH = 150

_DESCRIPTION = "Cite mot pour mot la politique de l'association, dans la conversation où la question se pose."
_LONG_DESCRIPTION = (  # after the bot's name
    "retrouve et cite, mot pour mot et avec sa date, la clause de la politique que vous cherchez. "
    "Tapez /politique suivi d'un numéro ou de quelques mots, écrivez-lui en message privé, ouvrez son onglet "
    "Accueil ou, dans un fil, son raccourci. Ses réponses ne sont vues que de vous, sauf si vous "
    "choisissez de les partager. Les conversations des canaux ne sont pas lues."
)
_COLOUR = "#1b5e4b"  # white text on it has a contrast of 7.6 to 1

Json: TypeAlias = dict[str, Any]


def granting(source: str) -> str:
    """Return in French how to grant the permission to read a kind of group, a key of `OPTIONAL`."""
    return (
        f"Si la permission facultative {OPTIONAL[source].scope} n'a pas été accordée à l'installation, "
        f"{REINSTALL}"
    )


def prompts(questions: Sequence[str]) -> list[Json]:
    """Return the first `PROMPTS` questions as Slack's suggested prompts."""
    return [{"title": question, "message": question} for question in questions[:PROMPTS]]


def slack_manifest(
    commands: Sequence[Command],
    request_url: str | None = None,
    *,
    bot: str,
    agent: Sequence[str] | None = None,
) -> Json:
    """Return the manifest for `commands`, in Socket Mode, or over HTTP at `request_url` (https).

    `agent`: the questions to suggest, for an application that Slack shows as an agent, else None. Reference:
    docs.slack.dev/ai/migrating-to-agent-messaging, which says that it cannot be undone. `bot`: the bot's
    name.

    Raises `TooLong` if the catalogue exceeds Slack's limits.
    """
    url = {} if request_url is None else {"url": request_url}
    slashes = [
        {
            "command": f"/{command.name}",
            "description": command.summary,
            **({"usage_hint": command.usage} if command.usage else {}),
            "should_escape": False,  # a person's text arrives as they typed it
            **url,
        }
        for command in commands
        if command.slash
    ]
    shortcuts = [
        {"name": name, "type": kind, "callback_id": command.name, "description": command.summary}
        for command in commands
        for kind, name in (("message", command.shortcut()), ("global", command.anywhere))
        if name
    ]
    limits = [("slash commands", len(slashes), SLASH_COMMANDS), ("shortcuts", len(shortcuts), SHORTCUTS)]
    for command in commands:
        is_shortcut = command.shortcut() or command.anywhere
        most = SHORTCUT_DESCRIPTION_LENGTH if is_shortcut else COMMAND_DESCRIPTION_LENGTH
        limits.append((f"name of {command.name}", len(f"/{command.name}"), COMMAND_LENGTH))
        limits.append((f"summary of {command.name}", len(command.summary), most))
    for what, length, most in limits:
        if length > most:
            raise TooLong(f"Slack: {what}: {length}, {most} allowed")
    optional = [permission.scope for permission in OPTIONAL.values()]
    optional_events = [event for permission in OPTIONAL.values() for event in permission.events]
    view: Json = {}
    if agent is not None:
        suggested = {"suggested_prompts": prompts(agent)} if agent else {}
        view = {"agent_view": {"agent_description": _DESCRIPTION, **suggested}}
    own_url = {} if request_url is None else {"request_url": request_url}
    return {
        "_metadata": {"major_version": 2, "minor_version": 0},
        "display_information": {
            "name": bot,
            "description": _DESCRIPTION,
            "long_description": f"{bot} {_LONG_DESCRIPTION}",
            "background_color": _COLOUR,
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": bot, "always_online": True},
            "slash_commands": slashes,
            **({"shortcuts": shortcuts} if shortcuts else {}),  # Slack refuses an empty list
            **view,
        },
        # Optional scopes are listed twice: docs.slack.dev/authentication/installing-with-oauth.
        "oauth_config": {
            "scopes": {
                "bot": [*BOT_SCOPES, *([AGENT_SCOPE] if view else []), *optional],
                "bot_optional": optional,
            }
        },
        "settings": {
            "event_subscriptions": {
                "bot_events": [*BOT_EVENTS, *optional_events],
                **own_url,
            },
            "interactivity": {"is_enabled": True, **own_url},
            "org_deploy_enabled": False,
            "socket_mode_enabled": request_url is None,
            "token_rotation_enabled": False,
        },
    }
