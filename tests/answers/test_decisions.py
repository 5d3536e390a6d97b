"""How a question is declined, what describes a negative post, and how long an exchange is remembered."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from bot.answers import guidance as guidances
from bot.answers.memory import AnswerMemory, GivenAnswer
from bot.answers.negative_posts import NegativePosts
from bot.answers.questions import PolicyAnswer
from bot.answers.refusals import refusal
from bot.conversation.requests import Actor
from bot.language.masking import Masked
from bot.policy.articles import Number
from bot.policy.library import Library
from bot.settings import SEED
from tests.kits.fake_clock import FakeClock

NUMBERS = tuple(Number.parse(text) for text in ("3.1", "5.2", "5.5", "5.13"))


# --- Declining --------------------------------------------------------------------------------


def test_each_way_of_declining_has_its_own_words(library: Library) -> None:
    policy = library.default
    guidance = guidances.load_guidance([SEED], library.policies)[policy.id]
    contact = policy.annotations.contact
    assert contact
    whom = f"Vous pouvez vous adresser au {contact.who} (article {contact.clause})."
    question = "zzz"
    assert refusal(policy, guidance, PolicyAnswer("not_found"), question) == (
        f"Je n'ai pas trouvé de réponse fiable. {whom}"
    )
    assert refusal(policy, guidance, PolicyAnswer("silent"), question) == (
        f"La {policy.name} ne le précise pas. {whom}"
    )
    assert refusal(policy, guidance, PolicyAnswer("out_of_scope"), question) == (
        f"Ce n'est pas le sujet de la {policy.name}, qui traite {guidance.scope}. Si cela touche "
        f"l'association, son {contact.who} peut vous orienter."
    )
    assert refusal(policy, guidance, PolicyAnswer("out_of_scope", unkind=True), question) == (
        f"Je cite la {policy.name}, et rien d'autre. Si vous avez une question à son sujet, posez-la\u00a0: "
        "elle est la bienvenue."
    )
    assert refusal(policy, guidance, PolicyAnswer("out_of_scope", foreign=True), question).startswith(
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
        memory.add(GivenAnswer("pa20", Masked("?"), (number,), kept=False), actor) for number in NUMBERS
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
