"""From a question in anyone's own words to the clauses that answer it, or to an honest no.

Nothing here writes the policy's words: an `PolicyAnswer` holds numbers of clauses that exist in the version
that was asked about, and what is shown of them is a `Quote`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

from bot.answers import bank
from bot.answers.bank import LONGEST
from bot.answers.engine import rules, text
from bot.answers.engine.scores import Scores
from bot.answers.engine.shelf import Models, ModelShelf
from bot.answers.engine.text import Texts
from bot.language import detection, spelling
from bot.language.detection import SmallWords
from bot.language.spelling import read_table
from bot.policy import references
from bot.policy.articles import Number, PolicyError, Version
from bot.policy.changes import identities
from bot.policy.library import Policy
from bot.policy.references import Naming, Reference

if TYPE_CHECKING:
    from bot.answers.engine.model import Model

logger = logging.getLogger(__name__)

Table = TypeVar("Table")
Outcome: TypeAlias = Literal["answer", "clarify", "not_found", "silent", "out_of_scope"]
Topic: TypeAlias = Literal["question", "incident", "draft"]
Ranked: TypeAlias = Sequence[tuple[Number, float]]  # clauses and their scores, best first

TOPICS: tuple[Topic, ...] = ("incident", "draft")
MOST = 3  # clauses in one answer
RIVAL = 0.7  # of the best clause's likelihood, from which another is another reading of the question
SHOWN = 0.2  # of the best clause's likelihood, from which another is worth reading too
DOUBT = 0.12  # of margin under which a decline is « not found » rather than a silence of the policy
TOPICAL = 0.25  # of margin that a negative post or a draft is forgiven: both are always the policy's subject
SURE_OF_TEXT = 0.6  # of what a question means that a clause must hold; then nine in ten are right
TEXT_RIVALS = 0.1  # below the best, within which another clause is shown too
_UNRELATED = frozenset({"adversarial", "off_topic"})


@dataclass(frozen=True, slots=True)
class Found:
    """A clause, and how likely it is to be the one that answers, from 0 to 1."""

    number: Number
    score: float


@dataclass(frozen=True, slots=True)
class PolicyAnswer:
    """What came of a question.

    `outcome`: "answer"; "clarify" when two readings compete (`clauses` are what to choose between);
    "not_found" when nothing reliable was found; "silent" when the subject is the policy's but it does
    not say; "out_of_scope" when it is not this policy's subject.
    `topic`: "incident" when someone describes a negative post, "draft" when someone pastes what they
    want to publish; such a text is never kept.
    `clauses`: one to three, only for "answer" and "clarify"; the first answers best, and those to be read
    with it are among them. For a whole article, its first clauses; all of them are in `ranked`.
    `ranked`: what comes closest, best first, whatever the outcome.
    `english`: asked in English. `foreign`: in neither French nor English; declined without being read.
    `unkind`: an insult, an attempt to divert the bot, or gibberish; always declined.
    `untaught`: declined, of a text with clauses that are new or changed since its bank was labelled.
    `learning`: given by text alone while the bank is being learnt; a minute later it may be better.
    """

    outcome: Outcome
    topic: Topic = "question"
    clauses: tuple[Found, ...] = ()
    ranked: tuple[Found, ...] = ()
    english: bool = False
    foreign: bool = False
    unkind: bool = False
    untaught: bool = False
    learning: bool = False

    @property
    def answered(self) -> bool:
        """Whether clauses are given as an answer."""
        return self.outcome in {"answer", "clarify"}

    @property
    def nearby(self) -> tuple[Found, ...]:
        """What to suggest, and not to give as an answer, when the question is declined."""
        return () if self.answered or self.foreign or self.unkind else self.ranked


class Engine:
    """Answers questions about every policy. Safe to use from several threads; made once.

    `folders`: those that hold policies, the shipped one first (`Settings.data_folders()`).
    `models`: where trained models are kept; made when missing. Nothing is read before the first use.
    `shelf`: what gives the models instead, to try one before it serves.
    """

    def __init__(self, folders: Sequence[Path], models: Path, shelf: Models | None = None) -> None:
        self._folders = tuple(folders)
        self._shelf = shelf or ModelShelf(self._folders, models)
        self._lock = RLock()  # Snowball's stemmer keeps a state of its own
        self._texts: dict[Version, Texts] = {}
        self._namings: dict[Policy, Naming] = {}

    @cached_property
    def _words(self) -> SmallWords:
        return _sound(detection.read_words, detection.tables(self._folders))

    @cached_property
    def _table(self) -> Mapping[str, str]:
        return _sound(read_table, bank.tables(self._folders))

    def prepare(self, policy: Policy) -> bool:
        """Load the policy's model, training it first when it is missing; slow, for a thread of its own.

        Returns False when the policy has no bank, or it could not be trained: then text alone answers.
        """
        return self._shelf.prepare(policy.versions[-1])

    def ready(self, policy: Policy) -> bool:
        """Tell whether nothing has to be made before the policy's questions are answered at their best."""
        return self._shelf.ready(policy.versions[-1])

    def close(self) -> None:
        """Stop waiting for a model that is being made."""
        self._shelf.close()

    def answer(
        self, policy: Policy, version: Version, question: str, previous: tuple[Number, ...] = ()
    ) -> PolicyAnswer:
        """Answer a question about a version; `previous` are the clauses of the last exchange.

        Never raises, whatever the text. While the model is not there, text alone answers.
        """
        question = " ".join(question.split())[:LONGEST]
        if not any(character.isalnum() for character in question):
            return PolicyAnswer("not_found")
        spoken = detection.detect(question, self._words)
        if spoken == "other":
            return PolicyAnswer("out_of_scope", foreign=True)
        with self._lock:
            forget = spelling.forgetting()
            model = self._shelf.model(policy.versions[-1])
            found = self._decide(policy, version, question, previous, model)
            if model is None or found.topic != "question":  # text alone does not tell what a text is
                forget()
        return replace(found, english=spoken == "en")

    def _decide(
        self,
        policy: Policy,
        version: Version,
        question: str,
        previous: Sequence[Number],
        model: Model | None,
    ) -> PolicyAnswer:
        reference = self._reference(policy, question)
        scores = model.score(question, version) if model else None
        if reference:
            looked_up = rules.look_up(reference, version, scores)
            if looked_up is not None:
                return _of_numbers(looked_up, reference, version)
        if scores is None:
            learning = not self._shelf.ready(policy.versions[-1])
            return replace(_by_text(self._text(policy, version), policy, question), learning=learning)
        texts = self._text(policy, version)
        scores = rules.adjusted(
            scores, _cited(reference), question, previous, says=lambda: texts.hold(question)
        )
        answer = _by_model(scores, policy)
        fresh = identities.fresh(identities.origin(version), version)
        if not fresh or answer.answered or answer.unkind or answer.topic != "question":
            return answer
        return _by_fresh_words(answer, text.held(texts, fresh, question))

    def _reference(self, policy: Policy, question: str) -> Reference | None:
        """Return the numbers that a question names, None when they may be mere figures."""
        if policy not in self._namings:
            self._namings[policy] = Naming(dict.fromkeys(policy.names(), policy.id))
        reference = references.read(self._namings[policy].split(question)[1])
        return reference if reference and (reference.marked or reference.exact) else None

    def _text(self, policy: Policy, version: Version) -> Texts:
        if version not in self._texts:
            self._texts[version] = Texts(version, policy.notes(version).topics, self._table)
        return self._texts[version]


def _sound(read: Callable[[Sequence[Path]], Table], paths: Sequence[Path]) -> Table:
    """Read what is shipped and what the association added, or what is shipped alone if the rest is wrong."""
    try:
        return read(paths)
    except (PolicyError, OSError, UnicodeDecodeError) as error:
        logger.warning("%s", error)
        return read(paths[:1])


def _cited(reference: Reference | None) -> tuple[Number, ...]:
    return tuple(span.first for span in reference.spans) if reference else ()


def _of_numbers(numbers: Sequence[Number], reference: Reference, version: Version) -> PolicyAnswer:
    """Return the clauses that were asked for by number, or those closest to one that is not there."""
    if numbers:
        found = tuple(Found(number, 1.0) for number in numbers)
        return PolicyAnswer("answer", clauses=found[:MOST], ranked=found)
    nearest = references.nearest(reference.spans[0].first, version)
    return PolicyAnswer("not_found", ranked=tuple(Found(number, 0.0) for number in nearest))


def _by_text(texts: Texts, policy: Policy, question: str) -> PolicyAnswer:
    everything = texts.rank(question)
    ranked = _found(everything[:MOST])
    if not ranked or ranked[0].score < SURE_OF_TEXT:
        return PolicyAnswer("not_found", ranked=ranked)
    shown = [one for one in ranked if one.score >= ranked[0].score - TEXT_RIVALS]
    group = _read_with(ranked[0], policy)
    together = _found([pair for pair in everything if pair[0] in group])
    return PolicyAnswer("answer", clauses=_with_companions(shown, together), ranked=ranked)


def _by_fresh_words(answer: PolicyAnswer, held: Ranked) -> PolicyAnswer:
    """Return a no as it holds of clauses that the bank says nothing of, and that may answer."""
    said = [one for one in _found(held) if one.score >= text.SAYS][:MOST]
    near = said or _found(held[:MOST])
    others = (one for one in answer.ranked if all(one.number != other.number for other in near))
    answer = replace(answer, untaught=True, ranked=(*near, *others)[:MOST])
    if said:
        return replace(answer, outcome="answer", clauses=tuple(said))
    return replace(answer, outcome="not_found") if near else answer


def _by_model(scores: Scores, policy: Policy) -> PolicyAnswer:
    ranked = _found(scores.ranked(MOST))
    if not ranked:
        return PolicyAnswer("not_found")
    topic: Topic = max(TOPICS, key=lambda name: scores.topics[name])
    if scores.topics[topic] <= 0:
        topic = "question"
    doubt = TOPICAL if topic != "question" and scores.reason not in _UNRELATED else 0.0
    if scores.margin + doubt <= 0:
        return PolicyAnswer(
            _why_declined(scores), topic, ranked=ranked, unkind=scores.reason == "adversarial"
        )
    rivals = [one for one in ranked if one.score >= RIVAL * ranked[0].score]
    if len(rivals) > 1 and not _go_together(policy, rivals):
        return PolicyAnswer("clarify", topic, tuple(rivals), ranked)
    shown = [one for one in ranked if one.score >= SHOWN * ranked[0].score]
    together = _found(scores.among(_read_with(ranked[0], policy)))
    return PolicyAnswer("answer", topic, _with_companions(shown, together), ranked)


def _found(pairs: Ranked) -> tuple[Found, ...]:
    return tuple(Found(number, score) for number, score in pairs)


def _read_with(first: Found, policy: Policy) -> Collection[Number]:
    """Return the clauses that one is to be read with, none when it stands alone."""
    group = policy.annotations.read_with(first.number)
    return group.clauses if group else ()


def _why_declined(scores: Scores) -> Outcome:
    """Return "not_found" when a clause comes so close that nobody can say that the policy is silent."""
    if scores.reason in _UNRELATED:
        return "out_of_scope"
    if scores.margin > -DOUBT:
        return "not_found"
    return "silent" if scores.silent else "out_of_scope"


def _go_together(policy: Policy, found: Sequence[Found]) -> bool:
    """Tell whether clauses are to be read together, so that there is nothing to choose."""
    group = policy.annotations.read_with(found[0].number)
    return group is not None and all(one.number in group.clauses for one in found)


def _with_companions(shown: Sequence[Found], together: Sequence[Found]) -> tuple[Found, ...]:
    """Return clauses with those that the first is to be read with, three at most, best first."""
    kept = list(dict.fromkeys((shown[0], *together, *shown)))[:MOST]
    return tuple(sorted(kept, key=lambda one: (-one.score, one.number)))
