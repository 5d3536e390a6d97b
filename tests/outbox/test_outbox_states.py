"""The outbox through any sequence of troubles: nothing is lost, nothing is said twice."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from bot.outbox.notices import DEAD_LETTER
from bot.people.persons import Account
from bot.storage import state
from tests.kits.effort import PATIENCE
from tests.kits.outbox import Office, Outcome

OUTCOMES: list[Outcome] = [
    "ok",
    "closed",
    "busy",
    "away",
    "limited",
    "limited-all",
    "faulty",
    "acted-unknown",
    "unknown",
]
DEATHS: list[Outcome] = ["acted-dead", "dead"]
WHOLE_DAY = 24 * 60


class OutboxMachine(RuleBasedStateMachine):
    """Two people on Slack and Discord, a pump that dies, platforms that fail, a clock that goes both ways."""

    keys = Bundle("keys")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(prefix="vigie-")
        self.runner = asyncio.Runner()
        self.office = self.runner.run(self._open())
        self.people: list[str] = []
        self.wanted: set[str] = set()

    async def _open(self) -> Office:
        return Office(Path(self.folder.name) / "vigie.db")

    def teardown(self) -> None:
        try:
            self.finish()
        finally:
            self.office.storage.close()
            self.runner.close()
            self.folder.cleanup()

    @initialize()
    def people_exist(self) -> None:
        for n in range(2):
            slack, discord = Account("slack", "T1", f"U{n}"), Account("discord", "", str(10 + n))
            self.people.append(self.office.person(slack, discord))

    @rule(target=keys, who=st.integers(0, 1), urgent=st.booleans(), minutes=st.integers(0, 30))
    def say(self, who: int, minutes: int, *, urgent: bool) -> str:
        key = f"fait-{len(self.wanted)}"
        due = self.office.clock() if minutes < 20 else None
        assert self.office.enqueue(key, f"person:{self.people[who]}", urgent=urgent, due_at=due)
        self.wanted.add(key)
        return key

    @rule(key=keys, who=st.integers(0, 1))
    def say_again(self, key: str, who: int) -> None:
        assert not self.office.enqueue(key, f"person:{self.people[who]}")

    @rule(on=st.sampled_from(["slack", "discord"]), outcomes=st.lists(st.sampled_from(OUTCOMES), max_size=4))
    def send(self, on: str, outcomes: list[Outcome]) -> None:
        self.office.posts[on].script.extend(outcomes)
        self.runner.run(self.office.send())

    @rule(on=st.sampled_from(["slack", "discord"]), death=st.sampled_from(DEATHS))
    def send_and_die(self, on: str, death: Outcome) -> None:
        post = self.office.posts[on]
        post.script.appendleft(death)
        self.runner.run(self._send_until_death(post.died))

    async def _send_until_death(self, died: asyncio.Event) -> None:
        sending = asyncio.create_task(self.office.send())
        dying = asyncio.create_task(died.wait())
        async with asyncio.timeout(PATIENCE):
            await asyncio.wait({sending, dying}, return_when=asyncio.FIRST_COMPLETED)
        died.clear()
        for task in (sending, dying):
            task.cancel()
        await asyncio.gather(sending, dying, return_exceptions=True)
        await self.office.die()
        for post in self.office.posts.values():
            post.script.clear()

    @rule(on=st.sampled_from(["slack", "discord"]), code=st.sampled_from(["invalid_auth", ""]))
    def the_token_is_refused_or_accepted(self, on: str, code: str) -> None:
        self.office.posts[on].refused = code

    @rule(minutes=st.integers(-60, 120))
    def time_passes_or_goes_back(self, minutes: int) -> None:
        self.office.clock.move(minutes=minutes)

    @rule()
    def pause(self) -> None:
        with self.office.storage.transaction() as db:
            state.hoist(db, state.PAUSED, self.office.clock())

    @rule()
    def resume(self) -> None:
        with self.office.storage.transaction() as db:
            state.lower(db, state.PAUSED)

    @rule()
    def restart(self) -> None:
        self.runner.run(self.office.die())

    def counts(self) -> dict[str, int]:
        """Return how often each key was received, on all platforms."""
        received = [text for post in self.office.posts.values() for text in post.all()]
        return {key: sum(f"'{key}'" in text for text in received) for key in self.wanted}

    @invariant()
    def nothing_is_said_twice(self) -> None:
        assert all(count <= 1 for count in self.counts().values()), self.counts()

    @invariant()
    def the_platforms_are_never_asked_by_two_at_once_for_one_person(self) -> None:
        for post in self.office.posts.values():
            assert not post.concurrent.total()

    def finish(self) -> None:
        """Have all go well from now on: everything must be said, or announced as said to nobody."""
        self.resume()
        self.restart()  # what platforms asked to wait is real time, which this clock does not move
        for post in self.office.posts.values():
            post.script.clear()
            post.refused = ""
        for _ in range(4):
            self.office.clock.move(minutes=WHOLE_DAY)
            self.runner.run(self.office.send())
        counts = self.counts()
        for key in self.wanted:
            row = self.office.row(key)
            assert row["state"] in {"sent", "dead"}, row
            assert counts[key] == 1 or row["state"] == "dead", row
            if row["state"] == "dead":
                assert self.office.row(f"{DEAD_LETTER.name}:{row['id']}")


OutboxMachine.TestCase.settings = settings(
    max_examples=20,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestOutbox = OutboxMachine.TestCase
