"""Training again after a line was added: planned once, told to the person who asked, harmless if repeated."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from threading import Event

import pytest

from bot.answers import retraining
from bot.answers.engine import store
from bot.answers.engine.scores import ModelError
from bot.answers.examples import training_examples
from bot.answers.retraining import RetrainingResult
from bot.conversation.deferred import aside
from bot.conversation.messages import Quoter
from bot.people import persons
from bot.policy.library import Library
from bot.schedule.names import LEARN
from bot.settings import SEED
from bot.storage.database import Storage
from tests.conftest import TEST_DATA
from tests.kits.effort import PATIENCE
from tests.kits.fake_clock import FakeClock
from tests.kits.people import ALEX
from tests.platforms.test_hostile_text import check_everywhere

BETTER = RetrainingResult("pa20", swapped=True, before=0.931, after=0.934, lines=2715)


@pytest.fixture
def storage() -> Iterator[Storage]:
    made = Storage()
    yield made
    made.close()


async def test_it_is_planned_once_a_minute_and_told_once_to_whom_added_the_line(storage: Storage) -> None:
    clock = FakeClock()

    def planned() -> list[str]:
        with storage.transaction() as db:
            person = persons.known(db, ALEX)
            for _ in range(2):
                retraining.plan_retraining(db, "pa20", person, clock())
            (row,) = db.conn.execute("SELECT key, due_at FROM due_tasks").fetchall()
            assert row[1] == "2026-11-24T15:01:00Z"
            return [person, row[0]]

    person, key = await storage.run(planned)

    def retrain(policy: str) -> RetrainingResult:
        assert policy == "pa20"
        return BETTER

    arguments = {"policy": "pa20", "person": person, "key": key}
    for _ in range(2):  # a crash had it done again
        await retraining.retraining_errand(storage, retrain, arguments, clock())

    def queued() -> list[tuple[str, str, str]]:
        with storage.transaction() as db:
            return list(db.conn.execute("SELECT recipient, notice, arguments FROM outbox").fetchall())

    ((recipient, notice, notice_arguments),) = await storage.run(queued)
    assert (recipient, notice) == (f"person:{person}", retraining.NOTICE.name)
    assert "question" not in notice_arguments

    def planned_next() -> int:
        with storage.transaction() as db:
            rows = db.conn.execute("SELECT count(*) FROM due_tasks WHERE task = ?", (LEARN,))
            return int(rows.fetchone()[0])

    assert await storage.run(planned_next) == 1, "the text to come learns the same"


async def test_a_policy_whose_bank_is_too_small_is_not_trained_and_its_lines_count_at_once(
    library: Library, tmp_path: Path
) -> None:
    trained = await aside(lambda: retraining.retrain(library, [SEED, TEST_DATA], tmp_path, "cr3"))
    assert not trained.swapped
    assert "C'est fait" in said(trained)
    assert "m'y aident déjà" in said(trained)


def test_a_bot_that_stops_waits_for_no_training(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running, release = Event(), Event()
    ended: list[bool] = []

    def make(*_: object) -> None:
        running.set()
        release.wait(PATIENCE)
        ended.append(True)
        raise ModelError("trop tard.")

    async def stop_meanwhile() -> None:
        retrain = partial(retraining.retrain, library, [SEED], tmp_path, "pa20")
        training = asyncio.ensure_future(aside(retrain))
        await asyncio.to_thread(running.wait, 5)
        training.cancel()

    monkeypatch.setattr(store, "learn", make)
    asyncio.run(stop_meanwhile())
    assert not ended
    release.set()


def said(result: RetrainingResult) -> str:
    return "\n".join(retraining.result_message(result).own_words())


def test_the_notice_says_what_came_of_it_with_both_scores() -> None:
    assert "je réponds maintenant avec les questions" in said(BETTER)
    assert "93,4\u00a0% (avant\u00a0: 93,1\u00a0%). 2715 questions" in said(BETTER)


def test_a_worse_model_is_not_used_and_a_failure_is_explained() -> None:
    assert "Je n'ai pas changé ma façon de répondre" in said(
        RetrainingResult("pa20", swapped=False, before=0.9, after=0.8, lines=9)
    )
    failed = RetrainingResult(
        "pa20", swapped=False, before=None, after=None, lines=9, problem="l'entraînement a été trop long."
    )
    assert "L'exercice n'a pas abouti\u00a0: l'entraînement a été trop long." in said(failed)


def test_every_message_passes_on_every_platform(quote: Quoter) -> None:
    for reply in training_examples().values():
        check_everywhere(reply, quote)
