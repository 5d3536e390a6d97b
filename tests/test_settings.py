"""Everything that is wrong with the configuration is said at once, in French, with what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import settings
from bot.settings import Settings, SettingsError

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def problems(monkeypatch: pytest.MonkeyPatch, **environment: str) -> list[str]:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        settings.load()
    return caught.value.problems


def test_with_nothing_set_everything_has_a_value() -> None:
    config = settings.load()
    assert (config.vigie_port, config.vigie_fuseau, config.vigie_politique) == (
        8787,
        "America/Toronto",
        "pa20",
    )
    assert config.slack_bot_token is None


def test_every_problem_is_reported_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    found = problems(
        monkeypatch,
        SLACK_BOT_TOKEN="nope",
        VIGIE_PORT="huit",
        VIGIE_SLACK_PORT="70000",
        VIGIE_FUSEAU="America/Trois-Rivieres",
        VIGIE_JOURNAL="bavard",
        DISCORD_API_URL="discord.com",
        VIGIE_FUSAU="America/Toronto",
    )
    text = "\n".join(found)
    assert len(found) == 7
    assert "VIGIE_FUSAU\u00a0: ce réglage n'existe pas. Vouliez-vous écrire VIGIE_FUSEAU?" in text
    assert "SLACK_BOT_TOKEN\u00a0: doit commencer par « xoxb- »" in text
    assert "VIGIE_PORT\u00a0: doit être un nombre entier." in text
    assert "VIGIE_SLACK_PORT\u00a0: doit être au plus 65535." in text
    assert "Exemple\u00a0: America/Toronto" in text
    assert "VIGIE_JOURNAL\u00a0: doit être l'une de ces valeurs\u00a0: 'DEBUG'" in text
    assert "DISCORD_API_URL\u00a0: doit être une adresse" in text


def test_a_bot_token_alone_says_which_other_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "SLACK_APP_TOKEN (mode Socket" in problems(monkeypatch, SLACK_BOT_TOKEN="xoxb-1")[0]


def test_a_bot_token_that_is_missing_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "SLACK_BOT_TOKEN\u00a0: il manque" in problems(monkeypatch, SLACK_APP_TOKEN="xapp-1")[0]


def test_a_folder_that_does_not_exist_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "« /nulle/part » n'existe pas" in problems(monkeypatch, VIGIE_DATA="/nulle/part")[0]


def test_a_secret_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "s3cr3t" not in "\n".join(problems(monkeypatch, SLACK_APP_TOKEN="s3cr3t"))
    monkeypatch.setenv("SLACK_APP_TOKEN", "xapp-s3cr3t")
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-s3cr3t")
    assert "s3cr3t" not in repr(settings.load())


def test_the_example_file_can_be_used_as_it_is() -> None:
    assert settings.load(ROOT / ".env.example") == settings.load()


def test_a_settings_file_is_read_and_the_environment_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / ".env"
    file.write_text("VIGIE_PORT=9001\nVIGIE_SLACK_PORT=9002\n")
    monkeypatch.setenv("VIGIE_PORT", "9003")
    config = settings.load(file)
    assert (config.vigie_port, config.vigie_slack_port) == (9003, 9002)
