"""What the unmodified bot keeps, and says unprompted, on both platforms: across restarts, from elsewhere."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest

from bot.app.serving import Ending
from bot.outbox.notices import DEAD_LETTER, DeadLetter
from bot.outbox.rows import Delivery, enqueue
from bot.people import membership, persons
from bot.people.persons import Account
from bot.schedule import clock
from bot.schedule.names import RECONCILE
from bot.storage.database import Storage, beside
from tests.kits.effort import PATIENCE
from tests.kits.platforms.slack_checks import shown
from tests.kits.platforms.slack_people import OTHER, SlackPerson
from tests.wire import bot_process
from tests.wire.bot_process import free_port, running
from tests.wire.discord_people import Person, text_of
from tests.wire.discord_server import TOKEN, DiscordServer
from tests.wire.slack_server import (
    ALICE,
    BOB,
    BOT,
    DANA,
    HTTP_MODE,
    SOCKET_MODE,
    TEAM,
    Mode,
    workspace,
)

NOTICE = "Ce que je garde de vous"
RUN = "import runpy; runpy.run_module('bot', run_name='__main__', alter_sys=True)"
WORD = DeadLetter("0f3c9a5be2d14c70", DEAD_LETTER.name, "closed (50007)")


@dataclass(frozen=True)
class Kept:
    """Where a bot's database is, and its pages of health."""

    folder: Path
    health: int = field(default_factory=free_port)

    @property
    def database(self) -> Path:
        return self.folder / "vigie.db"

    def settings(self, platform: Mapping[str, str], admin: str) -> dict[str, str]:
        own = {"VIGIE_DB": str(self.database), "VIGIE_SANTE_PORT": str(self.health), "VIGIE_ADMINS": admin}
        return {**platform, **own}

    async def look(self, page: str) -> tuple[int, str]:
        """Return the answer of a page of health."""
        async with (
            aiohttp.ClientSession() as http,
            http.get(f"http://127.0.0.1:{self.health}{page}") as answer,
        ):
            return answer.status, await answer.text()

    def cause(self, key: str, account: Account) -> None:
        """Have a message to send, as another process would."""
        with beside(self.database) as db:
            to = f"person:{persons.known(db, account)}"
            enqueue(db, Delivery(key, to, DEAD_LETTER, WORD, urgent=True), datetime.now(UTC))

    def follow(self, server: str, role: str) -> None:
        """Have a role of Discord say who is an officer, and be read at the first occasion."""
        Storage(self.database).close()
        with beside(self.database) as db:
            membership.add_source(db, "officer", "discord_role", role, platform="discord", team=server)
            clock.plan(db, "lecture", RECONCILE, datetime.now(UTC))

    async def until_officers(self, users: set[str]) -> None:
        """Wait until these are the officers, by their accounts."""
        async with asyncio.timeout(PATIENCE):
            while self._officers() != users:  # noqa: ASYNC110 — another process writes: there is no event
                await asyncio.sleep(0.1)

    def _officers(self) -> set[str]:
        with beside(self.database) as db:
            found = membership.members(db, "officer")
            return {account.user for one in found for account in persons.accounts_of(db, one)}

    async def until_sent(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE):
            while self._sent() < count:  # noqa: ASYNC110 — another process writes: there is no event
                await asyncio.sleep(0.1)

    def _sent(self) -> int:
        with beside(self.database) as db:
            (sent,) = db.conn.execute("SELECT count(*) FROM outbox WHERE state = 'sent'").fetchone()
        return int(sent)


def damage(file: Path) -> None:
    """Make a database, then spoil the first of its pages."""
    Storage(file).close()
    content = bytearray(file.read_bytes())
    content[100:4096] = b"\xff" * 3996
    file.write_bytes(content)


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path)


async def test_on_discord_what_is_kept_survives_a_restart_and_what_is_due_is_said_once(kept: Kept) -> None:
    async with DiscordServer() as server:
        alice, bob = Person(server, "alice"), Person(server, "bob")
        own = {"VIGIE_DISCORD_SERVEUR": str(alice.guild.id)}
        settings = kept.settings(server.environment | own, f"discord:{alice.id}")
        async with running(settings) as bot:
            await bot.until("Discord\u00a0: prêt.")
            assert NOTICE in (await alice.slash("politique", "5.10")).text
            assert NOTICE not in (await alice.slash("politique", "5.10")).text
            assert "Vice-présidence aux communications" in (await alice.slash("vigie", "roles")).text
            assert "revient au rôle" in (await bob.slash("vigie", "roles")).text
            await alice.slash("vigie", "pause essai")
            kept.cause("un", Account("discord", "", str(alice.id)))
            assert await bot.stop() == 0
        async with running(settings) as bot:
            await bot.until("Discord\u00a0: prêt.")
            assert NOTICE not in (await alice.slash("politique", "5.10")).text
            assert "Les envois sont arrêtés" in (await alice.slash("vigie", "pause")).text
            assert not _told(server, alice)
            await alice.slash("vigie", "pause lever")
            await kept.until_sent(1)
            await bot.kill()
        async with running(settings) as bot:
            await bot.until("Discord\u00a0: prêt.")
            kept.cause("un", Account("discord", "", str(alice.id)))  # the same key: nothing new
            kept.cause("deux", Account("discord", "", str(bob.id)))
            await kept.until_sent(2)
            assert await bot.stop() == 0
        assert len(_told(server, alice)) == len(_told(server, bob)) == 1


def _told(server: DiscordServer, person: Person) -> list[str]:
    seen = server.backend.messages.get(person.direct, {}).values()
    return [text for text in map(text_of, seen) if "Un message non remis" in text]


async def test_on_slack_what_is_kept_survives_a_restart_and_what_is_due_is_said_once(kept: Kept) -> None:
    async with workspace(SOCKET_MODE) as slack:

        async def said(text: str, user: str = ALICE) -> str:
            await slack.command("/vigie", text, user=user)
            return shown((await slack.message())["blocks"])

        settings = kept.settings({**slack.settings, "VIGIE_SLACK_EQUIPE": TEAM}, f"slack:{TEAM}/{ALICE}")
        async with running(settings) as bot:
            await bot.until("Slack\u00a0: prêt.")
            assert NOTICE in await said("aide")
            assert NOTICE not in await said("aide")
            assert "Vice-présidence aux communications" in await said("roles")
            assert "revient au rôle" in await said("roles", BOB)
            await said("pause essai")
            kept.cause("un", Account("slack", TEAM, ALICE))
            assert await bot.stop() == 0
        async with running(settings) as bot:
            await bot.until("Slack\u00a0: prêt.")
            assert "Les envois sont arrêtés" in await said("pause")
            await slack.command("/vigie", "pause lever")
            texts = [shown((await slack.message())["blocks"]) for _ in range(2)]
            assert any("Les envois reprennent" in text for text in texts)
            assert any("Un message non remis" in text for text in texts)
            await kept.until_sent(1)
            await bot.kill()
        async with running(settings) as bot:
            await bot.until("Slack\u00a0: prêt.")
            kept.cause("un", Account("slack", TEAM, ALICE))
            kept.cause("deux", Account("slack", TEAM, BOB))
            assert "Un message non remis" in shown((await slack.message())["blocks"])
            await kept.until_sent(2)
            assert await bot.stop() == 0
        assert slack.messages.empty()


async def test_who_has_the_followed_role_on_discord_is_an_officer_and_nobody_else(kept: Kept) -> None:
    async with DiscordServer() as server:
        alice, bob = Person(server, "alice"), Person(server, "bob")
        guild = alice.guild.id
        role = server.backend.create_role(guild, name="Officiers")
        server.backend.add_member_role(guild, bob.id, role.id)  # before the bot comes
        kept.follow(str(guild), str(role.id))
        settings = kept.settings(
            {**server.environment, "VIGIE_DISCORD_SERVEUR": str(guild)}, f"discord:{alice.id}"
        )
        async with running(settings) as bot:
            await bot.until("Discord\u00a0: prêt.")
            await kept.until_officers({str(bob.id)})
            server.backend.add_member_role(guild, alice.id, role.id)
            await kept.until_officers({str(alice.id), str(bob.id)})
            server.backend.remove_member_role(guild, bob.id, role.id)
            await kept.until_officers({str(alice.id)})
            assert await bot.stop() == 0


@pytest.mark.parametrize("mode", [SOCKET_MODE, HTTP_MODE])
async def test_nothing_is_kept_of_someone_from_another_company(kept: Kept, mode: Mode) -> None:
    """Of a channel that two companies share, in which a clause was shown to all."""
    async with workspace(mode) as slack:
        settings = kept.settings(slack.settings, f"slack:{TEAM}/{ALICE}")
        async with running(settings) as bot:
            await bot.until("Slack\u00a0: prêt.")
            await slack.command("/vigie", "partager 5.10")
            shared = await slack.message()
            slack.proxy.people[DANA] = SlackPerson(DANA, OTHER, shared=True)
            await slack.press(shared, "Lire autour", user=DANA)
            await slack.message()
            await slack.write(f"<@{BOT}> 5.10", user=DANA)
            await slack.message()
            await slack.press(shared, "Lire autour", user=BOB)
            await slack.message()
            assert await bot.stop() == 0
        with beside(kept.database) as db:
            everything = "\n".join(db.conn.iterdump())
        assert BOB in everything
        assert DANA not in everything


async def test_another_association_gets_one_polite_sentence(kept: Kept) -> None:
    async with DiscordServer() as server:
        alice = Person(server, "alice")
        association = server.backend.create_guild("Une autre").id
        settings = kept.settings(
            {**server.environment, "VIGIE_DISCORD_SERVEUR": str(association)}, "discord:223456789012345678"
        )
        async with running(settings) as bot:
            await bot.until("Discord\u00a0: prêt.")
            answer = await alice.slash("politique", "5.10")
            assert answer.text.startswith("Je suis au service d'une seule association")
            assert answer.private
            assert await bot.stop() == 0


async def test_in_private_on_discord_only_the_members_of_the_association_are_served(kept: Kept) -> None:
    async with DiscordServer() as server:
        alice, mallory = Person(server, "alice"), Person(server, "mallory")
        elsewhere = server.backend.create_guild("Ailleurs").id
        server.backend.add_member(elsewhere, mallory.id)
        server.backend.remove_member(alice.guild.id, mallory.id)
        ours = {**server.environment, "VIGIE_DISCORD_SERVEUR": str(alice.guild.id)}
        async with running(kept.settings(ours, "discord:223456789012345678")) as bot:
            await bot.until("Discord\u00a0: prêt.")
            assert "5.10" in text_of(await alice.write("5.10", direct=True))
            assert (await mallory.write("5.10", direct=True)) is not None
            assert text_of(mallory.said(mallory.direct)[-1]).startswith("Je suis au service")
            assert await alice.suggestions("politique", "5.1", direct=True)
            assert await mallory.suggestions("politique", "5.1", direct=True) == []
            assert await bot.stop() == 0


async def test_the_pages_of_health_tell_how_the_bot_is_and_name_nobody(kept: Kept) -> None:
    async with DiscordServer() as server:
        alice = Person(server, "alice")
        async with running(kept.settings(server.environment, f"discord:{alice.id}")) as bot:
            await bot.until("Discord\u00a0: prêt.")
            await alice.slash("politique", "5.10")
            assert (await kept.look("/healthz"))[0] == 200
            status, ready = await kept.look("/readyz")
            assert (status, json.loads(ready)["platforms"]) == (200, {"discord": True})
            _, figures = await kept.look("/metrics")
            assert 'vigie_ack_seconds_count{platform="discord"} 1.0' in figures
            assert str(alice.id) not in ready + figures
            assert await bot.stop() == 0


async def test_a_second_bot_on_the_same_database_refuses_in_one_line(kept: Kept) -> None:
    async with DiscordServer() as server:
        settings = kept.settings(server.environment, "discord:223456789012345678")
        async with running(settings) as bot:
            await bot.until("Discord\u00a0: prêt.")
            second = await _lines_of(settings, Ending.PASSING)
            assert second == [
                f"vigie\u00a0: une autre Vigie se sert déjà de la base {kept.database}. Arrêtez-la d'abord."
            ]
            own = {"VIGIE_CLES": str(kept.database.parent / "cles")}
            elsewhere = {**settings, **own, "VIGIE_DB": str(kept.folder / "autre.db")}
            third = await _lines_of(elsewhere, Ending.PASSING)
            assert third[-1] == (
                f"vigie\u00a0: une autre Vigie se sert déjà des clés de {own['VIGIE_CLES']}. "
                "Donnez à chacune son dossier\u00a0: VIGIE_CLES."
            )
            assert await bot.stop() == 0
        alone = elsewhere | {"VIGIE_CLES": str(kept.folder / "ses clés")}
        async with running(alone) as bot:
            await bot.until("Discord\u00a0: prêt.")
            assert "Clés" not in bot.log
            assert (kept.folder / "ses clés").stat().st_mode & 0o777 == 0o700
            assert await bot.stop() == 0


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda file: file.write_bytes(b"ceci n'est pas une base" * 50), "n'est pas une base de Vigie."),
        (damage, "est abîmée"),
    ],
    ids=["not a database", "damaged"],
)
async def test_a_database_that_cannot_be_used_is_one_line_that_says_what_to_do(
    kept: Kept, spoil: Callable[[Path], object], why: str
) -> None:
    settings = kept.settings({"DISCORD_TOKEN": "x"}, "discord:223456789012345678")
    spoil(kept.database)
    before = kept.database.read_bytes()
    [line] = await _lines_of(settings)
    assert why in line
    assert kept.database.read_bytes() == before


async def test_a_disk_without_room_is_said_in_one_line_and_worth_trying_again(kept: Kept) -> None:
    """A limit of the process stands for the disk: it may write no file of more than 100 kB."""
    limited = f"import resource as r; r.setrlimit(r.RLIMIT_FSIZE, (100_000, 100_000)); {RUN}"
    settings = kept.settings({"DISCORD_TOKEN": TOKEN}, "discord:223456789012345678")
    settings["VIGIE_DB"] = str(kept.database.with_name("neuve.db"))
    program = ("-c", limited, "--reglages", os.devnull)
    [line] = await _lines_of(settings, Ending.PASSING, program)
    assert "rien n'a été enregistré" in line


async def _lines_of(
    settings: Mapping[str, str], ending: Ending = Ending.MISSET, program: Sequence[str] = bot_process.BOT
) -> list[str]:
    """Return what a bot says that must end by itself, in this way."""
    async with running(settings, program=program) as bot:
        assert await bot.ended() == ending
        return bot.lines
