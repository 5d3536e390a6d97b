"""The administration's part of `accueil`: everyone's progress, late people, misunderstood questions."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import chain
from typing import Final

from bot.commands.passages import page_number, page_of
from bot.configuration.profile import Profile
from bot.conversation.forms import Form, PersonField, Reply
from bot.conversation.messages import (
    BUTTONS_PER_ROW,
    LABEL_LENGTH,
    Button,
    Buttons,
    Element,
    Heading,
    Message,
    Note,
    Span,
    Text,
    bold,
    code,
    excerpt,
    turn_buttons,
)
from bot.conversation.requests import CONFIRMED, FieldsError, Request, UserError
from bot.onboarding import attempts, enrolment, progress, team
from bot.onboarding.course import Course, CourseRequest
from bot.onboarding.enrolment import Standing
from bot.onboarding.notices import enumeration
from bot.onboarding.progress import LABELS, Numbers
from bot.onboarding.quiz import session, statistics
from bot.onboarding.quiz.bank import QuizBank
from bot.onboarding.quiz.session import Sitting
from bot.onboarding.quiz.statistics import ClauseStatistics, ItemStatistics
from bot.people import persons
from bot.people.office import Office, actor_of, admin_refusal, in_private, person_span
from bot.schedule import clock
from bot.schedule.names import PROGRESS
from bot.times import in_words

VERBS: Final = ("gestion", "personnes", "questions", "commencer", "arreter", "image", "equipe")
PAGE_SIZE = 8  # people or questions per page
_LATE = 6  # late people listed on the overview
_CLAUSES = 5  # hardest clauses listed on the first page of questions
_UNCLEAR = 0.1  # discrimination under which a question should be reviewed
_FEWEST_PEOPLE = 5  # with fewer people, a question's figures are hidden: answers could be guessed
_STALE = 12  # questions to review listed on the overview
_STOPS = 5  # buttons to stop an onboarding
_SHOW, _HIDE = "dire", "taire"
_ALL = Button("Tous les accueils", "accueil gestion")


def manage(office: Office, course: Course, request: Request, courses: Sequence[Course] = ()) -> Reply:
    """Handle a request from the administration. Raises `UserError` for anyone else.

    `courses`: the courses that officers and employees must take. Those other than `course` get buttons.
    """
    if refusal := admin_refusal(office, request):
        raise UserError(refusal)
    verb, _, rest = request.text.strip().partition(" ")
    with office.storage.transaction() as db:
        reply = _OnboardingsRequest(office, course, db, request).answer(verb, rest.strip())
    others = [
        Button(excerpt(str(other.name), LABEL_LENGTH), f"accueil {other.policy.id}: gestion")
        for other in courses
        if other.policy is not course.policy
    ]
    if verb in {"", "gestion"} and others and isinstance(reply, Message):
        beside = (Note("Les autres politiques\u00a0:"), Buttons(*others[:BUTTONS_PER_ROW]))
        return Message(*reply.elements, *beside)
    return reply


class _OnboardingsRequest(CourseRequest):
    """A request from the administration about everyone's onboarding."""

    def answer(self, verb: str, rest: str) -> Reply:  # noqa: PLR0911 — one return for each verb
        """Do what `verb` says, or show the overview if `verb` is unknown or "". `rest`: the text after it."""
        match verb:
            case "personnes":
                return self._people(rest)
            case "questions":
                return self._questions(rest)
            case "commencer":
                return self._begin()
            case "arreter":
                return self._stop(rest)
            case "image":
                return self._draw()
            case "equipe":
                return self._share(rest)
        standings = self._standings()
        late = [self._named(standing.person_id) for standing in standings if self._is_late(standing)]
        return overview_message(self.course, self._count(standings), late, self.course.bank())

    def _standings(self) -> list[Standing]:
        self.onboardings.note_delivered(self.office.calendar)
        return self.onboardings.standings()

    def _count(self, standings: Sequence[Standing]) -> Numbers:
        return progress.count_progress(standings, self.office.today())

    def _is_late(self, standing: Standing) -> bool:
        return standing.late(self.office.today())

    def _named(self, person_id: str) -> Span:
        return person_span(self.db, person_id, actor_of(self.request).platform)

    def _people(self, text: str) -> Message:
        """List people, a page at a time: late people first, then unfinished onboardings, then the rest."""
        standings = sorted(
            self._standings(),
            key=lambda row: (not self._is_late(row), not row.active, row.done, row.started_at),
        )
        on_page, page, pages = page_of(standings, page_number(text), PAGE_SIZE)
        lines = [(self._named(standing.person_id), self._described(standing)) for standing in on_page]
        by_hand = [standing for standing in on_page if standing.by_hand and standing.active]
        stops = [
            Button(f"Arrêter {standings.index(standing) + 1}", f"accueil arreter {standing.person_id}")
            for standing in by_hand[:_STOPS]
        ]
        return people_message(lines, page, pages, stops)

    def _described(self, standing: Standing) -> str:
        """Describe the state of an onboarding, then every recorded fact, day by day."""
        calendar, policy = self.office.calendar, self.target.policy
        facts: dict[date, list[str]] = {calendar.day(standing.started_at): ["accueil commencé"]}
        for step in enrolment.STEPS:
            if step in standing.steps:
                facts.setdefault(calendar.day(standing.steps[step]), []).append(LABELS[step].lower())
        state = "En retard" if self._is_late(standing) else "En cours"
        if standing.suspended_on:
            state = f"Arrêté le {in_words(standing.suspended_on)}"
        if standing.done:
            state = "Terminé"
        if standing.active:
            due = standing.due_on
            state += f", date visée le {in_words(due)}" if due else ", aucune date donnée"
        attempt = attempts.under_way(self.db, standing.person_id, policy, "quiz")
        if attempt:
            state += f", quiz ({session.progress(attempt.sitting)})"
        last = attempts.latest(self.db, standing.person_id, policy, "quiz")
        if last:
            state += f", dernier résultat de {session.score(last.sitting).percent}\u00a0%"
        days = (f"Le {in_words(day)}\u00a0: {', '.join(facts[day])}." for day in sorted(facts))
        return "\n".join((f"{state}.", *days))

    def _questions(self, text: str) -> Message:
        bank = self.course.bank()
        sittings = dict[str, list[Sitting]]()
        for attempt in attempts.finished(self.db, self.target.policy):
            sittings.setdefault(attempt.person_id, []).append(attempt.sitting)
        people = Counter(
            item.question for answers in sittings.values() for item in statistics.by_question(bank, answers)
        )
        every = statistics.by_question(bank, chain.from_iterable(sittings.values()))
        items = [item for item in every if people[item.question] >= _FEWEST_PEOPLE]
        clauses = [row for row in statistics.by_clause(items) if row.facility < 1][:_CLAUSES]
        on_page, page, pages = page_of(items, page_number(text), PAGE_SIZE)
        return questions_message(bank, on_page, clauses, page, pages)

    def _begin(self) -> Reply:
        """Open the form to choose a person or, once it is filled in, begin or resume their onboarding."""
        if not self.request.fields:
            return person_form(self.office.profile)
        picked = self.request.fields.get("personne", "")
        if not picked:
            raise FieldsError({"personne": "Choisissez une personne. Rien n'est commencé."})
        person = persons.known(self.db, replace(actor_of(self.request), user=picked))
        new = self.onboardings.begin(person, self.office.clock(), by_hand=True, at_once=True)
        return begun_message(self._named(person), new=new)

    def _stop(self, person_id: str) -> Message:
        """Stop an onboarding that was started by hand. Pressing the button again changes nothing."""
        standing = self.onboardings.standing(person_id)
        if standing is not None and standing.by_hand and standing.active:
            self.onboardings.suspend(person_id, self.office.today())
        return self._people("")

    def _share(self, wanted: str) -> Message:
        """Show whether the progress figures are shared with the team, or turn the sharing on or off."""
        if wanted == _HIDE:
            team.stop_sharing(self.db)
        elif wanted == _SHOW and self.request.confirmed:
            team.share(self.onboardings, self.office.clock())
        return team_message(shared=team.is_shared(self.db))

    def _draw(self) -> Message:
        """Queue the progress picture for the sender. Asking again before it is drawn changes nothing."""
        actor = actor_of(self.request)
        person = persons.known(self.db, actor)
        arguments = {"person": person, "id": persons.new_id(), "account": str(persons.account(actor))}
        errand, policy = f"{PROGRESS}:{person}", self.target.policy
        if policy != self.course.library.default.id:
            errand, arguments = f"{errand}:{policy}", {**arguments, "policy": policy}
        clock.plan(self.db, errand, PROGRESS, self.office.clock(), arguments)
        return drawing_message(self._count(self._standings()), in_private(self.request))


# --- Messages ---------------------------------------------------------------------------------


def overview_message(course: Course, numbers: Numbers, late: Sequence[Span], bank: QuizBank) -> Message:
    """Show the numbers, the late people, the questions to review and the available actions."""
    more = f" et {len(late) - _LATE} de plus" if len(late) > _LATE else ""
    notes = []
    if bank.stale:
        stale = ", ".join(question.id for question in bank.stale[:_STALE])
        others = f" et {len(bank.stale) - _STALE} de plus" if len(bank.stale) > _STALE else ""
        notes.append(Note(f"Questions à revoir, leur clause ayant changé\u00a0: {stale}{others}."))
    if bank.problems:
        count = len(bank.problems)
        problems = f"{count} problème{'s' * (count > 1)} dans les questions\u00a0: "
        notes.append(Note(problems, code("vigie quiz verifier")))
    return Message(
        Heading("Les accueils"),
        Text(bold(f"{course.name}, {course.revised()}"), "\n", "\n".join(numbers.lines())),
        *([Text(bold("En retard"), "\u00a0: ", *enumeration(late[:_LATE]), f"{more}.")] if late else []),
        *notes,
        Buttons(
            Button("Personnes", "accueil personnes"),
            Button("Ce qui est mal compris", "accueil questions"),
            Button("Image", "accueil image"),
            Button("Commencer un accueil", "accueil commencer", "primary"),
        ),
        Buttons(
            Button("Mon accueil", "accueil moi"),
            Button("Personnes visées", "membres"),
            Button("Dire le nombre à l'équipe", "accueil equipe"),
        ),
    )


def team_message(*, shared: bool) -> Message:
    """Say whether and how the progress figures are shared with the team, and offer to change that."""
    what = (
        "combien ont terminé, dans «\u00a0Où j'en suis\u00a0» et dans les rappels\u00a0: «\u00a08 personnes "
        "sur 15 ont terminé\u00a0», jamais qui."
    )
    first = f"Je dis à l'équipe {what}" if shared else f"Je ne dis rien à l'équipe. Je peux lui dire {what}"
    button = Button("Ne plus le dire", f"accueil equipe {_HIDE}")
    if not shared:
        button = Button("Le dire à l'équipe", f"accueil equipe {_SHOW} {CONFIRMED}", "primary")
    return Message(
        Heading("Ce que je dis à l'équipe"),
        Text(first),
        Note(
            f"Je me tais sous {team.LEAST_TEAM} personnes, ou quand moins de {team.LEAST_PART} ont terminé, "
            f"ou quand il en reste moins de {team.LEAST_PART}. Chaque personne apprend de moi que je le dis."
        ),
        Buttons(button, _ALL),
    )


def people_message(
    lines: Sequence[tuple[Span, str]], page: int, pages: int, stops: Sequence[Button] = ()
) -> Message:
    """Show one page of the list of people, each with a description."""
    first = (page - 1) * PAGE_SIZE + 1
    elements: list[Element] = [
        Text(bold(f"{number}. "), who, f"\n{what}") for number, (who, what) in enumerate(lines, first)
    ]
    return Message(
        Heading("Les accueils, personne par personne"),
        *(elements or [Text("Personne n'a encore d'accueil.")]),
        *([Buttons(*stops)] if stops else []),
        Buttons(*turn_buttons(page, pages, lambda target: f"accueil personnes {target}"), _ALL),
    )


def questions_message(
    bank: QuizBank,
    items: Sequence[ItemStatistics],
    clauses: Sequence[ClauseStatistics],
    page: int,
    pages: int,
) -> Message:
    """Show one page of the questions, hardest first. The first page also names the hardest clauses."""
    elements = []
    if clauses and page == 1:
        hardest = ", ".join(f"{row.clause} ({_percent(row.facility)})" for row in clauses)
        elements.append(Text(bold("Clauses les moins comprises"), f"\u00a0: {hardest}."))
    for item in items:
        figures = f"{_percent(item.facility)} de bonnes réponses du premier coup, sur {item.answers}"
        if item.discrimination is not None and item.discrimination < _UNCLEAR:
            figures += ". À revoir\u00a0: qui connaît bien le reste s'y trompe autant que les autres"
        question = bank.question(item.question)
        words = excerpt(question.text, 110) if question else ""
        elements.append(Text(bold(str(item.clause)), f"\u00a0: {figures}.\n{words}"))
    return Message(
        Heading("Les questions, de la plus difficile à la plus facile"),
        *elements,
        *([] if items else [Text("Il n'y a encore rien à montrer.")]),
        Note(
            f"Une question n'est montrée qu'une fois que {_FEWEST_PEOPLE} personnes y ont répondu, pour que "
            "les réponses de personne ne se devinent."
        ),
        Buttons(*turn_buttons(page, pages, lambda target: f"accueil questions {target}"), _ALL),
    )


def _percent(share: float) -> str:
    return f"{round(share * 100)}\u00a0%"


def begun_message(who: Span, *, new: bool) -> Message:
    """Report that an onboarding begins or, unless `new`, that it has already begun or ended."""
    what = "recevra dans un instant son message d'accueil" if new else "a déjà un accueil commencé ou terminé"
    return Message(Text(who, f" {what}."), Buttons(_ALL, Button("Personnes", "accueil personnes")))


def person_form(profile: Profile) -> Form:
    """Return the form to choose a person."""
    hint = f"Les {profile.readers.several} le reçoivent sans cela."
    return Form(
        "accueil commencer",
        "Commencer un accueil",
        (PersonField("personne", "La personne", hint=hint),),
        "Commencer",
    )


def drawing_message(numbers: Numbers, where: str) -> Message:
    """Confirm that the picture is on its way, and show its numbers. `where`: see `in_private`."""
    return Message(
        Text("\n".join(numbers.lines())),
        Note(f"L'image arrive dans un instant, {where}."),
        Buttons(_ALL),
    )
