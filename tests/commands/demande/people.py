"""An association in which someone asks for permissions, and others answer."""

from __future__ import annotations

from dataclasses import replace

from bot.conversation.forms import Reply
from bot.conversation.messages import Message
from bot.conversation.requests import Actor, Received
from tests.kits.revision_commands import ALEX, BLAISE, CAMILLE, World, assemble, command

DECIDERS = "logo=conseil-executif"
VP, COUNCIL, ASKER = BLAISE, CAMILLE, ALEX
FRIEND = Actor("slack", "T1", "U0FRIEND")  # whom one recognises in a picture
PIXELS = b"\x89PNG\r\n\x1a\n" + bytes(40)
PAGE = {"objet": "Une page pour le club d'échecs", "jusque": "30 juin 2027", "nom": "Alex Roy"}
IMAGE = {
    "objet": "La page du club, après le tournoi",
    "image": "Deux personnes devant un échiquier",
    "personne": FRIEND.user,
    "nom": "Alex Roy",
}
PAPER = {**IMAGE, "papier": "Zoé Côté"}
del PAPER["personne"]


def restarted(desk: World) -> World:
    """Return the same association after a restart, which forgets what was in memory."""
    return assemble(desk.storage, desk.clock, desk.volume, deciders=DECIDERS)


async def pressed(desk: World, reply: Reply, label: str, actor: Actor) -> Message:
    """Press a button that leads to a message."""
    answer = await desk.press(reply, label, actor)
    assert isinstance(answer, Message), answer
    return answer


async def fill(
    desk: World, line: str, actor: Actor, file: Received | None = None, /, **fields: str
) -> Message:
    """Fill in the window of a line, maybe with a file."""
    request = replace(desk.dispatcher.from_command(line, actor=actor), fields=fields, file=file)
    answer = await desk.dispatcher.handle(request)
    assert isinstance(answer, Message), answer
    return answer


async def ask(desk: World, window: str = "page", actor: Actor = ASKER, /, **fields: str) -> Message:
    """Ask for something, by its window, and confirm it."""
    known = {"page": PAGE, "logo": PAGE, "personne": IMAGE, "papier": PAPER}[window]
    confirm = await fill(desk, f"demande {window}", actor, **{**known, **fields})
    return await pressed(desk, confirm, "Envoyer", actor)


async def grant(desk: World, sent: Reply, actor: Actor = VP, /, **fields: str) -> Message:
    """Grant what a card shows, by its window."""
    answer = {"nom": "Blaise", "jusque": "", "conditions": "", **fields}
    return await fill(desk, f"demande accorder {identifier(sent)}", actor, **answer)


def identifier(reply: Reply) -> str:
    """Return the identifier of the request that a card shows."""
    for label in ("Annuler la demande", "Ajouter un mot", "Renoncer", "Écrire"):
        try:
            return command(reply, label).split()[2]
        except StopIteration:
            continue
    raise AssertionError(reply)
