"""An example of each message about the source of the texts, for the gallery."""

from bot.conversation.messages import Message
from bot.policy.names import GenderedName
from bot.watching import notices


def source_examples(policy: GenderedName) -> dict[str, Message]:
    """Return an example of each message about the source, by name."""
    return {
        "Source, un texte changé": notices.text_changed(policy, "politique.docx", "0" * 16),
        "Source, elle ne se lit pas": notices.source_broken(
            "le serveur répond par le code 404. Vérifiez l'adresse."
        ),
        "Source, elle se lit de nouveau": notices.source_mended(),
    }
