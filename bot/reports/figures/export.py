"""A case as a PDF, with the hash of what it holds: for whoever handles it, or at the command line."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Final

from bot.conversation.messages import Button, Buttons, File, Heading, Message, Note, Text, code
from bot.outbox import rows
from bot.outbox.notices import Notice, NoticeBuilder, NoticeContext
from bot.outbox.rows import Delivery
from bot.people import roles
from bot.register import chain
from bot.reports import cases
from bot.reports.cases import OUTCOMES, Filing, ReportCase
from bot.reports.figures import files
from bot.reports.figures.files import Made
from bot.reports.figures.statistics import PLATFORMS
from bot.reports.records import SEVERITIES, STATUSES, Records, Session
from bot.storage.database import Storage
from bot.times import Clock, in_words
from bot.typesetting.typeset import typeset

ERRAND: Final = "signalement-dossier"
EXPORT: Final = "signalements exporter"  # the command that asks for it, before the case's identifier
CONFIRMED: Final = "oui"
TEMPLATE: Final = Path(__file__).with_name("report_case.typ")
TITLE: Final = "Le dossier d'un signalement"


@dataclass(frozen=True, slots=True)
class CaseFileNotice:
    """The arguments of the notice that gives a case's PDF: the identifiers of the file and of the case."""

    id: str
    case: str


NOTICE: Final = Notice("signalement-dossier", "un avis confidentiel au titulaire d'un rôle", CaseFileNotice)
_GENUINE: Final = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpg", b"RIFF": "webp"}


@dataclass(frozen=True, slots=True)
class Export:
    """What a case holds, as its page shows it. `digest`: SHA-256 of the content (see `content`)."""

    data: Mapping[str, Any]
    digest: str


def export(session: Session, case_id: str, association: str) -> Export:
    """Read a case to be exported, without asking who reads. Raises `ReportError`, `SealError`."""
    case = cases.read_case(session, case_id)
    images = {one.id: _image(session, one.id) for one in case.filings if one.image}
    digest = hashlib.sha256(chain.canonical(content(case, images))).hexdigest()
    day = session.today
    titles = {role.id: role.title for role in roles.all_roles(session.db)}
    data = {
        "title": "Signalement d'une publication",
        "subtitle": f"PA20, 5.10. Reçu le {in_words(case.line.since)}.",
        "association": association,
        "made": f"Exporté le {in_words(day)}",
        # The page is the same all day long, to the byte.
        "made_at": session.records.calendar.at(day, time(0)).isoformat(),
        "facts": _facts(session, case),
        "filings": [
            _filing(number, one, images.get(one.id), titles, alone=len(case.filings) == 1)
            for number, one in enumerate(case.filings, 1)
        ],
        "images": {one: base64.b64encode(image).decode("ascii") for one, image in images.items()},
        "digest": digest,
    }
    return Export(data, digest)


def content(case: ReportCase, images: Mapping[str, bytes]) -> dict[str, Any]:
    """Return what a case holds, to be hashed: the JSON that `ledger.canonical` writes of it."""
    filings = [
        {
            "entry": asdict(one.report),
            "said": [asdict(said) for said in one.dialogue],
            "image": hashlib.sha256(images[one.id]).hexdigest() if one.id in images else "",
        }
        for one in case.filings
    ]
    line = case.line
    known = {"id": line.id, "status": line.status, "since": line.since.isoformat(), "urgent": line.urgent}
    return {**known, "outcome": case.outcome, "words": case.explanation, "filings": filings}


def _image(session: Session, filing_id: str) -> bytes:
    (sealed,) = session.execute("SELECT image FROM report_filings WHERE id = ?", (filing_id,)).fetchone()
    return session.ring.open(sealed)


def _facts(session: Session, case: ReportCase) -> list[tuple[str, str]]:
    line = case.line
    found = [
        ("Identifiant", line.id),
        ("État", STATUSES[line.status]),
        ("Confié à", roles.title(session.db, line.role)),
        ("Urgent", "Oui" if line.urgent else "Non"),
        ("Signalements reçus", str(line.reports)),
    ]
    if case.outcome:
        found.append(("Issue", OUTCOMES[case.outcome]))
    return found + ([("Explication", case.explanation)] if case.explanation else [])


def _filing(
    number: int, one: Filing, image: bytes | None, titles: Mapping[str, str], *, alone: bool
) -> dict[str, Any]:
    entry = one.report
    named = ", ".join(titles[role] for role in entry.implicated)
    platform = PLATFORMS.get(entry.platform, "Autre site") if entry.canonical else "Sans adresse"
    facts = [
        ("Publication", entry.address),
        ("Plateforme", platform),
        ("Ce qu'elle dit", entry.summary),
        ("Gravité", SEVERITIES[entry.severity]),
        ("Destinataires en cause", named or "Aucun"),
        ("Nom donné", f"{entry.name} (non vérifié)" if entry.name else "Aucun"),
    ]
    if image is not None:
        facts += [
            ("Image, redessinée", hashlib.sha256(image).hexdigest()),
            ("Image d'origine", entry.original or "Empreinte inconnue"),
        ]
    return {
        "title": "Ce qui a été signalé" if alone else f"Signalement {number}",
        "facts": facts,
        "image": one.id if image else "",
        "format": _format(image) if image else "",
        "said": [(_speaker(said.author, said.day), said.text) for said in one.dialogue],
    }


def _speaker(author: str, day: str) -> str:
    who = "Réponse" if author == "reporter" else "Question"
    return f"{who}, {in_words(date.fromisoformat(day))}"


def _format(image: bytes) -> str:
    return next(name for start, name in _GENUINE.items() if image.startswith(start))


# --- Sent to whoever asks ---------------------------------------------------------------------


class Exporting:
    """The errand that makes the PDF of a case, and has it sent to the holder who asked."""

    def __init__(self, storage: Storage, records: Records, clock: Clock, association: str) -> None:
        self._storage = storage
        self._records = records
        self._clock = clock
        self._association = association

    async def __call__(self, arguments: Mapping[str, Any], _: datetime) -> None:
        """Make it; done again, it sends nothing twice. Raises `TypesetError`, `StorageError`."""
        found = await self._storage.run(lambda: self._read(arguments))
        if found is None:
            return
        pdf = await asyncio.to_thread(typeset, TEMPLATE, found.data, "pdf")
        await self._storage.run(lambda: self._keep(arguments, found, pdf))

    def _read(self, arguments: Mapping[str, Any]) -> Export | None:
        with self._storage.transaction() as db:
            session = Session(db, self._records, self._clock())
            if not is_for(session, arguments["case"], arguments["person"]):
                return None
            return export(session, arguments["case"], self._association)

    def _keep(self, arguments: Mapping[str, Any], found: Export, pdf: bytes) -> None:
        words = f"{hashlib.sha256(pdf).hexdigest()}\n{found.digest}"
        with self._storage.transaction() as db:
            session = Session(db, self._records, self._clock())
            name = f"signalement-{arguments['case'][:6]}.pdf"
            identifier = files.keep(session, Made(name, TITLE, words, pdf))
            delivery = Delivery(
                f"{NOTICE.name}:{arguments['id']}",
                f"person:{arguments['person']}",
                NOTICE,
                CaseFileNotice(identifier, arguments["case"]),
                urgent=True,
            )
            rows.enqueue(db, delivery, session.now)


def is_for(session: Session, case_id: str, person_id: str) -> bool:
    """Tell whether someone may see a case."""
    return any(
        line.id == case_id
        for closed in (False, True)
        for line in cases.list_cases(session, person_id, closed=closed)
    )


def notice_builders(records: Records, clock: Clock) -> tuple[NoticeBuilder, ...]:
    """Return the notice that gives a case's PDF, to be sent by the outbox."""

    def file(context: NoticeContext, notice: CaseFileNotice) -> Message | None:
        session = Session(context.db, records, clock())
        person = context.recipient.removeprefix("person:")
        made = files.read(session, notice.id) if is_for(session, notice.case, person) else None
        return message(made) if made else None

    return (NOTICE.built_by(file),)


def warning(case_id: str) -> Message:
    """Say what sending a case as a file entails, before it is done."""
    return Message(
        Heading("Exporter ce signalement"),
        Text(
            "Je peux vous envoyer le dossier en PDF, en message privé. La plateforme en garde alors une "
            "copie, que ses administrateurs peuvent obtenir, et que rien ici ne détruira."
        ),
        Buttons(Button("M'envoyer le PDF", f"{EXPORT} {case_id} {CONFIRMED}", "danger")),
        Note(
            "Sans copie ailleurs, par qui héberge Vigie\u00a0: ",
            code(f"vigie signalements exporter {case_id}"),
        ),
    )


ASKED: Final = Message(Text("Le dossier arrive dans un message privé, dans une minute ou deux."))


def message(made: Made) -> Message:
    """Give the file, with its hash and that of what it holds."""
    whole, digest = made.words.split("\n")
    return Message(
        Heading(TITLE),
        File(made.name, made.content, made.title),
        Text("SHA-256 du fichier\u00a0: ", code(whole)),
        Text("SHA-256 du contenu\u00a0: ", code(digest)),
        Note("La plateforme garde ce message. Supprimez-le une fois le fichier mis à l'abri."),
    )
