"""The keys and the sealed copies, as the command line and the night meet them: lost, swapped, forged."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from bot.backup import copies, destroyed
from bot.people import persons, roles
from bot.register import attestations, heads, signing
from bot.register.attestations import Attesting
from bot.reports import filing
from bot.reports import keys as report_keys
from bot.reports.records import Records, Session
from bot.settings import Settings
from bot.storage import keepsakes
from bot.storage.database import Storage, beside, reader
from bot.times import in_words
from tests.cli.test_main import vigie
from tests.kits.office import CALENDAR
from tests.kits.people import ALEX, NOW
from tests.kits.register import PA20
from tests.kits.reports.records import PLAN, a_report

pytestmark = pytest.mark.attack("Clés et copies forgées")

TOKEN = {"DISCORD_TOKEN": "x", "DISCORD_API_URL": "http://127.0.0.1:9"}
TODAY = Settings.model_validate({"discord_token": "x"}).today()


class Home:
    """A database with its keys and its copies, and the command line on them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.database = folder, folder / "vigie.db"
        self.keys, self.copies, self.double = (folder / name for name in ("cles", "sauvegardes", "double"))
        Storage(self.database).close()

    def __call__(self, *words: str) -> tuple[int, str]:
        """Return the exit code and all that was said."""
        done = vigie(*words, VIGIE_DB=str(self.database), VIGIE_SANTE_PORT="19", **TOKEN)
        return done.returncode, done.stdout + done.stderr

    def lines(self, subject: str) -> list[str]:
        """Return what the diagnostic says of a subject: the level, then the text."""
        report = json.loads(vigie("diagnostic", "--json", VIGIE_DB=str(self.database), **TOKEN).stdout)
        return [
            f"{check['level']} {check['text']}" for check in report["checks"] if check["subject"] == subject
        ]

    def night(self, days_ago: int = 0) -> Path:
        return copies.save_sealed(
            self.database, self.copies, self.keys, TODAY - timedelta(days=days_ago)
        ).path

    def attest(self) -> signing.Signer:
        signer = signing.load_signer(self.keys, create=True)
        with beside(self.database) as db:
            heads.note_beginning(db, self.keys, signer)
            person = persons.known(db, ALEX)
            attestations.attest(db, Attesting(person, "Zoé", persons.account(ALEX), PA20, NOW), signer)
            heads.advance(db, self.keys, lambda: signer)
        return signer

    def report(self) -> None:
        def file() -> None:
            with storage.transaction() as db:
                roles.seed(db)
                records = Records(lambda _: report_keys.load_keyring(self.keys, create=True), CALENDAR, PLAN)
                filing.file_report(Session(db, records, NOW), a_report("https://x.com/a/status/1"))

        with closing(Storage(self.database)) as storage:
            storage.executor.submit(file).result()

    def forget_key(self) -> None:
        """Put another key in the place of that of the copies."""
        (self.keys / copies.KEY_FILE).unlink()
        copies.copy_key(self.keys, create=True)


def with_its_sha256(copy: Path, content: bytes) -> None:
    """Write a file as whoever can write in the folder of copies would."""
    copy.parent.mkdir(exist_ok=True)
    copy.write_bytes(content)
    sha256 = hashlib.sha256(content).hexdigest()
    copy.with_name(f"{copy.name}.sha256").write_text(f"{sha256}  {copy.name}\n")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


# --- The key of the copies ----------------------------------------------------------------------


def test_a_lost_folder_of_keys_is_said_without_contradiction(home: Home) -> None:
    home.night()
    shutil.move(home.keys, home.double)
    [of_copies], of_keys = home.lines("copies"), home.lines("clés")
    assert of_copies.startswith("erreur")
    assert "il manque la clé" in of_copies
    assert {line.partition(" ")[0] for line in of_keys} == {"erreur"}
    assert not [line for line in (of_copies, *of_keys) if "seront faites" in line]


def test_the_oldest_and_the_newest_copies_are_opened(home: Home) -> None:
    home.night(20)
    home.night(10)
    first = copies.fingerprint(copies.copy_key(home.keys))
    home.forget_key()
    home.night(0)
    [of_copies] = home.lines("copies")
    assert of_copies.startswith(f"erreur celle du {in_words(TODAY - timedelta(days=20))} ne s'ouvre pas")
    assert f"il faut la clé {first}" in of_copies
    assert copies.key_named(copies.nightly(home.copies, TODAY - timedelta(days=20))) == first


def test_when_both_ends_open_the_diagnostic_names_them(home: Home) -> None:
    home.night(20)
    home.night(0)
    [of_copies] = home.lines("copies")
    assert of_copies.startswith("ok")
    oldest = in_words(TODAY - timedelta(days=20))
    assert f"{in_words(TODAY)}; la clé l'ouvre, comme la plus ancienne, {oldest}." in of_copies


# --- The double that is kept elsewhere ----------------------------------------------------------


def test_a_double_that_holds_every_key_in_use_is_said_good(home: Home) -> None:
    home.attest()
    home.report()
    home.night()
    shutil.copytree(home.keys, home.double)
    code, printed = home("cles", "verifier", str(home.double))
    assert code == 0, printed
    assert [line.split()[:2] for line in printed.splitlines()] == [
        ["ok", "copies"], ["ok", "signaler"], ["ok", "registre"],
    ]  # fmt: skip
    report = json.loads(home("cles", "verifier", str(home.double), "--json")[1])
    assert report["ok"]


def renew_reports(home: Home) -> None:
    report_keys.rotate(home.keys)


def renew_register(home: Home) -> None:
    signing.renew(home.keys)


def lose(name: str) -> Callable[[Home], None]:
    return lambda home: (home.double / name).unlink()


def from_nothing(home: Home) -> None:
    home.double.rename(home.folder / "elsewhere")
    home.double.mkdir()


@pytest.mark.parametrize(
    ("change", "subjects"),
    [
        (Home.forget_key, {"copies"}),
        (renew_reports, {"signaler"}),
        (renew_register, {"registre"}),
        (lose(copies.KEY_FILE), {"copies"}),
        (lose(report_keys.KEY_FILE), {"signaler"}),
        (lose(signing.KEY_FILE), {"registre"}),
        (lose(signing.PUBLIC_FILE), {"registre"}),
        (from_nothing, {"copies", "signaler", "registre"}),
    ],
)
def test_a_double_that_lacks_a_key_in_use_is_refused(
    home: Home, change: Callable[[Home], None], subjects: set[str]
) -> None:
    home.attest()
    home.report()
    home.night()
    shutil.copytree(home.keys, home.double)
    change(home)
    code, printed = home("cles", "verifier", str(home.double))
    assert code == 1, printed
    wrong = [line for line in printed.splitlines() if line.startswith("erreur")]
    assert {line.split()[1] for line in wrong} == subjects
    assert all("double" in line and "Refaites-le." in line for line in wrong), "the keys in use are there"


def test_a_double_without_the_list_of_what_was_destroyed_is_refused(home: Home) -> None:
    home.keys.mkdir(exist_ok=True)
    with closing(Storage(home.database)) as storage, storage.transaction() as db:
        keepsakes.ensure(db, destroyed.LIST, home.keys, needed=False)
    shutil.copytree(home.keys, home.double)
    code, printed = home("cles", "verifier", str(home.double))
    assert code == 0, printed
    assert "la liste de ce qui avait été détruit" in printed
    (home.double / destroyed.FILE).unlink()
    code, printed = home("cles", "verifier", str(home.double))
    assert code == 1
    assert f"le double n'a pas {home.double / destroyed.FILE}" in printed


def test_a_double_is_checked_against_what_it_must_open_when_the_keys_are_lost(home: Home) -> None:
    home.attest()
    home.report()
    home.night()
    shutil.move(home.keys, home.double)
    code, printed = home("cles", "verifier", str(home.double))
    assert code == 0, printed
    home.keys.mkdir()
    assert home("cles", "verifier", str(home.keys))[0] == 1


def test_an_association_without_any_key_yet_has_nothing_to_double(home: Home) -> None:
    home.double.mkdir()
    code, printed = home("cles", "verifier", str(home.double))
    assert code == 0, printed


def test_a_folder_that_does_not_exist_is_not_taken_for_a_double_without_keys(home: Home) -> None:
    home.attest()
    code, printed = home("cles", "verifier", str(home.double))
    assert code == 2
    assert f"«\u00a0{home.double}\u00a0» n'existe pas" in printed


# --- What is restored ---------------------------------------------------------------------------


def test_a_plain_database_under_the_name_of_a_sealed_copy_is_refused(home: Home) -> None:
    sealed = home.night()
    (home.folder / "autre").mkdir()
    other = Home(home.folder / "autre")
    with beside(other.database) as db:
        db.conn.execute("INSERT INTO people VALUES ('whoever-wrote-it')")
    with closing(reader(other.database).conn) as plain:
        with_its_sha256(sealed, plain.serialize())
    before = home.database.read_bytes()
    code, printed = home("restaurer", str(sealed))
    assert code == 2
    assert "n'est pas scellée" in printed
    assert "--en-clair" in printed
    assert len(printed.splitlines()) == 1
    assert home.database.read_bytes() == before
    assert home.lines("copies")[0].startswith("erreur")
    assert home("restaurer", str(sealed), "--en-clair")[0] == 0


def test_a_copy_made_by_hand_is_restored_when_one_says_that_it_is_in_the_clear(home: Home) -> None:
    copy = str(home.folder / "copie.db")
    assert home("sauvegarder", copy)[0] == 0
    assert home("restaurer", copy)[0] == 2
    assert home("restaurer", copy, "--en-clair")[0] == 0


def test_a_copy_renamed_to_another_night_is_refused(home: Home) -> None:
    former, today = home.night(9), copies.nightly(home.copies, TODAY)
    with_its_sha256(today, former.read_bytes())
    code, printed = home("restaurer", str(today))
    assert code == 2
    assert f"la copie de la nuit du {in_words(TODAY - timedelta(days=9))}" in printed
    assert home.lines("copies")[0].startswith("erreur")
    elsewhere = home.folder / "reprise.chiffre"
    with_its_sha256(elsewhere, former.read_bytes())
    code, printed = home("restaurer", str(elsewhere))
    assert code == 0
    assert f"C'est la copie de la nuit du {in_words(TODAY - timedelta(days=9))}." in printed


def test_the_day_of_a_copy_cannot_be_changed_in_its_seal(home: Home) -> None:
    sealed = home.night()
    content = bytearray(sealed.read_bytes())
    content[80] ^= 1
    with_its_sha256(sealed, bytes(content))
    code, printed = home("restaurer", str(sealed))
    assert (code, "altérée" in printed) == (2, True)


@pytest.mark.parametrize("in_clear", [[], ["--en-clair"]])
@pytest.mark.parametrize("part", ["header", "content"])
def test_a_copy_of_another_version_is_told_from_one_that_is_not_sealed(
    home: Home, part: str, in_clear: list[str]
) -> None:
    copy, key = home.night(), copies.copy_key(home.keys)
    content = copy.read_bytes().replace(b"vigie-sauvegarde-3", b"vigie-sauvegarde-4", 1)
    if part == "content":
        copies._write_sealed(copy, key, "without a day", b"")
        content = copy.read_bytes()
    with_its_sha256(copy, content)
    code, output = home("restaurer", str(copy), *in_clear)
    assert code == 2
    assert "a été faite par une autre version" in output
    assert "Traceback" not in output


def test_a_file_named_for_a_day_that_does_not_exist_is_no_traceback(home: Home) -> None:
    home.night()
    with_its_sha256(home.copies / "vigie-2026-13-45.chiffre", b"x")
    [of_copies] = home.lines("copies")
    assert of_copies.startswith("ok")
    assert in_words(TODAY) in of_copies


# --- The end of the register --------------------------------------------------------------------


def test_a_register_whose_end_note_is_missing_is_a_fault_until_it_is_admitted(home: Home) -> None:
    home.attest()
    assert home("registre", "verifier")[0] == 0
    (home.keys / signing.ATTESTATIONS.name).unlink()
    code, printed = home("registre", "verifier")
    assert code == 1
    assert signing.ATTESTATIONS.name in printed
    assert home.lines("registre")[0].startswith("erreur")
    assert home("registre", "reprendre", "--oui")[0] == 0
    assert home("registre", "verifier")[0] == 0
