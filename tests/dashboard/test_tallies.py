"""What is counted as it happens: without a name, by month, once a day at most for each person."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.answers.questions import PolicyAnswer
from bot.conversation.requests import Actor
from bot.people import persons
from bot.policy.library import Library
from tests.kits.answers import OFFICER, OTHER, Counter, answer, counter

LOGO, DRONES = "J'peux-tu mettre le logo sur mes chandails?", "et les drones?"
COUNTS = "SELECT kind, policy, clause, month, count FROM nameless_counts ORDER BY kind, clause"


@pytest.fixture
def desk(library: Library, tmp_path: Path) -> Iterator[Counter]:
    with counter(library, tmp_path) as made:
        made.engine.answers[LOGO] = answer("5.13", "5.14")
        made.engine.answers[DRONES] = PolicyAnswer("not_found")
        yield made


async def test_a_question_counts_for_the_clause_that_answers_once_a_day_for_each_person(
    desk: Counter,
) -> None:
    for actor in (OFFICER, OFFICER, OTHER):
        await desk.say(LOGO, actor)
        await desk.say(DRONES, actor)
    november = [("clause", "pa20", "5.13", "2026-11", 2), ("unanswered", "pa20", "", "2026-11", 2)]
    assert desk.rows(COUNTS) == november
    desk.clock.move(days=7)
    await desk.say(LOGO)
    december = ("clause", "pa20", "5.13", "2026-12", 1)
    assert desk.rows(COUNTS) == [november[0], december, november[1]]


async def test_what_is_looked_up_declined_or_asked_by_nobody_is_not_counted(desk: Counter) -> None:
    desk.engine.answers["et le budget?"] = PolicyAnswer("out_of_scope")
    desk.engine.answers["ou ceci, ou cela?"] = PolicyAnswer("clarify", clauses=answer("5.1", "5.2").clauses)
    for text in ("5.13", "et le budget?", "ou ceci, ou cela?"):
        await desk.say(text)
    await desk.say(LOGO, None)
    assert desk.rows(COUNTS) == []


async def test_a_person_with_two_accounts_counts_once(desk: Counter) -> None:
    def link() -> None:
        with desk.desk.office.storage.transaction() as db:
            db.conn.execute("INSERT INTO people VALUES ('p')")
            for actor in (OFFICER, OTHER):
                own = persons.account(actor)
                db.conn.execute(
                    "INSERT INTO accounts (platform, team, user, person_id) VALUES (?, ?, ?, 'p')",
                    (own.platform, own.team, own.user),
                )

    desk.desk.office.storage.executor.submit(link).result()
    for actor in (OFFICER, OTHER):
        await desk.say(LOGO, actor)
    assert [row[-1] for row in desk.rows(COUNTS)] == [1]


async def test_who_was_counted_is_nowhere(desk: Counter) -> None:
    stranger = Actor("slack", "T1", "U0ZORGLUB")
    await desk.say(LOGO, stranger)
    assert len(desk.rows(COUNTS)) == 1
    assert "ZORGLUB" not in desk.everything()
    assert "ZORGLUB" not in repr(vars(desk.desk.tally.once._counted))
