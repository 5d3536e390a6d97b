"""Examples of the outbox's messages, for the gallery."""

from bot.conversation.messages import Divider, Message, Text
from bot.outbox.notices import (
    DEAD_LETTER,
    MAYBE_TWICE,
    TRIAL,
    DeadLetter,
    Refusal,
    dead_letter,
    refused,
    unreached,
    waiting,
)


def outbox_examples() -> dict[str, Message]:
    """Return one example of each outbox message, by name."""
    dead = DeadLetter("0f3c9a5be2d14c70", DEAD_LETTER.name, "closed (50007)")
    return {
        "Un message d'essai": TRIAL,
        "Un message en attente": waiting(dead.row),
        "Un message non remis": unreached(DEAD_LETTER.title, dead.problem),
        "Une plateforme qui refuse": refused(Refusal("slack", "token_revoked")),
        "Une permission manquante": refused(Refusal("slack", "missing_scope", "files:write")),
        "Un message remis à personne": dead_letter(DEAD_LETTER.title, dead),
        "Un message peut-être répété": Message(MAYBE_TWICE, Divider(), Text("…")),
    }
