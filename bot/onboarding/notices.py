"""The messages that the onboarding sends by itself, to a person or to the administration.

The arguments of a person's notices do not name the person, so that they stay valid when accounts are linked.
The arguments of the administration's notices include person identifiers. A message about someone who was
erased is not sent.
"""

from collections.abc import Iterable
from datetime import date
from typing import Final

from bot.conversation.messages import Button, Buttons, File, Heading, Message, Note, Span, Text, bold, person
from bot.onboarding import enrolment
from bot.onboarding.quiz import session
from bot.outbox import kept_pictures
from bot.outbox.kept_pictures import PictureNotice
from bot.outbox.notices import Notice, NoticeBuilder, NoticeContext
from bot.people import persons
from bot.policy.library import Library
from bot.times import in_words

PICTURE: Final = Notice("accueil-image", "une image de la progression", PictureNotice)
MY_PROGRESS: Final = Button("Où j'en suis", "accueil moi")
ATTEST: Final = Button("Attester ma lecture", "accueil attester", "primary")
_NAMED = 20  # people named in one message
_STOP = "Vous pouvez vous arrêter à tout moment et reprendre plus tard, ici ou sur l'autre plateforme."


def notice_builders(library: Library) -> tuple[NoticeBuilder, ...]:
    """Return the builders of the onboarding notices, for the outbox."""

    def name(text: enrolment.VersionNotice) -> str:
        return library.policies[text.policy].name

    def build_late(context: NoticeContext, notice: enrolment.LateNotice) -> Message | None:
        who = [span for person_id in notice.people if (span := _person_span(context, person_id))]
        return late_message(who[:_NAMED], max(len(who) - _NAMED, 0), name(notice)) if who else None

    def build_done(context: NoticeContext, notice: enrolment.DoneNotice) -> Message | None:
        who = _person_span(context, notice.person)
        return done_message(who, name(notice)) if who else None

    def build_picture(context: NoticeContext, notice: PictureNotice) -> Message | None:
        picture = kept_pictures.find(context.db, notice.id)
        return picture_message(picture.png, picture.words, picture.day) if picture else None

    return (
        enrolment.WELCOME.built_by(lambda _, text: welcome_message(name(text), text.version)),
        enrolment.REMINDER.built_by(lambda _, text: reminder_message(name(text))),
        enrolment.REFRESHER.built_by(lambda _, text: refresher_message(name(text))),
        enrolment.LATE.built_by(build_late),
        enrolment.DONE.built_by(build_done),
        PICTURE.built_by(build_picture),
    )


def _person_span(context: NoticeContext, person_id: str) -> Span | None:
    """Return the span that names a person by any account, or None if they were erased."""
    accounts = persons.accounts_of(context.db, person_id)
    return person(accounts[0].platform, accounts[0].user) if accounts else None


def enumeration(spans: Iterable[Span]) -> list[Span | str]:
    """Return the spans separated by commas."""
    return [piece for span in spans for piece in (", ", span)][1:]


def welcome_message(policy: str, version: date) -> Message:
    """Return the welcome, which presents the three steps to a new officer or employee."""
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
        Buttons(Button("Commencer la lecture", "accueil lire", "primary"), MY_PROGRESS),
    )


def reminder_message(policy: str) -> Message:
    """Return the reminder of the remaining steps."""
    return Message(
        Heading(f"La {policy} vous attend"),
        Text(
            f"Il vous reste une partie de l'accueil à faire\u00a0: lire la {policy}, répondre au quiz, "
            "attester votre lecture. Vous reprendrez exactement où vous étiez."
        ),
        Note(_STOP),
        Buttons(Button("Reprendre", "accueil moi", "primary")),
    )


def refresher_message(policy: str) -> Message:
    """Return the offer of a few questions on the subjects that a person missed."""
    return Message(
        Heading("Une petite révision"),
        Text(
            f"Il y a quelque temps, vous avez réussi le quiz sur la {policy}. En voici "
            f"{session.REFRESHER_SIZE} questions, sur ce que vous aviez manqué\u00a0: deux minutes, sans "
            "note."
        ),
        Buttons(Button("Réviser", "quiz revision", "primary")),
    )


def late_message(who: list[Span], more: int, policy: str) -> Message:
    """Return the notice about people still late after every reminder. `more`: how many are not named."""
    return Message(
        Heading("Accueils en retard"),
        Text(
            f"Après les rappels, l'accueil sur la {policy} n'est pas terminé pour\u00a0: ",
            *enumeration(who),
            f" et {more} de plus." if more else ".",
        ),
        Note("Je ne leur enverrai plus de rappel. Un mot de vous aidera sans doute davantage."),
        Buttons(Button("Voir les accueils", "accueil gestion", "primary")),
    )


def done_message(who: Span, policy: str) -> Message:
    """Return the notice to the administration that a person has finished."""
    return Message(
        Text(who, f" a terminé son accueil sur la {policy}\u00a0: lecture, quiz et attestation."),
        Buttons(Button("Voir les accueils", "accueil gestion")),
    )


def picture_message(png: bytes, numbers: str, day: date) -> Message:
    """Return the message with the progress picture, as PNG, and the same numbers as text."""
    return Message(
        Heading("La progression des accueils"),
        Text(numbers),
        File(f"accueils-{day.isoformat()}.png", png, "La progression des accueils"),
    )
