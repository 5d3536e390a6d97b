"""`accueil`: a person's own onboarding: read, take the quiz, attest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from bot.commands import nouveautes
from bot.commands.accueil import gestion
from bot.commands.politique import paged
from bot.conversation.forms import Form, Reply, TextField
from bot.conversation.messages import (
    BUTTONS_PER_ROW,
    LABEL_LENGTH,
    Button,
    Buttons,
    Element,
    Heading,
    Message,
    Note,
    Quote,
    Span,
    Text,
    bold,
    clean,
    excerpt,
)
from bot.conversation.requests import FieldsError, Request
from bot.onboarding import attempts, enrolment, notices, team
from bot.onboarding.course import Course, CourseRequest
from bot.onboarding.enrolment import Standing
from bot.onboarding.notices import ATTEST, MY_PROGRESS
from bot.onboarding.quiz import session
from bot.people import persons
from bot.people.office import Office, actor_of, administers, in_private
from bot.policy.articles import Number, Version
from bot.policy.library import Policy, Reading
from bot.register import attestations
from bot.register.attestations import Attesting, Fact
from bot.times import in_words

NAME_LENGTH = 80
_DUTIES: Final = (  # added below an administrator's own progress
    Note("Dans vos fonctions\u00a0:"),
    Buttons(Button("Les accueils", "accueil gestion"), Button("Ce qui vous attend", "attente")),
)
_HEADING = 110  # maximum characters of an article's title in a heading


def welcome(office: Office, course: Course, request: Request) -> Reply:
    """Handle a request about the person's onboarding or, from the administration, about everyone's.

    The policy is the one that the text names, or else the default one. An administrator who asks where they
    are is shown their own progress, then the way to everyone's and to what awaits them.
    """
    named, text = course.library.naming.split(request.text)
    courses = course.asked()
    if named:
        course = course.on(course.library.find(named).id)
    verb, _, rest = text.strip().partition(" ")
    if verb in gestion.VERBS:
        reply = gestion.manage(office, course, replace(request, text=text), courses)
    else:
        with office.storage.transaction() as db:
            onboarding = _OnboardingRequest(office, course, db, request)
            reply = onboarding.answer(verb, rest.strip(), () if named else courses)
        if not verb and isinstance(reply, Message) and administers(office, request):
            reply = Message(*reply.elements, *_DUTIES)
    return course.library.addressed(reply, course.policy.id)


def others_asked(course: Course, courses: Sequence[Course]) -> Sequence[Element]:
    """Return buttons to a person's progress on the other policies that they must read."""
    others = [other for other in courses if other.policy is not course.policy]
    buttons = [
        Button(excerpt(str(other.name), LABEL_LENGTH), f"accueil {other.policy.id}: moi") for other in others
    ]
    return (Note("Les autres politiques\u00a0:"), Buttons(*buttons[:BUTTONS_PER_ROW])) if buttons else ()


class _OnboardingRequest(CourseRequest):
    """A request from a person about their own onboarding."""

    def answer(self, verb: str, rest: str, courses: Sequence[Course] = ()) -> Reply:  # noqa: PLR0911 — one return for each verb
        """Do what `verb` says, or show the person's progress if `verb` is unknown or "".

        `rest`: the text after the verb. `courses`: other courses that the person must take, to offer too.
        """
        match verb:
            case "lire":
                return self._read()
            case "lu":
                return self._turn(rest)
            case "page":
                return self._page(rest)
            case "attester" | "confirmer" if self._may_attest():
                return self._confirm()
            case "recu":
                return self._receipt()
            case notices.ASK:
                return self._remind(rest)
        progress = self._progress()
        return Message(*progress.elements, *others_asked(self.course, courses))

    # --- Progress -----------------------------------------------------------------------------

    def _progress(self) -> Message:
        person = self.person
        standing = self.onboardings.standing(person) if person else None
        facts = attestations.facts(self.db, person, self.target) if person else {}
        steps = {fact: in_words(self.office.calendar.day(at)) for fact, at in facts.items()}
        state = self._state(standing)
        if standing is not None and standing.scope == "changes" and not standing.suspended_on:
            return nouveautes.revision_steps(self.course, standing, steps, state)
        lines = self._lines(person, steps, expected=standing is not None)
        going = "Continuer la lecture" if "opened" in steps else "Commencer la lecture"
        read, passed = "read" in steps, "passed" in steps
        buttons = [Button("Relire" if read else going, "accueil lire", "plain" if read else "primary")]
        if self.course.quizzed:
            buttons.append(Button("Le quiz", "quiz", "primary" if read and not passed else "plain"))
        if standing and standing.active and not standing.missing:
            buttons.append(ATTEST)
        if "attested" in steps:
            buttons.append(Button("Redemander mon reçu", "accueil recu"))
        buttons.append(Button(f"Chercher dans {self.course.name.the}", "politique"))
        return progress_message(self.course, standing, lines, state, buttons)

    def _state(self, standing: Standing | None) -> list[Text]:
        """Return the due date, the reminder that the person asked for, and the team's progress."""
        if standing is None or standing.suspended_on:
            return []
        due = notices.due_line(standing.due_on, self.office.today()) if standing.active else ""
        if standing.active and standing.remind_on:
            due += f" Rappel demandé pour le {in_words(standing.remind_on)}."
        return notices.progress_lines(due.strip(), team.team_line(self.onboardings))

    def _remind(self, when: str) -> Message:
        """Schedule the reminder that the person asks for, in place of an earlier one, or cancel it."""
        person, today = self.person, self.office.today()
        standing = self.onboardings.standing(person) if person else None
        days = {notices.TOMORROW: 1, notices.MONDAY: 7 - today.weekday()}
        if person is None or standing is None or not standing.active:
            return self._progress()
        if when not in days:
            if when == notices.NEVER:
                enrolment.forget_asked_reminder(self.db, person, self.target.policy)
            return self._progress()
        day = today + timedelta(days=days[when])
        account = persons.account(actor_of(self.request))
        self.onboardings.ask_reminder(person, day, account, self.office.calendar, self.office.clock())
        return reminder_asked_message(when, day)

    def _lines(self, person: str | None, steps: Mapping[Fact, str], *, expected: bool) -> list[Span | str]:
        pages = page_names(self.course.reading())
        turned = self.onboardings.pages_read(person) & set(pages) if person else set()
        reading = f"{len(turned)} page{'s' * (len(turned) > 1)} sur {len(pages)}" if turned else "à faire"
        attempt = attempts.under_way(self.db, person, self.target.policy, "quiz") if person else None
        where = session.progress(attempt.sitting) if attempt else None
        playing = str(where) if where else "à faire"
        states: tuple[tuple[str, Fact, str], ...] = (
            ("1. Lecture", "read", reading),
            ("2. Quiz", "passed", playing),
            ("3. Attestation", "attested", "à faire"),
        )
        if not self.course.quizzed:
            states = (states[0], ("2. Attestation", "attested", "à faire"))
        if not expected and "attested" not in steps:
            states = states[:-1]
        spans: list[Span | str] = []
        for title, fact, otherwise in states:
            state = f"c'est fait, le {steps[fact]}" if fact in steps else otherwise
            spans += [bold(title), f"\u00a0: {state}" + ("" if fact == states[-1][1] else "\n")]
        return spans

    # --- Reading ------------------------------------------------------------------------------

    def _read(self) -> Message:
        """Start reading, or resume at the first unread page."""
        person = persons.known(self.db, actor_of(self.request))
        self.note(person, "opened")
        names = page_names(self.course.reading())
        left = self._unread(person, names)
        return self._page(left[0] if left else names[0])

    def _turn(self, name: str) -> Message:
        """Record that a page was read. Show the next page or, after the last one, the first skipped page."""
        person = persons.known(self.db, actor_of(self.request))
        names = page_names(self.course.reading())
        if name not in names:
            return self._read()
        self.note(person, "opened")
        self.onboardings.turn_page(person, name, self.office.today())
        left = self._unread(person, names)
        if not left:
            self.note(person, "read")
        following = [*names[names.index(name) + 1 :], *left]
        if following:
            return self._page(following[0])
        steps = attestations.facts(self.db, person, self.target)
        passed = "passed" in steps or not self.course.quizzed
        expected = self.is_asked(person)
        return reading_over_message(self.course, passed=passed, expected=expected)

    def _unread(self, person: str, names: list[str]) -> list[str]:
        turned = self.onboardings.pages_read(person)
        return [name for name in names if name not in turned]

    def _page(self, name: str) -> Message:
        names = page_names(self.course.reading())
        return page_message(self.course, names.index(name) if name in names else 0)

    # --- Attesting ----------------------------------------------------------------------------

    def _may_attest(self) -> bool:
        person = self.person
        standing = self.onboardings.standing(person) if person else None
        return standing is not None and standing.active and not standing.missing

    def _confirm(self) -> Reply:
        """Open the form that asks for the name on the receipt or, once it is filled in, attest.

        The form suggests the name of the person's last attestation.
        """
        if not self.request.fields:
            before = attestations.last_name(self.db, self.person) if self.person else ""
            return name_form(self.course, before or self.request.name)
        name = " ".join(clean(self.request.fields.get("nom", "")).split())
        if not 1 < len(name) <= NAME_LENGTH:
            problem = "Écrivez votre nom, tel qu'il figurera sur votre reçu. Rien n'est encore attesté."
            raise FieldsError({"nom": problem})
        actor = actor_of(self.request)
        person = persons.known(self.db, actor)
        account = persons.account(actor)
        attesting = Attesting(person, name, account, self.target, self.office.clock())
        self.onboardings.attest(attesting, self.course.attest)
        return attested_message(self.course, in_private(self.request))

    def _receipt(self) -> Message:
        """Send the receipt again to a person who has attested."""
        person = self.person
        if person is None or "attested" not in attestations.facts(self.db, person, self.target):
            return self._progress()
        account = str(persons.account(actor_of(self.request)))
        self.course.send_receipt(self.db, person, self.target, self.office.clock(), account)
        return receipt_coming_message(in_private(self.request))


def progress_message(
    course: Course,
    standing: Standing | None,
    lines: Sequence[Span | str],
    state: Sequence[Text],
    onward: Sequence[Button],
) -> Message:
    """Show a person's progress. `lines`: the steps. `state`: the due date and the team's progress."""
    return Message(
        Heading("Votre accueil"),
        Text(_asked(course, standing)),
        Text(*lines),
        *state,
        Buttons(*onward),
        *notices.reminder_choices(standing),
    )


def _asked(course: Course, standing: Standing | None) -> str:
    name, revised = course.name, course.revised()
    if standing is None:
        quiz = " et faire le quiz" if course.quizzed else ""
        return f"Aucun accueil ne vous est demandé. Vous pouvez lire {name.the}{quiz} quand même."
    if standing.done:
        return f"Tout est fait pour {name.the}, {revised}. Merci!"
    if standing.suspended_on:
        return (
            f"Votre accueil s'est arrêté le {in_words(standing.suspended_on)}, avec vos fonctions\u00a0: "
            "plus rien ne vous est demandé. Ce que vous avez fait est gardé, au cas où vous reviendriez."
        )
    count = "Trois" if course.quizzed else "Deux"
    return f"{count} choses vous sont demandées pour {name.the}, {revised}."


def reminder_asked_message(when: str, day: date) -> Message:
    """Confirm the reminder that a person asked for. `when`: « demain » or « lundi »."""
    return Message(
        Text(f"C'est noté\u00a0: je vous le rappellerai {when}, le {in_words(day)}."),
        Buttons(MY_PROGRESS, notices.FORGET),
    )


# --- The pages of the reading -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Page:
    """A page of the reading. The name « 5/2 » means the second page of article 5."""

    name: str
    title: str
    place: str
    elements: tuple[Element, ...]


@lru_cache(maxsize=8)
def _pages(reading: Reading) -> tuple[_Page, ...]:
    """Return the pages of the whole policy, article by article. A long article takes several pages."""
    built: list[_Page] = []
    articles = reading.version.articles
    for at, article in enumerate(articles, 1):
        pages = list(paged(reading, article.clauses))
        title = reading.place(article.number)
        for number, elements in enumerate(pages, 1):
            page = f", page {number} sur {len(pages)}" if len(pages) > 1 else ""
            name = f"{article.number}/{number}"
            place = f"Article {at} sur {len(articles)}{page}"
            built.append(_Page(name, excerpt(title, _HEADING), place, tuple(elements)))
    return tuple(built)


def page_names(reading: Reading) -> list[str]:
    """Return the names of the pages, in order."""
    return [page.name for page in _pages(reading)]


def carried_pages(old: Version, new: Version, policy: Policy) -> dict[str, str]:
    """Map the name of each old page to that of the new version's page with the same words, if any."""
    before, after = _pages(Reading(policy, old)), _pages(Reading(policy, new))
    present = {_words(page, new): page.name for page in reversed(after)}
    return {page.name: present[words] for page in before if (words := _words(page, old)) in present}


def _words(page: _Page, version: Version) -> tuple[str, ...]:
    """Return the policy's words on a page, one text for each quotation."""
    return tuple(
        clause.text[quote.start : quote.end]
        for quote in page.elements
        if isinstance(quote, Quote) and (clause := version.clause(Number(quote.clause)))
    )


def page_message(course: Course, at: int) -> Message:
    """Show a page of the reading. `at`: its index, from 0."""
    pages = _pages(course.reading())
    page = pages[at]
    onward = Button(
        "Terminer la lecture" if at == len(pages) - 1 else "Suivant →", f"accueil lu {page.name}", "primary"
    )
    back = [Button("← Précédent", f"accueil page {pages[at - 1].name}")] if at else []
    return Message(
        Heading(page.title),
        *page.elements,
        Note(f"Lecture\u00a0: page {at + 1} sur {len(pages)} ({page.place.lower()})"),
        Buttons(*back, onward, MY_PROGRESS),
    )


def reading_over_message(course: Course, *, passed: bool, expected: bool = True) -> Message:
    """End the reading and offer the next step.

    `passed`: whether no quiz is left to pass. `expected`: whether the person must attest.
    """
    onward, following = "", []
    if not passed:
        onward = f" La suite\u00a0: répondre à {course.size()} questions."
        following = [Button("Passer au quiz", "quiz", "primary")]
    elif expected:
        onward = " La suite\u00a0: attester votre lecture."
        following = [ATTEST]
    return Message(
        Heading("Lecture terminée"),
        Text(f"Vous avez lu {course.name.the} en entier.{onward}"),
        Buttons(*following, Button("Relire", "accueil page 1/1"), MY_PROGRESS),
    )


# --- The messages of the attestation ----------------------------------------------------------


def name_form(course: Course, name: str = "") -> Form:
    """Return the form that shows the statement to attest and asks for the person's name.

    `name`: the name that it suggests.
    """
    return Form(
        "accueil confirmer",
        "Attester ma lecture",
        (TextField("nom", "Votre nom, pour le reçu", value=name[:NAME_LENGTH], max_length=NAME_LENGTH),),
        "Attester",
        introduction=(
            f"{course.target().statement.removesuffix('.')}.\n\n"
            "S'inscriront au registre\u00a0: votre nom, votre compte, l'empreinte du texte, l'heure "
            "et la plateforme."
        ),
    )


def attested_message(course: Course, where: str) -> Message:
    """Confirm an attestation. `where`: where the receipt will be (see `in_private`)."""
    return Message(
        Heading("C'est attesté"),
        Text(
            f"Votre lecture {course.name.of}, {course.revised()}, est inscrite au registre. Votre reçu "
            f"arrive {where}. Merci!"
        ),
        Buttons(MY_PROGRESS, Button(f"Chercher dans {course.name.the}", "politique")),
    )


def receipt_coming_message(where: str) -> Message:
    """Confirm that the receipt is on its way. `where`: see `in_private`."""
    return Message(Text(f"Votre reçu arrive dans un instant, {where}."), Buttons(MY_PROGRESS))
