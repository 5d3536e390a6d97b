"""What a hurried volunteer writes in the settings file: each mistake is one line that says what to do."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from bot import settings
from bot.configuration.settings_file import SettingsError
from bot.settings import Settings
from tests.conftest import TEST_DATA

MISTAKES = tomllib.loads((TEST_DATA / "mistaken_settings.toml").read_text("utf-8"))["mistake"]
LEAST = 44  # mistakes that are tried


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "vigie.env"
    file.touch(mode=0o600)
    (tmp_path / "donnees/politique").mkdir(parents=True)
    return file


@pytest.mark.parametrize("mistake", MISTAKES, ids=[mistake["name"] for mistake in MISTAKES])
def test_a_mistake_is_one_line_that_says_what_to_do(mistake: dict[str, str], file: Path) -> None:
    written, says, ends = (
        mistake[part].replace("{folder}", str(file.parent)) for part in ("written", "says", "ends")
    )
    file.write_text(f"{written}\n", "utf-8")
    with pytest.raises(SettingsError) as caught:
        settings.load(file)
    (line,) = caught.value.problems
    assert "\n" not in line
    assert says in line
    assert line.endswith(ends)
    for secret in re.findall(r"(?:TOKEN|SECRET|SMTP)=(.{8,})", written):
        assert secret not in line or "exemple.ca" in secret


def test_as_many_mistakes_are_tried_as_promised() -> None:
    assert len({mistake["written"] for mistake in MISTAKES}) >= LEAST


@pytest.mark.parametrize(
    "written",
    [
        "\ufeffVIGIE_PORT=9001\n",  # a byte order mark
        "VIGIE_PORT=9001\r\nVIGIE_NOM=Vigie\r\n",
        "export VIGIE_PORT=9001\n",
        "VIGIE_PORT = 9001\n",
        'VIGIE_PORT="9001"\n',
        "VIGIE_PORT='9001'\n",
        "VIGIE_PORT=9001   # un commentaire\n",
        "vigie_port=9001\n",
        "VIGIE_PORT=9001\nVIGIE_DB=\nCOMPOSE_PROJECT_NAME=vigie\nPATH_TO=x\n",
    ],
)
def test_what_is_meant_is_understood(written: str, file: Path) -> None:
    file.write_bytes(written.encode())
    assert settings.load(file).vigie_port == 9001


def test_a_password_that_needs_no_code_is_taken_as_it_is(file: Path) -> None:
    file.write_text(
        "VIGIE_COURRIEL_DE=vigie@exemple.ca\n"
        "VIGIE_SMTP=smtps://vigie@exemple.ca:p@ss!&=+~@courriel.exemple.ca:465\n"
    )
    assert settings.load(file).vigie_smtp
