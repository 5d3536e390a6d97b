"""Program, state and settings apart: the system's folders, the person's own, or the checkout's."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import settings
from bot.configuration import places
from bot.configuration.settings_file import SettingsError
from bot.settings import Settings

FOLDERS = ("STATE_DIRECTORY", "CONFIGURATION_DIRECTORY", "CREDENTIALS_DIRECTORY")
TOKEN = "DISCORD_TOKEN=s3cr3t\n"


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    names = [name.upper() for name in Settings.model_fields]
    for name in (*names, *FOLDERS, "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "chez-moi"))


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    file = tmp_path / "vigie.env"
    file.write_text(TOKEN)
    return file


def problems(file: Path) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        settings.load(file)
    return caught.value.problems


def test_in_a_checkout_all_is_in_the_current_folder() -> None:
    assert places.settings_file() == Path(".env")
    assert Settings(discord_token="x").database() == Path("vigie.db")


def test_once_installed_settings_and_state_are_in_the_persons_own_folders(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(places, "INSTALLED", True)
    config, home = Settings(discord_token="x"), tmp_path / "chez-moi"
    assert places.settings_file() == home / ".config/vigie/vigie.env"
    assert config.database() == home / ".local/share/vigie/vigie.db"
    assert (
        config.keys().parent == config.copies().parent == config.models().parent == config.database().parent
    )
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "ailleurs"))
    monkeypatch.setenv("XDG_CONFIG_HOME", "relatif")  # the specification says to ignore it
    assert config.database() == tmp_path / "ailleurs/vigie/vigie.db"
    assert places.settings_file() == home / ".config/vigie/vigie.env"


@pytest.mark.parametrize("installed", [True, False])
def test_the_folders_that_the_system_gives_come_first(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, installed: bool
) -> None:
    monkeypatch.setattr(places, "INSTALLED", installed)
    monkeypatch.setenv("STATE_DIRECTORY", f"{tmp_path / 'etat'}:{tmp_path / 'autre'}")
    monkeypatch.setenv("CONFIGURATION_DIRECTORY", str(tmp_path / "reglages"))
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "secrets"))
    assert Settings(discord_token="x").database() == tmp_path / "etat/vigie.db"
    assert places.settings_file() == tmp_path / "reglages/vigie.env"
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/vigie.env").touch()
    assert places.settings_file() == tmp_path / "secrets/vigie.env"


def test_what_the_settings_choose_comes_before_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "etat"))
    assert Settings(vigie_db=tmp_path / "a.db", discord_token="x").database() == tmp_path / "a.db"
    assert Settings(vigie_data=tmp_path, discord_token="x").database() == tmp_path / "vigie.db"


def test_the_folder_of_the_state_is_made_for_one_account_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(places, "INSTALLED", True)
    places.make_state_folder()
    places.make_state_folder()
    assert (tmp_path / "chez-moi/.local/share/vigie").stat().st_mode & 0o777 == 0o700


def test_a_secret_that_others_can_read_is_refused_with_the_command_to_type(secret_file: Path) -> None:
    secret_file.chmod(0o644)
    (line,) = problems(secret_file)
    assert line.endswith(f"qui contient un secret (DISCORD_TOKEN). Tapez\u00a0: chmod 600 {secret_file}")
    assert "s3cr3t" not in line
    secret_file.chmod(0o600)
    assert settings.load(secret_file).discord_token


def test_the_command_to_type_holds_for_a_path_with_spaces(tmp_path: Path) -> None:
    file = tmp_path / "mes réglages.env"
    file.write_text(TOKEN)
    file.chmod(0o604)
    assert problems(file)[0].endswith(f"chmod 600 '{file}'")


def test_a_file_of_root_that_a_group_reads_is_accepted(secret_file: Path) -> None:
    secret_file.chmod(0o640)
    if secret_file.stat().st_uid:
        assert "chmod 600" in problems(secret_file)[0]
    else:
        assert settings.load(secret_file).discord_token
    secret_file.chmod(0o660)
    assert "lire ou changer" in problems(secret_file)[0], "nobody lets a group write it on purpose"


def test_a_secret_is_what_is_written_whatever_its_signs(tmp_path: Path) -> None:
    file = tmp_path / "vigie.env"
    file.touch(mode=0o600)
    file.write_text("VIGIE_REDACTEUR=http://127.0.0.1:8080\nVIGIE_REDACTEUR_CLE='${HOME} $x'\n")
    secret = settings.load(file).vigie_redacteur_cle
    assert secret
    assert secret.get_secret_value() == "${HOME} $x"


@pytest.mark.parametrize("text", ["VIGIE_PORT=9001\n", "DISCORD_TOKEN=\n", "# DISCORD_TOKEN=x\n"])
def test_a_file_without_a_secret_may_be_read_by_everyone(tmp_path: Path, text: str) -> None:
    file = tmp_path / "vigie.env"
    file.write_text(text)
    file.chmod(0o644)
    settings.load(file)


def test_what_systemd_gives_is_read_whatever_its_permissions(
    monkeypatch: pytest.MonkeyPatch, secret_file: Path
) -> None:
    secret_file.chmod(0o444)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(secret_file.parent))
    assert settings.load(places.settings_file()).discord_token
