"""Everything that is wrong with the configuration is said at once, in French, with what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import settings
from bot.configuration.settings_file import SettingsError
from bot.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


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
    assert (config.vigie_port, config.vigie_fuseau, config.profile.policy) == (
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
    assert len(found) == 8
    assert "VIGIE_FUSAU\u00a0: ce réglage n'existe pas. Vouliez-vous écrire VIGIE_FUSEAU?" in text
    assert "SLACK_BOT_TOKEN\u00a0: doit commencer par «\u00a0xoxb-\u00a0»" in text
    assert "VIGIE_PORT\u00a0: doit être un nombre entier, comme 8787." in text
    assert "VIGIE_SLACK_PORT\u00a0: doit être au plus 65535." in text
    assert "Exemple\u00a0: America/Toronto" in text
    assert "VIGIE_JOURNAL\u00a0: doit être l'une de ces valeurs\u00a0: DEBUG, INFO" in text
    assert "DISCORD_API_URL\u00a0: doit être une adresse" in text
    assert "SLACK_BOT_TOKEN\u00a0: il faut aussi SLACK_APP_TOKEN" in text


def test_an_invalid_value_hides_nothing_that_does_not_go_together(monkeypatch: pytest.MonkeyPatch) -> None:
    found = problems(monkeypatch, VIGIE_PORT="abc", SLACK_BOT_TOKEN="xoxb-1", VIGIE_DATA="/nulle/part")
    assert [line.partition("\u00a0")[0] for line in found] == ["VIGIE_PORT", "SLACK_BOT_TOKEN", "VIGIE_DATA"]


@pytest.mark.parametrize(
    "url",
    ["http://", "https:///chemin", "http://[", "http://a:99999", "ftp://a", "http://a b", "discord.com"],
)
def test_an_address_without_a_host_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    (line,) = problems(monkeypatch, SLACK_API_URL=url)
    assert line == "SLACK_API_URL\u00a0: doit être une adresse complète, qui commence par http:// ou https://"


def test_an_address_is_kept_without_its_last_slash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_API_URL", "http://127.0.0.1:8080/api/")
    assert settings.load().slack_api_url == "http://127.0.0.1:8080/api"


def test_a_bot_token_alone_says_which_other_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "SLACK_APP_TOKEN (mode Socket" in problems(monkeypatch, SLACK_BOT_TOKEN="xoxb-1")[0]


def test_a_bot_token_that_is_missing_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "SLACK_BOT_TOKEN\u00a0: il manque" in problems(monkeypatch, SLACK_APP_TOKEN="xapp-1")[0]


def test_a_folder_that_does_not_exist_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "«\u00a0/nulle/part\u00a0» n'existe pas" in problems(monkeypatch, VIGIE_DATA="/nulle/part")[0]


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


def test_an_empty_variable_does_not_hide_what_the_file_sets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / ".env"
    file.write_text("VIGIE_PORT=9001\n")
    monkeypatch.setenv("VIGIE_PORT", "")
    assert settings.load(file).vigie_port == 9001


def file_problems(file: Path) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        settings.load(file)
    return caught.value.problems


def test_everything_wrong_in_a_settings_file_is_said_at_once(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(
        "COMPOSE_PROJECT_NAME=vigie\n"
        "SLACK_BOT_TOKN=xoxb-1\n"
        "VIGIE_FUSAU=America/Toronto\n"
        "'VIGIE_JOURNAL=INFO\n"
        "VIGIE_PORT=huit\n"
    )
    assert file_problems(file) == [
        f"{file}, ligne 4\u00a0: il faut un nom, le signe = et une valeur.",
        "SLACK_BOT_TOKN\u00a0: ce réglage n'existe pas. Vouliez-vous écrire SLACK_BOT_TOKEN?",
        "VIGIE_FUSAU\u00a0: ce réglage n'existe pas. Vouliez-vous écrire VIGIE_FUSEAU?",
        "VIGIE_PORT\u00a0: doit être un nombre entier, comme 8787.",
    ]


def test_a_settings_file_that_is_not_in_utf_8_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes("VIGIE_PORT=9001\n# réglages\n".encode("latin-1"))
    assert file_problems(file) == [
        f"Le fichier de réglages «\u00a0{file}\u00a0» n'est pas en UTF-8 (ligne 2). Enregistrez-le en UTF-8."
    ]


def test_a_settings_file_that_begins_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes(b"\xef\xbb\xbfVIGIE_PORT=9001\n")
    assert settings.load(file).vigie_port == 9001


def test_a_settings_file_that_does_not_exist_or_is_a_folder_is_one_line(tmp_path: Path) -> None:
    absent = tmp_path / "absent"
    assert file_problems(absent) == [
        f"Le fichier de réglages «\u00a0{absent}\u00a0» n'existe pas. Vérifiez son chemin, ou créez-le."
    ]
    assert file_problems(tmp_path) == [
        f"Le fichier de réglages «\u00a0{tmp_path}\u00a0» est un dossier. Donnez le fichier."
    ]


@pytest.mark.parametrize("sender", ["bob", "Vigie", "Vigie <vigie>", "vigie@exemple", "a@b.ca\nBcc: x@y.ca"])
def test_a_sender_that_is_no_address_is_refused(monkeypatch: pytest.MonkeyPatch, sender: str) -> None:
    monkeypatch.setenv("VIGIE_SMTP", "smtp://127.0.0.1")
    (line,) = problems(monkeypatch, VIGIE_COURRIEL_DE=sender)
    assert line == "VIGIE_COURRIEL_DE\u00a0: doit ressembler à Vigie <vigie@exemple.ca>"


@pytest.mark.parametrize("sender", ["vigie@exemple.ca", "Vigie <vigie@exemple.ca>", "Vigie\u00a0é <v@é.ca>"])
def test_a_sender_that_is_an_address_is_taken(monkeypatch: pytest.MonkeyPatch, sender: str) -> None:
    monkeypatch.setenv("VIGIE_SMTP", "smtp://127.0.0.1")
    monkeypatch.setenv("VIGIE_COURRIEL_DE", sender)
    assert settings.load().vigie_courriel_de == sender


@pytest.mark.parametrize(
    "address",
    [
        "http://hc-ping.com/1",
        "http://10.0.0.1/1",
        "hc-ping.com/1",
        "https://",
        "ftp://127.0.0.1/1",
        "https://a..ca",
    ],
)
def test_a_monitor_is_told_over_https_or_on_this_machine_only(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    (line,) = problems(monkeypatch, VIGIE_PING=address)
    assert line.startswith("VIGIE_PING\u00a0: doit être une adresse https complète")


@pytest.mark.parametrize("address", ["https://hc-ping.com/1", "http://127.0.0.1:8000/1", "http://[::1]/1"])
def test_a_monitor_s_address_is_a_secret(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("VIGIE_PING", address)
    assert address not in repr(settings.load())


@pytest.mark.parametrize(
    ("place", "problem"),
    [
        ("ftp://exemple.ca/a.docx", "doit être une adresse complète"),
        ("https://", "doit être une adresse complète"),
        ("https://moi:secret@exemple.ca/a.docx", "enlevez le nom et le mot de passe"),
        ("~/textes", "le signe ~"),
    ],
)
def test_a_source_is_an_address_without_credentials_or_a_folder(
    monkeypatch: pytest.MonkeyPatch, place: str, problem: str
) -> None:
    (line,) = problems(monkeypatch, VIGIE_SOURCE=place)
    assert line.startswith(f"VIGIE_SOURCE\u00a0: {problem}")


@pytest.mark.parametrize(
    "place", ["https://exemple.ca/a.docx?v=1", "http://192.168.1.5/a.pdf", "/srv/textes"]
)
def test_a_source_is_kept_as_it_is_written(monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    monkeypatch.setenv("VIGIE_SOURCE", place)
    assert settings.load().vigie_source == place


def test_a_mail_server_whose_name_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIGIE_COURRIEL_DE", "vigie@exemple.ca")
    (line,) = problems(monkeypatch, VIGIE_SMTP=f"smtps://{'a' * 64}.exemple.ca")
    assert line.startswith("VIGIE_SMTP\u00a0: n'a pas un nom de serveur valable")


@pytest.mark.parametrize(
    "accounts", ["discord:alice", "slack:U1", "U0123ABCD", "slack:T0999ABCD/U0999ABCD, discord:moi"]
)
def test_an_account_that_cannot_be_is_refused_with_an_example(
    monkeypatch: pytest.MonkeyPatch, accounts: str
) -> None:
    (line,) = problems(monkeypatch, VIGIE_ADMINS=accounts)
    assert line.startswith("VIGIE_ADMINS\u00a0: «")
    assert "Exemple\u00a0: slack:T0123ABCD/U0123ABCD, discord:123456789012345678" in line


@pytest.mark.parametrize(
    ("name", "close"),
    [
        ("VIGIE_FUSAU", "VIGIE_FUSEAU"),
        ("VIGIE_SAUVEGARDE", "VIGIE_SAUVEGARDES"),
        ("VIGIE_DISCORD_TOKEN", "DISCORD_TOKEN"),
        ("VIGIE_BIDON", None),
        ("VIGIE_QUELCONQUE", None),
    ],
)
def test_only_a_name_that_is_close_is_suggested(
    monkeypatch: pytest.MonkeyPatch, name: str, close: str | None
) -> None:
    (line,) = problems(monkeypatch, **{name: "x"})
    advice = f"Vouliez-vous écrire {close}?" if close else "Enlevez-le, ou voyez docs/reglages.md."
    assert line == f"{name}\u00a0: ce réglage n'existe pas. {advice}"


def test_a_token_whose_name_is_cut_short_is_suggested_in_the_file_of_settings(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("SLACK_TOKEN=x\nDISCORD_TOKN=x\nSLACK_BIDON=x\n")
    with pytest.raises(SettingsError) as caught:
        settings.load(file)
    words = " ".join(caught.value.problems)
    assert "écrire SLACK_BOT_TOKEN?" in words or "écrire SLACK_APP_TOKEN?" in words
    assert "écrire DISCORD_TOKEN?" in words
    assert "SLACK_BIDON\u00a0: ce réglage n'existe pas. Enlevez-le" in words
