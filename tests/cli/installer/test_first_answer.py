"""From an empty folder to a first answer on both platforms, in a real terminal and against real protocols."""

from __future__ import annotations

from pathlib import Path

from tests.cli.installer.pseudo_terminal import terminal
from tests.cli.installer.typist import ENTER
from tests.wire.bot_process import MODELS, free_port, running
from tests.wire.discord_people import Person
from tests.wire.discord_server import TOKEN, DiscordServer
from tests.wire.slack_server import ALICE, APP_TOKEN, BOT_TOKEN, SOCKET_MODE, workspace


async def test_someone_installs_vigie_on_both_platforms_then_it_answers_on_both(
    discord: DiscordServer, alice: Person, file: Path
) -> None:
    settings = {
        "VIGIE_DB": str(file.parent / "vigie.db"),
        "VIGIE_MODELES": str(MODELS),
        "VIGIE_SANTE_PORT": str(free_port()),
        "DISCORD_API_URL": discord.environment["DISCORD_API_URL"],
    }
    async with workspace(SOCKET_MODE) as slack:
        settings["SLACK_API_URL"] = slack.settings["SLACK_API_URL"]
        async with terminal(["--reglages", str(file), "installer"], settings) as screen:
            for line in (
                "3",
                "AGE UQTR",
                ENTER,
                APP_TOKEN,
                BOT_TOKEN,
                TOKEN,
                ENTER,
                "4",
                ALICE,
                "oui",
                ENTER,
            ):
                await screen.type(line)
            await screen.type(ENTER)
            assert await screen.ended() == 0, screen.screen
        trial = await slack.message()
        assert "Ceci est un essai" in str(trial["blocks"])
        async with running(settings, "servir", program=("-m", "bot", "--reglages", str(file))) as bot:
            await bot.until("Slack\u00a0: prêt")
            await bot.until("Discord\u00a0: prêt")
            await slack.command("/politique", "5.10")
            assert "5.10" in str((await slack.message())["blocks"])
            assert "5.10" in (await alice.slash("politique", "5.10")).text
            assert await bot.stop() == 0
