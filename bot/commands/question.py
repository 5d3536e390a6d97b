"""`/question`: free-form questions, answered with quotations of the policy, or an honest no.

All free text goes through here too, except clause numbers (`bot.commands.politique`). `decide` is the only
path from a text to its answer; `bot.commands.answers` words it.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from bot.answers import halves, unanswered
from bot.answers.engine import rules
from bot.answers.engine.scores import ScoredClause
from bot.answers.guidance import Guidance
from bot.answers.intents import SURE, UNSURE, Intent, Intents
from bot.answers.memory import AnswerMemory, GivenAnswer
from bot.answers.negative_posts import NegativePosts
from bot.answers.questions import MOST, Batch, Engine, PolicyAnswer
from bot.answers.unanswered import Problem
from bot.commands import answers, politique
from bot.commands.answers import Wording
from bot.commands.signalement.follow_messages import CODE_SEEN
from bot.conversation.deferred import Deferred
from bot.conversation.messages import Message
from bot.conversation.requests import Request, Slow, UserError
from bot.dashboard.tallies import Tally
from bot.language.masking import Masked, Masker
from bot.language.other_words import other_words
from bot.language.voice import FRENCH, Voice
from bot.onboarding import attempts
from bot.people import persons, roles
from bot.people.office import Office, administers, receives_reports
from bot.policy import addresses, moves, references
from bot.policy.articles import Number
from bot.policy.changes import identities
from bot.policy.library import Library, Reading
from bot.policy.moves import Move
from bot.policy.references import Reference
from bot.posting.drafts import PostDraft, PostDrafts
from bot.posting.posts import Post

OTHERS: Final = 2  # maximum other policies asked, when the first one is not sure
# the intent of people who say that they have a text to publish: the bot asks them to paste it
CHECK_POST: Final = "check_post"
READ: Final = "read_policy"  # the intent of someone who asks for a whole text
# the intent of a text that is the code of a report: the bot neither answers it nor stores it
REPORT_CODE: Final = "report_follow"
RECEIVED: Final = "signalements"  # the command for people who receive reports; others get no button for it


@dataclass(frozen=True, slots=True)
class Answering:
    """The dependencies for answering questions.

    `guidance`: by policy id. `masker`, `posts` and `intents` are functions, so that the files that they read
    are loaded on first use. `memory`: the latest answers, for minutes. `drafts`: the texts to publish that
    people may have examined. `tally`: counts the questions that each clause answers, without a name.
    `is_quizzed`: returns whether the policy with this id has a quiz today.
    """

    library: Library
    office: Office
    engine: Engine
    guidance: dict[str, Guidance]
    masker: Callable[[], Masker]
    posts: Callable[[], NegativePosts]
    intents: Callable[[], Intents]
    memory: AnswerMemory
    drafts: PostDrafts
    tally: Tally
    is_quizzed: Callable[[str], bool] = lambda _policy: True

    def wording(self, reading: Reading, request: Request) -> Wording:
        """Return the context for wording an answer about this policy."""
        guidance = self.guidance.get(reading.policy.id) or Guidance()
        return Wording(reading, guidance, self.office, request.place)


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to a text, before it is worded: for the chat, the command line and the measures.

    `text`: the text that was understood, without the bot's name. `subject`: the previous answer's subject, if
    the text is a follow-up. `halves`: the decision on each question, if the text asks two. `rivals`: the
    decisions on other policies that may also answer, to show beside this one.
    """

    reading: Reading
    text: str
    answer: PolicyAnswer
    subject: str = ""
    halves: tuple["Decision", ...] = ()
    rivals: tuple["Decision", ...] = ()

    @property
    def in_context(self) -> str:
        """The text and the subject of the question it follows up, to find what the policy leaves open."""
        return f"{self.text} {self.subject}".strip()

    @property
    def other(self) -> Reading | None:
        """The policy as of a day that the question names, if it has other words on that day, else None."""
        asks = self.answer.topic == "question" and self.answer.outcome != "help"
        return other_words(self.reading, self.text) if asks else None

    def other_numbers(self) -> str:
        """Return the numbers to read in `other`: those asked for, or those of the answer's first clauses."""
        if self.other is None:
            return ""
        if reference := references.reference_in(self.text, self.reading.version):
            return addresses.listed(reference.spans)
        fates = identities.fates(self.reading.version, self.other.version)
        quoted = [clause.number for clause in self.answer.clauses[: answers.CHOICES]]
        return addresses.listed(dict.fromkeys(n for number in quoted for n in fates[number].now))


def decide(desk: Answering, request: Request) -> Decision:
    """Decide how the chat would answer a text. The decision is remembered as in the chat, but not stored.

    Raises `UserError` as `politique.open_reading` does.
    """
    reading, rest = politique.open_reading(desk.library, request.text)
    if politique.is_report_code(request.text):
        return Decision(reading, "", PolicyAnswer("help", intent=REPORT_CODE))
    text = politique.without_name(request, rest)
    reference = references.reference_in(text, reading.version)
    if politique.is_look_up(reading, text, reference):
        decision = _doubted(Decision(reading, text, _look_up(reading, text, reference)))
    else:
        decision = _decide_over_all(desk, reading, rest, request)
    _remember(desk, request, decision)
    return decision


def answer(desk: Answering, request: Request) -> Slow:
    """Answer a text that names no clause (see `politique.look_up`)."""
    reading, rest = politique.open_reading(desk.library, request.text, pressed=request.pressed)
    return _answered(desk, reading, rest, request)


def ask(desk: Answering, request: Request) -> Message | Slow:
    """Answer `/question`. If the text names a clause, show it and suggest how to go on."""
    if politique.is_report_code(request.text):
        return CODE_SEEN
    reading, rest = politique.open_reading(desk.library, request.text, pressed=request.pressed)
    text = politique.without_name(request, rest)
    if not text:
        return answers.question_invitation(desk.office.profile, reading)
    if references.reference_in(text, reading.version) is None:
        return _answered(desk, reading, rest, request)
    return choose(desk, request, "", request.text)


def choose(desk: Answering, request: Request, identifier: str, chosen: str) -> Message:
    """Show the clauses of the meaning that a person chose for their question.

    The person can still rate the answer.
    `identifier`: the answer's, from `AnswerMemory.add`, or "". `chosen`: the numbers of the clauses. A single
    clause is shown with those to read with it. If `chosen` is not a few whole clauses that exist, it is
    looked up instead.
    """
    reading, text = politique.open_reading(desk.library, chosen, pressed=request.pressed)
    version = reading.version
    reference = references.reference_in(text, reading.version)
    spans = reference.spans if reference and reference.exact else ()
    numbers = tuple(s.first for s in spans if s.first == s.last and version.clause(s.first))
    if len(numbers) != len(spans) or not 0 < len(numbers) <= answers.MOST:
        return politique.show(desk.library, replace(request, command="politique", text=chosen))
    given_answer = desk.memory.take(identifier)
    identifier = (
        desk.memory.add(replace(given_answer, clauses=numbers), request.actor) if given_answer else ""
    )
    wording = desk.wording(reading, request)
    wording = wording.speaking(english=bool(given_answer and given_answer.english))
    group = reading.policy.annotations.read_with(numbers[0]) if len(numbers) == 1 else None
    numbers = wording.existing((*numbers, *(group.clauses if group else ())))
    desk.memory.remember(request.actor, reading.policy.id, numbers)
    return answers.clauses_message(wording, numbers, identifier)


def about(desk: Answering, request: Request) -> Message | Slow:
    """Say what the policy says about someone else's message, on which the person chose this command.

    The message's author asked nothing, so the message is not stored or remembered and the answer not rated.
    """
    if not request.text.strip():
        raise UserError(
            "Il n'y a pas de texte à lire. Écrivez-le après la commande, ou choisissez un message qui en a."
        )
    reading, rest = politique.open_reading(desk.library, request.text, pressed=request.pressed)
    text = politique.without_name(request, rest)
    if politique.is_look_up(reading, text, references.reference_in(text, reading.version)):
        return politique.show(desk.library, request)
    guidance = desk.wording(reading, request).guidance
    text = desk.library.naming.unaddressed(request.text)

    def think() -> Callable[[], Message]:
        policy_answer = desk.engine.answer(reading.policy, reading.version, text)
        decision = Decision(reading, text, guidance.settled(policy_answer, text))
        if desk.library.naming.split(request.text)[0] is None:
            decision = _decide_elsewhere(desk, decision, text, "", request)
        decision = _doubted(decision)
        settled = replace(decision.answer, english=False)  # the reader did not write in English
        if decision.rivals:
            both = (decision, *decision.rivals)
            parts = [(desk.wording(part.reading, request), part.answer) for part in both]
            return lambda: _dated(answers.policies_message(parts), decision, request)
        wording = desk.wording(decision.reading, request)
        return lambda: _dated(answers.answer_message(wording, settled, text), decision, request)

    return Deferred(think)


def _look_up(reading: Reading, text: str, reference: Reference | None) -> PolicyAnswer:
    """Return the clauses that a look-up shows, as an answer: none for the contents or a missing number."""
    if reference and (missing := _missing(reading, reference)):
        near = references.nearest(missing[0], reading.version)
        return PolicyAnswer("not_found", ranked=tuple(ScoredClause(number, 0.0) for number in near))
    listed = reading.policy.select(reading.version, text) if reference else ()
    clauses = tuple(ScoredClause(clause.number, 1.0) for clause in listed)
    return PolicyAnswer("lookup", clauses=clauses, ranked=clauses, sure=bool(clauses))


def _decide_over_all(desk: Answering, reading: Reading, rest: str, request: Request) -> Decision:
    """Decide how to answer a text that names no clause, from the policy that it names or from them all.

    The default policy comes first, then those that have the most words of the text, until one answers. A sure
    answer is shown alone, and two possible answers side by side.
    """
    library, text = desk.library, desk.library.naming.unaddressed(request.text)
    last = desk.memory.last_policy(request.actor)
    named = library.naming.split(request.text)[0] is not None
    if last and not (named or reading.on) and (rules.follows(text) or moves.asked(text)):
        policy = library.policies.get(last, reading.policy)
        reading = library.reading(policy)
    first = _decide(desk, reading, rest, request)
    only = named and (first.answer.answered or library.naming.is_addressed(request.text))
    return _doubted(first if reading.on or only else _decide_elsewhere(desk, first, text, rest, request))


def _doubted(decision: Decision) -> Decision:
    """Return a decision, made unsure if its question names a day on which the policy has other words."""
    if decision.other is None:
        return decision
    unsure = [replace(part, answer=replace(part.answer, sure=False)) for part in (*decision.halves, decision)]
    return replace(unsure[-1], halves=tuple(unsure[:-1]))


def _decide_elsewhere(desk: Answering, first: Decision, text: str, words: str, request: Request) -> Decision:
    """Return `first`, or the decision on another policy if that policy answers better, or both together.

    `words`: the text without a policy's name, in case it is a few words to search for.
    """
    library, answer = desk.library, first.answer
    if len(library.policies) == 1 or _is_settled(first):
        return first
    for other in library.others(text, first.reading.policy, 1 if answer.answered else OTHERS):
        guidance = desk.wording(other, request).guidance
        settled = guidance.settled(desk.engine.answer(other.policy, other.version, text), text)
        second = _with_words(Decision(other, text, settled), words)
        if not second.answer.answered or second.answer.topic != "question":
            continue
        if second.answer.sure or not answer.answered:
            return second
        if second.answer.outcome != "lookup":
            return replace(first, answer=replace(answer, outcome="clarify"), rivals=(second,))
    return first


def _is_settled(decision: Decision) -> bool:
    """Return whether to try no other policy: the answer is sure, or the text is a follow-up or a remark."""
    answer = decision.answer
    question = answer.topic == "question" and not (answer.foreign or answer.unkind)
    helped = answer.outcome in {"help", "lookup"}
    return answer.sure or helped or not question or bool(decision.subject or decision.halves)


def _with_words(decision: Decision, words: str) -> Decision:
    """Return a decision whose answer is the passages with a few `words`, if `_shows_hits`, or unchanged."""
    answer = decision.answer
    if answer.sure or answer.topic != "question":
        return decision
    hits = politique.search_few(decision.reading, words)
    if not hits or not _shows_hits(answer, hits[0].clause.number, words):
        return decision
    clauses = tuple(ScoredClause(hit.clause.number, 0.0) for hit in hits)
    return replace(decision, answer=replace(answer, outcome="lookup", clauses=clauses, ranked=clauses))


def _decide(desk: Answering, reading: Reading, rest: str, request: Request) -> Decision:
    """Decide how one policy answers a text that names no clause. `rest`: the text without its name."""
    text = desk.library.naming.unaddressed(request.text)
    wording = desk.wording(reading, request)
    previous = wording.existing(desk.memory.previous(request.actor, reading.policy.id))
    cut = halves.cut(text)
    batch = Batch.of(text, *cut[:2]) if cut else Batch.of(text)
    decision = _decide_alone(desk, reading, text, wording, previous, batch=batch)
    whole = decision.answer
    if whole.outcome in {"lookup", "help"} or whole.topic == "draft" or whole.foreign or whole.unkind:
        return decision
    unsure = not whole.answered or (whole.textual and not whole.sure)
    if unsure and rules.is_about_whole(desk.library.naming.neutral(text), answered=whole.answered):
        return _said_to_bot(desk, reading, text, desk.intents().named(READ))
    if cut and (two := _decide_halves(desk, decision, wording, cut, batch)):
        return two
    if whole.outcome == "silent":
        decision = _decide_subject(desk, decision, wording)
    return _with_words(decision, rest)


def _decide_subject(desk: Answering, decision: Decision, wording: Wording) -> Decision:
    """Decide how to answer « que dit la politique sur le logo? » by answering « le logo » alone.

    The answer is never sure. Return `decision` unchanged for a text of another form, or if the subject alone
    has no answer.
    """
    subject = rules.subject_asked(desk.library.naming.neutral(decision.text))
    if not subject:
        return decision
    alone = _decide_alone(desk, decision.reading, subject, wording, (), batch=Batch.of(subject))
    answer = _with_words(alone, subject).answer
    if not answer.answered or answer.topic != "question":
        return decision
    english = decision.answer.english
    return replace(decision, answer=replace(answer, sure=False, english=english), subject="")


def _decide_halves(
    desk: Answering, decision: Decision, wording: Wording, cut: tuple[str, str, int], batch: Batch
) -> Decision | None:
    """Decide how to answer each half of a text that asks two questions. Return None for one question.

    `cut`: from `halves.cut`.
    """
    reading = decision.reading
    text, next_text, shown_by = cut
    # « … et la deuxième? » depends on what the first half names.
    if moves.asked(text) or moves.asked(next_text):
        return None
    half = _decide_alone(desk, reading, text, wording, (), batch=batch)
    next_half = _decide_alone(desk, reading, next_text, wording, (), batch=batch)
    before = wording.existing(clause.number for clause in half.answer.clauses)
    if before and halves.strength(reading.policy, next_half.answer) < halves.CONFIDENT[shown_by]:
        # the second half follows up the first: « … et dans quel délai? »
        next_half = _decide_alone(desk, reading, next_text, wording, before, batch=batch)
    both = halves.told_apart(reading.policy, decision.answer, (half.answer, next_half.answer), shown_by)
    if not both:
        return None
    parts = tuple(replace(part, answer=answer) for part, answer in zip((half, next_half), both, strict=True))
    return replace(decision, answer=halves.joined(decision.answer, both), halves=parts)


def _decide_alone(
    desk: Answering,
    reading: Reading,
    text: str,
    wording: Wording,
    previous: tuple[Number, ...],
    *,
    batch: Batch,
) -> Decision:
    """Decide on one question, which may follow up an answer that had the clauses `previous`."""
    if previous and (move := moves.asked(text)):
        return _moved(reading, previous, move)
    follows = bool(previous) and rules.follows(text)
    negative = desk.posts().describes(text)
    naming = desk.library.naming
    unnamed = naming.neutral(text)
    intent, likeness = desk.intents().closest(unnamed)
    if not reading.default:  # « MTG où est le siège? »: that it names a policy is no sign of what it asks
        likeness = min(likeness, desk.intents().closest(naming.split(text)[1])[1])
    if likeness < math.inf and not desk.library.acronyms().isdisjoint(desk.intents().unknown(unnamed)):
        intent = None  # « comment quitter l'UNES? »: only a policy knows that acronym
    if intent and likeness >= SURE and (intent.name == "report_how" or intent.anywhere or not negative):
        return _said_to_bot(desk, reading, text, intent)
    subject = wording.about(previous[0]) if previous else ""
    answer = desk.engine.answer(reading.policy, reading.version, text, previous, subject, batch=batch)
    if answer.unkind and len(text.split()) == 1:  # « patate »: an insult would be an intent
        answer = replace(answer, unkind=False)
    subject = subject if follows or answer.follows else ""
    if answer.follows:
        answer = wording.guidance.settled(answer, f"{text} {subject}")
    elif follows:
        answer = wording.guidance.settled_after(answer, text, subject, previous)
    else:
        answer = wording.guidance.settled(answer, text)
    by_words = answer.answered and (answer.textual or answer.learning)
    settled = answer.sure or answer.outcome == "lookup" or by_words
    # Until the bank is learnt, nothing tells a question in other words than the text's from a remark.
    apart = answer.learning and bool(answer.ranked) and bool(desk.intents().unknown(unnamed))
    left = follows or negative or settled or apart or answer.foreign or answer.topic == "draft"
    if intent and likeness >= UNSURE and not left:
        return _said_to_bot(desk, reading, text, intent)
    return Decision(reading, text, desk.posts().settled(answer, text), subject)


def _said_to_bot(desk: Answering, reading: Reading, text: str, intent: Intent) -> Decision:
    english = desk.engine.language(text) == "en"
    return Decision(reading, text, PolicyAnswer("help", intent=intent.name, english=english))


def _shows_hits(answer: PolicyAnswer, first: Number, text: str) -> bool:
    """Return whether to show the passages with the words of `text` instead of an answer that is not sure.

    `first`: the clause of the best passage. The passages replace an answer that has the same first clause.
    They also replace a refusal, except when the policy is silent on a text of several words: a question.
    """
    if answer.answered:
        return answer.clauses[0].number == first
    return answer.outcome != "silent" or len(text.split()) == 1


def _moved(reading: Reading, previous: Sequence[Number], move: Move) -> Decision:
    """Look up the clauses that a move, such as « la suivante », leads to. `previous`: those shown last."""
    numbers = moves.follow(move, previous, reading.version)
    order = sorted(previous, key=reading.version.position)
    edge = order[-1] if move.step > 0 else order[0]
    ranked = tuple(ScoredClause(number, 1.0) for number in numbers or (edge,))
    if not numbers:  # the move goes past the first or the last clause
        return Decision(reading, "", PolicyAnswer("not_found", ranked=ranked))
    home = reading.version.article(numbers[0])
    text = str(home.number if home and len(numbers) > 1 else numbers[0])
    return Decision(reading, text, PolicyAnswer("lookup", clauses=ranked, ranked=ranked, sure=True))


def _remember(desk: Answering, request: Request, decision: Decision) -> None:
    """Remember the clauses that the person's next question may refer to.

    For a negative post, only the clauses on what to do are remembered; for a draft, those that it touches.
    """
    answer, wording = decision.answer, desk.wording(decision.reading, request)
    numbers = tuple(clause.number for clause in answer.clauses[:MOST])
    if answer.topic == "incident":
        numbers = wording.existing(wording.guidance.incident_clauses)
    elif answer.topic == "draft":
        numbers = tuple(clause.number for clause in (answer.clauses or answer.ranked)[:MOST])
    elif answer.outcome == "lookup":
        numbers = tuple(clause.number for clause in answer.clauses)
        if answer.sure:  # « article 5 » has two pages
            numbers = politique.first_page(decision.reading, desk.library.naming.split(decision.text)[1])
    elif answer.outcome == "silent" and not decision.subject:  # its closest clause is shown
        numbers = tuple(clause.number for clause in answer.ranked[:1])
    if numbers:
        desk.memory.remember(request.actor, decision.reading.policy.id, numbers)


def _answered(desk: Answering, reading: Reading, rest: str, request: Request) -> Slow:
    def think() -> Callable[[], Message]:
        decision = _decide_over_all(desk, reading, rest, request)
        answer, text = decision.answer, decision.text
        if answer.outcome == "help":
            return partial(_intent, desk, decision, request)
        judged = None
        if answer.topic == "question" and not (
            answer.foreign or answer.unkind or answer.learning or answer.outcome == "lookup"
        ):
            judged = desk.masker().mask(text)
        return partial(_worded, desk, decision, replace(request, text=rest), judged)

    return Deferred(think)


def _intent(desk: Answering, decision: Decision, request: Request) -> Message:
    intent = desk.intents().named(decision.answer.intent)
    if intent.name == CHECK_POST:
        desk.drafts.expect(request.actor)
    wording = desk.wording(decision.reading, request).speaking(english=decision.answer.english)
    duties = [
        (label, command)
        for label, command in intent.duties
        if (receives_reports if command == RECEIVED else administers)(desk.office, request)
    ]
    with desk.office.storage.transaction() as db:
        admin = roles.title(db, roles.ADMINISTRATION)
        person = persons.person_of(db, request.actor) if request.actor and intent.begun else None
        policies = attempts.policies_begun(db, person) if person else set()
    begun = any(map(desk.is_quizzed, policies))
    speaker = answers.Speaker(decision.reading, desk.office.profile.bot, admin, wording.voice)
    return answers.intent_message(speaker, intent, duties, begun=begun)


def _worded(desk: Answering, decision: Decision, request: Request, judged: Masked | None) -> Message:
    """Word a decision. `request.text`: the words to search for, if the decision is a search.

    `judged`: the masked question, None if the answer cannot be rated.
    """
    voice = desk.wording(decision.reading, request).speaking(english=decision.answer.english).voice
    _remember(desk, request, decision)
    return _dated(_undated(desk, decision, request, judged, voice), decision, request, voice)


def _dated(message: Message, decision: Decision, request: Request, voice: Voice = FRENCH) -> Message:
    """Add a line to a message if the policy has other words on a day that the question names."""
    if decision.other is None:
        return message
    numbers = decision.other_numbers()
    return politique.with_other_words(
        message, decision.reading, decision.other, numbers, place=request.place, voice=voice
    )


def _undated(
    desk: Answering, decision: Decision, request: Request, judged: Masked | None, voice: Voice
) -> Message:
    reading, answer = decision.reading, decision.answer
    wording = desk.wording(reading, request)
    if answer.outcome == "lookup":
        if not answer.sure:
            others = [
                (other, hits)
                for other in desk.library.others(request.text, reading.policy, OTHERS)
                if (hits := politique.search_few(other, request.text))
            ]
            shareable = request.place == "channel"
            return politique.results(reading, request.text, shareable=shareable, voice=voice, beside=others)
        named = replace(request, command="politique", text=f"{reading.policy.id}: {decision.text}")
        return politique.show(desk.library, named)
    if answer.outcome == "not_found" and (message := _not_found(decision, request, voice)):
        return message
    identifier = ""
    if judged is not None:
        numbers = tuple(clause.number for clause in answer.clauses)
        stored = _noted(desk, decision, request, judged)
        rated = GivenAnswer(reading.policy.id, judged, numbers, stored, answer.english)
        identifier = desk.memory.add(rated, request.actor)
    if decision.rivals:
        return answers.policies_message(
            [
                (replace(desk.wording(part.reading, request), voice=voice), part.answer)
                for part in (decision, *decision.rivals)
            ],
            identifier,
        )
    if decision.halves:
        parts = [(half.answer, half.in_context) for half in decision.halves]
        return answers.two_message(wording, parts, identifier)
    token = ""
    examined = reading.policy.annotations.checks and not answer.english and request.place != "open"
    if answer.topic == "draft" and examined:
        token = desk.drafts.store(PostDraft(Post(decision.text)), request.actor)
    return answers.answer_message(wording, answer, decision.in_context, identifier, draft=token)


def _not_found(decision: Decision, request: Request, voice: Voice) -> Message | None:
    """Return the message saying that a clause or words were not found, None for a question."""
    reading, text = decision.reading, decision.text
    if not text:
        return politique.at_end(reading, decision.answer.ranked[0].number)
    if reference := references.parse_reference(text, reading.version):
        missing = _missing(reading, reference)
        if reference.marked and missing:
            return politique.unknown(reading, missing[0], voice)
    if politique.search_few(reading, request.text) == []:
        return politique.not_found(reading, request.text, voice)
    return None


def _missing(reading: Reading, reference: Reference) -> list[Number]:
    """Return the numbers in a reference that do not exist."""
    ends = (end for span in reference.spans for end in (span.first, span.last))
    return [end for end in ends if not reading.version.within(end)]


def _noted(desk: Answering, decision: Decision, request: Request, question: Masked) -> bool:
    """Count the clauses that answer a question, or store an unanswered one. Return whether it was stored."""
    today, answer = desk.office.today(), decision.answer
    parts = decision.halves or (decision,)
    answering = [part for part in parts if part.answer.outcome == "answer" and part.answer.clauses]
    lacking = answer.outcome in {"not_found", "silent"}
    if not (answering or lacking):
        return False
    with desk.office.storage.transaction() as db:
        if request.actor:
            person = str(persons.first_account(db, request.actor))
            count = partial(desk.tally.count, db, today=today, person=person)
            for part in answering:
                clause = str(part.answer.clauses[0].number)
                count("clause", policy=part.reading.policy.id, clause=clause)
            if lacking:
                count("unanswered", policy=decision.reading.policy.id)
        if not lacking:
            return False
        problem: Problem = "silent" if answer.outcome == "silent" else "not_found"
        return unanswered.keep_question(db, decision.reading.policy.id, question, problem, today)
