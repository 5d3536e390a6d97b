"""A file that is dropped in the sandbox's conversation with the bot."""

from __future__ import annotations

from aiohttp import web

from bot.conversation.dispatcher import Dispatcher
from bot.conversation.forms import opener
from bot.conversation.messages import Message, Text
from bot.conversation.requests import TAKEN_SIZE, Actor, Received
from bot.platforms import dropped_files

NAME_LENGTH = 200
_NOT_YOURS = Message(Text("Je ne prends de fichier que de l'administration. Rien n'est changé."))


async def taken(dispatcher: Dispatcher, request: web.Request, name: str, actor: Actor) -> Message:
    """Return what is answered to the file that a request carries, read only from who may drop one."""
    if not await dispatcher.takes_file(actor):
        return _NOT_YOURS
    try:
        content = await request.clone(client_max_size=TAKEN_SIZE).read()
    except web.HTTPRequestEntityTooLarge:
        return dropped_files.too_large().message()
    reply = await dispatcher.handle_file(Received(name, content), actor)
    return reply if isinstance(reply, Message) else opener(reply)
