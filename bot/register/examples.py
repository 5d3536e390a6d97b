"""Examples of the register's messages, for the gallery."""

from datetime import date

from bot.conversation.messages import Message
from bot.register.registrar import receipt_failed_message, receipt_message


def register_examples() -> dict[str, Message]:
    """Return one example of each message about a receipt, by name."""
    version, problem = date(2015, 12, 13), "Le programme qui compose la page n'a pas répondu."
    return {
        "Le reçu": receipt_message("PA20", version, b"%PDF-1.7"),
        "Le reçu, impossible": receipt_failed_message("PA20", version, problem),
    }
