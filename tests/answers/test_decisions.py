"""What is done with a model's scores, on each side of each threshold, and how a question is declined."""

from __future__ import annotations

import math
import re
from datetime import timedelta
from typing import cast

import numpy as np
import pytest

from bot.answers import guidance as guidances
from bot.answers.bank import REASONS
from bot.answers.engine import calibration
from bot.answers.engine.model import Model
from bot.answers.engine.scores import Scores
from bot.answers.engine.shelf import FixedModel
from bot.answers.memory import AnswerMemory, GivenAnswer
from bot.answers.negative_posts import NegativePosts
from bot.answers.questions import Engine, Outcome, PolicyAnswer
from bot.answers.refusals import refusal
from bot.conversation.requests import Actor
from bot.language.masking import Masked
from bot.policy.articles import Number
from bot.policy.library import Library
from bot.settings import SEED
from tests.kits.fake_clock import FakeClock

QUESTION = "Peut-on publier une photo?"
NUMBERS = tuple(Number(text) for text in ("3.1", "5.2", "5.5", "5.13"))


class Scripted:
    """A model whose scores are what a test wants."""

    def __init__(self, scores: Scores) -> None:
        self.scores = scores

    def score(self, _question: str, _version: object) -> Scores:
        return self.scores


SURE = 0.7


def asked(
    library: Library,
    chances: tuple[float, ...],
    *,
    right: float = 0.9,
    verdicts: tuple[float, float, float] = (0.9, 0.1, 0.1),
    margin: float = 1.0,
    reason: str = "near_miss",
    topics: dict[str, float] | None = None,
) -> PolicyAnswer:
    """Return the answer, given each clause's likelihood, and the likeliest reason to decline.

    `right`, `verdicts`: the likelihoods that the best clause answers, and of answering, of a silence and of
    another subject.
    """
    values = np.log(np.array(chances))
    rest = max(1 - sum(chances), 1e-9)
    reasons = {name: math.log(rest * (0.97 if name == reason else 0.01)) for name in REASONS}
    threshold = margin + max(reasons.values()) - float(values.max())
    exceeded = {"incident": -1.0, "draft": -1.0, "article": -1.0, **(topics or {})}
    row = np.ones((1, len(values)))
    read = calibration.summary(row, row, np.ones((1, 4)), np.ones((1, 3)), np.ones(1)).shape[1]
    weights = np.zeros((1 + read, len(calibration.VERDICTS)))
    weights[0] = [math.log(likely / (1 - likely)) for likely in (right, *verdicts)]
    scores = Scores(NUMBERS, values, np.array(chances), reasons, exceeded, 4, threshold, 1.0, weights, SURE)
    engine = Engine([SEED], FixedModel(cast(Model, Scripted(scores))))
    return engine.answer(library.default, library.default.versions[-1], QUESTION)


@pytest.mark.parametrize(
    ("verdicts", "reason", "outcome", "unkind"),
    [
        ((0.61, 0.6, 0.1), "silent", "answer", False),
        ((0.59, 0.6, 0.1), "silent", "silent", False),
        ((0.1, 0.6, 0.59), "near_miss", "silent", False),
        ((0.31, 0.1, 0.6), "near_miss", "not_found", False),
        ((0.29, 0.1, 0.6), "near_miss", "out_of_scope", False),
        ((0.5, 0.1, 0.6), "off_topic", "out_of_scope", False),
        ((0.5, 0.1, 0.6), "adversarial", "out_of_scope", True),
        ((0.1, 0.6, 0.5), "adversarial", "silent", False),
        ((0.6, 0.1, 0.5), "adversarial", "answer", False),
    ],
)
def test_when_a_question_is_declined(
    library: Library, verdicts: tuple[float, float, float], reason: str, outcome: Outcome, *, unkind: bool
) -> None:
    answer = asked(library, (0.7, 0.05, 0.03, 0.02), verdicts=verdicts, reason=reason)
    assert (answer.outcome, answer.unkind) == (outcome, unkind)
    assert [str(clause.number) for clause in answer.ranked] == ["3.1", "5.2", "5.5"]
    assert answer.nearby == (() if outcome == "answer" or unkind else answer.ranked)


@pytest.mark.parametrize(
    ("topics", "margin", "reason", "topic", "declined"),
    [
        ({"incident": 0.01}, -0.24, "near_miss", "incident", False),
        ({"incident": 0.01}, -0.26, "near_miss", "incident", True),
        ({"incident": -0.01}, -0.24, "near_miss", "question", True),
        ({"draft": 0.3, "incident": 0.2}, -0.24, "near_miss", "draft", False),
        ({"incident": 0.01}, -0.01, "off_topic", "incident", True),
    ],
)
def test_a_negative_post_or_a_draft_is_always_in_scope(
    library: Library, topics: dict[str, float], margin: float, reason: str, topic: str, *, declined: bool
) -> None:
    likely = (0.7, 0.05, 0.03, 0.02)
    answer = asked(library, likely, verdicts=(0.1, 0.1, 0.9), margin=margin, reason=reason, topics=topics)
    assert (answer.topic, not answer.answered) == (topic, declined)


@pytest.mark.parametrize(
    ("chances", "right", "outcome", "sure", "shown"),
    [
        ((0.61, 0.13, 0.01, 0.01), 0.71, "answer", True, ["3.1", "5.2"]),
        ((0.61, 0.11, 0.01, 0.01), 0.71, "answer", True, ["3.1"]),
        ((0.59, 0.40, 0.001, 0.001), 0.69, "answer", False, ["3.1", "5.2"]),
        ((0.50, 0.36, 0.01, 0.01), 0.69, "clarify", False, ["3.1", "5.2"]),
        ((0.50, 0.36, 0.01, 0.01), 0.71, "answer", True, ["3.1", "5.2"]),
        ((0.50, 0.34, 0.01, 0.01), 0.69, "answer", False, ["3.1", "5.2"]),
        ((0.25, 0.24, 0.23, 0.22), 0.69, "clarify", False, ["3.1", "5.2", "5.5"]),
        ((0.02, 0.03, 0.9, 0.01), 0.71, "answer", True, ["5.5"]),
    ],
)
def test_how_many_clauses_are_shown_and_how_surely(
    library: Library,
    chances: tuple[float, ...],
    right: float,
    outcome: Outcome,
    shown: list[str],
    *,
    sure: bool,
) -> None:
    answer = asked(library, chances, right=right)
    assert (answer.outcome, answer.sure) == (outcome, sure)
    assert [str(clause.number) for clause in answer.clauses] == shown
    assert not answer.learning


# --- Declining --------------------------------------------------------------------------------


def test_each_way_of_declining_has_its_own_words(library: Library) -> None:
    policy, reading = library.default, library.reading(library.default)
    guidance = guidances.load_guidance([SEED], library.policies)[policy.id]
    contact = policy.annotations.contact
    assert contact
    whom = f"Vous pouvez vous adresser au {contact.who} (article\u00a0{contact.clause})."
    question = "zzz"
    assert refusal(reading, guidance, PolicyAnswer("not_found"), question) == (
        f"Je n'ai pas trouvé de réponse fiable. {whom}"
    )
    assert refusal(reading, guidance, PolicyAnswer("silent"), question) == (
        f"La {policy.name} ne le précise pas. {whom}"
    )
    assert refusal(reading, guidance, PolicyAnswer("out_of_scope"), question) == (
        f"Ce n'est pas le sujet de la {policy.name}, qui traite {guidance.scope}. Si cela touche "
        f"l'association, le {contact.who} peut vous orienter."
    )
    assert refusal(reading, guidance, PolicyAnswer("out_of_scope", unkind=True), question) == (
        f"Je cite la {policy.name}, et rien d'autre. Si vous avez une question à son sujet, posez-la\u00a0: "
        "elle est la bienvenue."
    )
    assert refusal(reading, guidance, PolicyAnswer("out_of_scope", foreign=True), question).startswith(
        "Je comprends seulement le français et l'anglais."
    )


# --- Negative posts ---------------------------------------------------------------------------

POSTS = NegativePosts(
    tuple(map(re.compile, ("spotted", "pourri", "asso"))),
    re.compile("insulte"),
    re.compile("exemple"),
    re.compile("bravo"),
)


@pytest.mark.parametrize(
    ("text", "describes"),
    [
        ("Sur Spotted, l'asso est pourrie", True),
        ("Sur Spotted, elle est pourrie", False),
        ("On nous insulte", True),
        ("On nous insulte, par exemple", False),
        ("On nous insulte, bravo", False),
        ("Rien", False),
        ("x" * 1_993 + "insulte", True),
        ("x" * 1_994 + "insulte", False),
    ],
)
def test_the_phrases_that_describe_a_negative_post(text: str, *, describes: bool) -> None:
    assert POSTS.describes(text) is describes
    settled = POSTS.settled(PolicyAnswer("out_of_scope", unkind=True), text)
    expected = ("incident", False) if describes else ("question", True)
    assert (settled.topic, settled.unkind) == expected


def test_good_news_alone_is_not_an_incident_any_more() -> None:
    incident = PolicyAnswer("answer", "incident")
    assert POSTS.settled(incident, "bravo").topic == "question"
    assert POSTS.settled(incident, "rien") == incident
    for other in (PolicyAnswer("answer", "draft"), PolicyAnswer("out_of_scope", foreign=True)):
        assert POSTS.settled(other, "On nous insulte") == other


# --- Memory -----------------------------------------------------------------------------------


def test_an_answer_is_followed_for_ten_minutes_and_judged_once_for_an_hour() -> None:
    clock, actor = FakeClock(), Actor("slack", "T1", "U1")
    memory = AnswerMemory(clock)
    for number in NUMBERS:
        memory.remember(actor, "pa20", (number,))
    identifiers = [
        memory.add(GivenAnswer("pa20", Masked("?"), (number,), stored=False), actor) for number in NUMBERS
    ]
    assert {len(identifier) for identifier in identifiers} == {8}
    clock.move(seconds=599)
    assert memory.previous(actor, "pa20") == NUMBERS[-1:]
    clock.move(seconds=1)
    assert memory.previous(actor, "pa20") == ()
    clock.move(seconds=timedelta(minutes=50).total_seconds() - 1)
    first = memory.take(identifiers[0])
    assert first is not None
    assert first.clauses == NUMBERS[:1]
    assert memory.take(identifiers[0]) is None
    clock.move(seconds=1)
    assert memory.take(identifiers[1]) is None
