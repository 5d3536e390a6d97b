"""The messages that the onboarding sends unprompted, to a person or to the administration.

The arguments of a person's notices do not name the person, so that they stay valid when accounts are linked.
The arguments of the administration's notices include person identifiers. A message about someone who was
erased is not sent.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Final, TypeVar

from bot.conversation.messages import Button, Buttons, File, Heading, Message, Note, Span, Text, bold, person
from bot.onboarding import enrolment, team
from bot.onboarding.enrolment import DueDates, Standing, VersionNotice, onboardings_of, standing_of
from bot.onboarding.quiz import session
from bot.outbox import kept_pictures
from bot.outbox.kept_pictures import PictureNotice
from bot.outbox.notices import Notice, NoticeBuilder, NoticeContext
from bot.people import persons
from bot.policy.articles import Version
from bot.policy.library import Library
from bot.policy.names import GenderedName
from bot.register.attestations import Fact
from bot.times import in_words

PICTURE: Final = Notice("accueil-image", "une image de la progression", PictureNotice)
MY_PROGRESS: Final = Button("Où j'en suis", "accueil moi")
ATTEST: Final = Button("Attester ma lecture", "accueil attester", "primary")
_NAMED = 20  # maximum number of people named in one message
RESUME: Final = Button("Reprendre", "accueil moi", "primary")
ASK: Final = "rappeler"  # the verb of `accueil` that asks for a reminder, followed by one of the next words
TOMORROW, MONDAY, NEVER = "demain", "lundi", "annuler"
_DAYS = (Button("Demain", f"accueil {ASK} {TOMORROW}"), Button("Lundi", f"accueil {ASK} {MONDAY}"))
FORGET: Final = Button("Annuler le rappel", f"accueil {ASK} {NEVER}")
REMIND_ME: Final = (Note("Me le rappeler\u00a0:"), Buttons(*_DAYS))
CHANGE_REMINDER: Final = (Note("Changer le rappel\u00a0:"), Buttons(*_DAYS, FORGET))
TEAM_TOLD: Final = (
    "L'administration a choisi de dire à l'équipe combien de personnes ont terminé. Je dis deux nombres, "
    "jamais qui, et seulement s'ils sont assez grands pour ne désigner personne."
)
_TO_DO: Mapping[Fact, str] = {"read": "à lire", "passed": "à répondre aux questions"}
_STOP = "On s'arrête et on reprend quand on veut, ici ou sur l'autre plateforme."


_Text = TypeVar("_Text", bound=VersionNotice)


def notice_builders(
    library: Library, dates: DueDates, quiz_size: Callable[[str], int] = lambda _policy: session.SIZE
) -> tuple[NoticeBuilder, ...]:
    """Return the builders of the onboarding notices, for the outbox.

    `quiz_size`: returns how many questions a policy's quiz asks, from its id, 0 when it has none.
    """

    def name(text: VersionNotice) -> GenderedName:
        return library.policies[text.policy].name

    def build_welcome(context: NoticeContext, text: VersionNotice) -> Message:
        due = due_line(dates.date_for(context, text), context.today)
        policy = library.policies[text.policy]
        versions = (candidate for candidate in policy.versions if candidate.adopted == text.version)
        version = next(versions, library.current(policy))
        questions = quiz_size(text.policy)
        shared = team.is_shared(context.db)
        return welcome_message(name(text), version, due, questions, shared=shared)

    def build_reminder(context: NoticeContext, text: VersionNotice) -> Message:
        due = due_line(dates.date_for(context, text), context.today)
        progress = team.team_line(onboardings_of(context, text))
        return reminder_message(name(text), due, progress, quizzed=quiz_size(text.policy) > 0)

    def build_asked(context: NoticeContext, text: VersionNotice) -> Message | None:
        standing = standing_of(context, text)
        if standing is None or not standing.active:
            return None
        due = due_line(dates.date_for(context, text), context.today)
        progress = team.team_line(onboardings_of(context, text))
        missing = replace(standing, quizzed=quiz_size(text.policy) > 0).missing
        return asked_message(name(text), missing, due, progress)

    def build_sharing(context: NoticeContext, text: VersionNotice) -> Message | None:
        return sharing_message(name(text)) if team.is_shared(context.db) else None

    def build_late(context: NoticeContext, notice: enrolment.LateNotice) -> Message | None:
        who = [span for person_id in notice.people if (span := _person_span(context, person_id))]
        more = max(len(who) - _NAMED, 0)
        return late_message(who[:_NAMED], more, name(notice)) if who else None

    def build_done(context: NoticeContext, notice: enrolment.DoneNotice) -> Message | None:
        who = _person_span(context, notice.person)
        return done_message(who, name(notice)) if who else None

    def build_refresher(_context: NoticeContext, text: VersionNotice) -> Message:
        return refresher_message(name(text))

    return (
        enrolment.WELCOME.built_by(_about(library, build_welcome), dates.give),
        enrolment.REMINDER.built_by(_about(library, build_reminder), dates.give),
        enrolment.ASKED_REMINDER.built_by(_about(library, build_asked), dates.give),
        enrolment.SHARING.built_by(_about(library, build_sharing)),
        enrolment.REFRESHER.built_by(_about(library, build_refresher)),
        enrolment.LATE.built_by(_about(library, build_late)),
        enrolment.DONE.built_by(_about(library, build_done)),
        PICTURE.built_by(_build_picture),
    )


def _build_picture(context: NoticeContext, notice: PictureNotice) -> Message | None:
    picture = kept_pictures.find(context.db, notice.id)
    return picture_message(picture.png, picture.words, picture.day) if picture else None


def _about(
    library: Library, build: Callable[[NoticeContext, _Text], Message | None]
) -> Callable[[NoticeContext, _Text], Message | None]:
    """Return a builder like `build`, except that the message's buttons name the notice's policy."""

    def built(context: NoticeContext, text: _Text) -> Message | None:
        message = build(context, text)
        return message and library.addressed(message, text.policy)

    return built


def _person_span(context: NoticeContext, person_id: str) -> Span | None:
    """Return a span that names a person by one of their accounts, or None if they were erased."""
    accounts = persons.accounts_of(context.db, person_id)
    return person(accounts[0].platform, accounts[0].user) if accounts else None


def enumeration(spans: Iterable[Span]) -> list[Span | str]:
    """Return the spans separated by commas."""
    return [piece for span in spans for piece in (", ", span)][1:]


def due_line(due_on: date | None, today: date) -> str:
    """Return a sentence that states the due date, or "" if there is none."""
    if due_on is None:
        return ""
    past = " Elle est passée, et il est encore temps." if today > due_on else ""
    return f"Date visée\u00a0: le {in_words(due_on)}.{past}"


def progress_lines(due: str, team_progress: str) -> list[Text]:
    """Return the sentences about the due date and the team's progress, leaving out the empty ones."""
    return [Text(words) for words in (bold(due), Span(team_progress)) if words.text]


def reminder_choices(standing: Standing | None) -> Sequence[Note | Buttons]:
    """Return the buttons to ask for a reminder or change it, if something is still required of the person."""
    if standing is None or not standing.active:
        return ()
    return CHANGE_REMINDER if standing.remind_on else REMIND_ME


def welcome_message(
    policy: GenderedName,
    version: Version,
    due: str = "",
    questions: int = session.SIZE,
    *,
    shared: bool = False,
) -> Message:
    """Return the welcome, which presents the steps to a new officer or employee.

    `due`: the sentence with the due date, or "". `questions`: the number of questions in the quiz, 0 when
    there is no quiz. `shared`: whether the team is told how many people have finished.
    """
    noun, e = ("politique", "e") if policy.them == "la" else ("texte", "")
    adopted = f"{version.adoption}{e} le {in_words(version.adopted)}"
    quiz = (bold("2. Répondre"), f" à {questions} questions, chacune expliquée.\n") if questions else ()
    return Message(
        Heading("Bienvenue!"),
        Text(
            f"Dans vos fonctions, {policy.the}, {noun} de l'association {adopted}, vous "
            f"{policy.agree('concerne', 'concernent')}. Voici "
            f"comment {policy.them} connaître en {'une quinzaine de' if questions else 'quelques'} minutes."
        ),
        Text(
            bold("1. Lire"),
            ", article par article\u00a0: environ cinq minutes.\n",
            *quiz,
            bold("3. Attester" if questions else "2. Attester"),
            " votre lecture. Vous recevrez un reçu.",
        ),
        *progress_lines(due, ""),
        Note(f"{_STOP} {TEAM_TOLD}" if shared else _STOP),
        Buttons(Button("Commencer la lecture", "accueil lire", "primary"), MY_PROGRESS),
        *REMIND_ME,
    )


def reminder_message(
    policy: GenderedName, due: str = "", team_progress: str = "", *, quizzed: bool = True
) -> Message:
    """Return the reminder to finish the onboarding. `due`, `team_progress`: sentences, or "".

    `quizzed`: whether the policy has a quiz.
    """
    quiz = "répondre au quiz, " if quizzed else ""
    return Message(
        Heading(f"{policy.The} vous {policy.agree('attend', 'attendent')}"),
        Text(
            f"Il vous reste une part de l'accueil\u00a0: lire {policy.the}, {quiz}attester votre "
            "lecture. Vous reprendrez où vous étiez."
        ),
        *progress_lines(due, team_progress),
        Note(_STOP),
        Buttons(RESUME),
        *REMIND_ME,
    )


def asked_message(
    policy: GenderedName, missing: Sequence[Fact], due: str = "", team_progress: str = ""
) -> Message:
    """Return the reminder that a person asked for. `missing`: as in `Standing.missing`."""
    before = ", ".join(_TO_DO[step] for step in missing)
    return Message(
        Heading("Le rappel que vous vouliez"),
        Text(
            f"Pour {policy.the}, il vous reste {f'{before}, puis ' if before else ''}à attester votre "
            "lecture."
        ),
        *progress_lines(due, team_progress),
        Buttons(RESUME),
        *REMIND_ME,
    )


def sharing_message(policy: GenderedName) -> Message:
    """Return the notice to a person that the team is now told how many people have finished."""
    return Message(
        Heading("Ce que je dis à l'équipe"),
        Text(f"Il s'agit de l'accueil sur {policy.the}. {TEAM_TOLD}"),
        Note(
            "Cela change une seule chose\u00a0: ces deux nombres paraissent là où vous voyez où vous en êtes."
        ),
        Buttons(MY_PROGRESS),
    )


def refresher_message(policy: GenderedName) -> Message:
    """Return the message that offers the refresher: a few questions on what a person missed in the quiz."""
    return Message(
        Heading("Une petite révision"),
        Text(
            f"Il y a quelque temps, vous avez réussi le quiz sur {policy.the}. En voici "
            f"{session.REFRESHER_SIZE} questions, sur ce que vous aviez manqué\u00a0: deux minutes, sans "
            "note."
        ),
        Buttons(Button("Réviser", "quiz revision", "primary")),
    )


def late_message(who: list[Span], more: int, policy: GenderedName) -> Message:
    """Return the notice to the administration about people who are late after every reminder.

    `who`: the people to name. `more`: how many others there are.
    """
    return Message(
        Heading("Accueils en retard"),
        Text(
            f"Après les rappels, l'accueil sur {policy.the} n'est pas terminé pour\u00a0: ",
            *enumeration(who),
            f" et {more} de plus." if more else ".",
        ),
        Note("Je ne leur enverrai plus de rappel. Un mot de vous aidera sans doute davantage."),
        Buttons(Button("Voir les accueils", "accueil gestion", "primary")),
    )


def done_message(who: Span, policy: GenderedName) -> Message:
    """Return the notice to the administration that a person has finished."""
    return Message(
        Text(who, f" a terminé son accueil sur {policy.the}\u00a0: lecture, quiz et attestation."),
        Buttons(Button("Voir les accueils", "accueil gestion")),
    )


def picture_message(png: bytes, numbers: str, day: date) -> Message:
    """Return the message with the progress picture, as PNG, and the same numbers as text."""
    return Message(
        Heading("La progression des accueils"),
        Text(numbers),
        File(f"accueils-{day.isoformat()}.png", png, "La progression des accueils", numbers),
    )
