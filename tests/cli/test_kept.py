"""What the command line does with what is kept: on the right database, and in one line when it cannot."""

from __future__ import annotations

import asyncio
import re
import socket
import stat
from contextlib import ExitStack, closing, suppress
from datetime import date
from pathlib import Path

import pytest

from bot.app.unpublished import settle_failure
from bot.backup import destroyed
from bot.cli import main
from bot.conversation.requests import Actor
from bot.operations.health import HOST
from bot.people import persons, roles
from bot.register import registrar, signing
from bot.register.attestations import Attesting
from bot.settings import HEALTH_PORT
from bot.storage.database import Storage, beside
from tests.cli.test_main import vigie
from tests.kits.people import ALEX, COUNCIL_ROLE, NOW
from tests.kits.platforms.fake_slack import BOT_TOKEN, FakeSlack
from tests.kits.register import PA20
from tests.kits.versions import of_development
from tests.register.test_receipt import ISSUER

TOKEN = {"DISCORD_TOKEN": "x", "DISCORD_API_URL": "http://127.0.0.1:9"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("vigie.db", "vigie-essai.db"):
        Storage(tmp_path / name).close()
    return tmp_path


@pytest.mark.parametrize(
    "words",
    [
        ("pause",),
        ("reprendre",),
        ("retenus",),
        ("lettres",),
        ("sauvegarder", "copie.db"),
        ("restaurer", "copie.db"),
        ("roles", "lister"),
        ("donnees", "certificat"),
        ("confidentialite", "lister"),
    ],
)
def test_without_a_token_nothing_is_done_to_the_sandbox_by_mistake(
    folder: Path, words: tuple[str, ...]
) -> None:
    done = vigie(*words, VIGIE_DB=str(folder / "vigie.db"))
    assert done.returncode == 2
    assert "aucun jeton n'est réglé" in done.stderr
    assert str(folder / "vigie-essai.db") in done.stderr


def test_the_sandbox_is_meant_when_one_says_so_and_the_bot_s_when_there_is_a_token(folder: Path) -> None:
    database = str(folder / "vigie.db")
    assert vigie("--essai", "pause", VIGIE_DB=database).returncode == 0
    assert vigie("reprendre", VIGIE_DB=database, **TOKEN).stdout == "Les envois n'étaient pas arrêtés.\n"
    with beside(folder / "vigie-essai.db") as db:
        assert db.conn.execute("SELECT name FROM state").fetchall() == [("paused",)]


def test_a_damaged_list_of_what_was_destroyed_is_no_traceback(folder: Path) -> None:
    settings = {"VIGIE_DB": str(folder / "vigie.db"), **TOKEN}
    saved = vigie("sauvegarder", str(folder / "copie.db"), **settings)
    assert re.search("\u00a0: \\d{1,3}\u00a0\\d{3} octets", saved.stdout)
    (folder / "cles").mkdir()
    (folder / "cles" / destroyed.FILE).write_bytes("people é\n".encode())
    done = vigie("restaurer", str(folder / "copie.db"), "--en-clair", **settings)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_register_that_cannot_be_opened_is_one_line(folder: Path) -> None:
    (folder / "vigie.db.incidents").mkdir()
    done = vigie("confidentialite", "lister", VIGIE_DB=str(folder / "vigie.db"), **TOKEN)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


def test_what_is_attested_in_the_sandbox_is_verified_like_the_rest_until_it_starts_again(
    folder: Path,
) -> None:
    settings, keys = {"VIGIE_DB": str(folder / "vigie.db")}, folder / "cles-essai"
    with closing(Storage(folder / "vigie-essai.db")) as storage:
        clerk = registrar.Registrar(storage, ISSUER, lambda _: signing.load_signer(keys, create=True), keys)

        def attest() -> None:
            with storage.transaction() as db:
                person = persons.known(db, ALEX)
                clerk.attest(db, Attesting(person, "Zoé", persons.account(ALEX), PA20, NOW))
            clerk.catch_up()

        storage.executor.submit(attest).result()
    assert "intact\u00a0: 1 inscription" in vigie("--essai", "registre", "verifier", **settings).stdout
    file = str(folder / "recu.pdf")
    assert vigie("--essai", "registre", "recu", "1", "--sortie", file, **settings).returncode == 0
    assert "authentique" in vigie("--essai", "registre", "verifier", file, **settings).stdout
    checked = vigie("--essai", "diagnostic", **settings).stdout
    assert "anomalie" not in checked
    assert "aucun jeton n'est réglé\u00a0: seul le bac à sable s'ouvrira" in checked
    bank = folder / "donnees-essai" / "politique" / "pa20" / "questions.jsonl"
    bank.parent.mkdir(parents=True)
    bank.write_text("")
    main._erase(folder / "vigie-essai.db", keys, folder / "donnees-essai")
    assert not (keys / signing.ATTESTATIONS.name).exists()
    assert not bank.exists()
    assert "authentique" in vigie("--essai", "registre", "verifier", file, **settings).stdout


def test_a_folder_in_the_place_of_the_sandbox_s_database_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "vigie-essai.db").mkdir()
    done = vigie("servir", VIGIE_DB=str(tmp_path / "vigie.db"))
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


def test_the_source_is_blamed_for_what_the_source_refuses(folder: Path) -> None:
    database = folder / "vigie.db"
    database.write_bytes(b"SQLite format 3\x00" + b"\x00" * 200)
    done = vigie("sauvegarder", str(folder / "copie.db"), VIGIE_DB=str(database), **TOKEN)
    assert str(database) in done.stderr


def test_a_taken_port_is_a_problem_but_for_a_sandbox_where_nobody_chose_it(folder: Path) -> None:
    database = str(folder / "vigie.db")
    with ExitStack() as held:
        with suppress(OSError):  # something else holds it, which does as well
            held.enter_context(socket.create_server((HOST, HEALTH_PORT)))
        taken = f"le port {HEALTH_PORT} n'est pas libre"
        assert taken in vigie("diagnostic", VIGIE_DB=database, **TOKEN).stdout
        chosen = vigie("diagnostic", VIGIE_DB=database, VIGIE_SANTE_PORT=str(HEALTH_PORT))
        assert taken in chosen.stdout
        assert chosen.returncode == 1
        another = vigie("diagnostic", VIGIE_DB=database)
    assert taken not in another.stdout
    assert another.returncode == 0


@pytest.mark.parametrize("setting", ["VIGIE_SIGNALEMENT_PORT", "VIGIE_SITE_PORT"])
def test_every_port_that_the_bot_would_open_is_tried(folder: Path, setting: str) -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = str(taken.getsockname()[1])
        done = vigie("diagnostic", VIGIE_DB=str(folder / "vigie.db"), **{setting: port}, **TOKEN)
    assert re.search(rf"erreur\s+ports\s+le port {port} n'est pas libre.*{setting}", done.stdout)


def test_a_site_that_cannot_be_published_is_said(folder: Path) -> None:
    def found(site: Path) -> str:
        done = vigie("diagnostic", VIGIE_DB=str(folder / "vigie.db"), VIGIE_SITE=str(site), **TOKEN)
        return next(line for line in done.stdout.splitlines() if re.match(r"\w+ +site ", line))

    assert found(folder / "public").startswith("ok ")
    assert not (folder / "public").exists()
    occupied = folder / "occupe"
    occupied.mkdir()
    (occupied / "autre.txt").write_text("x")
    assert f"{occupied} contient autre chose qu'un site. Donnez un dossier vide" in found(occupied)
    assert "/proc/site ne peut pas être écrit" in found(Path("/proc/site")), "where nobody may write"
    with beside(folder / "vigie.db") as db:
        settle_failure(db, "le disque est plein.", NOW)
    assert found(folder / "public").endswith("la dernière publication a échoué\u00a0: le disque est plein.")
    with beside(folder / "vigie.db") as db:
        settle_failure(db, "", NOW)
    assert found(folder / "public").startswith("ok ")


def test_an_administration_that_the_platforms_do_not_reach_is_said(folder: Path) -> None:
    database = folder / "vigie.db"
    with beside(database) as db:
        roles.seed(db)
        person = persons.known(db, Actor("slack", "T1", "U0ADMIN"))
        roles.appoint(db, roles.ADMINISTRATION, person, date(2026, 1, 1))
    alone = vigie("diagnostic", VIGIE_DB=str(database), **TOKEN).stdout
    [line] = [line for line in alone.splitlines() if "n'a de compte que sur Slack" in line]
    assert line.startswith("erreur")
    assert line.endswith("vigie roles nommer administration discord:123456789012345678")
    with beside(database) as db:
        other = persons.known(db, Actor("discord", "", "1"))
        roles.appoint(db, roles.ADMINISTRATION, other, date(2026, 1, 1), replacing=False)
    assert "n'a de compte" not in vigie("diagnostic", VIGIE_DB=str(database), **TOKEN).stdout


def test_a_diagnosis_creates_nothing(folder: Path) -> None:
    for name in folder.glob("*.lock"):
        name.unlink()
    vigie("diagnostic", VIGIE_DB=str(folder / "vigie.db"), VIGIE_SANTE_PORT="19", **TOKEN)
    assert not list(folder.glob("*.lock"))
    assert stat.S_IMODE((folder / "vigie.db").stat().st_mode) == 0o600


def test_a_diagnosis_asks_the_mail_server_and_reads_the_policies(folder: Path) -> None:
    mail = {"VIGIE_SMTP": "smtp://127.0.0.1:9", "VIGIE_COURRIEL_DE": "vigie@exemple.ca"}
    done = vigie("diagnostic", VIGIE_DB=str(folder / "vigie.db"), **mail, **TOKEN)
    assert re.search(r"erreur\s+Courriel\s+le serveur de courriel 127.0.0.1:9 ne répond pas", done.stdout)
    assert re.search(r"ok\s+politiques\s+lues\u00a0: PA20", done.stdout)


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("", "le rapport du mois n'est envoyé à personne"),
        (
            f"{COUNCIL_ROLE}, {roles.ADMINISTRATION}",
            "à «\u00a0Conseil exécutif\u00a0», «\u00a0Administration\u00a0».",
        ),
    ],
)
def test_a_diagnosis_says_who_receives_the_report_of_the_month(folder: Path, setting: str, says: str) -> None:
    with closing(Storage(folder / "vigie.db")) as storage, storage.transaction() as db:
        roles.seed(db)
    done = vigie("diagnostic", VIGIE_DB=str(folder / "vigie.db"), VIGIE_RAPPORT_ROLES=setting, **TOKEN)
    [line] = re.findall(r"ok\s+rapport\s+(.*)", done.stdout)
    assert says in line


def test_a_diagnosis_never_says_that_a_mail_server_it_did_not_ask_accepts_vigie(folder: Path) -> None:
    mail = {"VIGIE_SMTP": "smtp://127.0.0.1:9", "VIGIE_COURRIEL_DE": "vigie@exemple.ca"}
    done = vigie("--essai", "diagnostic", VIGIE_DB=str(folder / "vigie.db"), **mail)
    assert re.search(r"avis\s+Courriel\s+.*n'a pas été vérifié", done.stdout)
    assert "accepte" not in done.stdout


async def test_a_diagnosis_looks_at_the_channels_of_announcements_and_writes_once_to_an_administrator(
    folder: Path,
) -> None:
    settings = {
        "VIGIE_DB": str(folder / "vigie.db"),
        "VIGIE_CANAUX_ANNONCES": "slack/T1/C1, discord/1/123456789012345678",
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_SIGNING_SECRET": "secret",
    }
    with beside(folder / "vigie.db") as db:
        roles.seed(db)
        roles.appoint(db, roles.ADMINISTRATION, persons.known(db, ALEX), date(2026, 1, 1))
    slack = FakeSlack()
    async with slack.serving():
        for _ in range(2):
            done = await asyncio.to_thread(vigie, "diagnostic", SLACK_API_URL=slack.api_url, **settings)
    assert "canal C1 (VIGIE_CANAUX_ANNONCES)" in done.stdout
    assert "VIGIE_CANAUX_ANNONCES nomme un canal de Discord, qui n'a pas de jeton." in done.stdout
    assert "Vigie retrouve ses propres messages" in done.stdout
    assert sum(map(len, slack.posted.values())) == 1


async def test_a_diagnosis_without_an_administrator_on_slack_tries_in_their_channel_or_says_that_it_could_not(
    folder: Path,
) -> None:
    settings = {
        "VIGIE_DB": str(folder / "vigie.db"),
        "VIGIE_CANAUX_ADMIN": "slack/T1/C1",
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_SIGNING_SECRET": "secret",
    }
    slack = FakeSlack()
    async with slack.serving():

        async def diagnose() -> str:
            return (
                await asyncio.to_thread(vigie, "diagnostic", SLACK_API_URL=slack.api_url, **settings)
            ).stdout

        assert "je n'ai pas pu vérifier que Vigie retrouve ses messages" in await diagnose()
        assert not any(slack.posted.values())
        slack.rules.granted.add("channels:history")
        for _ in range(2):
            assert "Vigie retrouve ses propres messages" in await diagnose()
    assert sum(map(len, slack.posted.values())) == 1


def test_a_diagnosis_of_a_damaged_database_says_the_rest_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "vigie.db").write_bytes(b"ceci n'est pas une base" * 100)
    done = vigie("diagnostic", VIGIE_DB=str(tmp_path / "vigie.db"), **TOKEN)
    assert done.returncode == 1
    assert done.stderr == ""
    assert "n'est pas une base de Vigie" in done.stdout
    assert "Discord" in done.stdout


@pytest.mark.parametrize(
    "words", [("pause",), ("diagnostic",), ("servir",), ("registre", "exporter"), ("donnees", "certificat")]
)
def test_a_database_from_before_the_first_release_is_refused_in_one_line(
    folder: Path, words: tuple[str, ...]
) -> None:
    of_development(folder / "vigie.db")
    done = vigie(*words, VIGIE_DB=str(folder / "vigie.db"), **TOKEN)
    ((line),) = [line for line in (done.stdout + done.stderr).splitlines() if "développement" in line]
    assert "Rien n'est effacé." in line
    assert done.returncode == (1 if words == ("diagnostic",) else 2)
    assert "Traceback" not in done.stderr
