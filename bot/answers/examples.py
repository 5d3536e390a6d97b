"""An example of each message about training, for the gallery."""

from bot.answers.engine.store import SMALL_BANK
from bot.answers.retraining import RetrainingResult, result_message
from bot.conversation.messages import Message


def training_examples() -> dict[str, Message]:
    """Return an example of each message about training, by name."""
    return {
        "La banque, un meilleur modèle": result_message(
            RetrainingResult("pa20", swapped=True, before=0.931, after=0.934, lines=2715)
        ),
        "La banque, un modèle moins bon": result_message(
            RetrainingResult("pa20", swapped=False, before=0.931, after=0.925, lines=2715)
        ),
        "La banque, encore trop courte pour un modèle": result_message(
            RetrainingResult("pa20", swapped=False, before=None, after=None, lines=0, problem=SMALL_BANK)
        ),
    }
