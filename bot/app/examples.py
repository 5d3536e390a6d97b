"""An example of every reply and notice that the bot can send, for the gallery and the tests.

Each room keeps its own in its `examples` module. Nothing that serves Slack or Discord imports any of them.
"""

from __future__ import annotations

from dataclasses import replace

from bot.answers.examples import training_examples
from bot.answers.guidance import Guidance
from bot.app.build import Bot
from bot.commands import examples as flat
from bot.commands.accueil.examples import accueil_examples, gestion_examples
from bot.commands.quiz.examples import quiz_examples
from bot.commands.revision.examples import revision_examples
from bot.commands.signalement.examples import follow_examples, signalement_examples
from bot.commands.signalements.examples import signalements_examples
from bot.conversation import dispatcher
from bot.conversation.forms import Reply
from bot.conversation.requests import Actor
from bot.onboarding.examples import onboarding_examples, progress_png
from bot.outbox.examples import outbox_examples
from bot.people import roles
from bot.people.office import Office
from bot.register.examples import register_examples
from bot.reports.examples import alert_examples, digest_examples, export_examples
from bot.reports.intake import TOO_MANY
from bot.storage.database import Storage


def examples(bot: Bot) -> dict[str, Reply]:
    """Return an example of every reply that the bot can give, by name."""
    library, course = bot.library, bot.course
    calendar, now = bot.calendar, bot.clock()
    return {
        **flat.vigie_examples(library, calendar, now),
        **flat.politique_examples(library),
        **flat.partager_examples(library),
        **flat.chercher_examples(library),
        **flat.lier_examples(),
        **flat.mesdonnees_examples(),
        **flat.membres_examples(),
        **flat.pause_examples(calendar, now),
        **flat.lettres_examples(),
        **outbox_examples(),
        "Une association que je ne sers pas": dispatcher.NOT_YOURS,
        **accueil_examples(course),
        **gestion_examples(course),
        **quiz_examples(course, now),
        **revision_examples(course, calendar),
        **onboarding_examples(progress_png()),
        **register_examples(),
        **flat.banque_examples(library),
        **flat.retour_examples(),
        **training_examples(),
        **alert_examples(),
        **digest_examples(),
        **export_examples(),
        "Signaler, trop de signalements": TOO_MANY,
        **_over_a_registry(bot),
    }


def _over_a_registry(bot: Bot) -> dict[str, Reply]:
    """Return the examples that show a registry, over one in memory."""
    storage, admin = Storage(), Actor("local", "", "administration")
    library, guidance = bot.library, bot.guidance
    office = Office(storage, bot.clock, bot.calendar)
    reporting = replace(bot.reporting, office=office)

    def build() -> dict[str, Reply]:
        with storage.transaction() as db:
            roles.seed(db)
            roles.appoint_first(db, [admin], office.today())
        return {
            **flat.roles_examples(office, admin),
            **flat.answers_examples(library, guidance.get(library.default.id) or Guidance(), office),
            **signalement_examples(reporting),
            **follow_examples(),
            **signalements_examples(reporting),
            **flat.aide_examples(bot.dispatcher.commands),
        }

    try:
        return storage.executor.submit(build).result()
    finally:
        storage.close()
