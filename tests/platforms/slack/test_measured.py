"""What is counted of Slack: how long its events waited by its own clock, and whether it refuses the token."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.platforms import contract
from bot.platforms.contract import Meter
from bot.platforms.slack.adapter import SlackAdapter
from bot.platforms.slack.link import sent_at
from tests.kits.platforms.fake_slack import FakeSlack, SignedHttp
from tests.kits.platforms.slack import Json, direct, press, shortcut, slash

pytest_plugins = ["tests.kits.platforms.slack_fixtures"]


@pytest.fixture
def stamps(adapter: SlackAdapter) -> list[float]:
    """When Slack says that each event that was counted happened."""
    counted: list[float] = []
    adapter.meter = Meter(acked=counted.append)
    return counted


async def test_an_event_is_counted_from_when_slack_says_that_it_happened(
    stamps: list[float], http: SignedHttp
) -> None:
    await http.event(direct("5.10", event_ts="1764043200.000100"))
    assert stamps == [1764043200.0001]


def pressed(slack: FakeSlack, stamp: str) -> Json:
    return press(slack, {"value": "politique 5.10", "action_ts": stamp})


def chosen(slack: FakeSlack, stamp: str) -> Json:
    return {**shortcut(slack, "politique", "5.10"), "action_ts": stamp}


@pytest.mark.parametrize("make", [pressed, chosen])
async def test_presses_and_shortcuts_are_dated_too(
    stamps: list[float], slack: FakeSlack, http: SignedHttp, make: Callable[[FakeSlack, str], Json]
) -> None:
    await http.interaction(make(slack, "1764043200.000100"))
    assert stamps == [1764043200.0001]


async def test_what_slack_does_not_date_is_not_counted(
    stamps: list[float], slack: FakeSlack, http: SignedHttp
) -> None:
    await http.command(slash(slack, "/politique", "5.10"))
    assert stamps == []


@pytest.mark.parametrize("body", [{}, {"event": None}, {"actions": []}, {"event": {"event_ts": "hier"}}])
def test_an_event_without_a_date_has_none(body: Json) -> None:
    assert sent_at(body) is None


async def test_a_token_that_is_refused_is_told_from_a_silence(
    slack: FakeSlack, adapter: SlackAdapter, http: SignedHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    del http
    monkeypatch.setattr(contract, "ASKED_SECONDS", 0.0)
    answers = {"": (True, False), "token_revoked": (False, True), "fatal_error": (False, False)}
    for code, expected in answers.items():
        slack.refused = code
        assert (await adapter.ready(), adapter.refuses_us) == expected, code
