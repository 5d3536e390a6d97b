"""Whose bot it is: the association's own workspace and server are served, no other. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bot.conversation.messages import Message, Text
from bot.conversation.requests import Actor

NOT_YOURS: Final = Message(
    Text("Je suis au service d'une seule association et je ne peux pas répondre ici; merci de votre intérêt.")
)


def refusal(teams: Mapping[str, str], actor: Actor | None) -> Message | None:
    """Return what to answer to someone who is not served, None to someone who is.

    `teams`: the association's own workspace (« slack ») and server (« discord »); a platform that is not
    in it serves everyone who can reach it, like the sandbox, which nobody else can. A private
    conversation on Discord says nothing of a server: its adapter asks Discord whether the person is in
    the association's, and says so in `team`.
    """
    if actor is None:  # a request that never had a person in it: its adapter asked before
        return None
    own = teams.get(actor.platform)
    return None if own is None or actor.team == own else NOT_YOURS
