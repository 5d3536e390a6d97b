"""The catalogue as Discord registers it, and what a person chose from it as a line of text.

Pure. Limits: discord.com/developers/docs/interactions/application-commands.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import discord
from discord import app_commands

from bot.conversation.dispatcher import SUGGESTIONS, Dispatcher
from bot.conversation.messages import clean, excerpt
from bot.conversation.requests import Command
from bot.platforms.discord.render import CUSTOM_ID_PREFIX

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


def suggestions(dispatcher: Dispatcher, data: Payload) -> list[app_commands.Choice[str]]:
    """Return what to offer for the command that is being typed: at most 25, each as it can be sent."""
    found = dispatcher.suggest(str(data["name"]), typed(data))
    offered = [
        one for one in found if 1 <= len(one.text) <= CHOICE_LENGTH
    ]  # a shortened text would be another
    return [
        app_commands.Choice(name=_within(one.label, CHOICE_LENGTH) or "…", value=one.text)
        for one in offered[:SUGGESTIONS]
    ]


def line(data: Payload, commands: Sequence[Command]) -> str:
    """Return the line that a person could have typed instead of doing what `data` tells.

    `data` is an interaction's: a slash command, a message's menu, a button or a form. An identifier
    that is not one of ours asks for the menu.
    """
    if "custom_id" in data:
        identifier = str(data["custom_id"])
        return identifier.removeprefix(CUSTOM_ID_PREFIX) if identifier.startswith(CUSTOM_ID_PREFIX) else ""
    if data.get("type") == _MESSAGE_MENU:
        chosen = next((command for command in commands if command.shortcut == data["name"]), None)
        return f"{chosen.name} {chosen.takes(_target_text(data))}" if chosen else _target_text(data)
    return f"{data['name']} {typed(data)}"


def typed(data: Payload) -> str:
    """Return what is written, or being written, in a slash command's only option."""
    return next((str(option["value"]) for option in data.get("options", ()) if "value" in option), "")


def answers(data: Payload) -> dict[str, str]:
    """Return what was written or picked in a form, by field name."""
    inputs = _walk(data.get("components", ()))
    return {part["custom_id"]: _answered(part) for part in inputs if "custom_id" in part}


def _answered(part: Payload) -> str:
    picked: Sequence[str] = part.get("values") or ("",)
    return clean(str(part.get("value") or picked[0]))


def _walk(parts: Iterable[Payload]) -> Iterator[Payload]:
    """Yield the components and those inside: a label holds one, an action row several."""
    for part in parts:
        yield part
        yield from _walk([part["component"]] if "component" in part else part.get("components", ()))


def _target_text(data: Payload) -> str:
    messages: Mapping[str, Payload] = data.get("resolved", {}).get("messages", {})
    return str(messages.get(str(data.get("target_id")), {}).get("content", ""))


def _slash(command: Command, is_menu: bool) -> dict[str, Any]:
    option = _option(
        command, _MENU_USAGE if is_menu else command.usage, is_menu or command.suggest is not None
    )
    payload = {
        "type": _SLASH,
        "name": command.name[:NAME_LENGTH],
        "description": _within(command.summary, DESCRIPTION_LENGTH),
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
        "description": _within(usage.strip("[]") + examples, DESCRIPTION_LENGTH),
        "required": False,
        "autocomplete": suggested,
    }


def _within(text: str, length: int) -> str:
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
