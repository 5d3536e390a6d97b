"""The catalogue of commands as Discord registers it, and the address that adds the bot to a server.

Pure functions. Limits: discord.com/developers/docs/interactions/application-commands.
"""

import base64
import binascii
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import discord

from bot.conversation.messages import excerpt
from bot.conversation.requests import Command

Payload: TypeAlias = Mapping[str, Any]

NAME_LENGTH = 32  # a command's or an option's name
DESCRIPTION_LENGTH = 100  # a command's or an option's description
CHOICE_LENGTH = 100  # a suggestion's label, and its value

# The permissions to see a channel, and to answer in it and in its threads. A reply needs the channel's
# history.
PERMISSIONS = discord.Permissions(
    view_channel=True, send_messages=True, send_messages_in_threads=True, read_message_history=True
)
# Commands are offered in a server that has the bot, and in a private conversation with the bot.
_WHERE: Payload = {"contexts": [0, 1], "integration_types": [0]}
_SLASH = discord.AppCommandType.chat_input.value

# The fields used to compare commands. Discord omits those that are false or empty.
_KEYS = ("name", "description", "nsfw", "default_member_permissions")
_OPTION_KEYS = ("type", "name", "description", "required", "autocomplete", "choices", "max_length")


def invitation_url(client_id: int) -> str:
    """Return the web address that adds the bot to a server, with the fewest permissions."""
    return discord.utils.oauth_url(
        client_id, permissions=PERMISSIONS, scopes=("bot", "applications.commands")
    )


def client_id(token: str) -> int | None:
    """Return the application's id, decoded from the first part of a bot's token, None if it is not there."""
    first = token.strip().partition(".")[0]
    try:
        spelled = base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        return None
    return int(spelled) if spelled.isdecimal() else None


def commands_payload(commands: Iterable[Command], menu: str) -> list[dict[str, Any]]:
    """Return the commands to register with Discord: slash commands, then entries of a message's context menu.

    `menu`: the slash command of the menu, through which people reach the commands that have no slash command.
    """
    slashes: list[dict[str, Any]] = []
    shortcuts = []
    for command in commands:
        if command.slash:
            # The menu's slash command takes the name of another command, or words to look up.
            usage = "commande" if command.name == menu else command.usage
            suggested = command.name == menu or command.suggest is not None
            slashes.append(
                {
                    "type": _SLASH,
                    "name": command.name[:NAME_LENGTH],
                    "description": shorten(command.summary, DESCRIPTION_LENGTH),
                    "options": [_option(command, usage, suggested)] if usage else [],
                    **_WHERE,
                }
            )
        if label := command.shortcut():
            shortcuts.append({"type": discord.AppCommandType.message.value, "name": label, **_WHERE})
    return slashes + shortcuts


def same_commands(registered: Iterable[Payload], wanted: Iterable[Payload]) -> bool:
    """Return whether the commands that Discord holds are exactly the wanted ones, in any order."""
    return sorted(map(_essence, registered), key=repr) == sorted(map(_essence, wanted), key=repr)


def _option(command: Command, usage: str, suggested: bool) -> dict[str, Any]:
    """Return the option for the text after a command's name."""
    tried = command.examples()
    examples = f" (ex.\u00a0: {', '.join(tried)})" if tried else ""
    # A name that any keyboard can type.
    letters = unicodedata.normalize("NFKD", usage).encode("ascii", "ignore").decode().lower()
    return {
        "type": discord.AppCommandOptionType.string.value,
        "name": re.sub(r"[^a-z0-9]+", "_", letters)[:NAME_LENGTH].strip("_") or "texte",
        "description": shorten(usage.strip("[]") + examples, DESCRIPTION_LENGTH),
        "required": False,
        "autocomplete": suggested,
    }


def shorten(text: str, length: int) -> str:
    """Return `text` unchanged if it fits in `length` characters, else shortened."""
    return text if len(text) <= length else excerpt(text, length)


def _essence(payload: Payload) -> dict[str, Any]:
    essence = {key: payload.get(key) or None for key in _KEYS}
    options = [
        {key: option.get(key) or None for key in _OPTION_KEYS} for option in payload.get("options") or ()
    ]
    where = {key: sorted(payload.get(key) or ()) for key in _WHERE}
    return {"type": payload.get("type") or _SLASH, **essence, "options": options, **where}
