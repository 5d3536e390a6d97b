"""`make leaks`, in short; and what it says when something leaks."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import pytest

from tests.leaks import discord_wire, reporters, run, slack_wire
from tests.leaks.needles import Secret
from tests.leaks.run import Stage

WHO, TYPED, CODE = "U0Q7ZK3XW9P", "marque-d-un-propos", "pieuvre cascade fermer bocal tulipe nageur"
Leak = Callable[[Stage], None]


async def test_nobody_who_reports_is_found_anywhere(tmp_path: Path) -> None:
    troubles = ("calm", "stages", "killed")
    tally = await run.part(tmp_path / "essai", 30, seed=1, troubles=troubles, batch=4, short=True)
    assert tally.kept, "\n".join(tally.lines())
    assert tally.acknowledged >= 8, "\n".join(tally.lines())
    assert set(tally.by_platform) == {"Slack", "Discord", "Web"}
    assert tally.kills == 1
    assert tally.drafts >= 4, "the texts that were examined calmly, and on the command line"
    assert tally.requests >= 2, "those that were asked calmly"


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """A stage where someone reported, and no bot runs."""
    home, copies = tmp_path / "chez-vigie", tmp_path / "copies"
    (home / "cles").mkdir(parents=True)
    copies.mkdir()
    async with aiohttp.ClientSession() as session:
        slack, discord = slack_wire.Wire(0, session), discord_wire.Wire()
        stage = Stage(home, copies, slack, discord, session, 0, random.Random(1))  # noqa: S311 — any will do
        one = reporters.Reporter(WHO, [Secret(WHO, WHO)], {}, urgent=False, words=[TYPED], code=CODE)
        stage.reported.append(one)
        yield stage


def in_the_log(stage: Stage) -> None:
    stage.log.append(f"Traceback: KeyError: '{WHO}'")


def to_a_holder(stage: Stage) -> None:
    stage.slack.traffic.note("Slack chat.postMessage", f'{{"text": "de <@{WHO}>"}}'.encode())


def on_discord(stage: Stage) -> None:
    stage.discord.noted("POST", "/channels/1/messages", {"content": WHO}, [])


def in_someone_else_s_reply(stage: Stage) -> None:
    stage.slack.traffic.note("Slack response_url", WHO.encode(), "U0AUTRE0000")


def in_a_file(stage: Stage) -> None:
    stage.slack.traffic.note("Slack fichier", WHO.encode("utf-16-le"))


def in_what_a_kill_left(stage: Stage) -> None:
    (stage.kept / "mort-1").mkdir()
    (stage.kept / "mort-1" / "vigie.db-wal").write_bytes(WHO.encode())


LEAKS: tuple[Leak, ...] = (
    in_the_log,
    to_a_holder,
    on_discord,
    in_someone_else_s_reply,
    in_a_file,
    in_what_a_kill_left,
)


@pytest.mark.parametrize("leak", LEAKS, ids=lambda leak: leak.__name__)
async def test_a_leak_is_told(stage: Stage, leak: Leak) -> None:
    leak(stage)
    run.look(stage, [])
    assert stage.tally.leaks
    assert not stage.tally.kept


@pytest.mark.parametrize("page", ["page metrics", "vigie signalements"])
async def test_a_leak_in_what_the_bot_says_of_itself_is_told(stage: Stage, page: str) -> None:
    run.look(stage, [(page, WHO.encode())])
    assert stage.tally.leaks


@pytest.mark.parametrize("words", [TYPED, CODE])
async def test_what_was_typed_and_its_code_are_told_when_they_lie_in_the_clear(
    stage: Stage, words: str
) -> None:
    (stage.home / "brouillon").write_text(words)
    run.look(stage, [])
    assert stage.tally.plain


async def test_one_s_own_private_reply_is_no_leak(stage: Stage) -> None:
    stage.slack.traffic.note("Slack response_url", WHO.encode(), WHO)
    run.look(stage, [])
    assert (stage.tally.leaks, stage.tally.plain) == ([], [])


@pytest.mark.parametrize(
    "place", ["journal", "page metrics", "cles/registre.publiques", "x.db, table outbox"]
)
async def test_what_is_written_about_a_request_is_told_outside_its_tables(stage: Stage, place: str) -> None:
    stage.reported.clear()
    stage.requests.append(TYPED)
    run.look(
        stage, [("x.db, table permission_contents", TYPED.encode()), ("vigie.db", b"." + TYPED.encode())]
    )
    assert stage.tally.plain == []
    run.look(stage, [(place, b".." + TYPED.encode())])
    assert stage.tally.plain
