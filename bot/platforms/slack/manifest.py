"""The manifest of the application, built from the catalogue, which an administrator pastes into Slack.

Pure. Format: docs.slack.dev/reference/app-manifest. It requests only the permissions that the adapter needs:

- to receive messages: `commands`, `app_mentions:read`, and `im:history` for private messages to the bot;
- to answer: `chat:write`, and `files:write` for the file of a person's own data;
- to read the text of a revision that the administration drops: `files:read` (no one else's file is fetched);
- to search for messages that it may already have sent to someone: `im:write`.

It reads no channel's history, and no list of people except the members of followed groups.
"""

from collections.abc import Collection, Mapping, Sequence
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
BOT_EVENTS = ("app_home_opened", "app_mention", "message.im")
# The permissions and events needed to know a group's members, by kind of group.
MEMBERS_NEED: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "slack_group": (("usergroups:read",), ("subteam_members_changed",)),
    "slack_channel": (("groups:read",), ("member_joined_channel", "member_left_channel")),
}
SLASH_COMMANDS = 50
SHORTCUTS = 10
COMMAND_LENGTH = 32  # including the slash
COMMAND_DESCRIPTION_LENGTH = 2_000
SHORTCUT_DESCRIPTION_LENGTH = 150

_NAME = "Vigie"
_DESCRIPTION = "Cite mot pour mot la politique de l'association, dans la conversation où la question se pose."
_LONG_DESCRIPTION = (
    "Vigie retrouve et cite, mot pour mot et avec sa date, la clause de la politique que vous cherchez. "
    "Tapez /politique suivi d'un numéro ou de quelques mots, écrivez-lui en message privé, ouvrez son onglet "
    "Accueil ou, dans un fil, son raccourci. Ses réponses ne sont vues que de vous, sauf si vous "
    "choisissez de les partager. Elle ne lit pas les conversations des canaux."
)
_COLOUR = "#1b5e4b"  # white text on it has a contrast of 7.6 to 1

Json: TypeAlias = dict[str, Any]


def slack_manifest(
    commands: Sequence[Command], request_url: str | None = None, follows: Collection[str] = ()
) -> Json:
    """Return the manifest for `commands`, in Socket Mode, or over HTTP at `request_url` (https).

    `follows`: the kinds of groups whose members must be known, « slack_group » or « slack_channel ».

    Raises `TooLong` if the catalogue exceeds Slack's limits.
    """
    url = {} if request_url is None else {"url": request_url}
    slashes = [
        {
            "command": f"/{command.name}",
            "description": command.summary,
            **({"usage_hint": command.usage} if command.usage else {}),
            "should_escape": False,  # a person's text arrives as typed
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
    needs = [MEMBERS_NEED[source] for source in MEMBERS_NEED if source in follows]
    own_url = {} if request_url is None else {"request_url": request_url}
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
        "oauth_config": {
            "scopes": {"bot": [*BOT_SCOPES, *(scope for scopes, _ in needs for scope in scopes)]}
        },
        "settings": {
            "event_subscriptions": {
                "bot_events": [*BOT_EVENTS, *(event for _, events in needs for event in events)],
                **own_url,
            },
            "interactivity": {"is_enabled": True, **own_url},
            "org_deploy_enabled": False,
            "socket_mode_enabled": request_url is None,
            "token_rotation_enabled": False,
        },
    }
