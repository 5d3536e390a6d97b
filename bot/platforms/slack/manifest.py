"""The description of the application that an administrator gives to Slack, made from the catalogue.

Pure. Its shape: docs.slack.dev/reference/app-manifest. It asks for the least that the adapter needs:
to be spoken to (`commands`, `app_mentions:read`, `im:history` for messages written to it alone), to
answer (`chat:write`, and `files:write` for the file of one's own data), to take the text of a revision that
the administration drops (`files:read`; nobody else's file is fetched), and to find again what it may have
said to someone (`im:write`). No channel's history is read; lists of people are only where a group
is followed, and that group's only.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal, TypeAlias

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
BOT_EVENTS = ("app_home_opened", "app_mention", "message.im")
# What it takes to know who is in a group, for each kind of group: permissions, then events.
MEMBERS_NEED: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "slack_group": (("usergroups:read",), ("subteam_members_changed",)),
    "slack_channel": (("groups:read",), ("member_joined_channel", "member_left_channel")),
}
SLASH_COMMANDS = 50
SHORTCUTS = 10
COMMAND_LENGTH = 32  # with its slash
COMMAND_DESCRIPTION_LENGTH = 2_000
SHORTCUT_DESCRIPTION_LENGTH = 150

_NAME = "Vigie"
_DESCRIPTION = "Cite mot pour mot la politique de l'association, dans la conversation où la question se pose."
_LONG_DESCRIPTION = (
    "Vigie retrouve et cite, mot pour mot et avec sa date, la clause de la politique que vous cherchez. "
    "Tapez /politique suivi d'un numéro ou de quelques mots, écrivez-lui en message privé, ou ouvrez son "
    "onglet Accueil pour voir ce qu'on peut y faire. Ses réponses ne sont vues que de vous, sauf si vous "
    "choisissez de les partager. Elle ne lit pas les conversations des canaux."
)
_COLOUR = "#1b5e4b"  # white text on it: contrast of 7.6 to 1

Json: TypeAlias = dict[str, Any]


def manifest(
    commands: Sequence[Command], request_url: str | None = None, follows: Collection[str] = ()
) -> Json:
    """Return the manifest for `commands`, in Socket Mode, or over HTTP at `request_url` (https).

    `follows`: what the groups are whose members must be known: « slack_group », « slack_channel ».

    Raises `TooLong` when the catalogue exceeds what Slack accepts.
    """
    slashes = [_slash(command, request_url) for command in commands if command.slash]
    shortcuts = [_shortcut(command) for command in commands if command.shortcut]
    _limit(slashes, SLASH_COMMANDS, "slash commands")
    _limit(shortcuts, SHORTCUTS, "shortcuts")
    return {
        "_metadata": {"major_version": 2, "minor_version": 0},
        "display_information": {
            "name": _NAME,
            "description": _DESCRIPTION,
            "long_description": _LONG_DESCRIPTION,
            "background_color": _COLOUR,
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": _NAME, "always_online": True},
            "slash_commands": slashes,
            **({"shortcuts": shortcuts} if shortcuts else {}),  # Slack refuses an empty list
        },
        "oauth_config": {"scopes": {"bot": [*BOT_SCOPES, *_needed(follows, 0)]}},
        "settings": {
            "event_subscriptions": {
                "bot_events": [*BOT_EVENTS, *_needed(follows, 1)],
                **_at(request_url, "request_url"),
            },
            "interactivity": {"is_enabled": True, **_at(request_url, "request_url")},
            "org_deploy_enabled": False,
            "socket_mode_enabled": request_url is None,
            "token_rotation_enabled": False,
        },
    }


def _needed(follows: Collection[str], which: Literal[0, 1]) -> list[str]:
    """Return the permissions (0) or the events (1) that following those groups takes."""
    return [name for source, needs in MEMBERS_NEED.items() if source in follows for name in needs[which]]


def _slash(command: Command, request_url: str | None) -> Json:
    name = f"/{command.name}"
    _limit(name, COMMAND_LENGTH, f"name of {name}")
    _limit(command.summary, COMMAND_DESCRIPTION_LENGTH, f"summary of {name}")
    return {
        "command": name,
        "description": command.summary,
        **({"usage_hint": command.usage} if command.usage else {}),
        "should_escape": False,  # what a person types comes as they typed it
        **_at(request_url, "url"),
    }


def _shortcut(command: Command) -> Json:
    _limit(command.summary, SHORTCUT_DESCRIPTION_LENGTH, f"summary of {command.name}, which has a shortcut")
    return {
        "name": command.shortcut,
        "type": "message",
        "callback_id": command.name,
        "description": command.summary,
    }


def _at(request_url: str | None, key: str) -> Json:
    return {} if request_url is None else {key: request_url}


def _limit(items: Sequence[object], most: int, what: str) -> None:
    if len(items) > most:
        raise TooLong(f"Slack: {what}: {len(items)}, {most} allowed")
