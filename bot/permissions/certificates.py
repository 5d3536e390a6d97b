"""The certificates of permissions: their content, their pages, and how they are sent.

The register holds a commitment (a salted hash) to a certificate's content. In this content, each name is a
commitment too, so that one person's name can be erased without invalidating the certificate.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlite_utils import Database

from bot.conversation.deferred import Deferred
from bot.conversation.messages import Button, Buttons, File, Heading, Message, Note, Quote, Text
from bot.outbox.notices import Notice, NoticeBuilder, NoticeContext
from bot.outbox.rows import Delivery, enqueue
from bot.people import roles
from bot.permissions import requests
from bot.permissions.kinds import WORDS
from bot.permissions.notices import COMMAND
from bot.permissions.requests import PermissionRequest, PermissionRequestError, PermissionSession
from bot.policy.library import Library
from bot.register import certificates, chain
from bot.register.certificates import Certificate, Content
from bot.register.registrar import Registrar
from bot.times import in_words
from bot.typesetting.typeset import typographic

GRANTED: Final = "granted"


@dataclass(frozen=True, slots=True)
class CertificateNotice:
    """The arguments of the notice with a certificate: the identifiers of a request and a person."""

    request: str
    person: str


CERTIFICATE: Final = Notice("demande-certificat", "le certificat d'une autorisation", CertificateNotice)


# --- In the register --------------------------------------------------------------------------


def certify(registrar: Registrar, db: Database, request_id: str, now: datetime) -> None:
    """Record in the register that a request was granted, withdrawn or ended, in the caller's transaction."""
    request = requests.load(db, request_id)
    if request is not None:
        registrar.certify(db, request.id, content_of(db, request), now)


def content_of(db: Database, request: PermissionRequest) -> Content:
    """Return the content that certifies a request in its current state.

    « event » is « granted », « withdrawn » or « ended », and « on » its day. The last two events have only
    one more field, « of »: the number of the register entry that granted the request. Names are replaced by
    commitments. Days are in the format « 2026-11-24 ».
    """
    if request.state != GRANTED:
        first = next(iter(certificates.certificates_of(db, request.id)), None)
        on = request.closed_on.isoformat() if request.closed_on else ""
        return {"event": request.state, "on": on, "of": first.entry.number if first else 0}
    role = request.decided_as or ""
    named = requests.names(db, request.id)
    return {
        "event": request.state,
        "on": request.decided_on.isoformat() if request.decided_on else "",
        "kind": request.kind,
        "policy": request.policy,
        "version": request.version,
        "clauses": list(request.clauses),
        "subject": request.subject,
        "image": request.image,
        "fingerprint": request.fingerprint,
        "conditions": request.reason,
        "until": request.until.isoformat() if request.until else "",
        "role": roles.title(db, role) if role else "",
        "on_paper": request.on_paper,
        **{party: chain.commitment("name", *name) for party, name in named.items()},
    }


def standing(db: Database, number: int, digest: str, today: date) -> str:
    """Return a French sentence that says whether a certificate is still valid today.

    `number`, `digest`: the number and the hash of its register entry, as the certificate states them. The
    content of a permission in force is never erased, so a certificate without content is no longer valid.
    """
    certificate = certificates.find(db, number)
    if certificate is None or certificate.entry.digest != digest:
        return "Le registre qui est ici n'a pas cette inscription\u00a0: il ne dit pas si elle vaut encore."
    if certificate.content is None:
        return "Elle ne vaut plus\u00a0: ce que le registre en disait est effacé."
    for ending in certificates.later(db, number):
        if ending.content is not None and ending.content.get("of") == number:
            word = "retirée" if ending.content["event"] == "withdrawn" else "terminée"
            return f"Elle ne vaut plus\u00a0: {word} le {in_words(date.fromisoformat(ending.content['on']))}."
    until = certificate.content.get("until")
    if not until:
        return "Elle est en vigueur, sans date de fin."
    last = date.fromisoformat(until)
    if last < today:
        return f"Elle ne vaut plus\u00a0: elle valait jusqu'au {in_words(last)}."
    return f"Elle est en vigueur jusqu'au {in_words(last)}."


# --- The page ---------------------------------------------------------------------------------


def summary(content: Content, names: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the content of a granted permission's certificate as (title, value) pairs in French.

    `names`: the names, by party (see `requests.names`).
    """
    decider = names.get("decider", "")
    role = str(content.get("role", ""))
    until = _day(content.get("until"))
    by = f"{decider} ({role})" if decider and role else decider or role
    paper = f"{names.get('signer', 'nom non précisé')}, sur papier" if content.get("on_paper") else ""
    rows = [
        ("Pour quoi", str(content.get("subject", ""))),
        ("L'image", str(content.get("image", ""))),
        ("Conditions", str(content.get("conditions", ""))),
        ("Consentement de", paper or (by if content.get("kind") == "image" else "")),
        ("Inscrit par" if paper else "Accordée par", by if paper or content.get("kind") != "image" else ""),
        ("Donné le" if content.get("kind") == "image" else "Accordée le", _day(content.get("on"))),
        ("Valable", f"jusqu'au {until}" if until else "sans date de fin"),
    ]
    return [(title, value) for title, value in rows if value]


def permitted(content: Content, names: Mapping[str, str]) -> tuple[str, str]:
    """Return what is permitted, as the end of a sentence, and the name to write after it, "" for none.

    For example, « peut tenir une page… » and "", or « peut publier une image où est » and « Zoé Côté ».
    `names`: the names, by party.
    """
    if content.get("kind") not in WORDS:
        return "", ""
    consenter = names.get("signer" if content.get("on_paper") else "decider", "")
    if content["kind"] == "image" and consenter:
        return "peut publier une image où est", consenter
    return f"peut {WORDS[content['kind']].act}", ""


def page_data(
    library: Library, association: str, certificate: Certificate, names: Mapping[str, str]
) -> dict[str, Any]:
    """Return the texts of a certificate's page, by their field names in `certificate.typ`."""
    content = certificate.content or {}
    until, on = _day(content.get("until")), _day(content.get("on"))
    act, whose = permitted(content, names)
    return {
        "association": typographic(association),
        "title": "Consentement à une image" if content.get("kind") == "image" else "Autorisation",
        "to": names.get("asker", "") or "Nom non précisé",
        "permitted": typographic(act),
        "whose": whose,
        "period": f"du {on} au {until}, sauf retrait" if until else f"depuis le {on}, sauf retrait",
        "terms": [[typographic(title), value] for title, value in summary(content, names)],
        "fingerprint": str(content.get("fingerprint", "")),
        "quotes": [_quotation(library, content, clause) for clause in content.get("clauses", ())],
        "made_at": f"{content.get('on')}T12:00:00Z",  # fixed, so that the page is the same every time
    }


def _quotation(library: Library, content: Content, clause: str) -> Mapping[str, Any]:
    try:
        quotation = library.quote(Quote(content["policy"], content["version"], clause))
    except KeyError:  # a version that is no longer stored
        return {"caption": f"{content['policy']}, {clause}", "paragraphs": []}
    paragraphs = ["".join(span.text for span in paragraph) for paragraph in quotation.paragraphs]
    return {"caption": quotation.caption, "paragraphs": paragraphs}


def _day(value: object) -> str:
    return in_words(date.fromisoformat(str(value))) if value else ""


# --- Sending ----------------------------------------------------------------------------------


def send_certificate(session: PermissionSession, request_id: str, person: str, asked: str | None) -> None:
    """Queue the certificate of a permission in force for one of its parties, once a minute at most.

    `asked`: the account that asks for it, « slack:T1/U1 ». Raises `PermissionRequestError`.
    """
    request, _ = requests.find(session.db, request_id, person, session.today)
    if not request.in_force(session.today):
        raise PermissionRequestError(f"{requests.state_words(request)} Il n'y a pas de certificat à envoyer.")
    minute = f"{session.now:%Y-%m-%dT%H:%M}{(asked or '').partition(':')[0]}"
    key = f"{CERTIFICATE.name}:{request.id}:{person}:{minute}"
    notice = CertificateNotice(request.id, person)
    delivery = Delivery(key, f"person:{person}", CERTIFICATE, notice, urgent=True, asked=asked)
    enqueue(session.db, delivery, session.now)


def notice_builders(library: Library, registrar: Registrar) -> tuple[NoticeBuilder, ...]:
    """Return the builder of the certificate's notice, for the outbox."""

    def build(context: NoticeContext, notice: CertificateNotice) -> Deferred[Message] | None:
        request = requests.load(context.db, notice.request)
        mine = request and requests.party_of(context.db, request, notice.person, context.today)
        granting = certificates.certificates_of(context.db, notice.request)[:1]
        if request is None or mine is None or not request.in_force(context.today) or not granting:
            return None
        named = requests.names(context.db, request.id)
        signer = registrar.signer(context.db)
        names = {party: name for party, (name, _) in named.items()}
        data = page_data(library, registrar.issuer.association, granting[0], names)

        def make() -> Message:
            from bot.register import certificate_page, sealed_pages  # noqa: PLC0415 — imported at the first page

            try:
                content = certificate_page.make_page(granting[0], named, data, signer)
            except sealed_pages.ReceiptError as error:
                return failed_message(request, str(error))
            return certificate_message(request, granting[0].entry.number, content)

        return Deferred(make)

    return (CERTIFICATE.built_by(build),)


def certificate_message(request: PermissionRequest, number: int, content: bytes) -> Message:
    """Return the message with a certificate. `content`: its PDF."""
    until = f"jusqu'au {in_words(request.until)}" if request.until else "sans date de fin"
    return Message(
        Heading("Le certificat"),
        Text(
            f"Il dit qu'il est permis {WORDS[request.kind].of_act}, {until}. Transmettez-le tel quel à "
            "qui le demande\u00a0: il dit comment vérifier qu'il est vrai."
        ),
        File(f"certificat-{number}.pdf", content, "Le certificat d'une autorisation"),
    )


def failed_message(request: PermissionRequest, why: str) -> Message:
    """Return a message saying that a certificate could not be made. `why`: the reason, a French sentence."""
    return Message(
        Heading("Le certificat n'a pas pu être fait"),
        Text(
            "Rien n'est perdu\u00a0: ce qui est permis l'est toujours, et reste inscrit. Redemandez le "
            "certificat dans un moment; si cela se répète, parlez-en à l'administration."
        ),
        Note(why),
        Buttons(Button("Redemander le certificat", f"{COMMAND} certificat {request.id}", "primary")),
    )
