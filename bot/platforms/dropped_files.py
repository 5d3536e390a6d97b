"""The refusals of a file dropped into a conversation with the bot, or attached to a form."""

from typing import Final

from bot.conversation.messages import Message, Text
from bot.conversation.requests import TAKEN_SIZE, Received

FILE_TOO_LARGE: Final = Message(
    Text(f"Ce fichier dépasse {TAKEN_SIZE // 1024 // 1024}\u00a0Mo. Rien n'est changé.")
)
UNREACHABLE: Final = Message(
    Text(
        "Je n'ai pas pu prendre ce fichier. Déposez-le de nouveau; si cela se répète, vérifiez mes "
        "permissions avec vigie diagnostic. Rien n'est changé."
    )
)
ONE_AT_A_TIME: Final = Message(Text("Déposez un seul fichier à la fois. Rien n'est changé."))
ADMINISTRATION_ONLY: Final = Message(
    Text("Je ne prends de fichier que de l'administration. Rien n'est changé.")
)


def joined(file: Received | Message, name: str) -> Received:
    """Return a file attached to a form or, when it was refused, a file without content that says why."""
    return file if isinstance(file, Received) else Received(name, b"", " ".join(file.own_words()))
