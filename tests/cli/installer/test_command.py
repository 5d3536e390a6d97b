"""The whole command: from an empty folder to a diagnostic that is green, stopped, resumed and run again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bot.people import persons, roles
from bot.platforms.slack import check as slack_check
from bot.settings import load
from bot.storage.database import StorageError, beside, lock
from tests.cli.installer.typist import ENTER, answers_in, installing, is_private, text_of, write
from tests.cli.test_main import vigie
from tests.kits.platforms.fake_slack import APP_TOKEN, BOT_TOKEN, FakeSlack
from tests.kits.versions import with_a_later_migration
from tests.wire.bot_process import free_port
from tests.wire.discord_people import Person
from tests.wire.discord_server import TOKEN, DiscordServer


@pytest.fixture(autouse=True)
def _places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIGIE_DB", str(tmp_path / "vigie.db"))
    monkeypatch.setenv("VIGIE_SANTE_PORT", str(free_port()))


def everything(alice: Person) -> tuple[str, ...]:
    """Return what one types to install Vigie on both platforms, the review included."""
    slack, discord = (ENTER, APP_TOKEN, BOT_TOKEN), (TOKEN, ENTER)
    return ("3", "AGE UQTR", *slack, *discord, "4", f"<@{alice.id}>", "oui", ENTER, ENTER)


@pytest.mark.usefixtures("slack", "discord")
async def test_from_nothing_to_a_green_diagnostic(alice: Person, file: Path) -> None:
    typist, works = await installing(file, *everything(alice))
    assert works, typist.said()
    assert not typist.said("bad")
    assert "2. Association\u00a0: AGE UQTR" in typist.said("step")
    assert f"Administration\u00a0: {alice.id}, sur Discord" in typist.said("step")
    assert "En ordre\u00a0: réglages" in typist.said("good")
    assert "Slack" in typist.said("good").splitlines()[-1]
    assert typist.last == "Vigie est prête."
    assert f"  vigie --reglages {file} servir" in typist.said("copy").splitlines()
    config = load(file)
    assert config.vigie_discord_serveur == str(alice.guild.id)
    with beside(config.database()) as db:
        [holder] = roles.holders(db, roles.ADMINISTRATION, config.today())
        assert [account.user for account in persons.accounts_of(db, holder)] == [str(alice.id)]
    for secret in (BOT_TOKEN, APP_TOKEN, TOKEN):
        assert secret not in typist.said()


@pytest.mark.usefixtures("slack")
async def test_it_resumes_wherever_it_was_stopped(discord: DiscordServer, alice: Person, file: Path) -> None:
    """Whatever the question at which the person leaves, what was answered is never asked again."""
    typed = everything(alice)
    for count, line in enumerate(typed[:-1]):
        typist, works = await installing(file, line)
        discord._nonces.clear()  # Discord forgets them in minutes
        assert works is None
        assert typist.secrets.count(True) <= 2
        assert typist.said().endswith(f"vigie --reglages {file} installer"), count
    typist, works = await installing(file, ENTER)
    assert works, typist.said()
    assert discord.count("POST", "/channels/*/messages") == 1  # the test message, once


@pytest.mark.usefixtures("discord")
async def test_run_again_it_changes_nothing_but_what_one_asks_to_change(
    slack: FakeSlack, alice: Person, file: Path
) -> None:
    await installing(file, *everything(alice))
    before = text_of(file)
    typist, works = await installing(file, ENTER)
    assert (works, text_of(file)) == (True, before)
    typist, works = await installing(file, "2", "Association de Trois-Rivières (« AGE »)", "99", ENTER)
    assert works
    assert "Tapez l'un des numéros, de 1 à" in typist.said("bad")
    assert load(file).vigie_association == "Association de Trois-Rivières (« AGE »)"
    assert "Administration" not in typist.said("step")  # someone administers it: who else is theirs to say
    slack.refused = "token_revoked"
    typist, works = await installing(file)
    assert "Le jeton du robot est refusé (token_revoked)" in typist.said("bad")
    assert typist.last.endswith("Quel est le jeton du robot?")


@pytest.mark.usefixtures("slack", "discord")
async def test_going_back_and_asking_why_work_among_the_answers_too(alice: Person, file: Path) -> None:
    await installing(file, *everything(alice))
    copies = str(file.parent / "ailleurs")
    typist, works = await installing(file, "?", "9" * 5_000, "retour", copies, ENTER)
    assert works
    assert "corriger une réponse" in typist.said("note")
    assert typist.said("bad").count("Tapez l'un des numéros") == 1
    assert answers_in(file)["VIGIE_SAUVEGARDES"] == copies


@pytest.mark.usefixtures("discord")
async def test_a_token_that_could_not_be_checked_for_now_is_not_to_be_found_again(
    slack: FakeSlack, alice: Person, file: Path
) -> None:
    await installing(file, *everything(alice))
    before = text_of(file)
    slack.refused = "internal_error"

    def once_slack_is_back() -> str:
        slack.refused = ""
        return ENTER

    typist, works = await installing(file, once_slack_is_back, ENTER, ENTER)
    assert works, typist.said()
    assert "Pour garder votre réponse (…ssai), appuyez sur Entrée." in typist.said("text")
    assert text_of(file) == before


@pytest.mark.usefixtures("slack")
async def test_an_administration_that_changed_since_is_left_alone(
    discord: DiscordServer, alice: Person, file: Path
) -> None:
    await installing(file, *everything(alice))
    discord.backend.guilds[alice.guild.id].members.pop(alice.id)
    typist, works = await installing(file, ENTER)
    assert works, typist.said()
    assert "Qui administrera Vigie" not in typist.said("title")


@pytest.mark.usefixtures("slack", "discord")
async def test_it_is_not_ready_while_nobody_who_administers_it_is_where_it_answers(
    alice: Person, file: Path
) -> None:
    typed = [*everything(alice)]
    typed[typed.index(f"<@{alice.id}>")] = "U0ALICE"  # on Slack alone
    typist, works = await installing(file, *typed)
    assert works, typist.said()
    typist, works = await installing(file, "1", "2", ENTER)  # Slack is dropped
    assert works is False
    assert "qui tient «\u00a0Administration\u00a0» n'a de compte que sur Slack" in typist.said("bad")
    assert "prête" not in typist.last
    assert f"les réglages sont dans {file}" in typist.said("text")


@pytest.mark.usefixtures("slack", "discord")
async def test_a_database_that_it_upgrades_is_first_set_aside(alice: Person, file: Path) -> None:
    await installing(file, *everything(alice))
    with with_a_later_migration():
        typist, works = await installing(file, ENTER)
    assert works, typist.said()
    [former] = load(file).database().parent.glob("*.avant-*Z")
    assert f"L'ancienne est gardée 30 jours\u00a0: {former}" in typist.said("note")


@pytest.mark.usefixtures("slack", "discord")
async def test_beside_a_bot_that_runs_it_leaves_the_database_alone_and_says_to_start_it_again(
    alice: Person, file: Path
) -> None:
    await installing(file, *everything(alice))
    with lock(load(file).database()):
        typist, works = await installing(file, ENTER)
    assert works, typist.said()
    assert "Elle est en marche\u00a0: redémarrez-la" in typist.said("text")
    assert "servir" not in typist.said("copy")


@pytest.mark.usefixtures("slack")
async def test_ctrl_c_while_an_answer_is_being_checked_is_no_traceback(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(slack_check, "check_app_token", interrupted)
    typist, works = await installing(file, "1", "AGE", ENTER, APP_TOKEN)
    assert works is None
    assert "Pour reprendre où vous étiez" in typist.said("text")


@pytest.mark.usefixtures("slack")
async def test_a_file_that_was_written_by_hand_is_completed_and_stays_as_it_is_elsewhere(file: Path) -> None:
    write(
        file,
        "# à nous\n\nexport VIGIE_NOM='Vigile'\nSLACK_BOT_TOKEN=xoxb-ancien\nSLACK_BOT_TOKEN=xoxb-vieux # x\n"
        "# VIGIE_SAUVEGARDES=\n",
    )
    typist, works = await installing(
        file, "AGE", APP_TOKEN, BOT_TOKEN, "3", "U0ALICE", "oui", "./copies", ENTER
    )
    assert works, typist.said()
    assert "Où Vigie répondra-t-elle?" not in typist.said("title")
    assert text_of(file).splitlines()[:4] == [
        "# à nous",
        "",
        "export VIGIE_NOM='Vigile'",
        f"SLACK_BOT_TOKEN={BOT_TOKEN}",
    ]
    assert text_of(file).count("SLACK_BOT_TOKEN=") == 1
    assert f"\nVIGIE_SAUVEGARDES={file.parent / 'copies'}\n" in text_of(file)
    assert is_private(file)


async def test_what_the_environment_says_is_not_asked_and_is_blamed_when_it_is_wrong(
    slack: FakeSlack, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_APP_TOKEN", APP_TOKEN)
    monkeypatch.setenv("SLACK_BOT_TOKEN", BOT_TOKEN)
    typist, works = await installing(file, "AGE", "3", "U0ALICE", "oui", ENTER, "4", ENTER)
    assert works, typist.said()
    assert "vient de l'environnement (SLACK_BOT_TOKEN)" in typist.said("bad")
    assert BOT_TOKEN not in text_of(file)
    slack.refused = "account_inactive"
    typist, works = await installing(file)
    assert works is None
    assert "vient de l'environnement (SLACK_BOT_TOKEN)" in typist.said("bad")


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("VIGIE_PROT=8", "VIGIE_PROT\u00a0: ce réglage n'existe pas."),
        ("SLACK_API_URL='pas une adresse'", "SLACK_API_URL\u00a0: doit être une adresse complète"),
        ("DISCORD_API_URL=http://[::1", "DISCORD_API_URL\u00a0: doit être une adresse complète"),
        ("n'importe quoi", "il faut un nom, le signe = et une valeur."),
    ],
)
async def test_what_is_not_asked_about_and_is_wrong_is_said_before_any_question(
    file: Path, setting: str, said: str
) -> None:
    write(file, f"{setting}\nSLACK_BOT_TOKEN=jeton\n")
    typist, works = await installing(file)
    assert works is False
    [problem] = typist.said("bad").splitlines()
    assert said in problem
    assert str(file) in typist.said("text")


def test_the_folder_of_the_file_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    answers_in(tmp_path / "config" / "vigie" / "vigie.env")
    assert (tmp_path / "config" / "vigie").stat().st_mode & 0o777 == 0o700


def test_a_file_that_cannot_be_written_is_said_before_any_question() -> None:
    with pytest.raises(StorageError, match="impossible d'écrire /dev/null/vigie"):
        answers_in(Path("/dev/null/vigie.env"))


def test_a_file_that_is_a_folder_or_not_text_is_said_before_any_question(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="est un dossier"):
        answers_in(tmp_path)
    (tmp_path / "vigie.env").write_bytes(b"A=\xe9\n")
    with pytest.raises(StorageError, match="UTF-8"):
        answers_in(tmp_path / "vigie.env")


def test_without_a_terminal_it_says_what_to_do() -> None:
    done = vigie("installer")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "dans un terminal (à distance\u00a0: ssh -t)" in done.stderr


def test_it_costs_nothing_to_the_other_commands() -> None:
    heavy = "{'discord', 'slack_sdk', 'rich'} & set(sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys, bot.cli.main; sys.exit(len({heavy}))"], check=False
    )
    assert done.returncode == 0
