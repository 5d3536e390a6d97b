"""What was signed stays verifiable: each format is the same for ever, and each fault is told."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from bot.conversation.messages import Message
from bot.people import persons
from bot.policy.names import GenderedName
from bot.register import attestations, chain, heads, receipt, signing
from bot.register.attestations import Attestation
from bot.register.chain import ChainEntry
from bot.register.heads import Audit, Fault
from bot.register.registrar import Registrar, receipt_failed_message, receipt_message
from bot.register.sealed_pages import ReceiptError
from bot.register.signing import Head, Signer
from bot.schedule.names import ADVANCE
from bot.storage.database import StorageError
from tests.kits.people import ALEX, NOW
from tests.kits.quiz import TARGET
from tests.kits.register import NAMES, SIGNER, filled, unlock
from tests.register.test_attestations import forgetful, members
from tests.register.test_receipt import ISSUER
from tests.register.test_registrar import attest, clerk

__all__ = ["clerk"]

FIXED = Signer(SigningKey(b"\x01" * 32))
SALT = "ab" * 32
ENTRY = chain.sealed(
    ChainEntry(
        1, chain.FIRST, "pa20", "2015-12-13", "c" * 64, "J'atteste avoir lu la PA20", "2026-11-24T15:04:05Z",
        "slack", chain.commitment("name", "Zoé", SALT), chain.commitment("account", "slack:T1/U1", SALT),
    ),
    FIXED,
)  # fmt: skip
PAGE = b"%PDF-1.7\nune page\nstartxref\n9\n%%EOF\n"


def digest(content: bytes) -> str:
    """Return half of a SHA-256, which is enough to tell a change."""
    return hashlib.sha256(content).hexdigest()[:32]


@pytest.fixture
def typeset(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have pages that are made at once, always the same."""
    monkeypatch.setattr(receipt, "typeset", lambda *_: PAGE)


def test_an_entry_is_hashed_and_signed_as_it_always_was() -> None:
    assert FIXED.id == "34750f98bd59fcfc"
    assert chain.commitment("name", "Zoé", SALT)[:32] == "0dd3d02abe09b0010481a706f4236b12"
    assert ENTRY.digest[:32] == "ec8607b1e447657802df3f4ae59f6b3b"
    assert digest(ENTRY.signature.encode()) == "56af1cd0e5deb1a5b2472b81ecfa6119"
    assert list(chain.problems(ENTRY, FIXED.ring)) == []
    assert list(chain.problems(replace(ENTRY, statement="autre"), FIXED.ring)) == [
        "son contenu a été modifié"
    ]
    assert list(chain.problems(ENTRY, {})) == [
        f"la clé {FIXED.id}, qui l'aurait signée, n'est pas une clé connue"
    ]
    assert list(chain.problems(replace(ENTRY, signature="x"), FIXED.ring)) == [
        "sa signature n'est pas la bonne"
    ]
    assert len(bytes.fromhex(chain.new_salt())) == 32
    assert len(chain.tidy("W" * 500)) == 120


def test_the_files_beside_the_keys_are_written_as_they_always_were(tmp_path: Path) -> None:
    keys = tmp_path / "dossier" / "cles"
    signing.note_head(keys, Head(3, "f" * 64), FIXED)
    text = (keys / signing.ATTESTATIONS.name).read_text("ascii")
    assert digest(text.encode()) == "75d631a73b653c9deaa2be9647255aa7"
    assert signing.noted_head(keys, FIXED.ring) == Head(3, "f" * 64)
    public = base64.b64encode(FIXED.public).decode()
    assert signing.ring_text(FIXED.ring) == f"vigie-ed25519 {FIXED.id} {public}\n"
    listed = tmp_path / "liste"
    listed.write_text(f"\n{signing.ring_text(FIXED.ring)}\n", "ascii")
    assert signing.read_ring(listed) == FIXED.ring
    assert [signing.set_head_aside(keys) for _ in range(3)] == [
        keys / f"{signing.ATTESTATIONS.name}.{number}" for number in (1, 2, 3)
    ]
    assert (keys / f"{signing.ATTESTATIONS.name}.3").read_text("ascii") == text
    assert signing.set_head_aside(tmp_path) is None


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("vigie-ed25519 {id} {public} autre", "ce n'est pas une clé publique"),
        ("vigie-ed25519 {public}", "ce n'est pas une clé publique"),
        ("autre {id} {public}", "ce n'est pas une clé publique"),
        ("vigie-ed25519 {id} AAAA", "ce n'est pas une clé publique"),
        ("vigie-ed25519 {id} é", "ne se lit pas comme une liste"),
        ("vigie-ed25519 {id} *", "ce n'est pas une clé publique"),
        ("vigie-ed25519 0000000000000000 {public}", "n'est pas celle que son nom annonce"),
    ],
)
def test_a_line_that_is_no_key_is_told_with_its_number(tmp_path: Path, line: str, problem: str) -> None:
    listed = tmp_path / "liste"
    public = base64.b64encode(FIXED.public).decode()
    first = signing.ring_text(FIXED.ring)
    listed.write_text(first + line.format(id=FIXED.id, public=public), "utf-8")
    with pytest.raises(StorageError, match=problem) as raised:
        signing.read_ring(listed)
    assert "é" in line or "ligne 2" in str(raised.value)
    with pytest.raises(StorageError, match="il n'y a pas de fichier"):
        signing.read_ring(tmp_path / "absente")


def test_a_key_is_made_once_and_listed_again_if_its_list_is_lost(tmp_path: Path) -> None:
    keys = tmp_path / "a" / "b"
    with pytest.raises(StorageError, match="il manque la clé"):
        signing.load_signer(keys)
    first = signing.load_signer(keys, create=True)
    assert signing.load_signer(keys).id == first.id
    (keys / signing.PUBLIC_FILE).unlink()
    assert signing.load_ring(keys) == {}
    assert signing.load_signer(keys).id == first.id
    assert signing.load_ring(keys) == {}, "only when it may create"
    signing.load_signer(keys, create=True)
    assert signing.load_ring(keys) == first.ring
    (keys / signing.KEY_FILE).unlink()
    with pytest.raises(StorageError, match="il manque la clé"):
        signing.load_signer(keys, create=True)
    for content, problem in ((b"AAAA\n", "abîmée"), (b"A\n", "ne se lit pas")):
        (keys / signing.KEY_FILE).write_bytes(content)
        with pytest.raises(StorageError, match=problem):
            signing.load_signer(keys)


@pytest.mark.usefixtures("typeset")
def test_a_receipt_is_written_as_it_always_was_and_no_longer_than_a_limit() -> None:
    made = receipt.make_receipt(Attestation(ENTRY, "Zoé", SALT), ISSUER, FIXED)
    assert digest(made) == "cda69358951db05d8931524bb1418546"
    assert max(map(len, made.removeprefix(PAGE).split(b"\n"))) == 106  # the signature's line
    assert receipt.verify_receipt(made, FIXED.ring) == Attestation(ENTRY, "Zoé", SALT)


@pytest.mark.parametrize(("more", "genuine"), [(0, True), (1, False)])
def test_the_largest_receipt(monkeypatch: pytest.MonkeyPatch, more: int, *, genuine: bool) -> None:
    pages = [PAGE]
    monkeypatch.setattr(receipt, "typeset", lambda *_: pages[-1])
    small = receipt.make_receipt(Attestation(ENTRY, "Zoé", SALT), ISSUER, FIXED)
    pages.append(PAGE.replace(b"une page", b"une page" + b" " * (1_000_000 + more - len(small))))
    made = receipt.make_receipt(Attestation(ENTRY, "Zoé", SALT), ISSUER, FIXED)
    assert len(made) == 1_000_000 + more
    if genuine:
        assert receipt.verify_receipt(made, FIXED.ring).name == "Zoé"
    else:
        with pytest.raises(ReceiptError, match="pas un reçu"):
            receipt.verify_receipt(made, FIXED.ring)


@pytest.mark.usefixtures("typeset")
@pytest.mark.parametrize(
    ("attestation", "problem"),
    [
        (Attestation(ENTRY, "Zoé B.", SALT), "le nom n'est pas celui qui a été attesté."),
        (Attestation(ENTRY, "Zoé", "cd" * 32), "le nom n'est pas celui qui a été attesté."),
        (Attestation(replace(ENTRY, number=2), "Zoé", SALT), "son contenu a été modifié."),
        (Attestation(ENTRY, None, SALT), "a été effacé du registre"),
        (Attestation(ENTRY, "Zoé", None), "a été effacé du registre"),
    ],
)
def test_what_a_receipt_holds_is_verified_too(attestation: Attestation, problem: str) -> None:
    with pytest.raises(ReceiptError, match=problem):
        receipt.verify_receipt(receipt.make_receipt(attestation, ISSUER, FIXED), FIXED.ring)


def test_the_texts_of_the_page() -> None:
    assert receipt.page_data(Attestation(ENTRY, "", SALT), ISSUER) == {
        "association": "Association étudiante",
        "number": "1",
        "policy": "PA20",
        "title": "Politique d’utilisation d’Internet et des médias sociaux",
        "statement": "J’atteste avoir lu la PA20",
        "name": "Nom non précisé",
        "version": "révisée le 13\u00a0décembre\u00a02015",
        "when": "24\u00a0novembre\u00a02026, 10\u00a0h\u00a004 (UTC−5)",
        "of": "de la PA20",
        "made_at": "2026-11-24T15:04:05Z",
        "platform": "Slack",
        "text": "c" * 64,
        "digest": ENTRY.digest,
        "key": FIXED.id,
    }


# --- The faults of a register -----------------------------------------------------------------


def test_each_fault_is_told_at_its_entry_and_those_of_the_whole_come_last() -> None:
    db = filled()
    last = len(NAMES)
    whole = heads.head(db)
    sound = Audit(last, 0, ())
    assert attestations.verify_register(db, SIGNER.ring, whole) == sound
    assert attestations.verify_register(db, SIGNER.ring, Head(0, "x")) == sound
    lost = "il manque la fin\u00a0: {}. La base a peut-être été ramenée d'une copie"

    def faults(noted: Head) -> tuple[Fault, ...]:
        return attestations.verify_register(db, SIGNER.ring, noted).faults

    assert faults(Head(last + 1, "f" * 64)) == (Fault(0, lost.format(last + 1)),)
    assert faults(Head(last + 3, "f" * 64)) == (Fault(0, lost.format(f"de {last + 1} à {last + 3}")),)
    other = Fault(last, "ce n'est plus celle par laquelle le registre a fini")
    assert faults(Head(last, "f" * 64)) == (other,)
    unlock(db)
    db.conn.execute("UPDATE attestation_keys SET public_key = 'AAAA'")
    db.conn.execute("UPDATE attestation_people SET name = 'X' WHERE number = 2")
    db.conn.execute("UPDATE attestation_people SET account = 'slack:T1/U9' WHERE number = 3")
    [(first,)] = db.conn.execute("SELECT person_id FROM attestation_people WHERE number = 1").fetchall()
    db.conn.execute("UPDATE attestation_people SET person_id = ? WHERE number = 4", (first,))
    assert faults(Head(last, "f" * 64)) == (
        Fault(2, "le nom inscrit n'est pas celui qui a été attesté"),
        Fault(3, "le compte inscrit n'est pas celui qui a attesté"),
        Fault(4, "elle est attribuée à une autre personne que celle de ce compte"),
        other,
        Fault(0, f"la clé publique {SIGNER.id} inscrite dans la base n'est pas celle qui est connue"),
    )
    db.conn.execute("DELETE FROM attestations WHERE number IN (1, 3)")
    assert [fault for fault in faults(whole) if "précéd" in fault.text or "suite" in fault.text] == [
        Fault(2, "l'inscription 1 devrait la précéder et n'est pas là"),
        Fault(4, "l'inscription 3 devrait la précéder et n'est pas là"),
    ]
    db.conn.execute("UPDATE attestations SET previous = '0' WHERE number = 5")
    assert Fault(5, "elle ne fait pas suite à celle qui la précède") in faults(whole)
    assert attestations.verify_register(db, {}, None).faults[0] == Fault(
        2, "l'inscription 1 devrait la précéder et n'est pas là"
    )


def test_the_end_is_checked_with_what_is_beside_the_keys(tmp_path: Path) -> None:
    empty, db = filled(()), filled()
    missing = Fault(0, "ce qui dit où il finit, registre.tete, n'est plus à côté des clés")
    assert attestations.verify_with_end(empty, SIGNER.ring, tmp_path) == (Audit(0, 0, ()), False)
    assert attestations.verify_with_end(db, SIGNER.ring, tmp_path) == (Audit(5, 0, (missing,)), False)
    (tmp_path / signing.ATTESTATIONS.name).write_text("{", "ascii")
    audit, checked = attestations.verify_with_end(empty, SIGNER.ring, tmp_path)
    assert not checked
    [fault] = audit.faults
    assert fault.number == 0
    assert fault.text.endswith("qui dit où finit le registre, ne se lit pas")
    signing.note_head(tmp_path, heads.head(db), SIGNER)
    assert attestations.verify_with_end(db, SIGNER.ring, tmp_path) == (Audit(5, 0, ()), True)
    assert (
        attestations.verify_with_end(empty, SIGNER.ring, tmp_path)[0]
        .faults[0]
        .text.startswith("il manque la fin\u00a0: de 1 à 5.")
    )


def test_the_beginning_is_noted_once_and_the_end_follows_only_what_was_noted(tmp_path: Path) -> None:
    empty, db, signers = filled(()), filled(), list[Signer]()

    def signer() -> Signer:
        signers.append(SIGNER)
        return SIGNER

    heads.advance(empty, tmp_path, signer)
    with pytest.raises(StorageError, match="n'est plus là"):
        heads.advance(db, tmp_path, signer)
    heads.note_beginning(db, tmp_path, SIGNER)
    assert not (tmp_path / signing.ATTESTATIONS.name).exists(), "it is not its beginning"
    heads.note_beginning(empty, tmp_path, SIGNER)
    (tmp_path / signing.PUBLIC_FILE).write_text(signing.ring_text(SIGNER.ring), "ascii")
    assert signing.noted_head(tmp_path, SIGNER.ring) == Head(0, "")
    for _ in range(2):
        heads.advance(db, tmp_path, signer)
        assert signing.noted_head(tmp_path, SIGNER.ring) == heads.head(db)
    assert len(signers) == 1, "no key is needed when nothing is new"
    heads.note_beginning(empty, tmp_path, SIGNER)
    assert signing.noted_head(tmp_path, SIGNER.ring) == heads.head(db)


@pytest.mark.parametrize(
    ("ended", "today", "erased"),
    [
        (date(2028, 5, 10), date(2031, 5, 9), False),
        (date(2028, 5, 10), date(2031, 5, 10), True),
        (date(2029, 2, 28), date(2032, 2, 28), True),
        (date(2029, 2, 28), date(2032, 2, 29), True),
        (date(2029, 3, 1), date(2032, 2, 29), False),
    ],
)
def test_records_are_kept_to_the_day(ended: date, today: date, *, erased: bool) -> None:
    db = filled(("Zoé",))
    [(person,)] = db.conn.execute("SELECT person_id FROM attestation_people").fetchall()
    members(db, person, until=ended)
    assert attestations.expire_records(db, today, 3, forgetful) == int(erased)
    assert attestations.holds_attestation(db, person) is not erased


# --- The registrar ----------------------------------------------------------------------------


def test_an_attestation_queues_its_receipt_for_its_account_and_the_end_s_record(clerk: Registrar) -> None:
    with clerk.storage.transaction() as db:
        person = attest(clerk, db)
        [row] = db["outbox"].rows
        asked = str(persons.account(ALEX))
        assert (row["urgent"], row["asked"], row["recipient"]) == (1, asked, f"person:{person}")
        [task] = db["due_tasks"].rows
        assert (task["task"], task["key"]) == (ADVANCE, f"{ADVANCE}:1")
        clerk.send_again(db, person, TARGET, NOW, "slack:T1/U1")
        clerk.send_again(db, person, TARGET, NOW, "discord:11")
        clerk.send_again(db, person, TARGET, NOW + timedelta(seconds=59 - NOW.second), "slack:T1/U1")
        keys = {row["key"] for row in db["outbox"].rows}
    start = f"recu:{person}:{TARGET.policy}:{TARGET.version}"
    assert keys == {start, *(f"{start}:{NOW:%Y-%m-%dT%H:%M}{name}" for name in ("slack", "discord"))}
    Registrar(clerk.storage, ISSUER, clerk.signer, None).catch_up()
    assert clerk.keys is not None
    assert signing.noted_head(clerk.keys, signing.load_ring(clerk.keys)) == Head(0, "")


REVISED = "révisée le 13\u00a0décembre\u00a02015"


@pytest.mark.parametrize(
    ("message", "files", "words"),
    [
        (
            receipt_message(GenderedName("PA20"), REVISED, date(2015, 12, 13), b"pdf"),
            [("recu-2015-12-13.pdf", b"pdf", "Reçu de l'attestation")],
            (
                "Votre reçu Votre attestation de lecture de la PA20, version révisée le "
                "13\u00a0décembre\u00a02015, est au registre. Gardez ce fichier\u00a0: il prouve "
                "votre lecture, et dit comment le vérifier sans moi."
            ),
        ),
        (
            receipt_failed_message(GenderedName("PA20"), REVISED, "La page est trop longue."),
            [],
            (
                "Votre attestation est au registre Celle de la PA20, version révisée le "
                "13\u00a0décembre\u00a02015. Le reçu, lui, n'a pas pu être fait. "
                "Redemandez-le dans un moment; si cela se répète, parlez-en à l'administration. "
                "La page est trop longue."
            ),
        ),
    ],
)
def test_the_messages_of_a_receipt_in_full(
    message: Message, files: list[tuple[str, bytes, str]], words: str
) -> None:
    message_words = " ".join(message.own_words())
    assert message_words.startswith(words)
    assert [(file.name, file.content, file.title) for file in message.files()] == files
