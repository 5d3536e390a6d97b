"""The catalogue: every command on one screen."""

from __future__ import annotations

from functools import partial

from bot import guard, notices, onboarding_notices, progress_picture, registrar
from bot.commands import (
    accueil,
    accueil_gestion,
    aide,
    chercher,
    lier,
    lire,
    membres,
    mesdonnees,
    partager,
    pause,
    politique,
    quiz,
    quiz_messages,
    roles,
    vigie,
)
from bot.commands.course import Course
from bot.commands.office import Office, reserved
from bot.dispatch import Actor, Command
from bot.messages import Reply
from bot.policy import roles as registry
from bot.policy.library import Library
from bot.storage import Storage
from bot.times import Calendar, Clock


def catalogue(library: Library, office: Office, course: Course) -> tuple[Command, ...]:
    """Return every command; the first is the one that free text goes to."""
    example = str(library.default.example(library.current(library.default)))
    ours = partial(reserved, office)
    commands: tuple[Command, ...] = (
        Command(
            name="politique",
            instant=True,
            summary="Lire la politique par numéro ou par mot. Sans rien de plus, la table des matières.",
            usage="[numéro ou mot]",
            examples=(example, f"article {example.partition('.')[0]}", "consentement"),
            run=partial(politique.show, library),
            suggest=partial(politique.suggest, library),
            slash=True,
            shortcut=chercher.shortcut(library),
        ),
        Command(
            name="vigie",
            summary="Voir ce qu'on peut faire ici, en quelques boutons.",
            run=partial(vigie.menu, library, office),
            slash=True,
        ),
        Command(
            name="chercher",
            instant=True,
            summary="Chercher dans la politique avec un formulaire.",
            run=partial(chercher.search, library),
            opens_form=True,
        ),
        Command(
            name="partager",
            instant=True,
            summary="Montrer une clause à tout le canal.",
            usage="numéro",
            examples=(example,),
            run=partial(partager.share, library),
            suggest=partial(politique.suggest, library),
        ),
        Command(
            name="quiz",
            summary="Apprendre la politique par des questions, chacune expliquée par sa clause.",
            usage="[lettre de votre réponse]",
            run=partial(quiz.play, office, course),
            slash=True,
            alone=True,
        ),
        Command(
            name="accueil",
            summary="Voir où vous en êtes\u00a0: lecture, quiz, attestation.",
            run=partial(accueil.welcome, office, course),
            slash=True,
            opens_form=True,
            alone=True,
        ),
        Command(
            name="lier",
            summary="Lier vos comptes de Slack et de Discord, pour n'être qu'une personne ici.",
            usage="[code]",
            run=partial(lier.link, office),
        ),
        Command(
            name="mesdonnees",
            summary="Voir ce que je conserve à votre sujet, l'emporter ou l'effacer.",
            run=partial(mesdonnees.my_data, office),
        ),
        Command(
            name="lire",
            summary="Lire un message qui n'a pas pu vous être remis en privé.",
            usage="numéro",
            run=partial(lire.read, office, notices.build),
        ),
        Command(
            name="roles",
            summary="Voir et changer qui tient quel rôle.",
            run=partial(roles.manage, office),
            opens_form=True,
            refusal=ours,
        ),
        Command(
            name="membres",
            summary="Voir et changer qui est officière, officier ou membre du personnel.",
            run=partial(membres.manage, office),
            opens_form=True,
            refusal=ours,
        ),
        Command(
            name="pause",
            summary="Arrêter tout ce que j'envoie de moi-même, et le reprendre.",
            usage="[raison]",
            run=partial(pause.pause, office),
            refusal=ours,
        ),
        Command(
            name="aide",
            summary="Relire ces explications.",
            run=partial(aide.explain, lambda: commands),
        ),
    )
    return commands


def examples(library: Library, calendar: Calendar, clock: Clock, course: Course) -> dict[str, Reply]:
    """Return an example of every reply that the bot can give, by name."""
    return {
        **vigie.examples(library, calendar, clock()),
        **politique.examples(library),
        **partager.examples(library),
        **chercher.examples(library),
        **lier.examples(),
        **mesdonnees.examples(),
        **membres.examples(),
        **pause.examples(calendar, clock()),
        **notices.examples(),
        "Une association que je ne sers pas": guard.NOT_YOURS,
        **accueil.examples(course),
        **accueil_gestion.examples(course),
        **quiz_messages.examples(course, clock()),
        **onboarding_notices.examples(progress_picture.sample()),
        **registrar.examples(),
        **_over_a_registry(library, calendar, clock, course),
    }


def _over_a_registry(library: Library, calendar: Calendar, clock: Clock, course: Course) -> dict[str, Reply]:
    """Return the examples that show a registry, over one in memory."""
    storage, admin = Storage(), Actor("local", "", "administration")
    office = Office(storage, clock, calendar)

    def shown() -> dict[str, Reply]:
        with storage.transaction() as db:
            registry.seed(db)
            registry.appoint_first(db, [admin], office.today())
        return {**roles.examples(office, admin), **aide.examples(lambda: catalogue(library, office, course))}

    try:
        return storage.executor.submit(shown).result()
    finally:
        storage.close()
