"""One of each message of the register, for the gallery."""

from __future__ import annotations

from datetime import date

from bot.conversation.messages import Message
from bot.register.registrar import given, without


def register_examples() -> dict[str, Message]:
    """Return one of each message that gives a receipt, by name."""
    version = date(2015, 12, 13)
    return {
        "Le reçu": given("PA20", version, b"%PDF-1.7"),
        "Le reçu, impossible": without("PA20", version, "Le programme qui compose la page n'a pas répondu."),
    }
