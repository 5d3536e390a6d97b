"""Learning the banks of questions: when the bot starts, and when a revision changes a text.

Meanwhile, questions are answered by text alone. A model is loaded at the first question, not here.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from bot.answers.engine import store
from bot.answers.engine.scores import ModelError
from bot.answers.engine.store import Sources
from bot.app.build import Bot
from bot.logs import where
from bot.policy.articles import PolicyError
from bot.policy.library import Policy
from bot.policy.loading import Approved, read_policies
from bot.storage.database import StorageError

logger = logging.getLogger(__name__)


def learn(bot: Bot) -> None:
    """Learn the bank of each text in force, then of each text to come, where that is not done yet.

    A bank that cannot be learnt is logged, and keeps no other from it. Slow: for a thread of its own.
    """
    policies = list(bot.library.policies.values())
    try:
        policies += _coming(bot)
    except (PolicyError, StorageError, OSError) as error:
        logger.warning("the texts to come were not read: %s", where(error))
    for policy in policies:
        sources, models = Sources(bot.folders, policy.versions[-1]), bot.settings.models()
        try:
            if not store.is_learnt(sources, models):
                store.learn(sources, models)
        except (ModelError, OSError) as error:
            logger.warning("the bank of questions of %s was not learnt: %s", policy.id, where(error))


def _coming(bot: Bot) -> Sequence[Policy]:
    """Return the policies that have a text to come, as they will be."""

    def read() -> Approved:
        with bot.storage.transaction() as db:
            return bot.archive.coming(db)

    approved = bot.storage.executor.submit(read).result()
    policies = read_policies(bot.folders, approved) if approved else {}
    return [policies[name] for name in approved]
