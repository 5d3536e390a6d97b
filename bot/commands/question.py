"""`/question`: what the policy says to a question in one's own words, quoted, or an honest no.

Free text comes here too, wherever it is written. A number or a word of the policy stays a look-up
(`bot.commands.politique`); the rest goes to the engine, whose answer is put into words by
`bot.commands.answers`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.answers import unanswered
from bot.answers.conversations import AnswerMemory, GivenAnswer
from bot.answers.guidance import Guidance
from bot.answers.negative_posts import NegativePosts
from bot.answers.questions import Engine, PolicyAnswer
from bot.answers.unanswered import Problem
from bot.commands import answers, politique
from bot.commands.answers import Wording
from bot.commands.signalement.follow_messages import CODE_SEEN
from bot.conversation.messages import SHORTCUT_LENGTH, Message
from bot.conversation.requests import Request, UserError
from bot.language.masking import Masker
from bot.people.office import Office
from bot.policy import references
from bot.policy.articles import Number, Version
from bot.policy.library import Library, Reading
from bot.policy.references import Reference


@dataclass(frozen=True, slots=True)
class Answering:
    """What it takes to answer: the texts, their guidance by policy, and what is remembered for minutes.

    `masker` and `posts` are made when first called, since they read whole files.
    """

    library: Library
    office: Office
    engine: Engine
    guidance: dict[str, Guidance]
    masker: Callable[[], Masker]
    posts: Callable[[], NegativePosts]
    memory: AnswerMemory

    def wording(self, reading: Reading, request: Request) -> Wording:
        """Return what it takes to put an answer about this policy into words."""
        guidance = self.guidance.get(reading.policy.id) or Guidance()
        return Wording(reading, guidance, self.office, request.place)


def answer(desk: Answering, request: Request) -> Message:
    """Answer a question, which `politique.look_up` leaves to the engine."""
    reading, _ = politique.open_reading(desk.library, request.text, pressed=request.pressed)
    return _answered(desk, reading, request)


def ask(desk: Answering, request: Request) -> Message:
    """Answer `/question`; a number is given with what to do next, as the button of a choice asks."""
    if politique.is_report_code(request.text):
        return CODE_SEEN
    reading, rest = politique.open_reading(desk.library, request.text, pressed=request.pressed)
    text = politique.without_name(request, rest)
    if not text:
        return answers.invitation(reading)
    reference = politique.reference_in(text, reading.version)
    if reference is None:
        return _answered(desk, reading, request)
    numbers = _chosen(reading.version, reference)
    if not numbers:
        return politique.show(desk.library, replace(request, command="politique"))
    return _given(desk, reading, numbers, request, "")


def choose(desk: Answering, request: Request, identifier: str, chosen: str) -> Message:
    """Give the reading that was chosen among those of a question, so that the answer can still be judged."""
    reading, text = politique.open_reading(desk.library, chosen, pressed=request.pressed)
    reference = politique.reference_in(text, reading.version)
    numbers = _chosen(reading.version, reference) if reference else ()
    if not numbers:  # it was taken out of the policy since
        return politique.show(desk.library, replace(request, command="politique", text=chosen))
    choice = desk.memory.take(identifier)
    identifier = desk.memory.add(replace(choice, clauses=numbers)) if choice else ""
    return _given(desk, reading, numbers, request, identifier)


def shortcut(library: Library) -> str:
    """Return the name, in a message's own menu, of what shows which clauses it touches."""
    label = f"Ce qu'en dit la {library.default.name}"
    return label if len(label) <= SHORTCUT_LENGTH else "Voir la politique"


def about(desk: Answering, request: Request) -> Message:
    """Say what the policy says of a message that someone else wrote (a message's own menu).

    Its author asked nothing: nothing of it is kept, remembered or judged.
    """
    if not request.text.strip():
        raise UserError(
            "Il n'y a pas de texte à lire. Écrivez-le après la commande, ou choisissez un message qui en a."
        )
    reading, rest = politique.open_reading(desk.library, request.text, pressed=request.pressed)
    text = politique.without_name(request, rest)
    if politique.is_look_up(reading, text, politique.reference_in(text, reading.version)):
        return politique.show(desk.library, request)
    wording, text = desk.wording(reading, request), desk.library.naming.unaddressed(request.text)
    policy_answer = desk.engine.answer(reading.policy, reading.version, text)
    return answers.answer_message(wording, wording.guidance.settled(policy_answer, text), text)


def _chosen(version: Version, reference: Reference) -> tuple[Number, ...]:
    """Return the clauses that the button of a choice stands for: a few, each of them whole."""
    numbers = [span.first for span in reference.spans]
    whole = all(span.first == span.last and version.clause(span.first) for span in reference.spans)
    return tuple(numbers) if whole and reference.exact and len(numbers) <= answers.MOST else ()


def _given(
    desk: Answering, reading: Reading, numbers: tuple[Number, ...], request: Request, identifier: str
) -> Message:
    """Give clauses that were chosen; a single one comes with those to be read with it."""
    wording = desk.wording(reading, request)
    group = reading.policy.annotations.read_with(numbers[0]) if len(numbers) == 1 else None
    numbers = wording.existing((*numbers, *(group.clauses if group else ())))
    desk.memory.remember(request.actor, reading.policy.id, numbers)
    return answers.clauses_message(wording, numbers, identifier)


def _answered(desk: Answering, reading: Reading, request: Request) -> Message:
    policy, text = reading.policy, desk.library.naming.unaddressed(request.text)
    wording, memory = desk.wording(reading, request), desk.memory
    previous = memory.previous(request.actor, policy.id)
    policy_answer = desk.engine.answer(policy, reading.version, text, previous)
    policy_answer = desk.posts().settled(wording.guidance.settled(policy_answer, text), text)
    if policy_answer.topic != "question":  # such a text leaves no trace, not even that there was one
        memory.forget(request.actor)
        return answers.answer_message(wording, policy_answer, text)
    if policy_answer.outcome == "not_found" and (reference := references.parse_reference(text)):
        ends = [end for span in reference.spans for end in (span.first, span.last)]
        missing = [end for end in ends if reference.marked and not reading.version.within(end)]
        if missing:
            return politique.unknown(reading, missing[0])
    if policy_answer.answered:
        memory.remember(request.actor, policy.id, tuple(clause.number for clause in policy_answer.clauses))
    identifier = ""
    if not (policy_answer.foreign or policy_answer.unkind or policy_answer.learning):  # it was our best
        identifier = _to_judge(desk, policy.id, policy_answer, text)
    return answers.answer_message(wording, policy_answer, text, identifier)


def _to_judge(desk: Answering, policy: str, policy_answer: PolicyAnswer, text: str) -> str:
    """Remember an answer until it is judged, and return its identifier; keep a question that has none."""
    question, kept = desk.masker().mask(text), False
    if policy_answer.outcome in {"not_found", "silent"}:
        problem: Problem = "silent" if policy_answer.outcome == "silent" else "not_found"
        with desk.office.storage.transaction() as db:
            kept = unanswered.keep_question(db, policy, question, problem, desk.office.today())
    numbers = tuple(clause.number for clause in policy_answer.clauses)
    return desk.memory.add(GivenAnswer(policy, question, numbers, kept))
