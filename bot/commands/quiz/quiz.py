"""`/quiz`: learn the policy by questions, one at a time, each answer explained by its clause.

A button carries the attempt's identifier, the turn, the edition of the question and a letter: pressed
late, twice or on two devices, it shows what it was about and answers nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from sqlite_utils import Database

from bot.commands.quiz import messages as say
from bot.conversation.messages import Message
from bot.conversation.requests import Request, UserError
from bot.onboarding import attempts
from bot.onboarding.attempts import Attempt
from bot.onboarding.course import Course
from bot.onboarding.quiz import session
from bot.onboarding.quiz.session import Press
from bot.people import persons
from bot.people.office import Office, actor_of, asker
from bot.register import attestations

_BUTTON = re.compile(r"([0-9a-f]{16})\.(\d{1,4})\.([0-9a-f]{8})\.([+-]?[A-D]|ok)")
# Letters written alone: « B », « b. », « A et C », « a, c ».
REPLIES: Final = re.compile(r"[A-D](?:(?:\s*[,;+&/]\s*|\s+et\s+|\s+)?[A-D]){0,3}\s*[.!)]?", re.IGNORECASE)
# Of several that are under way, which one comes first.
_IN_TURN: tuple[attempts.Kind, ...] = ("revision", "refresher", "quiz")
_NEW, _GO_ON, _REFRESHER, _RESULT = "nouveau", "suite", "revision", "resultat"
_NOT_YOURS = "Ce quiz n'est plus là, ou n'est pas celui de ce compte. Tapez /quiz pour voir où vous en êtes."

Action: TypeAlias = Callable[["_Desk", str], Message]


@dataclass(frozen=True, slots=True)
class _Desk:
    """One request being answered, in its transaction."""

    office: Office
    course: Course
    db: Database
    request: Request


def play(office: Office, course: Course, request: Request) -> Message:
    """Show where one is in the quiz, begin one, or take an answer."""
    text = request.text.strip()
    with office.storage.transaction() as db:
        desk = _Desk(office, course, db, request)
        button = _BUTTON.fullmatch(text)
        if button:
            return _pressed(desk, button)
        letters = _lettered(text)
        if letters:
            return _typed(desk, letters)
        verb, _, rest = text.partition(" ")
        return _ACTIONS.get(verb, _overview)(desk, rest.strip())


def awaits(office: Office, course: Course, request: Request) -> bool:
    """Tell whether letters that someone wrote alone answer the question that they are at."""
    letters = _lettered(request.text)
    with office.storage.transaction() as db:
        desk = _Desk(office, course, db, request)
        attempt = _under_way(desk)
        if attempt is None:
            return False
        asked = session.current(attempt.sitting)
    if asked is None or len(letters) == 1:
        return asked is not None and bool(letters)
    question = course.bank().question(asked.item.question)
    return question is not None and question.several and set(letters) <= set(asked.letters)


def _lettered(text: str) -> str:
    """Return the letters of an answer, « AC » for « a et c »; none when one comes twice, or more is said."""
    if not REPLIES.fullmatch(text):
        return ""
    letters = re.findall(r"[A-D]", re.sub(r"(?i)\bet\b", " ", text).upper())
    return "".join(letters) if len(letters) == len(set(letters)) else ""


# --- Where one is -----------------------------------------------------------------------------


def _overview(desk: _Desk, _: str) -> Message:
    """Go on with what is under way, else show the last result, else say what the quiz is."""
    person, under_way = asker(desk.db, desk.request), _under_way(desk)
    if under_way is not None:
        return _question(desk, under_way)
    if person is not None:
        done = attempts.latest(desk.db, person, desk.course.target().policy, "quiz")
        if done and _is_current(desk, done):
            return _result(desk, done)
        if done:
            return say.introduction(desk.course, done.id)
    return say.introduction(desk.course)


def _under_way(desk: _Desk) -> Attempt | None:
    """Return what the person is at, the first in turn of several."""
    person, policy = asker(desk.db, desk.request), desk.course.target().policy
    if person is None:
        return None
    found = (attempts.under_way(desk.db, person, policy, kind) for kind in _IN_TURN)
    return next((one for one in found if one), None)


def _is_current(desk: _Desk, attempt: Attempt) -> bool:
    return attempt.version == desk.course.target().version.isoformat()


def _begin(desk: _Desk, after: str) -> Message:
    """Begin an attempt after the one named; pressed again, it goes on with the one that it began."""
    person = persons.known(desk.db, actor_of(desk.request))
    target, bank = desk.course.target(), desk.course.questions()
    under_way = attempts.under_way(desk.db, person, target.policy, "quiz")
    if under_way:
        return _question(desk, under_way)
    done = attempts.latest(desk.db, person, target.policy, "quiz")
    if done and done.id != after:
        return _overview(desk, "")
    seen = attempts.times_asked(desk.db, person, target.policy)
    sitting = session.draw(bank, desk.course.random(), seen=seen)
    return _question(desk, _kept(desk, person, "quiz", sitting))


def _kept(desk: _Desk, person: str, kind: attempts.Kind, sitting: session.Sitting) -> Attempt:
    return attempts.begin(desk.db, person, desk.course.target(), sitting, desk.office.clock(), kind=kind)


def _refresh(desk: _Desk, _: str) -> Message:
    """Begin the refresher, or go on with it; once done, it is done until the next is proposed."""
    person, target = asker(desk.db, desk.request), desk.course.target()
    if person is None:
        return say.introduction(desk.course)
    under_way = attempts.under_way(desk.db, person, target.policy, "refresher")
    if under_way:
        return _question(desk, under_way)
    done = attempts.latest(desk.db, person, target.policy, "refresher")
    if done and _is_current(desk, done):
        return _result(desk, done)
    missed = attempts.missed(desk.db, person, target.policy)
    seen = attempts.times_asked(desk.db, person, target.policy)
    sitting = session.refresher(desk.course.questions(), desk.course.random(), missed, seen=seen)
    if not sitting.items:
        return say.nothing_to_refresh()
    return _question(desk, _kept(desk, person, "refresher", sitting))


def _go_on(desk: _Desk, identifier: str) -> Message:
    return _question(desk, _mine(desk, identifier))


def _show_result(desk: _Desk, identifier: str) -> Message:
    attempt = _mine(desk, identifier)
    return _result(desk, attempt) if attempt.finished_at else _question(desk, attempt)


_ACTIONS: Mapping[str, Action] = {
    _NEW: _begin,
    _GO_ON: _go_on,
    _REFRESHER: _refresh,
    _RESULT: _show_result,
}


# --- Playing ----------------------------------------------------------------------------------


def _pressed(desk: _Desk, button: re.Match[str]) -> Message:
    identifier, turn, edition, what = button.groups()
    action: Literal["choose", "tick", "untick", "submit"] = "choose"
    if what == "ok":
        action, what = "submit", ""
    elif what[0] in "+-":
        action, what = ("tick" if what[0] == "+" else "untick"), what[1:]
    return _played(desk, _mine(desk, identifier), Press(int(turn), edition, action, what))


def _typed(desk: _Desk, letters: str) -> Message:
    """Take letters typed instead of pressed, for the question that comes now, once it was seen.

    Where several choices are right, all of them are typed together; one alone is merely ticked.
    """
    attempt = _under_way(desk)
    if attempt is None:
        return _overview(desk, "")
    attempt, _ = _agreed(desk, attempt)
    asked = session.current(attempt.sitting)
    question = desk.course.questions().question(asked.item.question) if asked else None
    if asked is None or question is None:
        return _question(desk, attempt)
    if not desk.course.on_screen.shows(attempt.id, asked.turn):
        return _question(desk, attempt, say.READ_FIRST)
    if not question.several:
        return _played(desk, attempt, Press(asked.turn, asked.item.edition, "choose", letters))
    if len(letters) == 1:
        return _played(desk, attempt, Press(asked.turn, asked.item.edition, "tick", letters))
    sitting = replace(attempt.sitting, ticked=frozenset())
    for letter in letters:
        press = Press(asked.turn, asked.item.edition, "tick", letter)
        sitting, _ = session.press(sitting, desk.course.questions(), press)
    attempt = attempts.save(desk.db, attempt, sitting, desk.office.clock())
    return _played(desk, attempt, Press(asked.turn, asked.item.edition, "submit"))


def _played(desk: _Desk, attempt: Attempt, press: Press) -> Message:
    attempt, changed = _agreed(desk, attempt)
    sitting, outcome = session.press(attempt.sitting, desk.course.questions(), press)
    if outcome in {"answered", "ticked"}:
        attempt = attempts.save(desk.db, attempt, sitting, desk.office.clock())
    if outcome == "answered":
        _note_pass(desk, attempt)
    if outcome in {"answered", "already"}:
        return _feedback(desk, attempt, press)
    if outcome == "over":
        return _result(desk, attempt)
    note = {"empty": say.TICK_FIRST, "changed": say.CHANGED}.get(outcome, say.CHANGED if changed else "")
    return _question(desk, attempt, note)


def _feedback(desk: _Desk, attempt: Attempt, press: Press) -> Message:
    asked = session.answered(attempt.sitting, press.turn)
    answer = attempt.sitting.answers[press.turn]
    question = desk.course.questions().question(asked.item.question)
    if question is None or question.edition != asked.item.edition:
        return _question(desk, attempt, say.CHANGED)
    pressed = asked.order[asked.letters.index(press.letter)] if press.letter in tuple(asked.letters) else None
    other = press.action == "choose" and pressed is not None and answer.chosen != {pressed}
    return say.feedback(desk.course, attempt, question, asked, answer, note=say.ALREADY if other else "")


def _question(desk: _Desk, attempt: Attempt, note: str = "") -> Message:
    """Show the question that comes now, or the result when none does."""
    attempt, changed = _agreed(desk, attempt)
    asked = session.current(attempt.sitting)
    question = desk.course.questions().question(asked.item.question) if asked else None
    if asked is None or question is None:
        return _result(desk, attempt)
    desk.course.on_screen.put(attempt.id, asked.turn)
    return say.question(attempt, question, asked, note=note or (say.CHANGED if changed else ""))


def _agreed(desk: _Desk, attempt: Attempt) -> tuple[Attempt, bool]:
    """Return the attempt made to agree with today's questions, and whether that changed anything."""
    if attempt.finished_at:
        return attempt, False
    sitting = session.agreed(attempt.sitting, desk.course.questions(), desk.course.random())
    version = desk.course.target().version.isoformat()
    if sitting == attempt.sitting and attempt.version == version:
        return attempt, False
    changed = sitting != attempt.sitting
    attempt = attempts.save(desk.db, replace(attempt, version=version), sitting, desk.office.clock())
    _note_pass(desk, attempt)
    return attempt, changed


def _note_pass(desk: _Desk, attempt: Attempt) -> None:
    """Note, once the quiz is over, that it was passed."""
    if attempt.finished_at and _passes(desk, attempt):
        platform = actor_of(desk.request).platform
        target, now = desk.course.target(), desk.office.clock()
        attestations.note_fact(desk.db, attempt.person_id, target, "passed", platform=platform, now=now)


def _passes(desk: _Desk, attempt: Attempt) -> bool:
    """Return whether an attempt is a pass; of a revision's few questions, to have answered them all right."""
    if attempt.kind == "revision":
        return True
    return attempt.kind == "quiz" and session.score(attempt.sitting).reaches(desk.course.plan.pass_mark)


def _result(desk: _Desk, attempt: Attempt) -> Message:
    steps = attestations.facts(desk.db, attempt.person_id, desk.course.target())
    if attempt.kind == "revision":
        return say.reviewed(desk.course, attempt, steps)
    if attempt.kind == "refresher":
        return say.refreshed(desk.course, attempt)
    return say.result(desk.course, attempt, steps)


def _mine(desk: _Desk, identifier: str) -> Attempt:
    """Return an attempt of the person who asks. Raises `UserError` for anyone else's, or none."""
    attempt = attempts.load_attempt(desk.db, identifier)
    if attempt is None or attempt.person_id != asker(desk.db, desk.request):
        raise UserError(_NOT_YOURS)
    return attempt
