"""The command in a real terminal: hidden tokens, Ctrl-C, the end of the input, no colour, few columns."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.cli.installer.interview import Manner
from bot.cli.installer.terminal import LineTerminal
from tests.cli.installer.pseudo_terminal import terminal
from tests.cli.installer.typist import ENTER, is_private, text_of
from tests.kits.platforms.fake_slack import APP_TOKEN, BOT_TOKEN, FakeSlack
from tests.wire.bot_process import free_port

CTRL_C, CTRL_D = b"\x03", b"\x04"


async def test_someone_at_a_keyboard_goes_from_nothing_to_a_green_diagnostic(
    slack: FakeSlack, file: Path
) -> None:
    settings = {
        "SLACK_API_URL": slack.api_url,
        "VIGIE_DB": str(file.parent / "vigie.db"),
        "VIGIE_MODELES": str(file.parent / "modeles"),
        "VIGIE_SANTE_PORT": str(free_port()),
    }
    words = ["--reglages", str(file), "installer"]
    screens = []
    async with terminal(words, settings) as screen:
        for line in ("1\nUne ligne collée en trop\n", "Association étudiante"):
            await screen.type(line)
        assert await screen.leave(CTRL_C) == 130
        assert "Pour reprendre où vous étiez" in screen.screen
        assert "Traceback" not in screen.screen
        screens.append(screen.raw)
    async with terminal(words, {**settings, "NO_COLOR": "1"}) as screen:
        for line in (ENTER, BOT_TOKEN, APP_TOKEN):
            await screen.type(line)
        assert await screen.leave(CTRL_D) == 130
        assert "L'application de Slack est créée." in screen.screen
        assert "\x1b[3" not in screen.raw  # no colour
        screens.append(screen.raw)
    async with terminal(words, {**settings, "TERM": "dumb"}, columns=40) as screen:
        for line in (BOT_TOKEN, "3", "U0ALICE", "oui", ENTER, ENTER):
            await screen.type(line)
        assert await screen.ended() == 0
        assert "Vigie est prête." in screen.screen
        assert "\x1b" not in screen.raw
        shown = [line for line in screen.screen.splitlines() if str(file.parent) not in line]
        assert max(map(len, shown)) < 40
        assert not {"\u00a0", "»", ":", "!"} & {line.strip()[:1] for line in shown}
    for secret in (BOT_TOKEN, APP_TOKEN):
        assert not any(secret in raw for raw in (*screens, screen.raw))
        assert secret in text_of(file)
    assert "VIGIE_ASSOCIATION='Association étudiante'" in text_of(file)
    assert is_private(file)


@pytest.mark.parametrize("manner", ["title", "text", "step", "good", "bad", "note"])
def test_a_line_is_broken_between_words_and_never_before_a_sign(
    manner: Manner, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    address = "https://discord.com/oauth2/authorize?client_id=1&scope=bot"
    LineTerminal().show(f"Choisissez l'onglet «\u00a0JSON\u00a0»\u00a0: {address} [gras] :smile:", manner)
    lines = capsys.readouterr().out.strip().splitlines()
    assert address in (line.strip() for line in lines)
    assert "[gras] :smile:" in lines[-1]
    assert all("«\u00a0JSON\u00a0»\u00a0:" in line for line in lines if "JSON" in line)


def test_a_text_to_copy_is_never_broken(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    LineTerminal().show(f'{{\n  "a": "{"mot " * 40}"\n}}', "copy")
    assert capsys.readouterr().out == f'{{\n  "a": "{"mot " * 40}"\n}}\n'
