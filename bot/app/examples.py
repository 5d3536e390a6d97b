"""An example of every reply and notice that the bot can send, for the gallery and the tests.

Each room has its examples in a module named `examples`. The code that serves Slack or Discord imports none of
these modules.
"""

from contextlib import closing
from dataclasses import replace

from bot.answers.examples import training_examples
from bot.answers.guidance import Guidance
from bot.app.build import Bot
from bot.app.unpublished import unpublished
from bot.commands import aide
from bot.commands import examples as commands
from bot.commands.accueil.examples import accueil_examples
from bot.commands.demande.examples import demande_examples
from bot.commands.quiz.examples import quiz_examples
from bot.commands.revision.examples import revision_examples
from bot.commands.signalement.examples import signalement_examples
from bot.commands.signalements.examples import signalements_examples
from bot.commands.tableau.examples import tableau_examples
from bot.commands.verifier.examples import verifier_examples
from bot.conversation import dispatcher
from bot.conversation.forms import Reply
from bot.conversation.requests import Actor
from bot.dashboard.examples import dashboard_examples
from bot.onboarding.examples import onboarding_examples
from bot.outbox.examples import outbox_examples
from bot.people import roles
from bot.people.office import Office
from bot.permissions.examples import permission_examples
from bot.register.examples import register_examples
from bot.reports.examples import (
    alert_examples,
    digest_examples,
    export_examples,
    handover_examples,
    reader_examples,
)
from bot.reports.intake import TOO_MANY, Reporting
from bot.storage.database import Storage
from bot.watching.examples import source_examples


def examples(bot: Bot) -> dict[str, Reply]:
    """Return an example of every reply that the bot can send, by name."""
    return {name: reply for group in grouped_examples(bot).values() for name, reply in group.items()}


def grouped_examples(bot: Bot) -> dict[str, dict[str, Reply]]:
    """Return an example of every reply that the bot can send, by name, in titled groups for the gallery.

    The examples that need a registry use an in-memory one.
    """
    library = bot.library
    course = bot.course
    calendar = bot.calendar
    now = bot.clock()
    profile = bot.settings.profile
    storage = Storage()
    admin = Actor("local", "", "administration")
    office = Office(storage, bot.clock, calendar, profile=profile, reports=bot.office.reports)
    reporting = replace(bot.reporting, office=office)
    guidance = bot.guidance.get(library.default.id) or Guidance()

    def over_a_registry() -> dict[str, dict[str, Reply]]:
        with storage.transaction() as db:
            roles.seed(db, profile)
            roles.appoint_first(db, [admin], office.today())
        return {
            "Le menu, l'aide et les envois": {
                **commands.sending_examples(library, office, calendar, now),
                "L'aide": aide.help_message(profile, bot.dispatcher.commands),
            },
            "Lire la politique": commands.politique_examples(library),
            "Poser une question": {**commands.answers_examples(library, guidance, office)},
            "Relire avant de publier": {**verifier_examples(library, bot.examiner)},
            "Demander une autorisation": {
                **demande_examples(bot.permission_desk.kinds(), profile, office.today())
            },
            "Ce qu'on me dit de moi": {**commands.intents_examples(library, profile, guidance, bot.intents)},
            "Lire, puis attester": {
                **accueil_examples(course, profile),
                **onboarding_examples(library.default),
                **register_examples(library.default),
            },
            "Le quiz": {**quiz_examples(course, now)},
            "Les révisions": {**revision_examples(course, calendar), **source_examples(library.default.name)},
            **(_reports(bot, reporting) if office.reports else {}),
            "Les avis sur les demandes": {**permission_examples(bot.permission_kinds(), profile)},
            "Le tableau de bord": {
                **tableau_examples(bot.dashboard, profile),
                **dashboard_examples(profile.association),
            },
            "Les rôles": commands.roles_examples(office, admin),
            "Les comptes, les personnes et leurs données": commands.people_examples(library, office),
            "Améliorer les réponses": {**commands.banque_examples(library), **training_examples()},
            "Relire des brouillons": commands.relire_examples(library),
            "Quand un message ne passe pas": {
                **outbox_examples(),
                "Un site qui ne peut pas être publié": unpublished(
                    "/var/lib/site ne peut pas être écrit\u00a0: le site n'a pas changé. Vérifiez ce dossier."
                ),
                "Une association que je ne sers pas": dispatcher.NOT_YOURS,
                "Un bouton qui ne mène plus à rien": dispatcher.GONE_BUTTON,
                "Un formulaire qui ne mène plus à rien": dispatcher.GONE_FORM,
                "Une question de trop": dispatcher.ONE_AT_A_TIME,
                "Un canal où je ne peux pas écrire": dispatcher.UNPERMITTED,
                "Une fenêtre qui s'ouvre trop tard": dispatcher.TOO_LATE,
            },
        }

    with closing(storage):
        return storage.executor.submit(over_a_registry).result()


def _reports(bot: Bot, reporting: Reporting) -> dict[str, dict[str, Reply]]:
    profile = bot.settings.profile
    return {
        "Signaler": {**signalement_examples(reporting), "Signaler, trop de signalements": TOO_MANY},
        "Traiter les signalements": signalements_examples(reporting),
        "Les avis sur les signalements": {
            **alert_examples(),
            **digest_examples(bot.records.ground().cited),
            **reader_examples(profile),
            **handover_examples(profile),
            **export_examples(),
        },
    }
