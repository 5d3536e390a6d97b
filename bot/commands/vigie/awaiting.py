"""What awaits a person: consents, decisions, messages to read, onboarding steps, checks to review.

Each item is a line with a button that opens it. Reports are never among them: people who receive reports have
a separate button, and people who make them leave no trace. Looking for these items writes nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database

from bot.commands.passages import page_number, page_of
from bot.commands.verifier import gestion
from bot.conversation.messages import (
    Button,
    Buttons,
    Choice,
    Element,
    Heading,
    Message,
    Text,
    bold,
    turn_buttons,
)
from bot.conversation.requests import Request
from bot.onboarding import attempts, enrolment
from bot.onboarding.course import Course
from bot.onboarding.enrolment import Onboardings, Standing
from bot.onboarding.notices import due_line
from bot.onboarding.quiz import session
from bot.outbox import rows
from bot.outbox.notices import NoticeContext, Notices
from bot.people import persons, roles
from bot.people.office import Office
from bot.permissions import queueing, requests
from bot.permissions.kinds import WORDS
from bot.policy.library import Library
from bot.posting import counts
from bot.posting.notices import COMMAND as CHECKS
from bot.register import attestations
from bot.revision import audience, ledger

COMMAND: Final = "attente"
MENU_LINES: Final = 3  # lines shown in the menu
_PER_PAGE: Final = 6
# Notices that are left out, because another line says the same.
_SAID_ELSEWHERE: Final = frozenset({*enrolment.PERSONAL, queueing.CONSENT.name, queueing.ASKED.name})


@dataclass(frozen=True, slots=True)
class Awaiting:
    """Something that awaits a person. `line`: a few French words, with the due date, if any."""

    line: str
    button: Button

    @property
    def choice(self) -> Choice:
        """The line and its button, as an element of a message."""
        return Choice(self.line, self.button)


@dataclass(frozen=True, slots=True)
class AwaitingDesk:
    """The dependencies for finding what awaits someone."""

    library: Library
    office: Office
    course: Course
    outbox: Notices


def awaiting(desk: AwaitingDesk, db: Database, person: str) -> list[Awaiting]:
    """Return what awaits a person today: consents, decisions, messages to read, steps, then checks."""
    consents, decisions = _requests(desk, db, person)
    news, steps = _courses(desk, db, person)
    return [*consents, *decisions, *_messages(desk, db, person), *news, *steps, *_checks(desk, db, person)]


def for_request(desk: AwaitingDesk, request: Request) -> list[Awaiting]:
    """Return what awaits a request's author, [] for an unknown person. Call it on the storage thread."""
    if request.actor is None:
        return []
    with desk.office.storage.transaction() as db:
        person = persons.person_of(db, request.actor)
        return awaiting(desk, db, person) if person else []


def _requests(desk: AwaitingDesk, db: Database, person: str) -> tuple[list[Awaiting], list[Awaiting]]:
    consents, decisions = list[Awaiting](), list[Awaiting]()
    for request in requests.to_decide(db, person, desk.office.today()):
        button = Button("Ouvrir", f"demande voir {request.id}")
        if request.by_consent:
            consents.append(Awaiting("On demande votre consentement, pour une image où vous êtes", button))
        else:
            decisions.append(Awaiting(f"Une demande à décider\u00a0: {WORDS[request.kind].act}", button))
    return consents, decisions


def _messages(desk: AwaitingDesk, db: Database, person: str) -> Iterator[Awaiting]:
    """Yield the messages that could not be sent in private and are still relevant."""
    recipient, today = f"person:{person}", desk.office.today()
    for number, notice, arguments in rows.unread_by(db, recipient):
        if notice in _SAID_ELSEWHERE:
            continue
        try:
            message = desk.outbox.build(NoticeContext(db, today, recipient), notice, arguments)
        except (LookupError, ValueError):  # a notice queued by another version of the bot
            continue
        if message is not None:
            line = f"Un message à lire\u00a0: {desk.outbox.title(notice)}"
            yield Awaiting(line, Button("Lire", f"lire {number}"))


def _courses(desk: AwaitingDesk, db: Database, person: str) -> tuple[list[Awaiting], list[Awaiting]]:
    """Return the revisions to read, then the readings, quizzes and attestations to finish."""
    news, steps = list[Awaiting](), list[Awaiting]()
    today = desk.office.today()
    unopened = ledger.unopened(db, person)
    for course in desk.course.every():
        target = course.target()
        standing = Onboardings(db, target, course.quizzed).standing(person)
        required = standing is not None and standing.active
        changes = Awaiting(
            f"Ce qui a changé dans {course.name.the}{_due(standing, desk)}",
            Button("Lire", f"nouveautes {target.policy} {target.version}"),
        )
        if standing and required and standing.scope == "changes" and "read" in standing.missing:
            news.append(changes)
        elif standing and required:
            steps += _required(desk, db, course, standing)
        elif (target.policy, target.version) in unopened and person in audience.concerned(
            db, target.policy, today
        ):
            news.append(changes)
        if standing is None or standing.suspended_on is None:
            steps += _begun(db, course, person, standing)
    return news, steps


def _required(desk: AwaitingDesk, db: Database, course: Course, standing: Standing) -> Iterator[Awaiting]:
    """Yield the next step that is asked of a person, unless it is a quiz under way."""
    policy = course.policy.id
    missing = standing.missing
    due = _due(standing, desk)
    if "read" in missing:
        turned, pages = _pages(db, course, standing.person_id)
        far = f", {turned} page{'s' * (turned > 1)} sur {pages}" if turned else ""
        label = "Continuer la lecture" if turned else "Commencer la lecture"
        yield Awaiting(f"La lecture {course.name.of}{far}{due}", Button(label, f"accueil {policy}: lire"))
    elif missing:
        if not _under_way(db, course, standing.person_id):
            yield Awaiting(f"Le quiz sur {course.name.the}{due}", Button("Faire le quiz", f"quiz {policy}:"))
    else:
        yield Awaiting(
            f"L'attestation de votre lecture {course.name.of}{due}",
            Button("Attester ma lecture", f"accueil {policy}: attester"),
        )


def _begun(db: Database, course: Course, person: str, standing: Standing | None) -> Iterator[Awaiting]:
    """Yield what a person has begun and not finished: a quiz, or a reading that nobody asked of them."""
    if standing is None:
        turned, pages = _pages(db, course, person)
        facts = attestations.facts(db, person, course.target())
        if turned and "read" not in facts:
            line = f"Votre lecture {course.name.of}, {turned} page{'s' * (turned > 1)} sur {pages}"
            yield Awaiting(line, Button("Continuer la lecture", f"accueil {course.policy.id}: lire"))
    titles = {
        "quiz": f"Le quiz sur {course.name.the}",
        "refresher": f"La petite révision sur {course.name.the}",
        "revision": f"Les questions sur ce qui a changé dans {course.name.the}",
    }
    for attempt in _under_way(db, course, person):
        at = session.progress(attempt.sitting)
        yield Awaiting(
            f"{titles[attempt.kind]}, {at}", Button("Continuer le quiz", f"quiz suite {attempt.id}")
        )


def _under_way(db: Database, course: Course, person: str) -> list[attempts.Attempt]:
    kinds: tuple[attempts.Kind, ...] = ("revision", "quiz", "refresher")
    latest = (attempts.under_way(db, person, course.policy.id, kind) for kind in kinds)
    return [attempt for attempt in latest if attempt]


def _pages(db: Database, course: Course, person: str) -> tuple[int, int]:
    """Return how many pages of a policy a person has read, and how many there are."""
    from bot.commands.accueil import accueil  # noqa: PLC0415 — needed only for a person who is reading

    names = accueil.page_names(course.reading())
    return len(Onboardings(db, course.target()).pages_read(person) & set(names)), len(names)


def _due(standing: Standing | None, desk: AwaitingDesk) -> str:
    """Return a sentence with the due date, to add to a line, or "" if there is none."""
    due = due_line(standing.due_on, desk.office.today()) if standing and standing.active else ""
    return f". {due}" if due else ""


def _checks(desk: AwaitingDesk, db: Database, person: str) -> Iterator[Awaiting]:
    """Yield the checks that the administration is invited to review."""
    if not roles.has(db, person, roles.ADMINISTRATION, desk.office.today()):
        return
    for reading in map(desk.library.reading, desk.library.policies.values()):
        by_check = reading.policy.notes(reading.version).checks
        waiting = counts.under_review(db, reading) & by_check.keys() - counts.checks_off(
            db, reading.policy.id
        )
        if waiting:
            count = len(waiting)
            many = (
                "Une vérification souvent écartée"
                if count == 1
                else f"{count} vérifications souvent écartées"
            )
            line = f"Avant de publier\u00a0: {many}, à revoir ({reading.policy.name})"
            yield Awaiting(line, Button("Voir", reading.command(gestion.TABLE, CHECKS)))


# --- Messages ---------------------------------------------------------------------------------


def menu_elements(found: Sequence[Awaiting]) -> tuple[Element, ...]:
    """Return the menu's first elements: at most `MENU_LINES` lines, and the button that shows the others."""
    if not found:
        return ()
    left = len(found) - MENU_LINES
    others = f"Et {left} autres" if left > 1 else "Et un autre"
    more = (Buttons(Button(others, COMMAND)),) if left > 0 else ()
    return (Text(bold("Ce qui vous attend")), *(matter.choice for matter in found[:MENU_LINES]), *more)


def list_message(found: Sequence[Awaiting], page: int = 1) -> Message:
    """Show everything that awaits a person, a page at a time."""
    on_page, page, pages = page_of(found, page, _PER_PAGE)
    turns = turn_buttons(page, pages, lambda target: f"{COMMAND} {target}")
    return Message(
        Heading("Ce qui vous attend"),
        *([] if found else [Text("Rien pour le moment.")]),
        *(matter.choice for matter in on_page),
        Buttons(*turns, Button("Menu", "vigie")),
    )


def show(desk: AwaitingDesk, request: Request) -> Message:
    """Handle `/vigie attente`. The text is a page's number."""
    return list_message(for_request(desk, request), page_number(request.text))
