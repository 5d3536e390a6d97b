"""The engine that answers questions, however they are worded, with clauses or with an honest « no answer ».

This module never generates policy text. A `PolicyAnswer` holds the numbers of clauses that exist in the
requested version, and they are shown with a `Quote`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

from bot.answers.bank import LONGEST, spelling_tables
from bot.answers.engine import rules
from bot.answers.engine.scores import ScoredClause, Scores
from bot.answers.engine.shelf import ModelShelf
from bot.answers.engine.text import SAYS, ClauseWords
from bot.language import detection, spelling
from bot.language.detection import Language, SmallWords
from bot.language.spelling import load_spelling_table
from bot.policy import references
from bot.policy.addresses import as_counted
from bot.policy.articles import Number, PolicyError, Version
from bot.policy.changes import identities
from bot.policy.library import Naming, Policy
from bot.policy.references import Reference

if TYPE_CHECKING:
    from bot.answers.engine.model import Model
    from bot.answers.engine.passages import TextIndex

logger = logging.getLogger(__name__)

Table = TypeVar("Table")
Outcome: TypeAlias = Literal["answer", "clarify", "lookup", "help", "not_found", "silent", "out_of_scope"]
Topic: TypeAlias = Literal["question", "incident", "draft"]

TOPICS: tuple[Topic, ...] = ("incident", "draft")
MOST = 3  # clauses in one answer
RIVAL = 0.7  # share of the best likelihood at which another clause is a rival reading
SHOWN_SHARE = 0.2  # share of the best likelihood at which another clause is shown too
DOUBT = 0.5  # an answer likelier than this share of "elsewhere" gives "not_found", not "out_of_scope"
TOPICAL = 0.25  # added to the margin of a negative post or a draft, which are always in scope
SURE_OF_TEXT = 0.6  # share of a question that a clause must contain to answer; nine in ten are then right
ELSEWHERE = 0.5  # a question likelier than this to be outside a policy without a bank is declared so
DOUBTED = 0.03  # a question likelier than this to be outside that policy gets no answer
LENIENT = 0.3  # how much likelier « no answer » must be than the best clause to decline, without a bank
TEXT_RIVALS = 0.1  # difference from the best share within which another clause is still shown
_UNRELATED = frozenset({"adversarial", "off_topic"})


@dataclass(frozen=True, slots=True)
class PolicyAnswer:
    """The answer to a text.

    `outcome`: "answer", or "clarify" when two readings compete and `clauses` are the choices. "lookup": the
    text is a clause number, or words to search for in the policy. "help": the text is about the bot itself,
    and `intent` names the intent. Three outcomes decline: "not_found" when nothing reliable was
    found, "silent" when the policy mentions the subject but does not answer, and "out_of_scope" when the
    subject is outside the policy. `sure`: whether the clauses are announced as the answer rather than
    offered. `topic`: "incident" when someone describes a negative post, "draft" when someone pastes a text
    that they want to publish. Such texts are never stored. `clauses`: one to three clauses for "answer" and
    "clarify", and the clauses found for "lookup". The best is first, then those to read with it. For a whole
    article, they are its first clauses, and `ranked` has them all. `ranked`: the closest clauses, best first,
    whatever the outcome. `halves`: the answers to two questions asked at once. `clauses` then has the clauses
    of both. The other fields say whether the question was: in English (`english`); in neither French nor
    English, and so declined unread (`foreign`); an insult, an attempt to divert the bot, or gibberish, which
    are always declined (`unkind`); declined by the model, while the text has clauses newer than the bank
    (`untaught`); understood as a follow-up to the clause shown before (`follows`); answered from the text's
    index, without a model (`textual`); answered by text search while the model is being trained, so that the
    answer may be better a minute later (`learning`).
    """

    outcome: Outcome
    topic: Topic = "question"
    clauses: tuple[ScoredClause, ...] = ()
    ranked: tuple[ScoredClause, ...] = ()
    sure: bool = False
    intent: str = ""
    english: bool = False
    foreign: bool = False
    unkind: bool = False
    untaught: bool = False
    textual: bool = False
    learning: bool = False
    follows: bool = False
    halves: tuple[PolicyAnswer, ...] = ()

    @property
    def answered(self) -> bool:
        """Whether `clauses` are the answer, or the result of a look-up."""
        return self.outcome in {"answer", "clarify"} or (self.outcome == "lookup" and bool(self.clauses))

    @property
    def nearby(self) -> tuple[ScoredClause, ...]:
        """The clauses to suggest when the question is declined."""
        return () if self.answered or self.foreign or self.unkind else self.ranked


@dataclass(frozen=True, slots=True)
class Batch:
    """Texts scored together, as soon as the score of one is needed. `scores`: by text, once computed."""

    texts: tuple[str, ...]
    scores: dict[str, Scores] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, *texts: str) -> Batch:
        """Return a batch of texts, shortened as `Engine.answer` does."""
        return cls(tuple(dict.fromkeys(map(_read, texts))))

    def score(self, model: Model, question: str, version: Version) -> Scores:
        """Return the scores of a text, which may be outside the batch."""
        if question not in self.texts:
            return model.score(question, version)
        if not self.scores:
            self.scores.update(zip(self.texts, model.score_all(self.texts, version), strict=True))
        return self.scores[question]


def _read(text: str) -> str:
    return " ".join(text.split())[:LONGEST]


class Engine:
    """Answers questions about every policy. Thread-safe, and built once.

    `folders`: the policy folders, the shipped one first (`Settings.data_folders()`). `shelf`: provides the
    models. No file is read before the first use.
    """

    def __init__(self, folders: Sequence[Path], shelf: ModelShelf) -> None:
        self._folders = tuple(folders)
        self._shelf = shelf
        self._lock = RLock()  # Snowball's stemmer keeps state
        self._naming = cache(lambda policy: Naming(dict.fromkeys(policy.names(), policy.id)))
        self._words = cache(
            lambda policy, version: ClauseWords(version, policy.notes(version).topics, self._table)
        )

    @cached_property
    def _small_words(self) -> SmallWords:
        return _load_sound(detection.load_small_words, detection.tables(self._folders))

    @cached_property
    def _table(self) -> Mapping[str, str]:
        return _load_sound(load_spelling_table, spelling_tables(self._folders))

    def answer(
        self,
        policy: Policy,
        version: Version,
        question: str,
        previous: tuple[Number, ...] = (),
        subject: str = "",
        *,
        batch: Batch | None = None,
    ) -> PolicyAnswer:
        """Return the answer to a question about a version.

        `previous`: the clauses of the previous answer. `subject`: the subject of the first of them, in a few
        words. `batch`: the batch that the question belongs to, if other questions are asked of the same
        version. Never raises, whatever the text. Without a model, the text's index or text search answers.
        """
        question = _read(question)
        if not any(character.isalnum() for character in question):
            return PolicyAnswer("not_found")
        language = self.language(question)
        if language == "other":
            return PolicyAnswer("out_of_scope", foreign=True)
        with self._lock:
            forget = spelling.forgetting()
            model = self._shelf.model(policy.versions[-1])
            scores = (batch or Batch(())).score(model, question, version) if model else None
            answer = self._answer(
                policy, version, question, model, scores, previous=previous, subject=subject
            )
            if model is None or answer.topic != "question":  # without a model, the text may be an incident
                forget()
        return replace(answer, english=language == "en")

    def language(self, text: str) -> Language:
        """Return the language of a text, "fr" when in doubt."""
        return detection.detect(text, self._small_words)

    def _answer(
        self,
        policy: Policy,
        version: Version,
        question: str,
        model: Model | None,
        scores: Scores | None,
        *,
        previous: Sequence[Number],
        subject: str,
    ) -> PolicyAnswer:
        unnamed = self._naming(policy).split(question)[1]
        reference = references.parse_reference(unnamed, version)
        if reference and not (reference.marked or reference.exact):
            reference = None  # plain numbers, not those of clauses
        if reference and (numbers := rules.look_up(reference, version, scores)) is not None:
            return _by_number(numbers, reference, version)
        words = self._words(policy, version)
        if model is None or scores is None:
            ready = self._shelf.ready(policy.versions[-1])
            index = self._shelf.index(version) if ready else None
            if index is None:
                learning = not ready or self._shelf.is_reading(version)
                return replace(_by_text(words.rank(unnamed), policy), learning=learning)
            return self._by_reading(index, policy, unnamed)
        cited = [span.first for span in reference.spans] if reference else []
        read = None
        if subject and rules.may_follow(question, scores):
            read = model.score_after(scores, question, previous[0], subject)
        if read is None:
            in_context = (lambda: model.score(f"{question} {subject}", version)) if subject else None
            scores = rules.adjusted(
                scores, cited, question, previous=previous, holds_any=words.holds_any, in_context=in_context
            )
        answer = replace(_by_model(read or scores, policy), follows=read is not None)
        if read is not None:
            answer = _settled(question, _by_model(scores, policy), answer, beside=rules.is_beside(scores))
        fresh = identities.fresh_clauses(identities.origin(version), version)
        if not fresh or answer.answered or answer.unkind or answer.topic != "question":
            return answer
        return _by_fresh_words(answer, words.may_answer(question, fresh))

    def _by_reading(self, index: TextIndex, policy: Policy, question: str) -> PolicyAnswer:
        """Return the answer of the text's index, which includes the questions of a small bank.

        The outcome is never "silent", since the text may answer in other words.
        """
        from bot.answers.engine import encoder, finder, texts  # noqa: PLC0415 — numpy, loaded with the index

        read = index.read(question, texts.lexicon(), encoder.encoder(), finder.finder())
        ranked = read.ranked()
        if read.elsewhere > DOUBTED or read.unanswered >= read.right + LENIENT:
            outcome: Outcome = "out_of_scope" if read.elsewhere > ELSEWHERE else "not_found"
            return PolicyAnswer(outcome, ranked=tuple(ranked[:MOST]), textual=True)
        return replace(_announced(ranked, policy, sure=read.right >= read.sure), textual=True)


def _settled(question: str, alone: PolicyAnswer, in_context: PolicyAnswer, *, beside: bool) -> PolicyAnswer:
    """Choose the answer to a question asked after another: the context may add an answer, never remove one.

    `alone`: the answer to the question by itself. `in_context`: its answer as a follow-up. A refusal in
    context counts only if the question has the form of a follow-up. Otherwise, the refusal depends on the
    previous clause more than on the question. `beside`: whether the question is clearly not about the policy.
    """
    whole = beside or not rules.follows(question)
    if in_context.answered:
        whole = whole and alone.outcome == "out_of_scope" and not in_context.sure
    else:
        whole = whole or alone.answered
    return alone if whole else in_context


def _load_sound(load: Callable[[Sequence[Path]], Table], paths: Sequence[Path]) -> Table:
    """Load the shipped table and the association's, or only the shipped table if the other is invalid."""
    try:
        return load(paths)
    except (PolicyError, OSError, UnicodeDecodeError) as error:
        logger.warning("%s", error)
        return load(paths[:1])


def _by_number(numbers: Sequence[Number], reference: Reference, version: Version) -> PolicyAnswer:
    """Return an answer with the clauses requested by number, or the closest clauses to a missing number."""
    if numbers:
        clauses = tuple(ScoredClause(number, 1.0) for number in numbers)
        return PolicyAnswer("lookup", clauses=clauses[:MOST], ranked=clauses, sure=True)
    nearest = references.nearest(reference.spans[0].first, version)
    return PolicyAnswer("not_found", ranked=tuple(ScoredClause(number, 0.0) for number in nearest))


def _by_text(ranked: Sequence[ScoredClause], policy: Policy) -> PolicyAnswer:
    best = tuple(ranked[:MOST])
    if not best or best[0].score < SURE_OF_TEXT:
        return PolicyAnswer("not_found", ranked=best)
    clauses = _to_show(ranked, best[0].score - TEXT_RIVALS, policy)
    return PolicyAnswer("answer", clauses=clauses, ranked=best)


def _by_model(scores: Scores, policy: Policy) -> PolicyAnswer:
    ranked = scores.ranked()
    if not ranked:
        return PolicyAnswer("not_found")
    topic: Topic = max(TOPICS, key=lambda name: scores.topics[name])
    if scores.topics[topic] <= 0:
        topic = "question"
    unrelated = scores.reason in _UNRELATED
    chances = scores.chances()
    in_topic = topic != "question" and not unrelated and scores.margin + TOPICAL > 0
    if chances.verdict != "answer" and not in_topic:
        outcome: Outcome = "silent" if chances.verdict == "silent" else "out_of_scope"
        if outcome == "out_of_scope" and chances.answer > DOUBT * chances.elsewhere and not unrelated:
            outcome = "not_found"  # too close to call
        unkind = outcome == "out_of_scope" and scores.reason == "adversarial"
        return PolicyAnswer(outcome, topic, ranked=tuple(scores.nearest()[:MOST]), unkind=unkind)
    return _announced(ranked, policy, topic, sure=chances.right >= scores.sure)


def _announced(
    ranked: Sequence[ScoredClause], policy: Policy, topic: Topic = "question", *, sure: bool
) -> PolicyAnswer:
    """Return an answer with the best clauses, or a choice between them if their scores are too close.

    `sure`: whether the first clause is probably right, so that no choice is needed.
    """
    best = tuple(ranked[:MOST])
    first = ranked[0]
    rivals = tuple(clause for clause in best if clause.score >= RIVAL * first.score)
    together = {clause.number for clause in rivals} <= policy.annotations.companions(first.number)
    if not (sure or together):
        return PolicyAnswer("clarify", topic, rivals, best)
    return PolicyAnswer("answer", topic, _to_show(ranked, SHOWN_SHARE * first.score, policy), best, sure=sure)


def _by_fresh_words(answer: PolicyAnswer, candidates: Sequence[ScoredClause]) -> PolicyAnswer:
    """Return the `candidates`, newer than the bank, as the answer if they are sure, else as suggestions."""
    sure = [clause for clause in candidates if clause.score >= SAYS][:MOST]
    near = sure or candidates[:MOST]
    numbers = {clause.number for clause in near}
    ranked = (*near, *(clause for clause in answer.ranked if clause.number not in numbers))[:MOST]
    answer = replace(answer, untaught=True, ranked=ranked)
    if sure:
        return replace(answer, outcome="answer", clauses=tuple(sure))
    return replace(answer, outcome="not_found") if near else answer


def _to_show(ranked: Sequence[ScoredClause], least: float, policy: Policy) -> tuple[ScoredClause, ...]:
    """Return at most three clauses: the best, those to read with it, and others scoring at least `least`."""
    companions = policy.annotations.companions(ranked[0].number)
    together = [clause for clause in ranked if clause.number in companions]
    likely = [clause for clause in ranked[:MOST] if clause.score >= least]
    chosen = list(dict.fromkeys((ranked[0], *together, *likely)))[:MOST]
    return tuple(sorted(chosen, key=lambda clause: (-clause.score, as_counted(clause.number))))
