"""A case as a PDF with the hash of its content, for its holders or at the command line."""

import asyncio
import base64
import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time
from functools import partial
from pathlib import Path
from typing import Any, Final

from bot.conversation.messages import Button, Buttons, File, Heading, Message, Note, Text, code
from bot.conversation.requests import CONFIRMED
from bot.outbox import rows
from bot.outbox.notices import Notice, NoticeBuilder, NoticeContext
from bot.outbox.rows import Delivery
from bot.people import persons
from bot.people.persons import Account
from bot.register import chain
from bot.reports import access, cases, routing
from bot.reports.cases import Filing, ReportCase
from bot.reports.escalation import CONFIDENTIAL
from bot.reports.figures.files import ReportFile, load_file, store_file
from bot.reports.figures.statistics import PLATFORMS
from bot.reports.records import SEVERITIES, STATUSES, Records, Session
from bot.schedule.clock import Arguments
from bot.storage.database import Storage
from bot.times import in_words
from bot.typesetting.typeset import typeset, typographic

EXPORT: Final = "signalements exporter"  # the command that requests the PDF; the case's identifier follows
TEMPLATE: Final = Path(__file__).with_name("report_case.typ")
TITLE: Final = "Le dossier d'un signalement"


@dataclass(frozen=True, slots=True)
class CaseFileNotice:
    """Arguments of the notice of a case's PDF: the identifiers of the file and the case."""

    id: str
    case: str


NOTICE: Final = Notice("signalement-dossier", CONFIDENTIAL, CaseFileNotice)
_FORMATS: Final = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpg", b"RIFF": "webp"}


def export(session: Session, case_id: str, association: str) -> dict[str, Any]:
    """Return a case as template data, without an access check. Raises `ReportError`, `SealError`.

    « digest » is the SHA-256 of its content (see `content`).
    """
    case = cases.read_case(session, case_id)
    images = {}
    for filing in case.filings:
        if filing.image:
            row = session.execute("SELECT image FROM report_filings WHERE id = ?", (filing.id,)).fetchone()
            images[filing.id] = session.ring.open(row[0])
    line = case.line
    day = session.today
    titles = routing.titles(session.db)
    facts = [
        ("Identifiant", line.id),
        ("État", STATUSES[line.status]),
        ("Confié à", typographic(titles[line.role])),
        ("Urgent", "Oui" if line.urgent else "Non"),
        ("Signalements reçus", str(line.reports)),
        *([("Issue", cases.outcomes(session.ground)[case.outcome])] if case.outcome else []),
        *([("Explication", case.explanation)] if case.explanation else []),
    ]
    return {
        "title": "Signalement d’une publication",
        "subtitle": f"{session.ground.cited}. Reçu le {in_words(line.since)}.",
        "association": typographic(association),
        "made": f"Exporté le {in_words(day)}",
        # Midnight, so that the PDF is the same all day, to the byte.
        "made_at": session.records.calendar.at(day, time(0)).isoformat(),
        "facts": facts,
        "filings": [
            {
                "title": "Ce qui a été signalé" if len(case.filings) == 1 else f"Signalement {number}",
                **_filing(filing, images.get(filing.id), titles),
            }
            for number, filing in enumerate(case.filings, 1)
        ],
        "images": {name: base64.b64encode(image).decode("ascii") for name, image in images.items()},
        "digest": hashlib.sha256(chain.canonical(content(case, images))).hexdigest(),
    }


def content(case: ReportCase, images: Mapping[str, bytes]) -> dict[str, Any]:
    """Return the content of a case as JSON types. The case's digest hashes it in `chain.canonical` form.

    `images`: the decrypted images of the reports, by report identifier.
    """
    line = case.line
    return {
        "id": line.id,
        "status": line.status,
        "since": line.since.isoformat(),
        "urgent": line.urgent,
        "outcome": case.outcome,
        "explanation": case.explanation,
        "filings": [
            {
                # Leave out the hash of the original image: anyone with that file could recognize the report.
                "report": asdict(replace(filing.report, original="")),
                "dialogue": [asdict(message) for message in filing.dialogue],
                "image": hashlib.sha256(images[filing.id]).hexdigest() if filing.id in images else "",
            }
            for filing in case.filings
        ],
    }


def _filing(filing: Filing, image: bytes | None, titles: Mapping[str, str]) -> dict[str, Any]:
    report = filing.report
    implicated = ", ".join(titles[role] for role in report.implicated)
    platform = PLATFORMS.get(report.platform, "Autre site") if report.canonical else "Sans adresse"
    facts = [
        ("Publication", report.address),
        ("Plateforme", platform),
        ("Ce qu’elle dit", report.summary),
        ("Gravité", SEVERITIES[report.severity].partition("\u00a0: ")[0]),
        ("Destinataires en cause", typographic(implicated) or "Aucun"),
        ("Nom donné", f"{report.name} (non vérifié)" if report.name else "Aucun"),
    ]
    if image is not None:
        facts.append(("Image, redessinée", hashlib.sha256(image).hexdigest()))
    dialogue = []
    for message in filing.dialogue:
        speaker = "Réponse" if message.author == "reporter" else "Question"
        dialogue.append((f"{speaker}, {in_words(date.fromisoformat(message.day))}", message.text))
    return {
        "facts": facts,
        "image": filing.id if image else "",
        "format": next(name for start, name in _FORMATS.items() if image.startswith(start)) if image else "",
        "said": dialogue,
    }


# --- Sent to the holder who requests it -------------------------------------------------------


async def send_case(
    storage: Storage, records: Records, association: str, arguments: Arguments, _: datetime
) -> None:
    """Make the PDF of a case and queue it for a holder, who must still have access to the case.

    `arguments`: the « person » who asks, their « account », the « case », and an « id » for this request.
    Raises `TypesetError`, `StorageError`.
    """
    case_id, person = arguments["case"], arguments["person"]

    def read() -> dict[str, Any] | None:
        with storage.transaction() as db:
            session = records.at(db)
            if not access.may_know(session, case_id, person):
                return None
            return export(session, case_id, association)

    def enqueue(pdf: bytes, exported: dict[str, Any]) -> bool:
        """Queue the PDF, or return False if the case changed meanwhile: a report may have been withdrawn."""
        with storage.transaction() as db:
            if read() != exported:
                return False
            session = records.at(db)
            hashes = f"{hashlib.sha256(pdf).hexdigest()}\n{exported['digest']}"
            file = store_file(session, ReportFile(f"signalement-{case_id[:6]}.pdf", hashes, pdf), case_id)
            key = f"{NOTICE.name}:{arguments['id']}"
            notice = CaseFileNotice(file, case_id)
            recipient = f"person:{person}"
            if account := arguments.get("account"):  # the person's other accounts may lack access
                to = persons.parse(account)
                recipient = f"person:{to.platform}/{to.team}/{to.user}"
            rows.enqueue(db, Delivery(key, recipient, NOTICE, notice, urgent=True), session.now)
            return True

    while (exported := await storage.run(read)) is not None:
        pdf = await asyncio.to_thread(typeset, TEMPLATE, exported, "pdf")
        if await storage.run(partial(enqueue, pdf, exported)):
            return


def notice_builders(records: Records) -> tuple[NoticeBuilder, ...]:
    """Return the builder of the notice of a case's PDF, for the outbox."""

    def case_file(context: NoticeContext, notice: CaseFileNotice) -> Message | None:
        session = records.at(context.db)
        person = context.recipient.removeprefix("person:")
        if "/" in person:
            account = Account(*person.split("/", 2))
            session = replace(session, account=str(account))
            person = persons.person_of(context.db, account) or ""
        if not access.may_know(session, notice.case, person):
            return None
        file = load_file(session, notice.id)
        return message(file) if file else None

    return (NOTICE.built_by(case_file),)


def warning(case_id: str, where: str) -> Message:
    """Return a request for confirmation, which warns that the platform keeps a copy of the file.

    `where`: as in `coming`.
    """
    return Message(
        Heading("Exporter ce signalement"),
        Text(
            f"Je peux vous envoyer le dossier en PDF, {where}. La plateforme en garde alors une "
            "copie, que ses administrateurs peuvent obtenir, et que rien ici ne détruira."
        ),
        Buttons(Button("M'envoyer le PDF", f"{EXPORT} {case_id} {CONFIRMED}", "danger")),
        Note(
            "Sans copie ailleurs, sur la machine qui m'héberge\u00a0: ",
            code(f"vigie signalements exporter {case_id}"),
        ),
    )


def coming(where: str) -> Message:
    """Return the reply that the PDF is on its way. `where`: such as « en message privé, sur Slack »."""
    return Message(Text(f"Le dossier arrive {where}, dans une minute ou deux."))


def message(file: ReportFile) -> Message:
    """Return the message with the PDF, its SHA-256 and the SHA-256 of the case's content.

    `file.text`: the two hashes, on two lines.
    """
    pdf_hash, content_hash = file.text.split("\n")
    return Message(
        Heading(TITLE),
        File(file.name, file.content, TITLE),
        Text("SHA-256 du fichier\u00a0: ", code(pdf_hash)),
        Text("SHA-256 du contenu\u00a0: ", code(content_hash)),
        Note("La plateforme garde ce message. Supprimez-le une fois le fichier mis à l'abri."),
    )
