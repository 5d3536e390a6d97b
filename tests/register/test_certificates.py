"""The chain of certificates: what is detected of it, what it reveals, and the pages that prove it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import timedelta
from functools import cache, partial
from pathlib import Path

import pytest
from sqlite_utils import Database

from bot.people import persons
from bot.permissions import certificates as permissions
from bot.permissions import requests
from bot.permissions.requests import PermissionDesk
from bot.privacy import personal_data
from bot.register import certificate_page, certificates, chain, heads, sealed_pages, signing
from bot.register.heads import CERTIFICATES
from bot.register.registrar import Registrar
from bot.register.sealed_pages import ReceiptError
from bot.storage.database import Storage, StorageError
from bot.storage.destruction import forgets_nothing
from tests.kits.people import DAY, day, person
from tests.kits.register import SIGNER
from tests.permissions.desks import a_desk, at, granted, library, staffed
from tests.register.test_receipt import ISSUER, words


def certifying(keys: Path | None = None) -> PermissionDesk:
    """Return a desk that certifies. Its register needs no storage of its own."""
    registrar = Registrar(Storage(), ISSUER, lambda _: SIGNER, keys)
    return a_desk(certify=partial(permissions.certify, registrar))


def filled(desk: PermissionDesk | None = None) -> Database:
    """Return a register with six entries: four permissions, one of which was withdrawn, and one ended."""
    db, desk = staffed(), desk or certifying()
    first = granted(at(db, desk=desk), subject="Le club de lecture")
    granted(at(db, desk=desk), until=day(3))
    me = person(db, "U2")
    granted(at(db, desk=desk), by="U2", kind="image", image="Un kiosque", consenter=me, fingerprint="a" * 64)
    granted(at(db, desk=desk), by="CE", kind="logo")
    requests.withdraw(at(db, 1, desk), first.id, person(db, "VP"), "Le club est dissous")
    requests.end_over(at(db, 9, desk))
    return db


def unlocked(db: Database) -> None:
    db.conn.execute("PRAGMA foreign_keys = OFF")
    for verb in ("changed", "deleted"):
        db.conn.execute(f"DROP TRIGGER certificates_are_not_{verb}")


def audit(db: Database, noted: signing.Head | None = None) -> heads.Audit:
    return certificates.verify(db, SIGNER.ring, noted)


def test_each_permission_leaves_an_entry_when_it_is_given_and_when_it_stops() -> None:
    db = filled()
    contents = [each.content or {} for each in certificates.all_certificates(db)]
    assert [content["event"] for content in contents] == [*["granted"] * 4, "withdrawn", "ended"]
    assert [content["of"] for content in contents[4:]] == [1, 2]
    assert audit(db) == heads.Audit(6, 0, ())


def test_the_chain_says_neither_what_nor_when_nor_who() -> None:
    db = filled()
    columns = set(db.table("certificates").columns_dict)
    assert columns == {"number", "previous", "commitment", "key_id", "digest", "signature"}
    first, second = certificates.all_certificates(db)[:2]
    assert len({first.entry.commitment, second.entry.commitment}) == 2


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ("UPDATE certificates SET commitment = 'x' WHERE number = 3", 3),
        ("UPDATE certificates SET previous = 'x' WHERE number = 3", 3),
        ("UPDATE certificates SET signature = 'x' WHERE number = 3", 3),
        ("DELETE FROM certificates WHERE number = 3", 4),
        ("DELETE FROM certificates WHERE number = 1", 2),
        ("UPDATE certificates SET number = CASE number WHEN 2 THEN 60 ELSE 50 END WHERE number IN (2, 3)", 4),
        ("UPDATE certificate_contents SET content = replace(content, 'kiosque', 'bureau')", 3),
        ("UPDATE certificate_contents SET salt = 'x' WHERE number = 2", 2),
        ("UPDATE certificate_contents SET content = '{' WHERE number = 4", 4),
    ],
)
def test_what_is_altered_removed_or_moved_is_seen(change: str, where: int) -> None:
    db = filled()
    unlocked(db)
    db.conn.execute(change)
    assert audit(db).faults[0].number == where


def test_a_register_that_lost_its_end_is_seen_by_what_is_noted(tmp_path: Path) -> None:
    signer = signing.load_signer(tmp_path, create=True)
    registrar = Registrar(Storage(), ISSUER, lambda _: signer, tmp_path)
    db = filled(a_desk(certify=partial(permissions.certify, registrar)))
    heads.advance(db, tmp_path, lambda: signer, CERTIFICATES)
    ring = signing.load_ring(tmp_path)
    assert certificates.verify_with_end(db, ring, tmp_path) == (heads.Audit(6, 0, ()), True)
    unlocked(db)
    db.conn.execute("DELETE FROM certificates WHERE number > 4")
    (fault,) = certificates.verify_with_end(db, ring, tmp_path)[0].faults
    assert "de 5 à 6" in fault.text
    with pytest.raises(StorageError):
        heads.advance(db, tmp_path, lambda: signer, CERTIFICATES)


def test_the_end_of_one_chain_does_not_pass_for_the_end_of_the_other(tmp_path: Path) -> None:
    signing.note_head(tmp_path, signing.Head(3, "a" * 64), SIGNER, signing.ATTESTATIONS)
    (tmp_path / signing.ATTESTATIONS.name).rename(tmp_path / signing.CERTIFICATES.name)
    with pytest.raises(StorageError):
        signing.noted_head(tmp_path, SIGNER.ring, signing.CERTIFICATES)


def test_rows_are_only_added() -> None:
    db = filled()
    for change in ("UPDATE certificates SET commitment = ''", "DELETE FROM certificates"):
        with pytest.raises(Exception, match="only added"):
            db.conn.execute(change)


def test_once_erased_nothing_of_a_certificate_remains_and_the_chain_holds() -> None:
    db = filled()
    me = person(db, "U1")
    for request in requests.own(db, me):
        if request.state == "granted":
            requests.withdraw(at(db, 9, certifying()), request.id, me)
    before = [(each.content, each.salt, each.entry) for each in certificates.all_certificates(db)]
    personal_data.erase(db, me, day(9), forgets_nothing)
    dump = "\n".join(db.conn.iterdump())
    for secret in ("Le club de lecture", "Un kiosque", "a" * 64, "Zoé Tremblay", "Le club est dissous", me):
        assert secret not in dump
    for content, salt, entry in before:
        assert salt is not None
        assert salt not in dump
        # Even who kept or guesses the content cannot tell that the entry is about it.
        guesses = (certificates.commitment(content or {}, other) for other in ("", "0" * 64, entry.digest))
        assert entry.commitment not in set(guesses)
    erased = heads.Audit(len(before), len(before), ())
    assert certificates.verify(db, SIGNER.ring) == erased


# --- Pages ------------------------------------------------------------------------------------


@cache
def made() -> bytes:
    db = filled()
    request = next(each for each in requests.register(db) if each.kind == "image")
    certificate = certificates.certificates_of(db, request.id)[0]
    names = requests.names(db, request.id)
    plain = {party: name for party, (name, _) in names.items()}
    data = permissions.page_data(library(), "Association étudiante", certificate, plain)
    return certificate_page.make_page(certificate, names, data, SIGNER)


def test_a_certificate_is_verified_with_the_public_keys_alone() -> None:
    shown = certificate_page.verify_page(made(), SIGNER.ring)
    assert shown.entry.number == 3
    assert (shown.content["kind"], shown.content["image"]) == ("image", "Un kiosque")
    assert shown.names == {"asker": "Zoé Tremblay", "decider": "Le Quang Vinh"}


def test_a_certificate_reads_as_it_says(tmp_path: Path) -> None:
    text = words(made(), tmp_path)
    for expected in ("Consentement à une image", "Zoé Tremblay", "Un kiosque", "aaaaaaaa", "PA20, 5.14"):
        assert expected in text


@pytest.mark.parametrize("at_", [0.1, 0.5, 0.9, 0.97])
def test_a_changed_certificate_is_refused(at_: float) -> None:
    content = bytearray(made())
    place = int(len(content) * at_)
    content[place] ^= 1
    with pytest.raises(ReceiptError):
        certificate_page.verify_page(bytes(content), SIGNER.ring)


@pytest.mark.parametrize(
    "change",
    [
        lambda fields: fields["content"].update(until="2099-01-01"),
        lambda fields: fields["names"].update(asker=["Quelqu'un d'autre", fields["names"]["asker"][1]]),
        lambda fields: fields["names"].update(signer=["De trop", "x"]),
        lambda fields: fields.update(salt="x"),
        lambda fields: fields["entry"].update(number=9),
        lambda fields: fields.update(names=3),
        lambda fields: fields.pop("content"),
    ],
)
def test_even_who_holds_the_key_must_show_what_was_certified(
    change: Callable[[dict[str, object]], object],
) -> None:
    fields = json.loads(
        json.dumps(dict(sealed_pages.unseal(made(), SIGNER.ring, certificate_page.CERTIFICATE)))
    )
    change(fields)
    page = made().rpartition(certificate_page.CERTIFICATE.mark)[0]
    with pytest.raises(ReceiptError):
        certificate_page.verify_page(
            sealed_pages.seal(page, fields, SIGNER, certificate_page.CERTIFICATE), SIGNER.ring
        )


def test_a_receipt_is_no_certificate() -> None:
    from tests.register.test_receipt import made as receipt_made  # noqa: PLC0415 — the other's page

    with pytest.raises(ReceiptError, match="pas un certificat"):
        certificate_page.verify_page(receipt_made(), SIGNER.ring)


def test_what_the_register_says_of_a_certificate_follows_what_happens() -> None:
    db, desk = staffed(), certifying()
    request = granted(at(db, desk=desk), until=day(10))
    (entry,) = [each.entry for each in certificates.certificates_of(db, request.id)]
    assert "en vigueur jusqu'au" in permissions.standing(db, entry.number, entry.digest, DAY)
    assert "ne vaut plus" in permissions.standing(db, entry.number, entry.digest, day(11))
    assert "n'a pas cette inscription" in permissions.standing(db, entry.number, "f" * 64, DAY)
    requests.withdraw(at(db, 2, desk), request.id, person(db, "U1"))
    assert "retirée" in permissions.standing(db, entry.number, entry.digest, DAY)


def test_who_decided_is_gone_from_a_certificate_once_erased() -> None:
    db = filled()
    vp = person(db, "VP")
    db.conn.execute("DELETE FROM role_holders WHERE person_id = ?", (vp,))
    personal_data.erase(db, vp, DAY + timedelta(days=9), forgets_nothing)
    assert not persons.accounts_of(db, vp)
    assert vp not in "\n".join(db.conn.iterdump())
    assert certificates.verify(db, SIGNER.ring).faults == ()
    assert certificates.all_certificates(db)[0].entry.previous == chain.FIRST


def test_the_longest_word_stays_on_the_page(tmp_path: Path) -> None:
    tool = shutil.which("pdftotext")
    if tool is None:
        pytest.skip("pdftotext is not installed")
    db, desk = staffed(), certifying()
    request = granted(at(db, desk=desk), subject="x" * 900)
    (certificate,) = certificates.certificates_of(db, request.id)
    data = permissions.page_data(library(), "Association", certificate, {})
    file = tmp_path / "certificat.pdf"
    file.write_bytes(certificate_page.make_page(certificate, {}, data, SIGNER))
    places = subprocess.run([tool, "-bbox", str(file), "-"], capture_output=True, check=True).stdout.decode()
    ends = [float(end) for end in re.findall(r'xMax="([0-9.]+)"', places)]
    assert ends
    assert max(ends) < 612 - 71  # points: the page, without its margin
