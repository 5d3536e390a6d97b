"""`/quiz`: learn the policy one question at a time, with each answer explained by its clause.

A button carries the attempt's identifier, the turn, the edition of the question and a letter. Even if it is
pressed late, twice or on two devices, the button never answers another question.
"""

import re
from dataclasses import replace
from typing import Final

from sqlite_utils import Database

from bot.commands.quiz import messages
from bot.conversation.messages import Message
from bot.conversation.requests import Request, UserError
from bot.onboarding import attempts
from bot.onboarding.attempts import Attempt
from bot.onboarding.course import Course, CourseRequest
from bot.onboarding.quiz import session
from bot.onboarding.quiz.bank import Question
from bot.onboarding.quiz.session import Action, Press, QuizTurn, Sitting
from bot.people import persons
from bot.people.office import Office, actor_of
from bot.register import attestations

_ATTEMPT = re.compile(r"\b[0-9a-f]{16}\b")
_BUTTON = re.compile(r"([0-9a-f]{16})\.(\d{1,4})\.([0-9a-f]{8})\.([+-]?[A-D]|ok)")
# The words that people put around an answer: « je dirais B », « c'est faux », « la C, je pense ».
_SURE = r"(?:je\s+(?:dirais|pense|crois|choisis|réponds)(?:\s+que)?|j['’]y\s+vais\s+avec|selon\s+moi)"
_THE = r"(?:(?:ma|la|le|les|mon|the)\s+|l['’])"
_BEFORE = (
    rf"(?:(?:euh|ok|bon|hum|ben)[\s,]+)?(?:{_SURE}[\s,]+)?(?:c['’]est\s+)?{_THE}?"
    rf"(?:(?:réponse|reponse|choix|option|lettre|answer)s?\s*:?\s+)?{_THE}?"
)
_AFTER = rf"(?:[\s,]+{_SURE})?(?:[\s,]+(?:svp|stp|merci|please|peut-être))?\s*[.!)]*"
# An answer in letters: « B », « b. », « A et C », « a, c ».
_LETTERS = re.compile(
    rf"{_BEFORE}([A-D](?:(?:\s*[,;+&/]\s*|\s+et\s+|\s+)?[A-D]){{0,3}}){_AFTER}", re.IGNORECASE
)
_TRUE_OR_FALSE = re.compile(rf"{_BEFORE}(vrai|faux|true|false|[vf]|oui|non){_AFTER}", re.IGNORECASE)
# Texts in the form of an answer that may match no choice: « E », « la 2 », « A et C » for a single choice.
_CHOICES = re.compile(
    rf"{_BEFORE}[A-H1-8](?:(?:\s*[,;+&/]\s*|\s+(?:et|ou)\s+|\s+)[A-H1-8]){{0,3}}{_AFTER}", re.IGNORECASE
)
# « La deuxième, je pense »: the rank of a choice on screen, in the order of the letters.
_PLACES = (
    r"premi[eè]re?|1re|1er|first",
    r"deuxi[eè]me|2e|seconde?",
    r"troisi[eè]me|3e|third",
    r"quatri[eè]me|4e",
)
_ANY_PLACE = "|".join(f"({place})" for place in _PLACES)
_PLACE = re.compile(rf"{_BEFORE}(?:{_ANY_PLACE})(?:\s+(?:choix|option|réponse))?{_AFTER}", re.IGNORECASE)
# What leads from an explained answer to the next question, like its button.
_ONWARD = re.compile(
    r"(?:ok\s+)?(?:(?:l[ae]\s+)?(?:question\s+)?(?:suivante?|prochaine)(?:\s+question)?|next(?:\s+question)?)"
    r"(?:\s+(?:svp|stp|please))?\s*[.!]*",
    re.IGNORECASE,
)
REPLIES: Final = re.compile(
    f"{_LETTERS.pattern}|{_TRUE_OR_FALSE.pattern}|{_CHOICES.pattern}|{_PLACE.pattern}|{_ONWARD.pattern}",
    re.IGNORECASE,
)
_KINDS: tuple[attempts.Kind, ...] = ("revision", "refresher", "quiz")  # in order of priority
_NOT_YOURS = "Ce quiz n'est plus là, ou n'est pas celui de ce compte. Tapez /quiz pour voir où vous en êtes."


def play(office: Office, course: Course, request: Request) -> Message:
    """Show the current question or the last result, begin a quiz, or take an answer.

    If the text names a policy, the quiz is on that policy. Otherwise, it is the quiz that the person is
    taking. If there are several quizzes, the person may be asked which one they want.
    """
    text = "" if _ONWARD.fullmatch(request.text.strip()) else request.text.strip()
    with office.storage.transaction() as db:
        quiz = _quiz_under_way(office, course, db, request)
        letters = quiz.letters_of(text)
        if letters is not None:
            return quiz.addressed(quiz.take_letters(letters))
        named, rest = course.library.naming.split(text)
        attempt = attempts.load_attempt(db, match[0]) if (match := _ATTEMPT.search(rest)) else None
        quizzes = [candidate for candidate in course.every() if candidate.quizzed]
        if attempt and attempt.policy in course.library.policies:
            course = course.on(attempt.policy)
        elif named:
            course = course.on(course.library.find(named).id)
        elif not rest:
            if quiz.under_way() is None and len(quizzes) > 1:
                return messages.which_message(quizzes)
            course = quiz.course if course.quizzed or quiz.under_way() else next(iter(quizzes), course)
        if not course.quizzed:
            return messages.no_quiz_message(course, quizzes)
        quiz = _QuizRequest(office, course, db, request)
        button = _BUTTON.fullmatch(rest)
        verb, _, after = rest.partition(" ")
        return quiz.addressed(quiz.press(button) if button else quiz.go(verb, after.strip()))


def _quiz_under_way(office: Office, course: Course, db: Database, request: Request) -> "_QuizRequest":
    """Return the request about the quiz that the person is taking, else about the default policy's.

    If they are taking several quizzes, it is about the one whose question was shown last.
    """
    requests = [
        _QuizRequest(office, candidate, db, request) for candidate in course.every() if candidate.quizzed
    ]
    taken = {attempt.id: quiz for quiz in requests if (attempt := quiz.under_way())}
    if latest := course.on_screen.latest(taken):
        return taken[latest]
    return next(iter(taken.values()), _QuizRequest(office, course, db, request))


def awaits(office: Office, course: Course, request: Request, *, clauses_since: bool = False) -> bool:
    """Return whether a message answers the person's current question, or asks for the next one.

    `clauses_since`: whether clauses were shown since the quiz, so that « la suivante » is the next clause.
    """
    with office.storage.transaction() as db:
        quiz = _quiz_under_way(office, course, db, request)
        if _ONWARD.fullmatch(request.text):
            return not clauses_since and quiz.is_explained()
        return quiz.letters_of(request.text) is not None


def _letters(text: str) -> str:
    """Return the letters of a typed answer: « AC » for « a et c ».

    Return "" if a letter is repeated, or if the text is not a list of letters from A to D.
    """
    match = _LETTERS.fullmatch(text)
    if not match:
        return ""
    letters = re.findall(r"[A-D]", re.sub(r"(?i)\bet\b", " ", match[1]).upper())
    return "".join(letters) if len(letters) == len(set(letters)) else ""


class _QuizRequest(CourseRequest):
    """A request about the quiz."""

    def addressed(self, message: Message) -> Message:
        """Return a message with button commands for this quiz's policy (see `Library.addressed`)."""
        return self.course.library.addressed(message, self.course.policy.id)

    # --- The current state --------------------------------------------------------------------

    def go(self, verb: str, rest: str) -> Message:  # noqa: PLR0911 — one return for each verb
        """Do what `verb` says, or show the current state if `verb` is unknown. `rest`: the text after it."""
        match verb:
            case "nouveau":
                return self._begin(rest)
            case "revision":
                return self._refresh()
            case "suite":
                return self._question(self._own(rest))
            case "arret":
                attempt = self._own(rest)
                return self._result(attempt) if attempt.finished_at else messages.stopped_message(attempt)
            case "recommencer":
                return self._restart(self._own(rest))
            case "resultat":
                attempt = self._own(rest)
                return self._result(attempt) if attempt.finished_at else self._question(attempt)
        return self._overview()

    def _overview(self) -> Message:
        attempt = self.under_way()
        if attempt is not None:
            return self._question(attempt)
        last = self._latest("quiz")
        if last and last.version == self.target.version.isoformat():
            return self._result(last)
        return messages.introduction_message(self.course, last.id if last else "-")

    def under_way(self) -> Attempt | None:
        """Return the person's unfinished attempt, if any.

        If there are several, it is the one shown last, else the first in the order of `_KINDS`. A person may
        begin attempts of several kinds, and their linked accounts may each have had one.
        """
        person = self.person
        if person is None:
            return None
        policy = self.target.policy
        unfinished = [
            candidate for kind in _KINDS for candidate in attempts.unfinished(self.db, person, policy, kind)
        ]
        latest = self.course.on_screen.latest([attempt.id for attempt in unfinished])
        return next((attempt for attempt in unfinished if attempt.id == latest), next(iter(unfinished), None))

    def _latest(self, kind: attempts.Kind) -> Attempt | None:
        person = self.person
        return attempts.latest(self.db, person, self.target.policy, kind) if person else None

    def _own(self, identifier: str) -> Attempt:
        """Return the person's attempt with this id. Raises `UserError` if it is missing or someone else's."""
        attempt = attempts.load_attempt(self.db, identifier)
        if attempt is None or attempt.person_id != self.person:
            raise UserError(_NOT_YOURS)
        return attempt

    def _begin(self, after: str) -> Message:
        """Begin an attempt, or continue it if the same button was already pressed.

        `after`: the id of the person's last attempt when the button was sent.
        """
        person = persons.known(self.db, actor_of(self.request))
        bank, policy = self.course.questions(), self.target.policy
        attempt = attempts.under_way(self.db, person, policy, "quiz")
        if attempt is None:
            last = self._latest("quiz")
            if last and last.id != after:
                return self._overview()
            seen = attempts.times_asked(self.db, person, policy)
            size = session.longest_quiz(self.course.reading().version)
            sitting = session.draw_quiz(bank, self.course.random(), seen=seen, size=size)
            attempt = self._store(person, "quiz", sitting)
        return self._question(attempt)

    def _restart(self, attempt: Attempt) -> Message:
        """Begin another attempt, if this one is finished or can no longer be passed, else continue it."""
        if not attempt.finished_at:
            if attempt.kind != "quiz" or not session.is_lost(attempt.sitting, self.course.plan.pass_mark):
                return self._question(attempt)
            attempts.end_attempt(self.db, attempt, self.office.clock())
        return self._begin(attempt.id)

    def _refresh(self) -> Message:
        """Begin or continue the refresher. Once it is finished, show its result until the next version."""
        person, policy = self.person, self.target.policy
        if person is None:
            return messages.introduction_message(self.course)
        attempt = attempts.under_way(self.db, person, policy, "refresher")
        if attempt is None:
            last = self._latest("refresher")
            if last and last.version == self.target.version.isoformat():
                return self._result(last)
            missed = attempts.missed(self.db, person, policy)
            seen = attempts.times_asked(self.db, person, policy)
            sitting = session.draw_refresher(self.course.questions(), self.course.random(), missed, seen=seen)
            if not sitting.items:
                return messages.NOTHING_MISSED
            attempt = self._store(person, "refresher", sitting)
        return self._question(attempt)

    def _store(self, person: str, kind: attempts.Kind, sitting: Sitting) -> Attempt:
        return attempts.begin_attempt(self.db, person, self.target, sitting, self.office.clock(), kind=kind)

    # --- Playing ------------------------------------------------------------------------------

    def press(self, button: re.Match[str]) -> Message:
        """Handle a press of a question's button."""
        identifier, turn, edition, what = button.groups()
        actions: dict[str, Action] = {"o": "submit", "+": "tick", "-": "untick"}
        action = actions.get(what[0], "choose")
        letter = what.lstrip("+-").removeprefix("ok")
        return self._play(self._own(identifier), Press(int(turn), edition, action, letter))

    def is_explained(self) -> bool:
        """Return whether the person last saw the explanation of their answer rather than a question."""
        attempt = self.under_way()
        seen = self.course.on_screen.get(attempt.id) if attempt else None
        return attempt is not None and seen is not None and seen < attempt.sitting.turn

    def letters_of(self, text: str) -> str | None:
        """Return the letters of the choices that a text makes for the current question.

        Return None for a text that is no answer, and "" for an answer that is none of the choices on screen.
        « Vrai » and « faux » are choices, whose buttons show no letters. « Oui » is not a choice.
        """
        attempt = self.under_way()
        turn, question = self._present(attempt) if attempt else (None, None)
        if attempt is None or turn is None or question is None:
            return None
        letters = _letters(text)
        on_screen = self.course.on_screen.get(attempt.id) == turn.turn
        if on_screen and (place := _PLACE.fullmatch(text)) and place.lastindex:
            letters = session.LETTERS[place.lastindex - 1]
        if question.kind == "vrai-faux" and (word := _TRUE_OR_FALSE.fullmatch(text)):
            initial = word[1][0].lower().replace("t", "v")  # « t » of « true » means « v » of « vrai »
            initials = [question.choices[place].text[0].lower() for place in turn.order]
            letters = dict(zip(initials, turn.letters, strict=True)).get(initial, "")
            return letters or ("" if on_screen else None)
        if letters and set(letters) <= set(turn.letters) and (len(letters) == 1 or question.several):
            return letters
        return "" if len(letters) == 1 or (on_screen and _CHOICES.fullmatch(text)) else None

    def take_letters(self, letters: str) -> Message:
        """Take typed letters as the answer to the current question, if the person has seen it.

        For a question with several right choices, a single letter only ticks its choice, and several letters
        typed together are the answer. `letters`: from `letters_of`, "" for none of the choices.
        """
        attempt = self.under_way()
        if attempt is None:
            return self._overview()
        attempt, _ = self._agree(attempt)
        turn, question = self._present(attempt)
        if turn is None or question is None:
            return self._question(attempt)
        if self.course.on_screen.get(attempt.id) != turn.turn:
            return self._question(attempt, messages.READ_FIRST)
        if not letters:
            return self._question(attempt, messages.no_such_choice(question, turn))
        if not question.several or len(letters) == 1:
            action: Action = "tick" if question.several else "choose"
            return self._play(attempt, Press(turn.turn, turn.item.edition, action, letters))
        sitting = replace(attempt.sitting, ticked=frozenset())
        for letter in letters:
            tick = Press(turn.turn, turn.item.edition, "tick", letter)
            sitting, _ = session.press(sitting, self.course.questions(), tick)
        attempt = attempts.save_attempt(self.db, attempt, sitting, self.office.clock())
        return self._play(attempt, Press(turn.turn, turn.item.edition, "submit"))

    def _play(self, attempt: Attempt, press: Press) -> Message:
        attempt, changed = self._agree(attempt)
        if attempt.finished_at and press.turn >= attempt.sitting.turn:  # the attempt may have ended early
            return self._result(attempt)
        sitting, outcome = session.press(attempt.sitting, self.course.questions(), press)
        if outcome in {"answered", "ticked"}:
            attempt = attempts.save_attempt(self.db, attempt, sitting, self.office.clock())
        if outcome == "answered":
            self.course.on_screen.put(attempt.id, press.turn)  # letters typed now are for this quiz
            self._note_pass(attempt)
        if outcome in {"answered", "already"}:
            return self._feedback(attempt, press)
        if outcome == "over":
            return self._result(attempt)
        note = messages.CHANGED if changed or outcome == "changed" else ""
        return self._question(attempt, messages.TICK_FIRST if outcome == "empty" else note)

    def _feedback(self, attempt: Attempt, press: Press) -> Message:
        turn = session.answered(attempt.sitting, press.turn)
        answer = attempt.sitting.answers[press.turn]
        question = self.course.questions().question(turn.item.question)
        if question is None or question.edition != turn.item.edition:
            return self._question(attempt, messages.CHANGED)
        places = dict(zip(turn.letters, turn.order, strict=True))
        late = press.action == "choose" and press.letter in places and answer.chosen != {places[press.letter]}
        note = messages.ALREADY if late else ""
        return messages.feedback_message(self.course, attempt, question, turn, answer, note=note)

    def _question(self, attempt: Attempt, note: str = "") -> Message:
        """Show the current question, or the result if the attempt is over."""
        attempt, changed = self._agree(attempt)
        turn, question = self._present(attempt)
        if attempt.finished_at or turn is None or question is None:
            return self._result(attempt)
        self.course.on_screen.put(attempt.id, turn.turn)
        note = note or (messages.CHANGED if changed else "")
        return messages.question_message(attempt, question, turn, note=note)

    def _present(self, attempt: Attempt) -> tuple[QuizTurn | None, Question | None]:
        turn = session.current(attempt.sitting)
        return turn, self.course.questions().question(turn.item.question) if turn else None

    def _agree(self, attempt: Attempt) -> tuple[Attempt, bool]:
        """Update an attempt to match the current bank. Return it, and whether its questions changed."""
        if attempt.finished_at:
            return attempt, False
        sitting = session.agreed(attempt.sitting, self.course.questions(), self.course.random())
        version = self.target.version.isoformat()
        changed = sitting != attempt.sitting
        if changed or attempt.version != version:
            updated = replace(attempt, version=version)
            attempt = attempts.save_attempt(self.db, updated, sitting, self.office.clock())
            self._note_pass(attempt)
        return attempt, changed

    def _note_pass(self, attempt: Attempt) -> None:
        """Record that a finished attempt is passed. The quiz on a revision is passed by finishing it."""
        reached = session.score(attempt.sitting).reaches(self.course.plan.pass_mark)
        if attempt.finished_at and (attempt.kind == "revision" or (attempt.kind == "quiz" and reached)):
            self.note(attempt.person_id, "passed")

    def _result(self, attempt: Attempt) -> Message:
        steps = attestations.facts(self.db, attempt.person_id, self.target)
        expected = self.is_asked(attempt.person_id)
        return messages.result_message(self.course, attempt, steps, expected=expected)
