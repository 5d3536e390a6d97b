"""Several policies served by one bot: what is asked goes over them all, and each answer says whose it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.answers.questions import PolicyAnswer
from bot.commands.suggestions import suggest
from bot.conversation.messages import Button, Message
from bot.policy.library import Library
from tests.kits.answers import Counter, answer, counter, labels, words
from tests.kits.office import working

SEAT = "où est le local du comité?"


@pytest.fixture
def desk(library: Library, tmp_path: Path) -> Iterator[Counter]:
    with counter(library, tmp_path) as made:
        yield made


def unsure(number: str) -> PolicyAnswer:
    return replace(answer(number), sure=False)


def sources(reply: Message) -> list[tuple[str, str]]:
    return [(quote.policy, quote.clause) for quote in reply.quotes()]


async def test_another_policy_answers_what_the_default_does_not_and_it_is_said_which(desk: Counter) -> None:
    desk.engine.others["cr3", SEAT] = answer("1.2")
    reply = await desk.say(SEAT)
    assert sources(reply) == [("cr3", "1.2")]
    assert words(reply).startswith("Voici ce que dit le CR3.")


async def test_the_default_answers_first_when_both_are_sure(desk: Counter) -> None:
    desk.engine.answers[SEAT], desk.engine.others["cr3", SEAT] = answer("5.13"), answer("1.2")
    assert sources(await desk.say(SEAT)) == [("pa20", "5.13")]


async def test_one_that_is_sure_answers_before_one_that_is_not(desk: Counter) -> None:
    desk.engine.answers[SEAT], desk.engine.others["cr3", SEAT] = unsure("5.13"), answer("1.2")
    assert sources(await desk.say(SEAT)) == [("cr3", "1.2")]


async def test_two_policies_that_may_answer_are_shown_side_by_side(desk: Counter) -> None:
    desk.engine.answers[SEAT], desk.engine.others["cr3", SEAT] = unsure("5.13"), unsure("1.2")
    reply = await desk.say(SEAT)
    assert sources(reply) == [("pa20", "5.13"), ("cr3", "1.2")]
    assert "Deux politiques en parlent peut-être, sans certitude\u00a0: la PA20 et le CR3." in words(reply)
    assert {"PA20", "CR3"} <= set(reply.own_words())
    assert {"Lire autour de 5.13", "Lire autour de 1.2"} <= set(labels(reply))


@pytest.mark.parametrize(
    ("text", "question"),
    [
        (f"CR3: {SEAT}", SEAT),
        (f"CR3\u00a0: {SEAT}", SEAT),
        (f"cr3, {SEAT}", SEAT),
        (f"CR3 {SEAT}", f"CR3 {SEAT}"),
        ("comment on démissionne de CR3?", "comment on démissionne de CR3?"),
    ],
)
async def test_a_policy_that_is_named_answers_alone(desk: Counter, text: str, question: str) -> None:
    desk.engine.answers[question] = answer("5.13")
    desk.engine.others["cr3", question] = unsure("1.2")
    assert sources(await desk.say(text)) == [("cr3", "1.2")]


@pytest.mark.parametrize("text", [f"CR3: {SEAT}", "qui garde les clés du CR3?"])
async def test_a_policy_that_is_addressed_says_no_by_itself(desk: Counter, text: str) -> None:
    desk.engine.answers |= {SEAT: answer("5.13"), text: answer("5.13")}
    assert sources(await desk.say(text)) == []


@pytest.mark.parametrize(
    ("text", "policy", "clause"),
    [
        ("différence entre la PA20 et le CR3?", "cr3", "1.2"),
        ("le CR3 dit-il comme la PA20?", "pa20", "5.13"),
    ],
)
async def test_a_question_that_names_two_policies_is_asked_of_both(
    desk: Counter, text: str, policy: str, clause: str
) -> None:
    if policy == "pa20":
        desk.engine.answers[text] = answer(clause)
    else:
        desk.engine.others[policy, text] = answer(clause)
    assert sources(await desk.say(text)) == [(policy, clause)]


async def test_that_a_policy_is_named_is_no_sign_that_one_wants_to_read_it_whole(desk: Counter) -> None:
    text = "CR3 où est le siège?"
    desk.engine.others["cr3", text] = unsure("1.2")
    assert sources(await desk.say(text)) == [("cr3", "1.2")]


@pytest.mark.parametrize(
    "text",
    [
        "c'est quoi le CR3?",
        "Le CR3, comment la connaître?",
        "À quoi sert le CR3?",
        "où lire le CR3?",
        "qu'est-ce que le CR3?",
        "montre-moi le CR3",
    ],
)
async def test_a_policy_of_which_nothing_but_itself_is_asked_is_offered_to_be_read(
    desk: Counter, text: str
) -> None:
    desk.engine.answers[text] = unsure("5.13")
    reply = await desk.say(text)
    assert sources(reply) == []
    commands = [button.command for button in reply.buttons() if isinstance(button, Button)]
    assert {"politique cr3", "accueil lire cr3"} <= set(commands)
    contents = await desk.say("/politique cr3")
    assert "CR3\u00a0: table des matières" in words(contents)


async def test_what_follows_an_answer_is_about_the_same_policy(desk: Counter) -> None:
    desk.engine.others["cr3", SEAT] = answer("1.2")
    await desk.say(SEAT)
    assert sources(await desk.say("la suivante")) == [("cr3", "1.3")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3.3.1", [("cr3", "3.3.1")]),  # PA20 has no such number
        ("que dit la clause 3.3.1?", [("cr3", "3.3.1")]),
        ("1", [("pa20", "1")]),  # both have it
        ("5.10", [("pa20", "5.10")]),
        ("cr3:5.10", [("cr3", "5.10")]),
        ("5.10 du CR3", [("cr3", "5.10")]),
    ],
)
async def test_a_number_is_the_defaults_first(
    desk: Counter, text: str, expected: list[tuple[str, str]]
) -> None:
    assert sources(await desk.say(text)) == expected


async def test_a_number_that_no_policy_has_is_said_missing(desk: Counter) -> None:
    reply = await desk.say("9.9.9")
    assert "La clause 9.9.9 n'existe pas dans la PA20." in words(reply)


async def test_words_are_searched_everywhere_and_the_others_have_a_button(desk: Counter) -> None:
    assert sources(await desk.say("procuration")) == [("cr3", "3.5")]
    reply = await desk.say("personne")
    assert {policy for policy, _ in sources(reply)} == {"pa20"}
    assert "Dans une autre politique\u00a0:" in words(reply)
    assert any(label.startswith("CR3, ") for label in labels(reply))


def test_completions_go_over_every_policy_the_default_first(library: Library) -> None:
    def offered(typed: str) -> list[str]:
        return [suggestion.text for suggestion in suggest(library, {}, typed)]

    assert offered("procur") == ["cr3:3.5"]
    assert offered("5.1")[0] == "5.1"
    assert "cr3:5.1" in offered("5.1")
    members = offered("personne")
    assert members.index("cr3:2.1") > 0
    assert ":" not in members[0]
    assert [text.partition(":")[0] for text in offered("cr3: membre")] == ["cr3"] * len(
        offered("cr3: membre")
    )
    labelled = next(each for each in suggest(library, {}, "procur"))
    assert labelled.label.startswith("CR3, 3.5 · ")


@pytest.mark.parametrize(
    ("text", "clause"),
    [
        ("CR3 où est le siège?", "1.2"),
        ("CR3\u00a0: où est le siège?", "1.2"),
        ("la suspension dans le CR3 dure au plus quoi?", "6.2.1"),
    ],
)
async def test_a_policys_name_is_not_a_word_that_the_clause_lacks(
    library: Library, text: str, clause: str
) -> None:
    with working(library) as dispatcher:  # by text alone, where a word that the policy lacks weighs the most
        reply = await dispatcher.handle(dispatcher.from_text(text))
    assert isinstance(reply, Message)
    assert ("cr3", clause) in sources(reply)
