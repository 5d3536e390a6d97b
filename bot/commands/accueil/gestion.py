"""The part of `accueil` that is the administration's: who is where, who is late, what is misunderstood."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias, TypeVar

from sqlite_utils import Database

from bot.conversation.forms import Form, PersonField, Reply
from bot.conversation.messages import (
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
)
from bot.conversation.requests import Request, UserError
from bot.onboarding import attempts, enrolment, progress
from bot.onboarding.course import Course
from bot.onboarding.enrolment import Standing
from bot.onboarding.progress import LABELS, Numbers
from bot.onboarding.quiz import session, statistics
from bot.onboarding.quiz.bank import QuizBank
from bot.onboarding.quiz.statistics import ClauseStatistics, ItemStatistics
from bot.people import persons, roles
from bot.people.office import Office, actor_of, administers, named
from bot.schedule import clock
from bot.times import in_words

DRAW: Final = "accueil-image"  # the errand that draws the picture
PAGE_SIZE = 8  # people or questions on one page
_LATE = 6  # people named on the first page
_CLAUSES = 5  # the least understood ones
_STALE = 12  # questions to review that are named


@dataclass(frozen=True, slots=True)
class _Desk:
    """One request of the administration's being answered, in its transaction."""

    office: Office
    course: Course
    db: Database
    request: Request

    def named(self, person_id: str) -> Span:
        """Return how to show a person to the one who reads."""
        return named(self.db, person_id, actor_of(self.request).platform)

    def everyone(self) -> list[Standing]:
        """Return where everyone is, what the outbox knows being noted first."""
        target = self.course.target()
        enrolment.note_delivered(self.db, target, self.office.calendar)
        return enrolment.standings(self.db, target)

    def is_late(self, one: Standing) -> bool:
        """Return whether a person is late today."""
        return one.late(self.course.plan, self.office.calendar, self.office.today())

    def numbers(self, found: Sequence[Standing]) -> Numbers:
        """Count them."""
        return progress.count_progress(found, self.course.plan, self.office.calendar, self.office.today())


Action: TypeAlias = Callable[[_Desk, str], Reply]
_Row = TypeVar("_Row")


def manage(office: Office, course: Course, request: Request) -> Reply:
    """Answer the administration. Raises `UserError` for anyone else."""
    verb, _, rest = request.text.strip().partition(" ")
    with office.storage.transaction() as db:
        if not administers(office, request):
            name = roles.title(db, roles.ADMINISTRATION)
            raise UserError(f"Cette commande est réservée au rôle «\u00a0{name}\u00a0».")
        return ACTIONS.get(verb, _overview)(_Desk(office, course, db, request), rest.strip())


# --- Everyone ---------------------------------------------------------------------------------


def _overview(desk: _Desk, _: str) -> Message:
    found = desk.everyone()
    late = [desk.named(one.person_id) for one in found if desk.is_late(one)]
    return overview(desk.course, desk.numbers(found), late, desk.course.bank())


def overview(course: Course, numbers: Numbers, late: Sequence[Span], bank: QuizBank) -> Message:
    """Return the numbers, who is late, and what can be done."""
    names: list[Span | str] = []
    for number, span in enumerate(late[:_LATE]):
        names += [", ", span] if number else [span]
    more = f" et {len(late) - _LATE} de plus" if len(late) > _LATE else ""
    return Message(
        Heading("Les accueils"),
        Text(bold(f"{course.name}, {course.revised()}"), "\n", "\n".join(numbers.lines())),
        *([Text(bold("En retard"), "\u00a0: ", *names, f"{more}.")] if late else []),
        *_to_review(bank),
        Buttons(
            Button("Personnes", "accueil personnes"),
            Button("Questions", "accueil questions"),
            Button("Image", "accueil image"),
            Button("Commencer un accueil", "accueil commencer", "primary"),
        ),
        Buttons(Button("Mon accueil", "accueil moi"), Button("Personnes visées", "membres")),
    )


def _to_review(bank: QuizBank) -> Iterator[Note]:
    """Yield what is kept out of the quiz until someone looks at it."""
    if bank.stale:
        names = ", ".join(one.id for one in bank.stale[:_STALE])
        more = f" et {len(bank.stale) - _STALE} de plus" if len(bank.stale) > _STALE else ""
        yield Note(f"Questions à revoir, leur clause ayant changé\u00a0: {names}{more}.")
    if bank.problems:
        count = len(bank.problems)
        yield Note(
            f"{count} problème{'s' * (count > 1)} dans les questions\u00a0: ", code("vigie quiz verifier")
        )


def _people(desk: _Desk, text: str) -> Message:
    """List people, a page at a time: those who are late, then those under way, then the others."""
    found = sorted(
        desk.everyone(), key=lambda one: (not desk.is_late(one), not one.active, one.done, one.started_at)
    )
    lines = [(desk.named(one.person_id), _described(desk, one)) for one in _slice(found, text)]
    ends = [one for one in _slice(found, text) if one.by_hand and one.active]
    stops = [
        Button(f"Arrêter {found.index(one) + 1}", f"accueil arreter {one.person_id}") for one in ends[:5]
    ]
    return people_page(lines, _at(text, len(found)), len(found), stops)


def people_page(
    lines: Sequence[tuple[Span, str]], page: int, total: int, stops: Sequence[Button] = ()
) -> Message:
    """Return one page of the list of people."""
    first = (page - 1) * PAGE_SIZE + 1
    elements: list[Element] = [
        Text(bold(f"{number}. "), who, f"\n{what}") for number, (who, what) in enumerate(lines, first)
    ]
    return Message(
        Heading("Les accueils, personne par personne"),
        *(elements or [Text("Personne n'a encore d'accueil.")]),
        *([Buttons(*stops)] if stops else []),
        Buttons(*_turning("personnes", page, total), Button("Tous les accueils", "accueil gestion")),
    )


def _described(desk: _Desk, one: Standing) -> str:
    """Return each of the facts that happened, and what is under way; none is inferred from another."""
    calendar, policy = desk.office.calendar, desk.course.target().policy
    facts = [
        f"{LABELS[step].lower()} le {in_words(calendar.day(one.steps[step]))}"
        for step in enrolment.STEPS
        if step in one.steps
    ]
    sitting = attempts.under_way(desk.db, one.person_id, policy, "quiz")
    if sitting:
        where = session.progress(sitting.sitting)
        facts.append(f"quiz à la question {min(where.number, where.total)} sur {where.total}")
    last = attempts.latest(desk.db, one.person_id, policy, "quiz")
    if last:
        facts.append(f"dernier résultat de {session.score(last.sitting).percent}\u00a0%")
    began = f"commencé le {in_words(calendar.day(one.started_at))}"
    return f"{_state(desk, one)}, {began}; {', '.join(facts) or 'rien encore'}."


def _state(desk: _Desk, one: Standing) -> str:
    if one.done:
        return "Terminé"
    if one.suspended_on:
        return f"Arrêté le {in_words(one.suspended_on)}"
    return "En retard" if desk.is_late(one) else "En cours"


# --- Questions --------------------------------------------------------------------------------


def _questions(desk: _Desk, text: str) -> Message:
    sittings = [one.sitting for one in attempts.finished(desk.db, desk.course.target().policy)]
    bank = desk.course.bank()
    found = statistics.by_question(bank, sittings)
    clauses = [one for one in statistics.by_clause(found) if one.facility < 1][:_CLAUSES]
    return questions_page(bank, _slice(found, text), clauses, _at(text, len(found)), len(found))


def questions_page(
    bank: QuizBank,
    items: Sequence[ItemStatistics],
    clauses: Sequence[ClauseStatistics],
    page: int,
    total: int,
) -> Message:
    """Return one page of the questions, the hardest first."""
    hardest = ", ".join(f"{one.clause} ({_percent(one.facility)})" for one in clauses)
    return Message(
        Heading("Les questions, de la plus difficile à la plus facile"),
        *(
            [Text(bold("Clauses les moins comprises"), f"\u00a0: {hardest}.")]
            if clauses and page == 1
            else []
        ),
        *[Text(bold(one.question), f"\u00a0: {_figures(one)}\n{_words(bank, one)}") for one in items],
        *([] if items else [Text("Aucun quiz n'est encore terminé.")]),
        Note(
            "Facilité\u00a0: part des bonnes réponses du premier coup. Discrimination\u00a0: de −1 à 1; "
            "près de zéro ou au-dessous, la question est à revoir."
        ),
        Buttons(*_turning("questions", page, total), Button("Tous les accueils", "accueil gestion")),
    )


def _figures(one: ItemStatistics) -> str:
    known = one.discrimination is not None
    discrimination = (
        f"{one.discrimination:.2f}".replace(".", ",").replace("-", "−") if known else "pas encore connue"
    )
    answers = f"{one.answers} réponse{'s' * (one.answers > 1)}"
    return f"facilité {_percent(one.facility)}, discrimination {discrimination}, {answers}"


def _words(bank: QuizBank, one: ItemStatistics) -> str:
    question = bank.question(one.question)
    return excerpt(question.text, 110) if question else ""


def _percent(share: float) -> str:
    return f"{round(share * 100)}\u00a0%"


# --- Pages ------------------------------------------------------------------------------------


def _at(text: str, total: int) -> int:
    """Return the page that is asked for, the nearest that there is."""
    asked = int(text) if text.isdecimal() and len(text) < len("1000") else 1
    return min(max(asked, 1), max(1, -(-total // PAGE_SIZE)))


def _slice(found: Sequence[_Row], text: str) -> Sequence[_Row]:
    page = _at(text, len(found))
    return found[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]


def _turning(verb: str, page: int, total: int) -> Iterator[Button]:
    if page > 1:
        yield Button("← Page précédente", f"accueil {verb} {page - 1}")
    if page * PAGE_SIZE < total:
        yield Button("Page suivante →", f"accueil {verb} {page + 1}")


# --- Doing ------------------------------------------------------------------------------------


def _begin(desk: _Desk, _: str) -> Reply:
    """Begin the onboarding of a person that one picks; one that is begun or done is left as it is."""
    if not desk.request.fields:
        return person_form()
    picked = desk.request.fields.get("personne", "")
    if not picked:
        raise UserError("Choisissez une personne. Rien n'est commencé.")
    person = persons.known(desk.db, replace(actor_of(desk.request), user=picked))
    now = desk.office.clock()
    new = enrolment.begin(desk.db, person, desk.course.target(), now, by_hand=True, at_once=True)
    return begun(desk.named(person), new=new)


def begun(who: Span, *, new: bool) -> Message:
    """Say whether an onboarding was begun."""
    said = (
        " recevra dans un instant son message d'accueil."
        if new
        else " a déjà un accueil commencé ou terminé."
    )
    return Message(
        Text(who, said),
        Buttons(Button("Tous les accueils", "accueil gestion"), Button("Personnes", "accueil personnes")),
    )


def person_form() -> Form:
    """Return the form that picks a person."""
    hint = "Les officières, officiers et membres du personnel le reçoivent sans cela."
    return Form(
        "accueil commencer",
        "Commencer un accueil",
        (PersonField("personne", "La personne", hint=hint),),
        "Commencer",
    )


def _stop(desk: _Desk, person_id: str) -> Message:
    """Stop an onboarding that was begun by hand; pressed twice, it changes nothing more."""
    found = enrolment.standing(desk.db, person_id, desk.course.target())
    if found is not None and found.by_hand and found.active:
        enrolment.suspend(desk.db, person_id, desk.course.target(), desk.office.today())
    return _people(desk, "")


def _picture(desk: _Desk, _: str) -> Message:
    """Have the picture drawn, off this thread, for the one who asks; asked twice, it is drawn once."""
    person = persons.known(desk.db, actor_of(desk.request))
    now = desk.office.clock()
    clock.plan(desk.db, f"{DRAW}:{person}", DRAW, now, {"person": person, "id": persons.new_id()})
    return drawing(desk.numbers(desk.everyone()))


def drawing(numbers: Numbers) -> Message:
    """Say that the picture is coming, and give its numbers meanwhile."""
    return Message(
        Text("\n".join(numbers.lines())),
        Note("L'image arrive dans un instant, en message privé."),
        Buttons(Button("Tous les accueils", "accueil gestion")),
    )


ACTIONS: Mapping[str, Action] = {
    "gestion": _overview,
    "personnes": _people,
    "questions": _questions,
    "commencer": _begin,
    "arreter": _stop,
    "image": _picture,
}
