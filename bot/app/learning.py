"""Training on the question banks, when the bot starts and when a revision changes a text.

Until training ends, questions are answered by text search alone. The first question loads the trained model.
"""

import logging

from bot.answers.engine import store
from bot.answers.engine.store import Sources
from bot.app.build import Bot
from bot.logs import loggable, where
from bot.policy.articles import PolicyError
from bot.policy.loading import Approved, read_policies
from bot.storage.database import StorageError

logger = logging.getLogger(__name__)


def learn_banks(bot: Bot) -> None:
    """Train on the bank of each text in force, then of each scheduled text, unless already done.

    A failure is logged and reported (see `untaught`), and training goes on with the next bank. This is
    slow: run it in its own thread.
    """

    def read_scheduled() -> Approved:
        with bot.storage.transaction() as db:
            return bot.archive.next_scheduled(db)

    learnt: dict[str, bool] = {}
    unwritten: dict[str, str] = {}
    policies = list(bot.library.policies.values())
    models = bot.settings.models()
    try:
        if coming := bot.storage.executor.submit(read_scheduled).result():
            later = read_policies(bot.folders, bot.library.default.id, coming, [])
            policies += [later[name] for name in coming if name in later]
    except (PolicyError, StorageError, OSError) as error:
        logger.warning("the scheduled texts were not read: %s", where(error))
        unwritten["à venir"] = store.explain(error)
    try:
        store.forget_failures(models)
    except OSError as error:
        logger.warning("the list of banks that failed to be learnt was not updated: %s", where(error))
    for policy in policies:
        sources = Sources(bot.folders, policy.versions[-1])
        try:
            # checked first, since reading the bank is the only way to know that it is small
            if not store.is_learnt(sources, models):
                if store.is_small(sources):
                    continue
                store.learn(sources, models)
            learnt[policy.id] = True
        except Exception as error:  # noqa: BLE001 — any failure is reported, and the other banks are still learnt
            learnt[policy.id] = False
            cause = store.explain(error)  # `learn` recorded it already, unless the recording failed too
            noted = store.failures(models).get(policy.id) == cause
            if not (noted or store.note_failure(sources, models, cause)):
                unwritten[policy.id] = cause
            logger.warning("the bank of questions of %s was not learnt: %s", policy.id, loggable(error))
    bot.learnt, bot.unwritten_failures = learnt, unwritten


def untaught(bot: Bot) -> dict[str, str]:
    """Return a French line for each policy whose bank was not learnt, to say why.

    Reasons that could not be written to disk, and so are only in memory, are included.
    """
    return {**store.failures(bot.settings.models()), **bot.unwritten_failures}
