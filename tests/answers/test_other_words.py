"""A day named in a question: today's words are never given as sure for those of a day that had others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.answers.questions import PolicyAnswer
from bot.conversation.messages import Message, Quoter
from bot.policy.library import Library
from tests.kits.answers import OFFICER, Counter, answer, clauses, counter, labels, words
from tests.kits.revision_commands import command
from tests.platforms.test_hostile_text import check_everywhere
from tests.policy.test_identities import NEW, read, shifted

WARNING = "La PA20 avait d'autres mots en 2016."
LOGO = "J'pouvais-tu mettre le logo sur mes chandails en 2016?"


@pytest.fixture
def revised(tmp_path: Path) -> Library:
    """The policies, of which PA20 had a clause inserted before 5.10 in January 2026."""
    return read(tmp_path, ("2026-01-15", lambda text: shifted(text, 5, 10, NEW)))


@pytest.fixture
def desk(revised: Library, tmp_path: Path) -> Iterator[Counter]:
    with counter(revised, tmp_path) as made:
        yield made


@pytest.mark.parametrize(
    "line", ["Que disait 5.13 en 2016?", "/politique 5.13 en 2016", "/vigie question 5.13 en 2016"]
)
async def test_a_number_in_another_year_is_shown_with_a_way_to_the_words_of_then(
    desk: Counter, revised: Library, line: str
) -> None:
    reply = await desk.say(line)
    assert words(reply).startswith(WARNING)
    then = await desk.press(command(reply, "Lire 5.13 en 2016"))
    assert isinstance(then, Message)
    assert [(quote.clause, quote.version) for quote in then.quotes()] == [("5.13", "2015-12-13")]
    assert "d'autres mots" not in words(then)
    check_everywhere(reply, revised.quote)


@pytest.mark.parametrize(
    ("when", "differs"),
    [
        ("en 2016", True),
        ("en 2026", True),  # until the fifteenth of January
        ("le 14 janvier 2026", True),
        ("le 15 janvier 2026", False),
        ("on January 14, 2026", True),
        ("2026-01-14", True),
        ("le 31 février 2025", True),  # the year is read
        ("en 2014", False),  # there was no policy
        ("en 2027", False),
        ("à 2000 personnes", False),
    ],
)
async def test_only_a_day_that_had_other_words_is_told_of(desk: Counter, when: str, differs: bool) -> None:
    reply = await desk.say(f"Que disait 5.13 {when}?")
    assert clauses(reply) == ["5.13"]
    assert ("La PA20 avait d'autres mots en 20" in words(reply)) is differs
    assert any(label.startswith("Lire 5.13 en 20") for label in labels(reply)) is differs


async def test_a_sure_answer_is_no_longer_sure_and_the_clause_is_found_under_its_number_of_then(
    desk: Counter, revised: Library
) -> None:
    desk.engine.answers[LOGO] = answer("5.14")
    reply = await desk.say(LOGO)
    assert words(reply).startswith(f"{WARNING}\nPeut-être, sans certitude, dans la PA20")
    then = await desk.press(command(reply, "Lire 5.13 en 2016"))
    assert isinstance(then, Message)
    assert [(quote.clause, quote.version) for quote in then.quotes()] == [("5.13", "2015-12-13")]
    check_everywhere(reply, revised.quote)


async def test_a_question_without_an_answer_leads_to_the_text_of_then(desk: Counter) -> None:
    desk.engine.answers[LOGO] = PolicyAnswer("not_found")
    reply = await desk.say(LOGO)
    assert words(reply).startswith(WARNING)
    then = await desk.press(command(reply, "Lire la version de 2016"))
    assert isinstance(then, Message)
    assert "en vigueur le 1er\u00a0janvier\u00a02016" in words(then)


async def test_another_persons_message_is_answered_with_the_same_care(desk: Counter) -> None:
    desk.engine.answers[LOGO] = answer("5.14")
    assert words(await desk.say(f"/viser {LOGO}")).startswith(WARNING)


@pytest.mark.parametrize("line", [LOGO, "Que disait 5.13 en 2016?"])
async def test_where_everyone_reads_no_words_look_like_those_of_then(desk: Counter, line: str) -> None:
    desk.engine.answers[LOGO] = answer("5.14")
    assert clauses(await desk.say(line, place="open")) == []


async def test_an_english_question_is_told_in_english(desk: Counter) -> None:
    asked = "Could I put the logo on my shirts back in 2016?"
    desk.engine.answers[asked] = PolicyAnswer(
        "answer", clauses=answer("5.14").clauses, sure=True, english=True
    )
    reply = await desk.say(asked)
    assert words(reply).startswith("PA20 had other words in 2016.")
    assert "Read 5.13 as of 2016" in labels(reply)


async def test_nothing_changes_for_a_policy_that_never_had_other_words(
    library: Library, quote: Quoter, tmp_path: Path
) -> None:
    with counter(library, tmp_path) as desk:
        desk.engine.answers[LOGO] = answer("5.13")
        assert words(await desk.say(LOGO, OFFICER)).startswith("Voici ce que dit la PA20.")
        reply = await desk.say("Que disait 5.13 en 2016?")
        assert "autres mots" not in words(reply)
        check_everywhere(reply, quote)
