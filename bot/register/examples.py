"""Examples of the register's messages, for the gallery."""

from bot.conversation.messages import Message
from bot.policy.library import Policy
from bot.register.registrar import receipt_failed_message, receipt_message
from bot.times import in_words


def register_examples(policy: Policy) -> dict[str, Message]:
    """Return one example of each message about a receipt, by name."""
    version = policy.versions[0]
    problem = "Le programme qui compose la page n'a pas répondu."
    adopted = f"{version.adoption}e le {in_words(version.adopted)}"
    return {
        "Le reçu": receipt_message(policy.name, adopted, version.adopted, b"%PDF-1.7"),
        "Le reçu, impossible": receipt_failed_message(policy.name, adopted, problem),
    }
