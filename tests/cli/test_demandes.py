"""`vigie demandes`, and certificates by `vigie registre`."""

from __future__ import annotations

import csv
import io
import json
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from click import Command
from click.testing import Result
from sqlite_utils import Database

from bot.cli import permissions as cli_permissions
from bot.cli import register as cli_register
from bot.people import roles
from bot.permissions import certificates as permissions
from bot.permissions import requests
from bot.permissions.requests import Ruling
from bot.privacy import personal_data
from bot.register import certificate_page, certificates, heads, signing
from bot.register.registrar import Registrar
from bot.storage.database import Storage, beside
from bot.storage.destruction import forgets_nothing
from tests.kits.cli import invoke, parts_over
from tests.kits.people import COMMUNICATIONS_ROLE, COUNCIL_ROLE, day, person
from tests.permissions.desks import a_desk, asked, at, granted, library
from tests.register.test_receipt import ISSUER
from tests.register.test_receipt import words as words_of_page


class Home:
    """A database with requests, their certificates and keys, and the command line on them."""

    def __init__(self, folder: Path, subject: str = "Le club de lecture") -> None:
        self.database, self.keys = folder / "vigie.db", folder / "cles"
        self.signer = signing.load_signer(self.keys, create=True)
        with closing(Storage(self.database)) as storage:
            self.registrar = Registrar(storage, ISSUER, lambda _: self.signer, self.keys)
            desk = a_desk(certify=partial(permissions.certify, self.registrar))

            def fill() -> None:
                with storage.transaction() as db:
                    roles.seed(db)
                    for role, user in ((COMMUNICATIONS_ROLE, "VP"), (COUNCIL_ROLE, "CE")):
                        roles.appoint(db, role, person(db, user), day(-9))
                    session = at(db, desk=desk)
                    granted(session, until=day(6), subject=subject)
                    granted(session, kind="logo", by="CE")
                    over = granted(session)
                    requests.withdraw(session, over.id, person(db, "VP"))
                    asked(session)
                    refused = asked(session)
                    no = Ruling(granted=False, reason="Il y en a une.")
                    requests.decide(session, refused.id, person(db, "VP"), no)

            storage.executor.submit(fill).result()
            storage.executor.submit(self.registrar.catch_up).result()

    def __call__(self, command: Command, *words: str) -> Result:
        bot = parts_over(self.database)
        bot.issuer = ISSUER
        return invoke(bot, command, *words)

    def page(self, folder: Path, which: int = -1) -> Path:
        """Write the page of a certificate, the first by default."""
        with beside(self.database) as db:
            request = requests.register(db)[which]
            (certificate,) = certificates.certificates_of(db, request.id)
            names = requests.names(db, request.id)
        plain = {party: name for party, (name, _) in names.items()}
        data = permissions.page_data(library(), "Radio Cité", certificate, plain)
        file = folder / "certificat.pdf"
        file.write_bytes(certificate_page.make_page(certificate, names, data, self.signer))
        return file


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_the_state_is_told_without_what_was_written(home: Home) -> None:
    done = home(cli_permissions.demandes)
    assert done.exit_code == 0
    assert done.output.splitlines()[:4] == [
        "En attente d'une réponse\u00a0: 1",
        "En vigueur\u00a0: 2, dont 1 qui finit d'ici 14 jours",
        "Terminées ou retirées\u00a0: 1",
        "Refusées ou annulées\u00a0: 1",
    ]
    output = home(cli_permissions.demandes, "--json").output
    counts = {"waiting": 1, "in_force": 2, "ending": 1, "over": 1, "refused": 1}
    assert counts.items() <= json.loads(output).items()
    for words in ("Le club de lecture", "Zoé Tremblay", "Le Quang Vinh"):
        assert words not in done.output + output
        assert words in home(cli_permissions.demandes, "--noms", "--json").output


def test_what_is_not_offered_is_said(home: Home) -> None:
    assert "VIGIE_DEMANDES" in home(cli_permissions.demandes).output  # no role decides of the logo


def test_both_chains_are_verified(home: Home) -> None:
    done = home(cli_register.registre, "verifier")
    assert done.exit_code == 0
    assert "Le registre des certificats est intact\u00a0: 4 inscriptions." in done.output

    def alter(db: Database) -> None:
        db.conn.execute("DROP TRIGGER certificates_are_not_changed")
        db.conn.execute("UPDATE certificates SET commitment = 'x' WHERE number = 2")

    with beside(home.database) as db:
        alter(db)
    done = home(cli_register.registre, "verifier")
    assert done.exit_code == 1
    assert "Le registre des certificats a été altéré. Première inscription en cause\u00a0: 2" in done.output
    assert not json.loads(home(cli_register.registre, "verifier", "--json").output)["ok"]


def test_a_certificate_is_verified_with_and_without_its_register(home: Home, tmp_path: Path) -> None:
    file = home.page(tmp_path)
    done = home(cli_register.registre, "verifier", str(file))
    assert done.exit_code == 0
    assert "Zoé Tremblay peut tenir une page au nom de l'association." in done.output
    assert "Elle est en vigueur jusqu'au" in done.output
    home.database.rename(tmp_path / "ailleurs.db")
    done = home(cli_register.registre, "verifier", str(file))
    assert done.exit_code == 0
    assert "Selon ce certificat, signé le" in done.output
    file.write_bytes(file.read_bytes().replace(b"%vigie-certificat-1\n%", b"%vigie-certificat-1\n%A"))
    assert home(cli_register.registre, "verifier", str(file)).exit_code == 1


@pytest.mark.parametrize("whose", [{"signer": "Noé D'Arcy"}, {"consenter": "U2"}])
def test_a_certificate_of_a_consent_names_the_person_in_the_picture(
    home: Home, tmp_path: Path, whose: dict[str, str]
) -> None:
    with beside(home.database) as db:
        whose = {party: person(db, user) if party == "consenter" else user for party, user in whose.items()}
        desk = a_desk(certify=partial(permissions.certify, home.registrar))
        sent = asked(at(db, desk=desk), kind="image", image="Deux personnes", **whose)
        consenter, name = whose.get("consenter", person(db, "VP")), whose.get("signer", "Noé Roy")
        ruling = Ruling(granted=True, name="Noé Roy")
        requests.decide(at(db, desk=desk), sent.id, consenter, ruling)
    file = home.page(tmp_path, 0)
    done = home(cli_register.registre, "verifier", str(file))
    assert f"Zoé Tremblay peut publier une image où est {name}.\n" in done.output
    assert f"peut publier une image où est {name}" in words_of_page(file.read_bytes(), tmp_path)


def test_a_certificate_whose_content_is_erased_is_said_to_hold_no_longer(home: Home, tmp_path: Path) -> None:
    """Who consented and then erased themselves withdrew: the page that others still have must say so."""
    file = home.page(tmp_path)
    with beside(home.database) as db:
        me = person(db, "U1")
        for request in requests.register(db):
            if request.state == "granted":
                desk = a_desk(certify=partial(permissions.certify, home.registrar))
                requests.withdraw(at(db, 1, desk), request.id, me)
        personal_data.erase(db, me, day(1), forgets_nothing)
    done = home(cli_register.registre, "verifier", str(file))
    assert "Elle ne vaut plus\u00a0: ce que le registre en disait est effacé." in done.output
    assert "n'est pas là" not in done.output


def test_a_certificate_that_the_register_lacks_is_said_to_be_unknown(home: Home, tmp_path: Path) -> None:
    file = home.page(tmp_path)
    with beside(home.database) as db:
        db.conn.execute("DROP TRIGGER certificates_are_not_deleted")
        db.conn.execute("DELETE FROM certificate_contents")
        db.conn.execute("DELETE FROM certificates")
    done = home(cli_register.registre, "verifier", str(file))
    assert "n'a pas cette inscription" in done.output
    assert "en vigueur" not in done.output


def test_what_people_wrote_forges_no_line(tmp_path: Path) -> None:
    forged = "Le logo\nAccordée par\u00a0: Léa Roy (Présidence)\n\nElle est en vigueur, sans date de fin."
    home = Home(tmp_path, forged)
    done = home(cli_register.registre, "verifier", str(home.page(tmp_path)))
    assert "noms sont ceux que les personnes ont écrits" in done.output.splitlines()[0]
    for line in done.output.splitlines():
        assert not line.startswith(("Accordée par\u00a0: Léa", "Elle est en vigueur, sans"))
    listed = home(cli_permissions.demandes, "--noms").output.splitlines()
    assert not [line for line in listed if line.startswith("Accordée")]


def test_certificates_are_exported(home: Home) -> None:
    rows = list(csv.DictReader(io.StringIO(home(cli_register.registre, "exporter", "--certificats").output)))
    assert [row["numero"] for row in rows] == ["1", "2", "3", "4"]
    exported = json.loads(home(cli_register.registre, "exporter", "--certificats", "--json").output)
    assert [row["content"]["event"] for row in exported["certificates"]] == [*["granted"] * 3, "withdrawn"]
    assert set(exported["keys"]) == {home.signer.id}


def test_an_end_that_is_lost_is_admitted_for_both_chains(home: Home) -> None:
    (home.keys / heads.CERTIFICATES.file.name).unlink()
    assert home(cli_register.registre, "verifier").exit_code == 1
    done = home(cli_register.registre, "reprendre", "--oui")
    assert "Le registre des certificats reprend après l'inscription 4." in done.output
    assert home(cli_register.registre, "verifier").exit_code == 0
