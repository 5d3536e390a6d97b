"""« Utile » and « Pas utile »: what is kept, and that nothing of the asker is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.answers.questions import PolicyAnswer
from bot.conversation.messages import Button, Message
from bot.conversation.requests import Actor
from bot.policy.library import Library
from tests.kits.answers import OFFICER, OTHER, Counter, answer, clauses, counter, scored, words
from tests.kits.registry import pressed

QUESTION = "Est-ce que Marie Tremblay peut prendre le logo pour le 12 mai? Écrivez-moi à alex@exemple.ca"
MASKED = "Est-ce que [nom] peut prendre le logo pour le [nombre] mai? Écrivez-moi à [adresse]"


@pytest.fixture
def desk(library: Library, tmp_path: Path) -> Iterator[Counter]:
    with counter(library, tmp_path, {QUESTION: answer("5.13")}) as made:
        yield made


async def judge(desk: Counter, label: str, reply: Message, actor: Actor = OFFICER) -> Message:
    judged = await desk.press(pressed(reply, label), actor)
    assert isinstance(judged, Message)
    return judged


async def test_the_buttons_do_not_reveal_the_question(desk: Counter) -> None:
    reply = await desk.say(QUESTION)
    for button in reply.buttons():
        assert isinstance(button, Button)
        assert "Tremblay" not in button.command
        assert "logo" not in button.command
    assert pressed(reply, "Pas utile").endswith(" pa20:5.13")


async def test_a_badly_answered_question_is_kept_masked_with_its_answer_and_its_week(desk: Counter) -> None:
    reply = await judge(desk, "Pas utile", await desk.say(QUESTION))
    assert words(reply).startswith("Merci de me le dire.")
    assert clauses(reply) == ["5.13"]
    assert desk.rows("SELECT policy, question, problem, clauses, week FROM asked_questions") == [
        ("pa20", MASKED, "unhelpful", "5.13", "2026-W48")
    ]


async def test_a_useful_answer_is_counted_and_its_question_is_not_kept(desk: Counter) -> None:
    reply = await judge(desk, "Utile", await desk.say(QUESTION))
    assert words(reply).startswith("Merci, c'est noté sans votre nom.")
    assert desk.rows("SELECT * FROM asked_questions") == []
    assert desk.rows("SELECT * FROM answer_verdicts") == [("2026-W48", "useful", 1)]


async def test_an_answer_is_judged_once_and_too_late_is_said_kindly(desk: Counter) -> None:
    reply = await desk.say(QUESTION)
    await judge(desk, "Pas utile", reply)
    assert words(await judge(desk, "Utile", reply, OTHER)).startswith("Merci! Cette réponse")
    other = await desk.say(QUESTION)
    desk.clock.move(minutes=61)
    late = await judge(desk, "Pas utile", other)
    assert words(late).startswith("Merci! Cette réponse a plus d'une heure")
    assert clauses(late) == ["5.13"]
    assert len(desk.rows("SELECT * FROM asked_questions")) == 1


async def test_after_a_restart_too_late_is_said_kindly(
    desk: Counter, library: Library, tmp_path: Path
) -> None:
    reply = await desk.say(QUESTION)
    with counter(library, tmp_path) as restarted:
        late = await judge(restarted, "Pas utile", reply)
    assert words(late).startswith("Merci! Cette réponse")


@pytest.mark.parametrize("outcome", ["not_found", "silent"])
async def test_a_question_without_an_answer_is_kept_at_once_and_not_twice(
    desk: Counter, outcome: str
) -> None:
    desk.engine.answers[QUESTION] = PolicyAnswer(outcome)  # type: ignore[arg-type]  # parametrized
    reply = await desk.say(QUESTION)
    await judge(desk, "Pas utile", reply)
    assert desk.rows("SELECT question, problem FROM asked_questions") == [(MASKED, outcome)]


async def test_another_subject_is_kept_only_when_the_answer_was_no_use(desk: Counter) -> None:
    desk.engine.answers[QUESTION] = PolicyAnswer("out_of_scope")
    reply = await desk.say(QUESTION)
    assert desk.rows("SELECT * FROM asked_questions") == []
    await judge(desk, "Pas utile", reply)
    assert len(desk.rows("SELECT * FROM asked_questions")) == 1


async def test_neither_reading_is_a_question_badly_answered(desk: Counter) -> None:
    desk.engine.answers[QUESTION] = PolicyAnswer("clarify", clauses=scored("5.13", "5.16"))
    await judge(desk, "Ni l'une", await desk.say(QUESTION))
    assert desk.rows("SELECT problem, clauses FROM asked_questions") == [("unhelpful", "5.13, 5.16")]


async def test_no_table_tells_who_asked_nor_when(desk: Counter) -> None:
    desk.engine.answers[QUESTION] = PolicyAnswer("not_found")
    known = desk.everything()
    await judge(desk, "Pas utile", await desk.say(QUESTION))
    desk.engine.answers[QUESTION] = answer("5.13")
    await judge(desk, "Pas utile", await desk.say(QUESTION, OTHER), OTHER)
    lines = "\n".join(line for line in desk.everything().splitlines() if line not in known.splitlines())
    assert "asked_questions" in lines
    for trace in (OFFICER.user, OTHER.user, OTHER.team, "Tremblay", "Marie", "alex", "2026-11-", "15:00"):
        assert trace not in lines
    columns = {
        str(name) for _, name in desk.rows("SELECT cid, name FROM pragma_table_info('asked_questions')")
    }
    assert columns == {"id", "policy", "question", "problem", "clauses", "week"}


async def test_two_people_who_ask_the_same_leave_the_same_trace(library: Library, tmp_path: Path) -> None:
    traces = []
    for actor in (OFFICER, OTHER):
        with counter(library, tmp_path) as desk:
            await judge(desk, "Pas utile", await desk.say(QUESTION, actor), actor)
            traces.append(desk.rows("SELECT policy, question, problem, clauses, week FROM asked_questions"))
    assert traces[0] == traces[1]


@pytest.mark.parametrize("line", ["retour", "retour oui", "retour peut-être 0f3c9a5b"])
async def test_without_an_answer_to_judge_it_says_how(desk: Counter, line: str) -> None:
    reply = await desk.press(line)
    assert isinstance(reply, Message)
    assert "Pressez «\u00a0Utile\u00a0»" in words(reply)
