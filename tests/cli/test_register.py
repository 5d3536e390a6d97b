"""The register from the command line, on files, in French."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlite_utils import Database

from bot.backup import destroyed
from bot.cli import main
from bot.cli import register as cli_register
from bot.register import attestations, heads, receipt, signing
from bot.storage.database import Storage, beside
from tests.kits.cli import invoke, parts_over
from tests.kits.register import attest, unlock
from tests.register.test_receipt import ISSUER

NAMES = ("Zoé Tremblay", "=1+1", "Cléo Ng")


@dataclass
class Home:
    """A database and its keys, with three attestations, and the command line on them."""

    folder: Path

    @property
    def database(self) -> Path:
        return self.folder / "vigie.db"

    @property
    def keys(self) -> Path:
        return self.folder / "cles"

    def __call__(self, *words: str, given: str = "") -> Result:
        bot = parts_over(self.database)
        bot.issuer = ISSUER
        return invoke(bot, cli_register.registre, *words, given=given)

    def change(self, work: Callable[[Database], object]) -> None:
        with beside(self.database) as db:
            work(db)

    def receipt(self) -> Path:
        file = self.folder / "recu.pdf"
        with beside(self.database) as db:
            found = next(iter(attestations.all_attestations(db)))
        file.write_bytes(receipt.make_receipt(found, ISSUER, signing.load_signer(self.keys)))
        return file


@pytest.fixture
def vigie(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    signer = signing.load_signer(home.keys, create=True)
    with closing(Storage(home.database)) as storage:

        def fill() -> None:
            with storage.transaction() as db:
                heads.note_beginning(db, home.keys, signer)
                for number, name in enumerate(NAMES, 1):
                    attest(db, f"U{number}", name, signer)
                heads.advance(db, home.keys, lambda: signer)

        storage.executor.submit(fill).result()
    return home


def alter(db: Database) -> None:
    unlock(db)
    db.conn.execute("UPDATE attestations SET attested_at = '2020-01-01T00:00:00Z' WHERE number = 2")


def shorten(db: Database) -> None:
    unlock(db)
    for table in ("attestation_people", "attestations"):
        db.conn.execute(f"DELETE FROM {table} WHERE number = 3")  # noqa: S608


def test_a_sound_register_is_said_to_be(vigie: Home) -> None:
    done = vigie("verifier")
    assert (done.exit_code, done.output) == (0, "Le registre est intact\u00a0: 3 inscriptions.\n")
    report = json.loads(vigie("verifier", "--json").output)
    certificates = {"entries": 0, "erased": 0, "end_checked": False, "faults": []}
    assert report == {
        "ok": True,
        "attestations": 3,
        "erased": 0,
        "end_checked": True,
        "faults": [],
        "certificates": certificates,
    }


def test_the_first_bad_entry_is_told(vigie: Home) -> None:
    vigie.change(alter)
    done = vigie("verifier")
    assert done.exit_code == 1
    assert done.output.startswith(
        "Le registre a été altéré. Première inscription en cause\u00a0: 2\u00a0: son contenu a été modifié."
    )
    assert json.loads(vigie("verifier", "--json").output)["faults"][0]["number"] == 2


def test_a_missing_end_is_told_until_it_is_admitted(vigie: Home) -> None:
    vigie.change(shorten)
    done = vigie("verifier")
    assert done.exit_code == 1
    assert "Il manque la fin\u00a0: 3." in done.output
    assert vigie("reprendre").exit_code == 1  # nobody said yes
    assert vigie("verifier").exit_code == 1
    done = vigie("reprendre", "--oui")
    assert (
        done.output == "Le registre reprend après l'inscription 2. L'ancienne fin\u00a0: registre.tete.1.\n"
    )
    assert vigie("verifier").exit_code == 0


def test_a_register_without_the_note_of_its_end_is_at_fault_until_it_is_admitted(vigie: Home) -> None:
    (vigie.keys / signing.ATTESTATIONS.name).unlink()
    done = vigie("verifier")
    assert done.exit_code == 1
    assert "Ce qui dit où il finit, registre.tete, n'est plus à côté des clés." in done.output
    report = json.loads(vigie("verifier", "--json").output)
    assert (report["ok"], report["end_checked"], len(report["faults"])) == (False, False, 1)
    assert vigie("reprendre", "--oui").output == "Le registre reprend après l'inscription 3.\n"
    assert vigie("verifier").exit_code == 0


def test_a_note_of_the_end_that_was_forged_is_told(vigie: Home) -> None:
    signing.note_head(vigie.keys, signing.Head(1, "a" * 64), signing.new_signer())
    done = vigie("verifier")
    assert done.exit_code == 1
    assert "n'est signé d'aucune clé connue" in done.output


def test_an_empty_register_is_sound(vigie: Home, tmp_path: Path) -> None:
    other = Home(tmp_path / "autre")
    other.folder.mkdir()
    Storage(other.database).close()
    assert other("verifier").output == "Le registre est intact\u00a0: 0 inscription.\n"
    assert vigie("verifier").exit_code == 0


def test_the_register_is_verified_elsewhere_with_the_public_keys(vigie: Home, tmp_path: Path) -> None:
    public = tmp_path / "publiques.txt"
    public.write_text(vigie("cle").output)
    vigie.keys.rename(tmp_path / "ailleurs")
    assert vigie("verifier", "--cles", str(public)).exit_code == 1, "nothing says where it ends"
    (tmp_path / "ailleurs" / signing.ATTESTATIONS.name).rename(tmp_path / signing.ATTESTATIONS.name)
    assert vigie("verifier", "--cles", str(public)).exit_code == 0
    assert vigie("verifier").exit_code == 1
    assert vigie("cle").exit_code == 2


def test_a_receipt_is_verified_without_the_database(vigie: Home, tmp_path: Path) -> None:
    file, public = vigie.receipt(), tmp_path / "publiques.txt"
    public.write_text(vigie("cle").output)
    vigie.database.unlink()
    vigie.keys.rename(tmp_path / "ailleurs")
    done = vigie("verifier", str(file), "--cles", str(public))
    assert done.exit_code == 0
    assert done.output.startswith("Ce reçu est authentique.\n«\u00a0J'atteste avoir lu la PA20")
    assert "Zoé Tremblay, le 24\u00a0novembre\u00a02026, 10\u00a0h\u00a000 (UTC−5)\n" in done.output
    report = json.loads(vigie("verifier", str(file), "--cles", str(public), "--json").output)
    assert (report["ok"], report["name"], report["number"]) == (True, "Zoé Tremblay", 1)


def test_anyone_with_the_public_keys_verifies_a_receipt_where_nothing_is_installed(
    vigie: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, public = vigie.receipt(), tmp_path / "publiques.txt"
    public.write_text(vigie("cle").output)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")

    def verified(*words: str) -> Result:
        return CliRunner().invoke(main.vigie, ("--reglages", os.devnull, "registre", "verifier", *words))

    done = verified(str(file), "--cles", str(public))
    assert done.exit_code == 0
    assert done.output.startswith("Ce reçu est authentique.")
    assert "aucune clé publique" in verified(str(file)).output
    assert "aucun jeton n'est réglé" in verified().output


def test_a_forged_receipt_is_refused(vigie: Home) -> None:
    file = vigie.receipt()
    file.write_bytes(file.read_bytes().replace(b"Attestation de lecture", b"Attestation de LECTURE"))
    done = vigie("verifier", str(file))
    assert (done.exit_code, done.output) == (
        1,
        "recu.pdf\u00a0: ce reçu a été modifié depuis qu'il a été remis.\n",
    )
    assert json.loads(vigie("verifier", str(file), "--json").output)["ok"] is False


def test_a_receipt_without_any_key_is_not_believed(vigie: Home, tmp_path: Path) -> None:
    file = vigie.receipt()
    vigie.keys.rename(tmp_path / "ailleurs")
    done = vigie("verifier", str(file))
    assert done.exit_code == 2
    assert "aucune clé publique" in done.output
    assert vigie("verifier", str(tmp_path / "absent.pdf"), "--cles", str(file)).exit_code == 2


def test_a_new_key_leaves_the_former_receipts_good(vigie: Home) -> None:
    file = vigie.receipt()
    done = vigie("cle", "--renouveler")
    assert done.exit_code == 0
    assert len(done.stdout.splitlines()) == 2
    assert vigie("verifier", str(file)).exit_code == 0
    assert vigie("verifier").exit_code == 0


def test_the_register_is_exported_for_a_spreadsheet(vigie: Home) -> None:
    rows = list(csv.DictReader(io.StringIO(vigie("exporter").output)))
    assert [row["nom"] for row in rows] == ["Zoé Tremblay", "'=1+1", "Cléo Ng"]
    assert rows[0]["numero"] == "1"
    assert rows[0]["version"] == "2015-12-13"
    assert rows[1]["precedente"] == rows[0]["empreinte"]


def test_the_register_is_exported_with_what_verifies_it(vigie: Home) -> None:
    register = json.loads(vigie("exporter", "--json").output)
    assert [attestation["name"] for attestation in register["attestations"]] == list(NAMES)
    assert set(register["keys"]) == {attestation["key_id"] for attestation in register["attestations"]}


def test_a_name_is_erased_and_remembered_to_be(vigie: Home) -> None:
    with beside(vigie.database) as db:
        [(row_id,)] = db.conn.execute("SELECT id FROM attestation_people WHERE number = 1").fetchall()
    assert vigie("effacer", "1", "--oui").output == "C'est effacé.\n"
    assert vigie("effacer", "1", "--oui").exit_code == 1
    assert destroyed.recorded(vigie.keys) == {destroyed.row_hash("attestation_people", row_id)}
    assert (
        vigie("verifier").output
        == "Le registre est intact\u00a0: 3 inscriptions, dont 1 sans nom, effacé depuis.\n"
    )


def test_what_does_not_come_back_is_asked_in_french(vigie: Home) -> None:
    assert vigie("effacer", "1", given="non\n").exit_code == 1
    done = vigie("effacer", "1", given="yes\nO\n")
    assert "Effacer? (oui ou non)" in done.output
    assert "répondez oui ou non." in done.output
    assert done.output.endswith("C'est effacé.\n")


def test_without_a_database_one_is_told(vigie: Home) -> None:
    vigie.database.unlink()
    for words in (("verifier",), ("exporter",), ("effacer", "1", "--oui")):
        done = vigie(*words)
        assert done.exit_code == 2
        assert "il n'y a pas de base" in done.output


def test_the_receipt_of_an_entry_is_made_again(vigie: Home) -> None:
    file = vigie.folder / "encore.pdf"
    done = vigie("recu", "2", "--sortie", str(file))
    assert (done.exit_code, done.output) == (0, f"Le reçu de l'inscription 2 est dans {file}.\n")
    found = json.loads(vigie("verifier", str(file), "--json").output)
    assert (found["ok"], found["number"], found["name"]) == (True, 2, NAMES[1])
    report = json.loads(vigie("recu", "2", "--sortie", str(file), "--json").output)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert report == {"ok": True, "number": 2, "file": str(file), "sha256": digest}


def test_there_is_no_receipt_of_what_is_not_there_or_has_no_name_any_more(
    vigie: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(vigie.folder)
    vigie.change(lambda db: attestations.erase_identity(db, 3, lambda _table, _ids: None))
    for number, why in (("9", "n'existe pas"), ("3", "effacé")):
        done = vigie("recu", number)
        assert (done.exit_code, why in done.output) == (1, True)
        report = json.loads(vigie("recu", number, "--json").output)
        assert (report["ok"], report["number"]) == (False, int(number))
        assert not (vigie.folder / f"recu-{number}.pdf").exists()
    assert vigie("recu", "1").exit_code == 0
    assert (vigie.folder / "recu-1.pdf").exists()


def test_a_receipt_that_cannot_be_written_is_said_in_one_line(vigie: Home) -> None:
    done = vigie("recu", "1", "--sortie", str(vigie.folder / "absent" / "recu.pdf"))
    assert done.exit_code == 2
    assert "ne peut pas être écrit" in done.output
