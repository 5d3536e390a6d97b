"""`vigie diagnostic`: each thing is fine, or one line says what to do about it."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web
from sqlite_utils import Database

from bot.backup import copies
from bot.conversation.findings import Finding, fine, wrong
from bot.operations import diagnostic
from bot.outbox.notices import TRIAL
from bot.platforms.contract import Destination
from bot.platforms.discord import check as discord_check
from bot.platforms.slack import check as slack_check
from bot.platforms.slack.manifest import BOT_SCOPES, OPTIONAL
from bot.settings import BOT, Settings
from bot.storage import state
from bot.storage.database import Storage
from bot.times import Calendar
from tests.kits.fake_clock import FakeClock
from tests.kits.platforms.fake_slack import BOT_TOKEN, FakeSlack
from tests.kits.versions import of_development, with_a_later_migration

CALENDAR = Calendar(ZoneInfo("America/Toronto"))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    Storage(tmp_path / "vigie.db").close()
    return settings_over(tmp_path / "vigie.db")


def settings_over(database: Path) -> Settings:
    return Settings.model_validate({"vigie_db": str(database), "discord_token": "x"})


def said(settings: Settings, clock: FakeClock, subject: str) -> list[tuple[str, str]]:
    findings = diagnostic.check_machine(settings, clock)
    return [(finding.level, finding.text) for finding in findings if finding.subject == subject]


def test_all_is_well(settings: Settings, clock: FakeClock) -> None:
    copies.save_sealed(settings.database(), settings.copies(), settings.keys(), CALENDAR.day(clock()))
    copies.save_hourly(settings.database(), settings.copies(), settings.keys(), clock())
    storage = Storage(settings.database())
    found = diagnostic.check_machine(settings, clock, lambda _: [fine("rôles", "tous pourvus.")])
    storage.close()
    assert {one.level for one in found} == {"ok"}, diagnostic.as_text(found)
    assert {one.subject for one in found} == {
        "fuseau",
        "robot",
        "base",
        "envois",
        "rôles",
        "disque",
        "copies",
        "copie de l'heure",
    }
    assert diagnostic.sound(found)
    assert (
        "America/Toronto\u00a0: on y est le 24\u00a0novembre\u00a02026 à 10\u00a0h\u00a000."
        in diagnostic.as_text(found)
    )


def test_a_bot_that_does_not_run_is_said(settings: Settings, clock: FakeClock) -> None:
    ((level, text),) = said(settings, clock, "robot")
    assert (level, "vigie servir" in text) == ("avis", True)


def test_a_database_that_is_not_there_yet_is_no_error(tmp_path: Path, clock: FakeClock) -> None:
    found = diagnostic.check_machine(settings_over(tmp_path / "vigie.db"), clock)
    assert diagnostic.sound(found)
    assert any("sera créée" in one.text for one in found)
    assert not (tmp_path / "vigie.db").exists()


def test_a_folder_that_is_not_there_is_said(tmp_path: Path, clock: FakeClock) -> None:
    found = diagnostic.check_machine(settings_over(tmp_path / "rien" / "vigie.db"), clock)
    assert found[-1].level == "erreur"
    assert found[-1].text.endswith("n'existe pas. Créez-le.")


def test_a_damaged_database_is_said(settings: Settings, clock: FakeClock) -> None:
    whole = bytearray(settings.database().read_bytes())
    whole[4096 * 3 : 4096 * 8] = b"\xa5" * (4096 * 5)
    settings.database().write_bytes(whole)
    ((level, text),) = said(settings, clock, "base")
    assert (level, "vigie restaurer" in text) == ("erreur", True)


def test_a_database_that_others_may_read_is_said(settings: Settings, clock: FakeClock) -> None:
    settings.database().chmod(0o644)
    assert (
        "avis",
        f"d'autres comptes de la machine peuvent la lire\u00a0: chmod 600 {settings.database()}",
    ) in said(settings, clock, "base")


def test_an_older_database_is_said(settings: Settings, clock: FakeClock) -> None:
    with with_a_later_migration():
        ((level, text),) = said(settings, clock, "base")
    assert (level, "plus ancienne" in text) == ("avis", True)


def test_a_database_from_before_the_first_release_is_said(settings: Settings, clock: FakeClock) -> None:
    of_development(settings.database())
    ((level, text),) = said(settings, clock, "base")
    assert (level, "version de développement" in text) == ("erreur", True)


@pytest.mark.parametrize(
    "case",
    [
        ("dead", "2026-11-24T15:00:00Z", "avis", "vigie lettres"),
        ("held", "2026-11-24T15:00:00Z", "avis", "vigie retenus"),
        ("queued", "2026-11-24T14:00:00Z", "erreur", "depuis 60 minutes"),
    ],
)
def test_what_cannot_leave_is_said(
    settings: Settings, clock: FakeClock, case: tuple[str, str, str, str]
) -> None:
    row_state, due_at, level, text = case
    row = {"id": "a", "key": "a", "recipient": "r", "notice": "n", "state": row_state, "due_at": due_at}
    db = Database(settings.database())
    db.table("outbox").insert(row)
    db.close()
    assert any(one == level and text in words for one, words in said(settings, clock, "envois"))


@pytest.mark.parametrize(
    ("flag", "text"), [(state.PAUSED, "vigie reprendre"), (state.RESTORED, "vigie retenus")]
)
def test_a_state_that_stays_is_said(settings: Settings, clock: FakeClock, flag: str, text: str) -> None:
    db = Database(settings.database())
    state.hoist(db, flag, clock())
    db.conn.commit()
    db.close()
    assert any(text in words for _, words in said(settings, clock, "envois"))


def test_copies_that_stopped_are_said(settings: Settings, clock: FakeClock) -> None:
    assert said(settings, clock, "copies")[0][0] == "avis"
    copies.save_sealed(settings.database(), settings.copies(), settings.keys(), CALENDAR.day(clock()))
    clock.move(days=2)
    assert said(settings, clock, "copies")[0][0] == "ok"
    clock.move(days=1)
    assert said(settings, clock, "copies")[0][0] == "erreur"


def test_an_hourly_copy_that_is_late_is_said_while_a_bot_runs(settings: Settings, clock: FakeClock) -> None:
    def of_the_hour() -> tuple[str, str]:
        [line] = said(settings, clock, "copie de l'heure")
        return line

    assert of_the_hour()[0] == "avis"
    copies.save_hourly(settings.database(), settings.copies(), settings.keys(), clock())
    clock.move(hours=2)
    storage = Storage(settings.database())
    made = "24\u00a0novembre\u00a02026 à 10\u00a0h\u00a000"
    assert of_the_hour() == ("ok", f"la dernière est du {made}; la clé l'ouvre.")
    clock.move(seconds=1)
    assert of_the_hour()[0] == "erreur"
    storage.close()
    assert of_the_hour()[0] == "ok", "a machine that is off makes none"
    (settings.copies() / copies.HOURLY).write_bytes(b"x")
    assert of_the_hour()[0] == "erreur"


def test_a_copy_that_the_key_does_not_open_is_said(settings: Settings, clock: FakeClock) -> None:
    copies.save_sealed(settings.database(), settings.copies(), settings.keys(), CALENDAR.day(clock()))
    assert "la clé l'ouvre" in said(settings, clock, "copies")[0][1]
    (settings.keys() / copies.KEY_FILE).unlink()
    copies.copy_key(settings.keys(), create=True)
    level, text = said(settings, clock, "copies")[0]
    assert (level, "n'ouvre pas" in text) == ("erreur", True)


def test_a_port_that_is_taken_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        for setting in ("VIGIE_SANTE_PORT", "VIGIE_SIGNALEMENT_PORT", "VIGIE_SITE_PORT", "VIGIE_SLACK_PORT"):
            [found] = diagnostic.check_port(number, setting)
            assert (found.level, setting in found.text) == ("erreur", True)
    assert diagnostic.check_port(number, "VIGIE_SANTE_PORT") == []


def test_keys_that_others_may_read_are_said(settings: Settings, clock: FakeClock) -> None:
    copies.copy_key(settings.keys(), create=True)
    (settings.keys() / copies.KEY_FILE).chmod(0o644)
    assert said(settings, clock, "clés")[0][0] == "avis"


def test_a_disk_almost_full_is_said(
    settings: Settings, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage(NamedTuple):
        total: int
        used: int
        free: int

    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 10**9, 10**6))
    assert said(settings, clock, "disque")[0][0] == "erreur"


def test_the_findings_for_a_program_have_the_promised_shape() -> None:
    printed = diagnostic.as_json([fine("base", "saine."), wrong("Slack", "refusé.")])
    assert printed == {
        "ok": False,
        "checks": [
            {"subject": "base", "level": "ok", "text": "saine."},
            {"subject": "Slack", "level": "erreur", "text": "refusé."},
        ],
    }


async def test_a_platform_that_never_answers_does_not_hold_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def never() -> Sequence[Finding]:
        await asyncio.Event().wait()
        return []

    async def well() -> Sequence[Finding]:
        return [fine("Discord", "bien.")]

    monkeypatch.setattr(diagnostic, "PATIENCE", 0.05)
    found = await diagnostic.check_platforms({"Slack": never, "Discord": well})
    assert [(one.subject, one.level) for one in found] == [("Slack", "erreur"), ("Discord", "ok")]


# --- What the platforms say, on the wire --------------------------------------------------------


@asynccontextmanager
async def server(answers: Mapping[str, tuple[int, Any]], headers: Mapping[str, str]) -> AsyncIterator[str]:
    async def answer(request: web.Request) -> web.Response:
        status, body = answers.get(request.path, (404, {}))
        return web.json_response(body, status=status, headers=headers)

    app = web.Application()
    app.router.add_route("*", "/{_:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


ME = {"ok": True, "team_id": "T1", "user_id": "U1", "bot_id": "B1", "url": "x", "team": "x", "user": "x"}
SOCKET = {"ok": True, "url": "wss://127.0.0.1/"}


GROUPS = [permission.scope for permission in OPTIONAL.values()]


class SlackSays(NamedTuple):
    """What Slack answers, and what is then said of it."""

    levels: str
    text: str
    scopes: Sequence[str] = (*BOT_SCOPES, *GROUPS)
    team: str | None = "T1"
    late: int = 0
    answers: Mapping[str, Any] = {}
    follows: Sequence[str] = ()
    channels: Mapping[str, Sequence[Destination]] = {}


REFUSED = {"ok": False, "error": "invalid_auth"}
OFFICE = Destination("slack", "T1", "C1", "channel")
IN_OFFICE, ANNOUNCED = {"VIGIE_CANAUX_ADMIN": [OFFICE]}, {"VIGIE_CANAUX_ANNONCES": [OFFICE]}
UNKNOWN = {"error": "missing_scope"}


def told(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what Slack answers about a channel."""
    return {"/conversations.info": {"ok": "error" not in answer, **answer}}


@pytest.mark.parametrize(
    "case",
    [
        SlackSays("ok ok ok", "mode Socket"),
        SlackSays("ok avis ok ok", "VIGIE_SLACK_EQUIPE=T1", team=None),
        SlackSays("ok erreur ok ok", "pas de VIGIE_SLACK_EQUIPE", team="T2"),
        SlackSays("ok erreur ok", "à 7 min de celle de Slack", late=400),
        SlackSays("erreur", BOT_SCOPES[0], scopes=BOT_SCOPES[1:]),
        SlackSays("erreur", "invalid_auth", answers={"/auth.test": REFUSED}),
        SlackSays("ok ok avis avis ok", "suivre un groupe d'utilisateurs", scopes=BOT_SCOPES),
        SlackSays("ok ok avis ok", "groups:read", scopes=(*BOT_SCOPES, GROUPS[0])),
        SlackSays("ok ok erreur avis ok", "en l'accordant", scopes=BOT_SCOPES, follows=["slack_group"]),
        SlackSays("ok ok ok", "mode Socket", follows=["slack_group", "slack_channel"]),
        SlackSays(
            "ok ok avis ok",
            "/invite @Vigie",
            channels=IN_OFFICE,
            answers=told(UNKNOWN),
        ),
        SlackSays(
            "ok ok avis ok",
            "ANNONCES",
            channels=ANNOUNCED,
            answers=told(UNKNOWN),
        ),
        SlackSays(
            "ok ok erreur ok",
            "Invitez-la",
            channels=ANNOUNCED,
            answers=told({"channel": {}}),
        ),
        SlackSays(
            "ok ok erreur ok",
            "channel_not_found",
            channels=IN_OFFICE,
            answers=told({"error": "channel_not_found"}),
        ),
        SlackSays(
            "ok ok erreur ok",
            "Invitez-la",
            channels=IN_OFFICE,
            answers=told({"channel": {}}),
        ),
        SlackSays(
            "ok ok ok ok",
            "canal C1 (VIGIE_CANAUX_ADMIN)\u00a0: Vigie y est.",
            channels=IN_OFFICE,
            answers=told({"channel": {"is_member": True}}),
        ),
        SlackSays(
            "ok ok erreur ok",
            "n'est pas de l'espace T1",
            channels={"VIGIE_CANAUX_ADMIN": [Destination("slack", "T2", "C1", "channel")]},
        ),
        SlackSays("ok ok erreur", "SLACK_APP_TOKEN est refusé", answers={"/apps.connections.open": REFUSED}),
    ],
)
async def test_what_slack_says(case: SlackSays, clock: FakeClock) -> None:
    every = {"/auth.test": ME, "/apps.connections.open": SOCKET, **case.answers}
    headers = {
        "Date": format_datetime(clock() + timedelta(seconds=case.late), usegmt=True),
        "x-oauth-scopes": ",".join(case.scopes),
    }
    async with server({path: (200, body) for path, body in every.items()}, headers) as url:
        found = await slack_check.check_slack(
            bot_token="xoxb-made-up",
            app_token="xapp-made-up",
            api_url=url,
            team=case.team,
            bot=BOT,
            now=clock(),
            follows=case.follows,
            channels=case.channels,
        )
    assert [one.level for one in found] == case.levels.split()
    assert any(case.text in one.text for one in found)


READ, WRITE, ADMINISTRATOR = 1 << 10, 1 << 11, 1 << 3


class DiscordSays(NamedTuple):
    """What Discord answers, and what is then said of it."""

    levels: str
    text: str
    status: int = 200
    flags: int = 1 << 14
    guild: int = 200
    server: str | None = "9"


@pytest.mark.parametrize(
    "case",
    [
        DiscordSays("ok ok ok ok", "Server Members", flags=1 << 15),
        DiscordSays("ok erreur ok ok", "Server Members", flags=0),
        DiscordSays("ok ok ok erreur", "vigie discord invitation", guild=404),
        DiscordSays("ok ok ok avis", "VIGIE_DISCORD_SERVEUR", server=None),
        DiscordSays("erreur", "DISCORD_TOKEN est refusé", status=401),
        DiscordSays("erreur", "Réessayez plus tard", status=500),
    ],
)
async def test_what_discord_says(case: DiscordSays, clock: FakeClock) -> None:
    headers = {"Date": format_datetime(clock(), usegmt=True)}
    answers = {"/applications/@me": (case.status, {"flags": case.flags}), "/guilds/9": (case.guild, {})}
    async with server(answers, headers) as url:
        found = await discord_check.check_discord(
            token="made.up", api_url=url, server=case.server, members=True, now=clock()
        )
    assert [one.level for one in found] == case.levels.split()
    assert any(case.text in one.text for one in found)


@pytest.mark.parametrize(
    ("everyone", "role", "overwrites", "missing"),
    [
        (READ, WRITE, [], []),
        (READ, 0, [], ["y écrire"]),
        (READ | WRITE, 0, [("9", 0, WRITE)], ["y écrire"]),
        (READ | WRITE, 0, [("9", 0, READ | WRITE), ("7", READ | WRITE, 0)], []),
        (READ | WRITE, 0, [("7", 0, WRITE), ("B", WRITE, 0)], []),
        (0, ADMINISTRATOR, [("9", 0, READ | WRITE)], []),
        (READ | WRITE, 0, None, ["voir le canal", "y écrire"]),
    ],
)
async def test_whether_discord_lets_vigie_write_in_a_channel_is_said(
    everyone: int,
    role: int,
    overwrites: list[tuple[str, int, int]] | None,
    missing: list[str],
    clock: FakeClock,
) -> None:
    guild = {"id": "9", "roles": [_role("9", everyone), _role("7", role), _role("8", ADMINISTRATOR)]}
    rules = [{"id": who, "allow": str(yes), "deny": str(no)} for who, yes, no in overwrites or ()]
    channel = {"id": "5", "guild_id": "9", "permission_overwrites": rules}
    answers = {
        "/applications/@me": (200, {"flags": 0, "bot": {"id": "B"}}),
        "/guilds/9": (200, guild),
        "/guilds/9/members/B": (200, {"roles": ["7"]}),
        "/channels/5": (404, {}) if overwrites is None else (200, channel),
    }
    async with server(answers, {}) as url:
        *_, found = await discord_check.check_discord(
            token="made.up",
            api_url=url,
            server="9",
            members=False,
            now=clock(),
            channels={"5": discord_check.WRITE},
        )
    assert found.level == ("erreur" if missing else "ok")
    assert all(name in found.text for name in missing)


def _role(identifier: str, permissions: int) -> dict[str, str]:
    return {"id": identifier, "permissions": str(permissions)}


async def test_a_platform_that_cannot_be_reached_is_said(clock: FakeClock) -> None:
    url = "http://127.0.0.1:9"
    slack = await slack_check.check_slack(
        bot_token="xoxb-x", app_token=None, api_url=url, team=None, bot=BOT, now=clock()
    )
    discord = await discord_check.check_discord(
        token="x", api_url=url, server=None, members=False, now=clock()
    )
    assert [one.level for one in [*slack, *discord]] == ["erreur", "erreur"]


HER, CHANNEL = Destination("slack", "T1", "U1"), Destination("slack", "T1", "C1", "channel")


async def tried(slack: FakeSlack, *recipients: Destination) -> Finding:
    """Return what Slack's check says of the trial, last."""
    *_, found = await slack_check.check_slack(
        bot_token=BOT_TOKEN,
        app_token=None,
        api_url=slack.api_url,
        team="T1",
        bot=BOT,
        now=FakeClock()(),
        trial=(recipients, TRIAL),
    )
    return found


@pytest.mark.parametrize("hides_metadata", [False, True])
async def test_that_the_bot_finds_its_own_messages_again_is_checked_with_one_message_for_good(
    *, hides_metadata: bool
) -> None:
    slack = FakeSlack(hides_metadata=hides_metadata)
    async with slack.serving():
        for _ in range(3):
            found = await tried(slack, HER)
            assert (found.level, "metadata.message:read" in found.text) == (
                ("erreur", True) if hides_metadata else ("ok", False)
            )
            assert len(slack.posted["D1"]) == 1


async def test_without_an_administrator_on_slack_the_trial_is_made_in_a_channel_that_can_be_read() -> None:
    slack = FakeSlack()
    slack.rules.granted.add("channels:history")
    async with slack.serving():
        for _ in range(2):
            assert (await tried(slack, CHANNEL)).level == "ok"
    assert {where: len(posted) for where, posted in slack.posted.items() if posted} == {"C1": 1}


async def test_the_trial_is_made_elsewhere_when_an_administrator_cannot_be_written_to() -> None:
    slack = FakeSlack()
    async with slack.serving():
        slack.fail("conversations.open", "user_disabled")
        assert (await tried(slack, HER, Destination("slack", "T1", "U2"))).level == "ok"
    assert {where: len(posted) for where, posted in slack.posted.items() if posted} == {"D2": 1}


@pytest.mark.parametrize("recipients", [(), (CHANNEL,)])
async def test_a_trial_that_can_be_made_nowhere_is_said_with_what_to_do_and_nothing_is_sent(
    recipients: tuple[Destination, ...],
) -> None:
    slack = FakeSlack()
    async with slack.serving():
        found = await tried(slack, *recipients)
    assert (found.level, "je n'ai pas pu vérifier" in found.text) == ("avis", True)
    assert "/vigie lier" in found.text
    assert ("missing_scope" in found.text) == bool(recipients)
    assert not any(slack.posted.values())
