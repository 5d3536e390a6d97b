"""`/question`: free-form questions, answered with quotations of the policy, or an honest no.

All free text goes through here too. A number or a word of the policy is a look-up
(`bot.commands.politique`). The rest goes to the engine, and `bot.commands.answers` words its answer.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from bot.answers import unanswered
from bot.answers.guidance import Guidance
from bot.answers.memory import AnswerMemory, GivenAnswer
from bot.answers.negative_posts import NegativePosts
from bot.answers.questions import Engine, Outcome, PolicyAnswer
from bot.answers.unanswered import Problem
from bot.commands import answers, politique
from bot.commands.answers import Wording
from bot.commands.signalement.follow_messages import CODE_SEEN
from bot.conversation.deferred import Deferred
from bot.conversation.messages import SHORTCUT_LENGTH, Message
from bot.conversation.requests import Request, Slow, UserError
from bot.language.masking import Masked, Masker
from bot.people.office import Office
from bot.policy import references
from bot.policy.library import Library, Reading


@dataclass(frozen=True, slots=True)
class Answering:
    """The dependencies for answering: texts, guidance by policy, and a memory kept for minutes.

    `masker` and `posts` are functions, so that the files that they read are loaded on first use.
    """

    library: Library
    office: Office
    engine: Engine
    guidance: dict[str, Guidance]
    masker: Callable[[], Masker]
    posts: Callable[[], NegativePosts]
    memory: AnswerMemory

    def wording(self, reading: Reading, request: Request) -> Wording:
        """Return the context for wording an answer about this policy."""
        guidance = self.guidance.get(reading.policy.id) or Guidance()
        return Wording(reading, guidance, self.office, request.place)


def answer(desk: Answering, request: Request) -> Slow:
    """Answer a question that is not a look-up (see `politique.look_up`)."""
    reading, _ = politique.open_reading(desk.library, request.text, pressed=request.pressed)
    return _answered(desk, reading, request)


def ask(desk: Answering, request: Request) -> Message | Slow:
    """Answer `/question`. If the text names a clause, show it and suggest how to go on."""
    if politique.is_report_code(request.text):
        return CODE_SEEN
    reading, rest = politique.open_reading(desk.library, request.text, pressed=request.pressed)
    text = politique.without_name(request, rest)
    if not text:
        return answers.question_invitation(reading)
    if politique.reference_in(text, reading.version) is None:
        return _answered(desk, reading, request)
    return choose(desk, request, "", request.text)


def choose(desk: Answering, request: Request, identifier: str, chosen: str) -> Message:
    """Show the clauses chosen from the readings of a question. The answer can still be rated.

    A single clause is shown with the clauses to read with it. A choice that is not a few whole clauses, or
    that includes a removed one, is looked up instead.
    """
    reading, text = politique.open_reading(desk.library, chosen, pressed=request.pressed)
    version, reference = reading.version, politique.reference_in(text, reading.version)
    spans = reference.spans if reference and reference.exact else ()
    numbers = tuple(s.first for s in spans if s.first == s.last and version.clause(s.first))
    if len(numbers) != len(spans) or not 0 < len(numbers) <= answers.MOST:
        return politique.show(desk.library, replace(request, command="politique", text=chosen))
    given_answer = desk.memory.take(identifier)
    identifier = (
        desk.memory.add(replace(given_answer, clauses=numbers), request.actor) if given_answer else ""
    )
    wording = desk.wording(reading, request)
    group = reading.policy.annotations.read_with(numbers[0]) if len(numbers) == 1 else None
    numbers = wording.existing((*numbers, *(group.clauses if group else ())))
    desk.memory.remember(request.actor, reading.policy.id, numbers)
    return answers.clauses_message(wording, numbers, identifier)


def shortcut(library: Library) -> str:
    """Return the label of `about` in a message's menu."""
    label = f"Ce qu'en dit la {library.default.name}"
    return label if len(label) <= SHORTCUT_LENGTH else "Voir la politique"


def about(desk: Answering, request: Request) -> Message | Slow:
    """Answer about someone else's message, from that message's menu.

    The message's author asked nothing, so the message is neither kept, remembered nor rated.
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

    def think() -> Callable[[], Message]:
        policy_answer = desk.engine.answer(reading.policy, reading.version, text)
        settled = wording.guidance.settled(policy_answer, text)
        return lambda: answers.answer_message(wording, settled, text)

    return Deferred(think)


def _answered(desk: Answering, reading: Reading, request: Request) -> Slow:
    wording, text = desk.wording(reading, request), desk.library.naming.unaddressed(request.text)

    def think() -> Callable[[], Message]:
        previous = desk.memory.previous(request.actor, reading.policy.id)
        policy_answer = desk.engine.answer(reading.policy, reading.version, text, previous)
        policy_answer = desk.posts().settled(wording.guidance.settled(policy_answer, text), text)
        at_best = not (policy_answer.foreign or policy_answer.unkind or policy_answer.learning)
        judged = desk.masker().mask(text) if at_best and policy_answer.topic == "question" else None
        return partial(_worded, desk, wording, replace(request, text=text), policy_answer, judged)

    return Deferred(think)


def _worded(
    desk: Answering, wording: Wording, request: Request, policy_answer: PolicyAnswer, judged: Masked | None
) -> Message:
    """Word an answer. `judged`: the masked question, if its answer can be rated."""
    reading, memory, text = wording.reading, desk.memory, request.text
    if policy_answer.topic != "question":  # such a text leaves no trace, not even of its existence
        memory.forget(request.actor)
        return answers.answer_message(wording, policy_answer, text)
    if policy_answer.outcome == "not_found" and (reference := references.parse_reference(text)):
        ends = [end for span in reference.spans for end in (span.first, span.last)]
        missing = [end for end in ends if reference.marked and not reading.version.within(end)]
        if missing:
            return politique.unknown(reading, missing[0])
    numbers = tuple(clause.number for clause in policy_answer.clauses)
    if policy_answer.answered:
        memory.remember(request.actor, reading.policy.id, numbers)
    identifier = ""
    if judged is not None:
        stored = _stored(desk, reading.policy.id, judged, policy_answer.outcome)
        identifier = memory.add(GivenAnswer(reading.policy.id, judged, numbers, stored), request.actor)
    return answers.answer_message(wording, policy_answer, text, identifier)


def _stored(desk: Answering, policy: str, question: Masked, outcome: Outcome) -> bool:
    """Store a question that has no answer. Return whether it was stored."""
    if outcome not in {"not_found", "silent"}:
        return False
    problem: Problem = "silent" if outcome == "silent" else "not_found"
    with desk.office.storage.transaction() as db:
        return unanswered.keep_question(db, policy, question, problem, desk.office.today())
