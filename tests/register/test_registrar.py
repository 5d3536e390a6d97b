"""An attestation, the receipt that follows, and the receipt that one asks for again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from bot.conversation.deferred import Deferred
from bot.conversation.messages import Message
from bot.outbox.notices import NoticeContext
from bot.people import persons
from bot.register import attestations, receipt, signing
from bot.register.attestations import Attesting
from bot.register.registrar import RECEIPT, Registrar
from bot.register.sealed_pages import ReceiptError
from bot.storage.database import Storage, StorageError
from tests.kits.people import ALEX, NOW
from tests.kits.quiz import TARGET
from tests.register.test_receipt import ISSUER


@pytest.fixture
def clerk(tmp_path: Path) -> Iterator[Registrar]:
    storage = Storage(tmp_path / "vigie.db")
    keys = tmp_path / "cles"
    yield Registrar(storage, ISSUER, lambda _: signing.load_signer(keys, create=True), keys)
    storage.close()


def attest(clerk: Registrar, db: Database) -> str:
    person = persons.known(db, ALEX)
    clerk.attest(db, Attesting(person, "Alex", persons.account(ALEX), TARGET, NOW))
    return person


def waiting(db: Database) -> int:
    (count,) = db.conn.execute("SELECT count(*) FROM outbox WHERE notice = ?", (RECEIPT.name,)).fetchone()
    return int(count)


def test_the_receipt_is_sent_once_and_anew_when_asked_for(clerk: Registrar) -> None:
    with clerk.storage.transaction() as db:
        person = attest(clerk, db)
        attest(clerk, db)
        assert waiting(db) == 1
        for seconds in (0, 20):  # pressed twice
            clerk.send_again(db, person, TARGET, NOW + timedelta(seconds=seconds))
        assert waiting(db) == 2
        clerk.send_again(db, person, TARGET, NOW + timedelta(minutes=5))
        assert waiting(db) == 3


def test_a_receipt_that_cannot_be_made_is_said_with_how_to_ask_again(
    clerk: Registrar, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> bytes:
        raise ReceiptError("le reçu n'a pas pu être composé.")

    monkeypatch.setattr(receipt, "make_receipt", broken)
    message = built(clerk)
    assert message is not None
    assert not message.files()
    assert [getattr(button, "command", "") for button in message.buttons()] == ["accueil recu"]


def test_there_is_nothing_to_send_once_the_name_is_erased(clerk: Registrar) -> None:
    message = built(clerk)
    assert message is not None
    assert [file.name for file in message.files()] == ["recu-2015-12-13.pdf"]
    with clerk.storage.transaction() as db:
        attestations.erase_identity(db, 1, lambda _table, _ids: None)
    assert built(clerk, new=False) is None


def built(clerk: Registrar, *, new: bool = True) -> Message | None:
    with clerk.storage.transaction() as db:
        person = attest(clerk, db) if new else persons.known(db, ALEX)
        arguments = {"person": person, "policy": TARGET.policy, "version": f"{TARGET.version}"}
        [receipt] = clerk.notice_builders()
        found = receipt.build(NoticeContext(db, NOW.date()), arguments)
    assert found is None or isinstance(found, Deferred)
    return found.make() if found else None


def test_keys_that_note_the_end_of_another_register_are_said_before_anything_is_attested(
    clerk: Registrar, tmp_path: Path
) -> None:
    with clerk.storage.transaction() as db:
        attest(clerk, db)
    clerk.catch_up()
    other = Storage(tmp_path / "autre.db")
    with pytest.raises(StorageError, match=r"en note 1\. Est-ce le dossier des clés d'une autre Vigie"):
        Registrar(other, ISSUER, clerk.signer, clerk.keys).catch_up()
    other.close()


def test_the_end_that_does_not_follow_what_was_noted_is_refused(clerk: Registrar) -> None:
    clerk.catch_up()
    assert clerk.keys is not None
    assert not (clerk.keys / signing.ATTESTATIONS.name).exists(), "no key is made for nothing"
    with clerk.storage.transaction() as db:
        attest(clerk, db)
    clerk.catch_up()
    signing.note_head(clerk.keys, signing.Head(9, "f" * 64), signing.load_signer(clerk.keys))
    with pytest.raises(StorageError, match="ne suit plus"):
        clerk.catch_up()
