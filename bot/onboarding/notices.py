"""What the bot says unprompted of the onboarding: welcome, reminders, refresher, words to the administration.

Nobody is named in the arguments of what is sent to a person, so that it suits whoever they became by
linking accounts; what is sent to the administration names persons by their identifiers, and is dropped
when they are gone.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from bot.conversation.messages import Button, Buttons, File, Heading, Message, Note, Span, Text, bold, person
from bot.onboarding.enrolment import (
    DONE,
    LATE,
    REFRESHER,
    REMINDER,
    WELCOME,
    DoneNotice,
    LateNotice,
    VersionNotice,
)
from bot.onboarding.quiz import session
from bot.outbox import kept_pictures
from bot.outbox.kept_pictures import PictureNotice
from bot.outbox.notices import Notice, NoticeBuilder, NoticeContext
from bot.people import persons
from bot.policy.library import Library
from bot.times import in_words

PICTURE: Final = Notice("accueil-image", "une image de la progression", PictureNotice)
_NAMED = 20  # people named in one message
_STOP = "Vous pouvez vous arrêter à tout moment et reprendre plus tard, ici ou sur l'autre plateforme."


def notice_builders(library: Library) -> tuple[NoticeBuilder, ...]:
    """Return the notices of the onboarding, to be sent by the outbox."""

    def name(text: VersionNotice) -> str:
        return library.policies[text.policy].name

    return (
        WELCOME.built_by(lambda _, text: welcome(name(text), text.version)),
        REMINDER.built_by(lambda _, text: reminder(name(text))),
        REFRESHER.built_by(lambda _, text: refresher(name(text))),
        LATE.built_by(lambda context, notice: _late(context, notice, name(notice))),
        DONE.built_by(lambda context, notice: _done(context, notice, name(notice))),
        PICTURE.built_by(_picture),
    )


def welcome(policy: str, version: date) -> Message:
    """Say what is asked of someone who arrives, and how long it takes."""
    revised = in_words(version)
    return Message(
        Heading("Bienvenue!"),
        Text(
            f"Dans vos fonctions, la {policy}, politique de l'association révisée le {revised}, vous "
            "concerne. Voici comment la connaître en une quinzaine de minutes."
        ),
        Text(
            bold("1. Lire"),
            ", article par article\u00a0: environ cinq minutes.\n",
            bold("2. Répondre"),
            f" à {session.SIZE} questions, chacune expliquée.\n",
            bold("3. Attester"),
            " votre lecture. Vous recevrez un reçu.",
        ),
        Note(_STOP),
        Buttons(
            Button("Commencer la lecture", "accueil lire", "primary"), Button("Où j'en suis", "accueil moi")
        ),
    )


def reminder(policy: str) -> Message:
    """Remind someone, kindly, that something remains to be done."""
    return Message(
        Heading(f"La {policy} vous attend"),
        Text(
            f"Il vous reste une partie de l'accueil à faire\u00a0: lire la {policy}, répondre au quiz, "
            "attester votre lecture. Vous reprendrez exactement où vous étiez."
        ),
        Note(_STOP),
        Buttons(Button("Reprendre", "accueil moi", "primary")),
    )


def refresher(policy: str) -> Message:
    """Propose a few questions on what was missed."""
    return Message(
        Heading("Une petite révision"),
        Text(
            f"Il y a quelque temps, vous avez réussi le quiz sur la {policy}. En voici "
            f"{session.REFRESHER_SIZE} questions, sur ce que vous aviez manqué\u00a0: deux minutes, sans "
            "note."
        ),
        Buttons(Button("Réviser", "quiz revision", "primary")),
    )


def late(who: list[Span], more: int, policy: str) -> Message:
    """Tell the administration who has not finished after every reminder."""
    names: list[Span | str] = []
    for number, span in enumerate(who):
        names += [", ", span] if number else [span]
    return Message(
        Heading("Accueils en retard"),
        Text(
            f"Après les rappels, l'accueil sur la {policy} n'est pas terminé pour\u00a0: ",
            *names,
            f" et {more} de plus." if more else ".",
        ),
        Note("Je ne leur enverrai plus de rappel. Un mot de vous aidera sans doute davantage."),
        Buttons(Button("Voir les accueils", "accueil gestion", "primary")),
    )


def done(who: Span, policy: str) -> Message:
    """Tell the administration that someone has finished."""
    return Message(
        Text(who, f" a terminé son accueil sur la {policy}\u00a0: lecture, quiz et attestation."),
        Buttons(Button("Voir les accueils", "accueil gestion")),
    )


def picture(png: bytes, numbers: str, day: date) -> Message:
    """Give the picture of the progress, with the same numbers as text."""
    return Message(
        Heading("La progression des accueils"),
        Text(numbers),
        File(f"accueils-{day.isoformat()}.png", png, "La progression des accueils"),
    )


def _late(context: NoticeContext, notice: LateNotice, policy: str) -> Message | None:
    found = [span for person_id in notice.people if (span := _shown(context, person_id))]
    return late(found[:_NAMED], len(found) - _NAMED if len(found) > _NAMED else 0, policy) if found else None


def _done(context: NoticeContext, notice: DoneNotice, policy: str) -> Message | None:
    who = _shown(context, notice.person)
    return done(who, policy) if who else None


def _shown(context: NoticeContext, person_id: str) -> Span | None:
    """Return a person as the administration can know them, by any account; None once they are gone."""
    accounts = persons.accounts_of(context.db, person_id)
    return person(accounts[0].platform, accounts[0].user) if accounts else None


def _picture(context: NoticeContext, notice: PictureNotice) -> Message | None:
    kept = kept_pictures.find(context.db, notice.id)
    return picture(kept.png, kept.words, kept.day) if kept else None
