"""The catalogue as Discord registers it, and the address that adds the bot to a server.

Pure. Limits: discord.com/developers/docs/interactions/application-commands.
"""

from __future__ import annotations

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

# To see a channel, to answer there and in its threads; a reply needs what it replies to.
PERMISSIONS = discord.Permissions(
    view_channel=True, send_messages=True, send_messages_in_threads=True, read_message_history=True
)
_SCOPES = ("bot", "applications.commands")

_MENU_USAGE = "commande"  # after the menu's own slash: another command, or what one looks for

# In a server and in a private conversation with the bot, where the bot itself was added.
_WHERE: Payload = {"contexts": [0, 1], "integration_types": [0]}
_SLASH = discord.AppCommandType.chat_input.value
_MESSAGE_MENU = discord.AppCommandType.message.value
_STRING = discord.AppCommandOptionType.string.value

# What makes two registered commands the same, and what Discord means when it leaves it out.
_DEFAULTS: Payload = {"type": _SLASH, "description": "", "nsfw": False, "default_member_permissions": None}
_OPTION_DEFAULTS: Payload = {
    "type": None,
    "name": None,
    "description": "",
    "required": False,
    "autocomplete": False,
    "choices": [],
    "max_length": None,
}


def invitation_url(client_id: int) -> str:
    """Return the address at which someone adds the bot to their server, with the least it needs."""
    return discord.utils.oauth_url(client_id, permissions=PERMISSIONS, scopes=_SCOPES)


def client_id(token: str) -> int | None:
    """Return the application that a bot's token belongs to, which its first part spells; None if none."""
    first = token.strip().partition(".")[0]
    try:
        spelled = base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        return None
    return int(spelled) if spelled.isdecimal() else None


def registration(commands: Iterable[Command], menu: str) -> list[dict[str, Any]]:
    """Return what Discord must hold: the slash commands, then the entries of a message's own menu.

    `menu` names the command through whose slash all those without one are reached.
    """
    commands = list(commands)
    slashes = [_slash(command, command.name == menu) for command in commands if command.slash]
    return slashes + [
        {"type": _MESSAGE_MENU, "name": command.shortcut, **_WHERE}
        for command in commands
        if command.shortcut
    ]


def registered(held: Iterable[Payload], wanted: Iterable[Payload]) -> bool:
    """Return whether the commands that Discord holds are the ones wanted, in any order."""
    return sorted(map(_essence, held), key=repr) == sorted(map(_essence, wanted), key=repr)


def _slash(command: Command, is_menu: bool) -> dict[str, Any]:
    option = _option(
        command, _MENU_USAGE if is_menu else command.usage, is_menu or command.suggest is not None
    )
    payload = {
        "type": _SLASH,
        "name": command.name[:NAME_LENGTH],
        "description": within(command.summary, DESCRIPTION_LENGTH),
        "options": [option] if option else [],
    }
    return {**payload, **_WHERE}


def _option(command: Command, usage: str, suggested: bool) -> dict[str, Any]:
    """Return the option that takes the text after the command's name; nothing if none may follow."""
    if not usage:
        return {}
    examples = f" (ex.\u00a0: {', '.join(command.examples)})" if command.examples else ""
    return {
        "type": _STRING,
        "name": _ascii_name(usage),
        "description": within(usage.strip("[]") + examples, DESCRIPTION_LENGTH),
        "required": False,
        "autocomplete": suggested,
    }


def within(text: str, length: int) -> str:
    """Return `text` as it is when it fits, its no-break spaces kept, else shortened."""
    return text if len(text) <= length else excerpt(text, length)


def _ascii_name(usage: str) -> str:
    """Return a name for the option, of the letters that every keyboard has."""
    letters = unicodedata.normalize("NFKD", usage).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "_", letters)[:NAME_LENGTH].strip("_") or "texte"


def _essence(payload: Payload) -> dict[str, Any]:
    kept = {key: payload.get(key) or default for key, default in _DEFAULTS.items()}
    options = [
        {key: option.get(key) or default for key, default in _OPTION_DEFAULTS.items()}
        for option in payload.get("options") or ()
    ]
    where = {key: sorted(payload.get(key) or ()) for key in _WHERE}
    return {"name": payload["name"], **kept, "options": options, **where}
