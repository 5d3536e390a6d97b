"""The notices of a revision to each person, to a channel and to the administration.

Their arguments name no person, so that they stay valid when someone links accounts.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from sqlite_utils import Database

from bot.conversation.messages import (
    LABEL_LENGTH,
    Button,
    Buttons,
    ButtonStyle,
    Element,
    File,
    Heading,
    Message,
    Note,
    Text,
    bold,
    excerpt,
)
from bot.onboarding import team
from bot.onboarding.enrolment import (
    REVISION,
    REVISION_REMINDER,
    DueDates,
    RevisionNotice,
    VersionNotice,
    onboardings_of,
)
from bot.onboarding.notices import REMIND_ME, due_line, progress_lines
from bot.outbox import kept_pictures
from bot.outbox.kept_pictures import PictureNotice
from bot.outbox.notices import Notice, NoticeBuilder, NoticeContext
from bot.policy.changes import renumbering, summary
from bot.policy.changes.comparison import Comparison, Nature
from bot.policy.changes.renumbering import condense
from bot.policy.library import Policy
from bot.policy.names import GenderedName
from bot.revision import revisions
from bot.revision.archive import FOUND, UNREAD, Archive, FoundNotice, UnreadNotice
from bot.revision.audience import CHANNEL
from bot.revision.ledger import Asked
from bot.revision.revisions import Revision
from bot.times import in_words

PICTURE: Final = Notice("revision-image", "une image du registre d'une révision", PictureNotice)

_SUBJECT: Final = 160  # maximum characters of a heading quoted beside a change

_OF_FORM: Final = "Ces changements ne touchent que la forme\u00a0: rien ne vous est demandé."
NO_QUESTION: Final = "Il n'y a pas de question cette fois."
_WHOLE_ASKED: Final = (
    "Lisez le texte en entier, {quiz}puis attestez\u00a0: une quinzaine de minutes. Les pages déjà lues qui "
    "n'ont pas changé ne sont pas à relire."
)


def notice_builders(archive: Archive, dates: DueDates) -> tuple[NoticeBuilder, ...]:
    """Return the builders of revision notices, for the outbox."""

    def to_person(context: NoticeContext, text: RevisionNotice) -> Message | None:
        revised = _in_force(archive, context.db, text)
        if revised is None:
            return None
        due = due_line(dates.date_for(context, text), context.today)
        questions = _questions(archive, context, revised[1])
        quizzed = archive.quizzed(revised[2].new)
        message = notice(*revised, text.asked, questions, due=due, quizzed=quizzed)
        return archive.library.addressed(message, text.policy)

    def to_channel(context: NoticeContext, text: VersionNotice) -> Message | None:
        revised = _in_force(archive, context.db, text)
        return in_channel(*revised) if revised else None

    def remind(context: NoticeContext, text: VersionNotice) -> Message | None:
        revised = _in_force(archive, context.db, text)
        if revised is None:
            return None
        due = due_line(dates.date_for(context, text), context.today)
        progress = team.team_line(onboardings_of(context, text))
        questions = _questions(archive, context, revised[1])
        message = reminder(revised[0], text.version, questions, due=due, team_progress=progress)
        return archive.library.addressed(message, text.policy)

    def changed_file(context: NoticeContext, file: FoundNotice) -> Message | None:
        revision = revisions.find_revision(context.db, file.revision)
        if revision is None or revision.state != "proposed":
            return None
        return text_found(archive.library.policies[revision.policy].name, revision.id)

    def unread_file(_context: NoticeContext, unread: UnreadNotice) -> Message | None:
        problems = [file.problem for file in archive.library.aside if file.policy == unread.policy]
        return text_unread(problems) if problems else None

    def send_picture(context: NoticeContext, notice: PictureNotice) -> Message | None:
        stored = kept_pictures.find(context.db, notice.id)
        return picture(stored.png, stored.words, stored.day) if stored else None

    return (
        REVISION.built_by(to_person, dates.give),
        REVISION_REMINDER.built_by(remind, dates.give),
        CHANNEL.built_by(to_channel),
        FOUND.built_by(changed_file),
        UNREAD.built_by(unread_file),
        PICTURE.built_by(send_picture),
    )


def _in_force(
    archive: Archive, db: Database, text: VersionNotice
) -> tuple[Policy, Revision, Comparison] | None:
    """Return the policy, revision and changes of a notice, None unless its version is in force."""
    policy = archive.library.policies[text.policy]
    revision = revisions.revision_of_version(db, policy.id, text.version)
    if revision is None or archive.library.current(policy).adopted != text.version:
        return None
    return policy, revision, archive.comparison(db, revision)


def _questions(archive: Archive, context: NoticeContext, revision: Revision) -> int:
    """Return how many questions the recipient is asked about the changes since they attested."""
    kind, _, person = context.recipient.partition(":")
    return archive.questions(archive.since_read(context.db, revision, person if kind == "person" else None))


def see_changes(key: str, style: ButtonStyle = "primary") -> Button:
    """Return the button that shows the changes. `key`: a policy and its version, « pa20 2026-12-13 »."""
    return Button("Voir ce qui a changé", f"nouveautes {key}", style)


def notice(
    policy: Policy,
    revision: Revision,
    comparison: Comparison,
    asked: Asked,
    questions: int = 0,
    *,
    due: str = "",
    quizzed: bool = True,
) -> Message:
    """Return the notice that summarizes the changes and asks for a reading.

    `questions`: the number of questions about the changes. `due`: the sentence with the due date, or "".
    `quizzed`: whether the policy has a quiz. The button « J'ai lu » is under the changes, not in this notice.
    """
    match asked:
        case "whole":
            task = _WHOLE_ASKED.format(quiz="répondez au quiz, " if quizzed else "")
        case "changes":
            task = _changes_asked(questions)
        case "nothing":
            task = _OF_FORM if comparison.nature is Nature.EDITORIAL else "Rien ne vous est demandé."
    start = [Button("Commencer la lecture", "accueil lire")] if asked == "whole" else []
    return Message(
        *announcement(policy, revision, comparison),
        Text(task),
        *progress_lines(due, ""),
        Buttons(_read(policy, revision, comparison), *start),
        *(() if asked == "nothing" else REMIND_ME),
    )


def count_questions(questions: int) -> str:
    """Return a number of questions in words: « une question », « 3 questions »."""
    return f"{questions} questions" if questions > 1 else "une question"


def _changes_asked(questions: int) -> str:
    if not questions:
        return f"Lisez ce qui a changé, puis attestez\u00a0: environ trois minutes. {NO_QUESTION}"
    return (
        f"Lisez ce qui a changé, répondez à {count_questions(questions)}, puis attestez\u00a0: environ cinq "
        "minutes."
    )


def announcement(
    policy: Policy, revision: Revision, comparison: Comparison, *, ahead: bool = False
) -> tuple[Element, ...]:
    """Return the part shared by all notices and the channel's post: dates, change count, main changes.

    `ahead`: whether this is before the day on which the revision takes effect.
    """
    if revision.base is None:
        return _first_text(policy, revision)
    condensed, lines = condense(comparison), []
    for change in summary.foremost(replace(comparison, changes=condensed.changes)):
        subject = excerpt(summary.change_subject(policy.title, comparison, change), _SUBJECT)
        words = summary.describe_change(comparison, change)
        lines.append(f"• {words}" + (f" ({subject})" if subject else ""))
    rest = condensed.headings[: summary.MOST - len(lines)]
    lines += [f"• {excerpt(summary.describe_heading(comparison, heading), _SUBJECT)}" for heading in rest]
    more = len(condensed.changes) + len(condensed.headings) - len(lines)
    if more > 0:
        lines.append(f"et {more} autre{'s' * (more > 1)} changement{'s' * (more > 1)}.")
    if condensed.runs:
        lines.append(renumbering.line(comparison, condensed.runs, only=condensed.only_numbers))
    name = policy.name
    event = f"{name.agree('a', 'ont')} été révisé{name.e}"
    if revision.withdraws:
        event = f"{name.agree('revient', 'reviennent')} à un texte antérieur"
    dates = f"Révision adoptée le {in_words(revision.adopted)}" if revision.adopted else "Révision proposée"
    if revision.effective:
        since = in_words(revision.effective)
        dates += f", en vigueur {'à compter du' if ahead else 'depuis le'} {since}"
        if ahead and revision.withdraws:
            event = f"{name.agree('reviendra', 'reviendront')} à un texte antérieur le {since}"
        elif ahead:
            event = f"{name.agree('sera', 'seront')} révisé{name.e} le {since}"
    return (
        Heading(f"{name.The} {event}"),
        Text(f"{dates}\u00a0: ", bold(summary.count_changes(comparison)), "."),
        Text("\n".join(lines)),
    )


def _first_text(policy: Policy, revision: Revision) -> tuple[Element, ...]:
    """Return the part shared by all notices of a policy's first text."""
    it = policy.name.agree("la" if policy.name.gender == "féminin" else "le", "les")
    dates = f"Adopté{policy.name.e} le {in_words(revision.adopted)}" if revision.adopted else "En préparation"
    if revision.effective:
        dates += f", en vigueur depuis le {in_words(revision.effective)}"
    return (
        Heading(f"Une nouvelle politique\u00a0: {policy.name.the}"),
        Text(f"{dates}. Je {it} cite et j'y cherche vos réponses."),
    )


def _read(policy: Policy, revision: Revision, comparison: Comparison) -> Button:
    """Return the button that opens the changes, or the whole text of a new policy."""
    if revision.base is None:
        return Button(excerpt(f"Lire {policy.name.the}", LABEL_LENGTH), f"politique {policy.id}:", "primary")
    return see_changes(f"{policy.id} {comparison.new.key}")


def in_channel(policy: Policy, revision: Revision, comparison: Comparison) -> Message:
    """Return the announcement of a revision in a channel."""
    return Message(
        *announcement(policy, revision, comparison),
        Note("Chaque personne que la politique vise reçoit un message privé."),
        Buttons(_read(policy, revision, comparison)),
        public=True,
    )


def reminder(
    policy: Policy, version: date, questions: int, *, due: str = "", team_progress: str = ""
) -> Message:
    """Return the friendly reminder to a person who has not yet read and attested a revision.

    `questions`: the number of questions about the changes. `due`, `team_progress`: sentences, or "".
    """
    quiz_words = f"Il y a {count_questions(questions)}." if questions else NO_QUESTION
    return Message(
        Heading(f"{policy.name.The} révisé{policy.name.e} vous {policy.name.agree('attend', 'attendent')}"),
        Text(
            f"Il vous reste à lire ce qui a changé dans la version révisée le {in_words(version)}, puis à "
            f"l'attester. {quiz_words} Vous reprendrez où vous étiez."
        ),
        *progress_lines(due, team_progress),
        Buttons(see_changes(f"{policy.id} {version}")),
        *REMIND_ME,
    )


def text_found(policy: GenderedName, revision_id: str) -> Message:
    """Return the notice to the administration about an unapproved text in a file."""
    return Message(
        Heading(f"Un texte {policy.of} a changé"),
        Text(
            f"Au démarrage, j'ai trouvé dans les fichiers un texte {policy.of} que personne n'a approuvé. "
            "Je continue de citer celui qui est en vigueur. Voyez ce qui change, puis décidez."
        ),
        Buttons(Button("Voir la révision", f"revision voir {revision_id}", "primary")),
    )


def text_unread(problems: Sequence[str]) -> Message:
    """Return the notice to the administration about files that cannot be read."""
    return Message(
        Heading("Un fichier de politique ne se lit pas"),
        Text("\n".join(problems)),
        Note("Corrigez-le, puis redémarrez-moi. Les autres politiques sont servies comme d'habitude."),
    )


def picture(png: bytes, numbers: str, day: date) -> Message:
    """Return the message with the picture of a revision's ledger and the same numbers as text."""
    return Message(
        Heading("Les attestations de la révision"),
        Text(numbers),
        File(f"revision-{day.isoformat()}.png", png, "Les attestations au fil des jours", numbers),
    )
