"""The service that adds entries to the register, sends receipts and records the heads of the chains."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlite_utils import Database

from bot.conversation.deferred import Deferred
from bot.conversation.messages import Button, Buttons, File, Heading, Message, Note, Text
from bot.outbox.notices import Notice, NoticeBuilder, NoticeContext
from bot.outbox.rows import Delivery, enqueue
from bot.policy.names import GenderedName
from bot.register import attestations, certificates, chain, heads
from bot.schedule import clock
from bot.schedule.names import ADVANCE

if TYPE_CHECKING:
    from bot.register.attestations import Attesting, Issuer, Target
    from bot.register.certificates import Content
    from bot.register.signing import Signer
    from bot.storage.database import Storage


@dataclass(frozen=True, slots=True)
class ReceiptNotice:
    """The arguments of a receipt's notice. `version`: the day the text was adopted or last revised."""

    person: str
    policy: str
    version: date


RECEIPT: Final = Notice("recu", "le reçu d'une attestation", ReceiptNotice)


@dataclass(frozen=True, slots=True)
class Registrar:
    """The service that adds attestations and certificates to the register, and sends receipts.

    `signer`: returns the signing key for a database, or raises `StorageError`. `keys`: the folder where the
    heads of the register are recorded, None when the storage is in memory.
    """

    storage: Storage
    issuer: Issuer
    signer: Callable[[Database], Signer]
    keys: Path | None

    def attest(self, db: Database, attesting: Attesting) -> None:
        """Add an attestation to the register and queue its receipt, in the caller's transaction."""
        signer = self.signer(db)
        if self.keys:
            heads.note_beginning(db, self.keys, signer)
        attestation = attestations.attest(db, attesting, signer)
        _send(db, attesting.person_id, attesting.target, attesting.at, asked=str(attesting.account))
        clock.plan(db, f"{ADVANCE}:{attestation.entry.number}", ADVANCE, attesting.at)

    def certify(self, db: Database, request_id: str, content: Content, now: datetime) -> None:
        """Add a certificate to the register, in the caller's transaction.

        `request_id`: the permission request. The certificate's content is erased with it.
        """
        signer = self.signer(db)
        if self.keys:
            heads.note_beginning(db, self.keys, signer, heads.CERTIFICATES)
        entry = certificates.add(db, request_id, content, signer, now).entry
        clock.plan(db, f"{ADVANCE}:certificat:{entry.number}", ADVANCE, now)

    def send_again(
        self, db: Database, person_id: str, target: Target, now: datetime, asked: str | None = None
    ) -> None:
        """Queue a person's receipt again, at most once a minute per platform.

        `asked`: the account that asks for the receipt, « slack:T1/U1 ».
        """
        platform = (asked or "").partition(":")[0]
        _send(db, person_id, target, now, again=f":{now:%Y-%m-%dT%H:%M}{platform}", asked=asked)

    def notice_builders(self) -> tuple[NoticeBuilder, ...]:
        """Return the builder of the receipt's notice, for the outbox."""
        return (RECEIPT.built_by(self._receipt),)

    def _receipt(self, context: NoticeContext, notice: ReceiptNotice) -> Deferred[Message] | None:
        attestation = attestations.attestation_of(context.db, notice.person, notice.policy, notice.version)
        if attestation is None or attestation.name is None:  # erased in the meantime
            return None
        adopted = chain.adopted(attestation.entry)
        signer, (name, _) = self.signer(context.db), self.issuer.policy(notice.policy)

        def make() -> Message:
            from bot.register import receipt, sealed_pages  # noqa: PLC0415 — typesetting is imported for the first receipt

            try:
                content = receipt.make_receipt(attestation, self.issuer, signer)
            except sealed_pages.ReceiptError as error:
                return receipt_failed_message(name, adopted, str(error))
            return receipt_message(name, adopted, notice.version, content)

        return Deferred(make)

    def catch_up(self) -> None:
        """Record the heads of the register beside the keys. Call this on the storage thread.

        It does nothing when the storage is in memory. Raises `StorageError` when recorded entries, or the
        previous record, are missing.
        """
        if self.keys:
            with self.storage.transaction() as db:
                for of in heads.CHAINS:
                    heads.advance(db, self.keys, partial(self.signer, db), of)


def _send(
    db: Database, person_id: str, target: Target, now: datetime, *, again: str = "", asked: str | None
) -> None:
    key = f"{RECEIPT.name}:{person_id}:{target.policy}:{target.version}{again}"
    notice = ReceiptNotice(person_id, target.policy, target.version)
    enqueue(db, Delivery(key, f"person:{person_id}", RECEIPT, notice, urgent=True, asked=asked), now)


def receipt_message(policy: GenderedName, adopted: str, version: date, content: bytes) -> Message:
    """Return the message that sends a receipt. `adopted`: see `chain.adopted`. `content`: the PDF's bytes."""
    return Message(
        Heading("Votre reçu"),
        Text(
            f"Votre attestation de lecture {policy.of}, version {adopted}, est au "
            "registre. Gardez ce fichier\u00a0: il prouve votre lecture, et dit comment le vérifier sans moi."
        ),
        File(f"recu-{version}.pdf", content, "Reçu de l'attestation"),
    )


def receipt_failed_message(policy: GenderedName, adopted: str, why: str) -> Message:
    """Return the message that confirms an attestation whose receipt could not be made. `why`: the reason."""
    return Message(
        Heading("Votre attestation est au registre"),
        Text(
            f"Celle {policy.of}, version {adopted}. Le reçu, lui, n'a pas pu être "
            "fait. Redemandez-le dans un moment; si cela se répète, parlez-en à l'administration."
        ),
        Note(why),
        Buttons(Button("Redemander mon reçu", "accueil recu", "primary")),
    )
