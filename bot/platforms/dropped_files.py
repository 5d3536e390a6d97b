"""A file that someone drops in their conversation with the bot: what is said when it cannot be taken."""

from __future__ import annotations

from bot.conversation.messages import Message, Text
from bot.conversation.requests import TAKEN_SIZE


class NotTakenError(Exception):
    """A file cannot be taken; the text is French and says why."""

    def message(self) -> Message:
        """Return what to answer."""
        return Message(Text(str(self)))


def too_large() -> NotTakenError:
    """Return the refusal of a file that is too large."""
    return NotTakenError(f"Ce fichier dépasse {TAKEN_SIZE // 1024 // 1024}\u00a0Mo. Rien n'est changé.")


def unreachable() -> NotTakenError:
    """Return the refusal of a file that the platform does not give."""
    return NotTakenError(
        "Je n'ai pas pu prendre ce fichier. Déposez-le de nouveau; si cela se répète, vérifiez mes "
        "permissions avec vigie diagnostic. Rien n'est changé."
    )


def one_at_a_time() -> NotTakenError:
    """Return the refusal of several files at once."""
    return NotTakenError("Déposez un seul fichier à la fois. Rien n'est changé.")
