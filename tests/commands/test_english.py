"""Who asks in English is answered in English, around quotations that stay in French."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.answers.questions import PolicyAnswer
from bot.conversation.forms import opener
from bot.conversation.messages import Button, Message
from bot.policy.library import Library
from tests.kits.answers import OFFICER, Counter, clauses, counter, labels, scored, words
from tests.kits.registry import ADMIN

QUESTION = "Can I use the logo on my shirts?"
# The titles of articles are in French, and so is what a role is called once it was renamed.
TITLE = "Article\u00a0"


@pytest.fixture
def desk(library: Library, tmp_path: Path) -> Iterator[Counter]:
    with counter(library, tmp_path) as made:
        yield made


ANSWERS = {
    "sure": PolicyAnswer("answer", clauses=scored("5.13"), ranked=scored("5.13"), sure=True),
    "several": PolicyAnswer("answer", clauses=scored("5.10", "5.11"), sure=True),
    "unsure": PolicyAnswer("answer", clauses=scored("5.5")),
    "choice": PolicyAnswer("clarify", clauses=scored("5.13", "5.16")),
    "silent": PolicyAnswer("silent", ranked=scored("5.13")),
    "far": PolicyAnswer("silent", ranked=scored("5.1", score=0.1)),
    "not found": PolicyAnswer("not_found", ranked=scored("5.1", "5.2")),
    "elsewhere": PolicyAnswer("out_of_scope"),
    "unkind": PolicyAnswer("out_of_scope", unkind=True),
    "incident": PolicyAnswer("answer", "incident", scored("5.10"), scored("5.10")),
    "draft": PolicyAnswer("answer", "draft", scored("5.13"), scored("5.13")),
    "learning": PolicyAnswer("not_found", learning=True),
}


def french(text: str) -> list[str]:
    """Return the lines of a text that are not in English."""
    typed = [line for line in text.splitlines() if not line.startswith(TITLE)]
    return [line for line in typed if any(word in FRENCH for word in line.lower().split())]


FRENCH = {"le", "la", "les", "de", "du", "des", "une", "est", "dans", "voici", "vous", "pour", "clause la"}


def command(reply: Message, label: str) -> str:
    """Return the command of the button with this label."""
    return next(b.command for b in reply.buttons() if isinstance(b, Button) and b.label == label)


@pytest.mark.parametrize("kind", ANSWERS)
async def test_all_that_is_said_around_quotations_is_in_english(desk: Counter, kind: str) -> None:
    desk.engine.answers[QUESTION] = replace(ANSWERS[kind], english=True)
    reply = await desk.say(QUESTION)
    assert french(words(reply)) == []
    assert french("\n".join(labels(reply))) == []
    if clauses(reply):
        assert words(reply).startswith("PA20 exists in French only: its own words are quoted below.")


async def test_the_gist_the_next_step_and_the_date_are_in_english(desk: Counter) -> None:
    desk.engine.answers[QUESTION] = PolicyAnswer("answer", clauses=scored("5.13"), sure=True, english=True)
    reply_words = words(await desk.say(QUESTION))
    assert "Here is what PA20 says.\nForbidden, unless authorized: use of the logo (5.13)." in reply_words
    assert "Revised on December\u00a013, 2015" in reply_words
    desk.engine.answers[QUESTION] = PolicyAnswer("answer", clauses=scored("5.16"), sure=True, english=True)
    reply_words = words(await desk.say(QUESTION))
    assert "What next?\nAuthorization is requested before opening the page." in reply_words
    assert "Contact: Vice-presidency of communications." in reply_words


async def test_a_silence_on_record_is_told_in_english(desk: Counter) -> None:
    question = "Who approves the logo?"
    desk.engine.answers[question] = PolicyAnswer("silent", ranked=scored("5.13"), english=True)
    reply_words = words(await desk.say(question))
    assert (
        "PA20 does not say who authorizes the use of the logo. The closest clause says something"
        in reply_words
    )
    assert "To learn more: you can ask the executive council (article\u00a01)." in reply_words


async def test_each_half_of_two_questions_is_told_in_english(desk: Counter) -> None:
    question = "Can I use the logo on a poster? And what is the weather like tomorrow?"
    halves = question.split("? ")
    left = PolicyAnswer("out_of_scope", english=True)
    logo = PolicyAnswer("answer", clauses=scored("5.13"), ranked=scored("5.13"), sure=True, english=True)
    desk.engine.answers |= {question: logo, f"{halves[0]}?": logo, halves[1]: left}
    reply = await desk.say(question)
    assert "As for the other part of your question: This is not what PA20 is about" in words(reply)
    assert french(words(reply)) == []


async def test_what_is_chosen_or_judged_goes_on_in_english(desk: Counter) -> None:
    desk.engine.answers[QUESTION] = PolicyAnswer("clarify", clauses=scored("5.13", "5.16"), english=True)
    reply = await desk.say(QUESTION)
    assert labels(reply) == ["5.13 · Use of the logo", "5.16 · Opening a page in the AGE's name", "Neither"]
    chosen = opener(await desk.press(command(reply, "5.13 · Use of the logo")))
    assert "Helpful" in labels(chosen)
    judged = opener(await desk.press(command(chosen, "Helpful")))
    assert words(judged).startswith("Thank you, noted without your name.")
    assert french(words(judged)) == []


@pytest.mark.parametrize(
    ("text", "says", "label"),
    [
        ("where is my receipt", "Which receipt do you mean?", "My attestation"),
        ("how do I stop the quiz?", "You can stop without doing anything", "Resume the quiz"),
        ("how do I appoint someone", "The role “Administration” appoints", "Where I stand"),
    ],
)
async def test_what_is_said_to_the_bot_in_english_is_answered_in_english(
    desk: Counter, text: str, says: str, label: str
) -> None:
    reply = await desk.say(text, place="direct")
    assert says in words(reply)
    assert label in labels(reply)
    assert french(words(reply)) == []


async def test_duties_are_offered_in_english_too(desk: Counter) -> None:
    reply = await desk.say("who has finished the quiz", ADMIN, "direct")
    assert "Here is where each person stands" in words(reply)
    assert labels(reply) == ["Where I stand", "Onboarding"]


async def test_a_question_in_french_is_answered_in_french(desk: Counter) -> None:
    desk.engine.answers["le logo"] = ANSWERS["sure"]
    assert words(await desk.say("le logo", OFFICER)).startswith("Voici ce que dit la PA20.")
