"""`/vigie demande`: requests for a permission or a consent, their answers, and the register.

The answers typed in a window stay in memory until they are confirmed. An attached picture is only hashed.
"""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from typing import Final

from sqlite_utils import Database

from bot.commands.demande import messages, windows
from bot.commands.demande.drafts import RequestDraft, RequestDrafts
from bot.commands.demande.messages import Card, Listed
from bot.commands.demande.registre import Registered, register_message
from bot.commands.demande.windows import WINDOWS
from bot.commands.passages import page_number, split_text
from bot.conversation.forms import Reply
from bot.conversation.messages import Message, Quote, Span, clean, excerpt, person, weight
from bot.conversation.requests import Actor, FieldsError, Received, Request, UserError
from bot.people import persons, roles
from bot.people.office import Office, actor_of, in_private, person_span, picked_actor, typed_day
from bot.permissions import certificates, requests, thread
from bot.permissions.kinds import RequestKind
from bot.permissions.notices import COMMAND, party_span
from bot.permissions.requests import (
    NAME_LENGTH,
    Asking,
    Party,
    PermissionDesk,
    PermissionRequest,
    PermissionRequestError,
    PermissionSession,
    Ruling,
)
from bot.policy.articles import Number
from bot.policy.library import Library
from bot.posting.checks import Venue
from bot.posting.drafts import PostDrafts

_IMAGES: Final = re.compile(rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff|RIFF.{4}WEBP", re.DOTALL)
# How the subject of a request begins, by the place where the text under examination will be published.
_PUBLISH: Final[Mapping[Venue, str]] = {
    "": "Publier ce texte",
    "personnel": "Publier ce texte sur mon compte personnel",
    "travail": "Publier ce texte sur mon compte de travail",
    "page": "Publier ce texte sur une page de l'association",
}
_FILLERS: Final = "\u115f\u1160\u3164\uffa0"  # Hangul letters that look blank
_TOKEN: Final = re.compile(r"[\w-]{16}")
# The field of a window in which to show a refusal, by `PermissionRequestError.part`.
_FIELDS: Final[Mapping[str, str]] = {
    "subject": "objet",
    "until": "jusque",
    "image": "image",
    "reason": "raison",
    "text": "mots",
    "name": "nom",
}


@dataclass(frozen=True, slots=True)
class Requesting:
    """The dependencies of this command.

    `posts`: the texts under examination (see `verifier`), from which a request can be filled in.
    """

    library: Library
    office: Office
    desk: PermissionDesk
    drafts: RequestDrafts
    posts: PostDrafts


def handle(requesting: Requesting, request: Request) -> Reply:
    """Handle `/vigie demande`, its windows and its buttons. Raises `UserError` with a refusal's reason."""
    verb, identifier, rest = [*request.text.split(maxsplit=2), "", "", ""][:3]
    with requesting.office.storage.transaction() as db:
        work = PermissionWork(requesting, db, request)
        try:
            if verb in WINDOWS:
                return work.ask(verb, identifier)
            if verb in _ACTS:
                return _ACTS[verb](work, identifier, rest)
            return work.home(identifier if verb == "liste" else "")
        except PermissionRequestError as error:
            raise work.refusal(error) from error


@dataclass(frozen=True, slots=True)
class PermissionWork:
    """A request about permissions, within a transaction.

    The methods that buttons call take the identifier of the request or draft, then the rest of the button.
    """

    requesting: Requesting
    db: Database
    request: Request = field(repr=False)

    @property
    def actor(self) -> Actor:
        """The account that made the request."""
        return actor_of(self.request)

    @property
    def today(self) -> date:
        """Today's date in the association's time zone."""
        return self.requesting.office.today()

    @property
    def session(self) -> PermissionSession:
        """The session to pass to the functions that act on requests."""
        return PermissionSession(self.db, self.requesting.desk, self.requesting.office.clock())

    def _known(self) -> str | None:
        """Return the person's id, None when they are not in the database."""
        return persons.person_of(self.db, self.actor)

    def person(self) -> str:
        """Return the person's id, adding them to the database if needed."""
        return persons.known(self.db, self.actor)

    def refusal(self, error: PermissionRequestError) -> UserError:
        """Return a refusal to show beside the field at fault or, if no field is, by itself."""
        fields = self.request.fields
        who = next((name for name in ("personne", "code") if name in fields), "papier")
        why = "raison" if "raison" in fields else "conditions"
        names = {**_FIELDS, "consenter": who, "reason": why}
        name = names.get(error.part, "")
        return FieldsError({name: str(error)}) if name in fields else UserError(str(error))

    # --- Asking

    def home(self, page: str) -> Message:
        """Show what can be asked for, the requests that await the person, and their other requests."""
        person_id, today = self._known(), self.today
        kinds = self.requesting.desk.kinds().values()
        administers = roles.has(self.db, person_id, roles.ADMINISTRATION, today)
        waiting: list[PermissionRequest] = []
        others: list[Listed] = []
        if person_id:
            waiting = requests.to_decide(self.db, person_id, today)
            awaited = {request.id for request in waiting}
            others = [
                Listed(request.as_of(today), "asker" if request.asker == person_id else "consenter")
                for request in requests.own(self.db, person_id)
                if request.id not in awaited
            ]
        return messages.home(
            [kind for kind in kinds if kind.decider],
            waiting,
            others,
            page=page_number(page),
            registers=self._registers(person_id),
            missing=[why for kind in kinds if (why := kind.unoffered())] if administers else (),
        )

    def choose(self, identifier: str, window: str) -> Reply:
        """Open a window to ask for a permission, filled in from a text under examination.

        `identifier`: the text's token. If `window` names no window, first ask who is in the picture.
        """
        draft = self.requesting.posts.get(self.actor, identifier)
        text, image, venue = (draft.post.text, draft.post.image, draft.post.venue) if draft else ("", "", "")
        if window not in WINDOWS:
            return self.whose(identifier)
        self._kind(window)
        if draft is None:
            return windows.asking_form(window, name=self.request.name)
        asking = Asking(
            WINDOWS[window],
            _shortened(f"{_PUBLISH[venue]}\u00a0: {text}" if text else "", requests.SUBJECT_LENGTH),
            name=self.request.name,
            image=_shortened(image, requests.IMAGE_LENGTH),
        )
        form = windows.asking_form(window, RequestDraft(asking))
        return replace(form, command=f"{COMMAND} {window}")

    def whose(self, identifier: str = "", _rest: str = "") -> Message:
        """Ask whether the person in a picture has an account, here or elsewhere, and so can answer."""
        self._kind("personne")
        typed = self.requesting.office.profile.typed(f"{COMMAND} code") if self._has_elsewhere() else ""
        return messages.whose_image(typed, identifier if _TOKEN.fullmatch(identifier) else "")

    def _has_elsewhere(self) -> bool:
        """Return whether the association is on another platform too, where a code can be obtained."""
        return len(self.requesting.office.teams) > 1

    def give_code(self, _identifier: str, _rest: str) -> Message:
        """Give a person a code by which someone on the other platform can ask for their consent."""
        self._kind("ailleurs")
        return messages.contact_code(self.requesting.drafts.issue_code(self.actor))

    def ask(self, window: str, identifier: str) -> Reply:
        """Open a window to ask for a permission or, once it is filled in, ask to confirm the request."""
        kind = self._kind(window)
        before = self.requesting.drafts.get(self.actor, identifier) if identifier else None
        fields = self.request.fields
        if not fields:
            return windows.asking_form(window, before, name=self.request.name)
        draft = self._draft(window, before, late=bool(identifier) and before is None)
        # Nobody is added to the database before the request is confirmed.
        request = requests.check(self.session, self._known() or persons.new_id(), draft.asking)
        self.requesting.drafts.store(draft, self.actor)
        return messages.confirm(draft, kind, window, self._to(draft, request))

    def _kind(self, window: str) -> RequestKind:
        kind = self.requesting.desk.kinds().get(WINDOWS[window])
        if kind is None or not kind.decider or (window == "ailleurs" and not self._has_elsewhere()):
            typed = self.requesting.office.profile.typed(COMMAND)
            raise UserError(f"Cela ne se demande pas par ici. Tapez {typed} pour voir ce qui s'y demande.")
        return kind

    def _draft(self, window: str, before: RequestDraft | None, *, late: bool) -> RequestDraft:
        """Return the answers typed in a window as a draft. Raises `FieldsError` with all the problems.

        `late`: whether the window was filled in from a draft that has expired.
        """
        fields = self.request.fields
        problems = dict[str, str]()
        texts = {name: clean(fields.get(name, "")).strip() for name in ("objet", "image", "papier", "nom")}
        # Names are cut to the length that windows accept, so that the certificate shows the confirmed name.
        texts |= {name: texts[name][:NAME_LENGTH].strip() for name in ("papier", "nom")}
        missing = {
            "objet": "Dites ce que vous voulez faire.",
            "image": "Décrivez l'image\u00a0: c'est ce que j'en garde.",
            "papier": "Écrivez le nom de la personne qui signera.",
            "nom": "Écrivez votre nom, comme il doit paraître au certificat.",
        }
        problems |= {
            name: missing[name] for name in texts if name in fields and not _can_be_read(texts[name])
        }
        until, fingerprint = None, before.asking.fingerprint if before else ""
        try:
            until = self._until()
        except FieldsError as error:
            problems |= error.problems
        try:
            fingerprint = _fingerprint(self.request.file) or fingerprint
        except FieldsError as error:
            problems |= error.problems
        person = None
        try:
            person = self._pictured(window, before, late=late)
        except FieldsError as error:
            problems |= error.problems
        if problems:
            raise FieldsError(problems)
        asking = Asking(
            WINDOWS[window],
            texts["objet"],
            until,
            name=texts["nom"],
            consenter=(persons.person_of(self.db, person) or persons.new_id()) if person else None,
            signer=texts["papier"],
            image=texts["image"],
            fingerprint=fingerprint,
        )
        return RequestDraft(replace(asking, id=before.asking.id) if before else asking, person)

    def _pictured(self, window: str, before: RequestDraft | None, *, late: bool) -> Actor | None:
        """Return the account of the person in a picture, None if they sign on paper. Raises `FieldsError`."""
        if window == "personne":
            return picked_actor(self.request)
        if window != "ailleurs":
            return None
        person = before.person if before else None
        typed = self.request.fields.get("code", "").strip()
        if typed:
            person = self.requesting.drafts.reached(typed)
        if person is None:
            raise FieldsError({"code": messages.LATE_CODE if late and not typed else messages.UNKNOWN_CODE})
        return person

    def _until(self) -> date | None:
        """Return the last day typed in a window, None for none. Raises `FieldsError` for a past day."""
        if not self.request.fields.get("jusque", "").strip():
            return None
        day = typed_day(self.requesting.office, self.request, "jusque").day
        if day < self.today:
            raise FieldsError({"jusque": "Cette date est passée."})
        return day

    def _to(self, draft: RequestDraft, request: PermissionRequest) -> Sequence[Span | str]:
        """Return who will receive a request, to be written after « elle ira »: « au rôle « Présidence » »."""
        if draft.person:
            if draft.person.platform != self.actor.platform:
                return (messages.by_code(draft.person.platform),)
            return ("à ", person(draft.person.platform, draft.person.user))
        acting = requests.deciders(self.db, request, self.today)[0]
        to = f"au rôle «\u00a0{requests.role_title(self.db, acting)}\u00a0»"
        if acting != request.asked_of:
            asked_of = requests.role_title(self.db, request.asked_of)
            to += f", qui prend la relève du rôle «\u00a0{asked_of}\u00a0»"
        if draft.asking.signer:
            to += f", et sera inscrite quand {draft.asking.signer} aura signé un papier"
        return (to,)

    def send(self, identifier: str, _rest: str) -> Reply:
        """Send a draft, once, however often the button that confirms it is pressed.

        Raises `UserError` when the person sent too many requests today.
        """
        draft = self.requesting.drafts.get(self.actor, identifier)
        person_id = self._known()
        if draft is None:
            if person_id and requests.load(self.db, identifier):  # already sent by an earlier press
                return self.show(identifier, "")
            return messages.TOO_LATE
        if not self.request.confirmed:
            return self.home("")
        asking = draft.asking
        if draft.person:
            asking = replace(asking, consenter=persons.known(self.db, draft.person))
        sent = requests.ask(self.session, self.person(), asking)
        if not self.requesting.drafts.count_sent(self.actor, self.today):
            raise UserError("Vous avez fait trop de demandes aujourd'hui. Reprenez demain.")
        self.requesting.office.storage.after_commit(
            partial(self.requesting.drafts.drop, self.actor, identifier)
        )
        return self._card(sent, "asker", lead="C'est envoyé.")

    def forget(self, identifier: str, _rest: str) -> Message:
        """Forget a draft."""
        self.requesting.drafts.drop(self.actor, identifier)
        return messages.FORGOTTEN

    def extend(self, identifier: str, _rest: str) -> Reply:
        """Open a window to ask again for a permission, filled in from a former request of the same person.

        Raises `UserError` if the former request is someone else's.
        """
        former, party = self._find(identifier)
        if party != "asker":
            raise UserError("Seule la personne qui l'a demandé peut le redemander.")
        window = next(name for name, kind in WINDOWS.items() if kind == former.kind)
        if former.on_paper:
            window = "papier"
        self._kind(window)
        names = self._names(former)
        asking = Asking(
            former.kind,
            former.subject,
            name=names["asker"] or self.request.name,
            consenter=former.consenter,
            signer=names["signer"],
            image=former.image,
            fingerprint=former.fingerprint,
        )
        accounts = persons.accounts_of(self.db, former.consenter) if former.consenter else []
        here = next((account for account in accounts if account.platform == self.actor.platform), None)
        person = replace(self.actor, user=here.user) if here else None
        if accounts and not here:
            window, elsewhere = "ailleurs", accounts[0]
            person = Actor(elsewhere.platform, elsewhere.team, elsewhere.user)
        draft = RequestDraft(asking, person)
        self.requesting.drafts.store(draft, self.actor)
        return windows.asking_form(window, draft)

    # --- Answering

    def _find(self, identifier: str) -> tuple[PermissionRequest, Party]:
        person_id = self._known()
        return requests.find(self.db, identifier, person_id or "", self.today)

    def show(self, identifier: str, page: str) -> Message:
        """Show a request."""
        request, party = self._find(identifier)
        return self._card(request, party, page=page_number(page))

    def grant(self, identifier: str, _rest: str) -> Reply:
        """Open the window to grant a request or, once it is filled in, grant it. Raises `FieldsError`."""
        request, party = self._find(identifier)
        if request.state != "asked" or party == "asker":
            return self._late(request, party)
        if not self.request.fields:
            names = self._names(request)
            return windows.granting_form(request, names["asker"], names["signer"], self.request.name)
        name = clean(self.request.fields.get("nom", "")).strip()
        if not _can_be_read(name):
            raise FieldsError({"nom": "Écrivez votre nom, comme il doit paraître au certificat."})
        conditions = clean(self.request.fields.get("conditions", "")).strip()
        decision = Ruling(granted=True, reason=conditions, until=self._until(), name=name)
        decided = requests.decide(self.session, request.id, self.person(), decision)
        lead = "C'est accordé, et inscrit au registre."
        if request.by_consent:
            lead = "C'est accepté. Vous pourrez changer d'idée quand vous voudrez."
        elif request.on_paper:
            lead = "C'est consigné, et inscrit au registre."
        return self._card(decided, party, lead=lead)

    def refuse(self, identifier: str, _rest: str) -> Reply:
        """Open the window to refuse a request or, once it is filled in, refuse it."""
        request, party = self._find(identifier)
        if request.state != "asked" or party == "asker":
            return self._late(request, party)
        if not self.request.fields:
            return windows.refusing_form(request, party)
        reason = clean(self.request.fields.get("raison", "")).strip()
        decided = requests.decide(
            self.session, request.id, self.person(), Ruling(granted=False, reason=reason)
        )
        return self._card(decided, party, lead="C'est refusé\u00a0: la réponse part.")

    def _late(self, request: PermissionRequest, party: Party) -> Message:
        """Show a request that can no longer be answered, because it was answered or cancelled meanwhile."""
        late = party != "asker" and bool(self.request.fields)
        return self._card(request, party, lead=messages.LATE * late)

    def write(self, identifier: str, _rest: str) -> Reply:
        """Open the window to write a line of the thread or, once it is filled in, add the line."""
        request, party = self._find(identifier)
        if not self.request.fields:
            closed = request.state not in {"asked", "granted"}
            return self._card(request, party) if closed else windows.line_form(request, party)
        thread.say(self.session, request.id, self.person(), clean(self.request.fields.get("mots", "")))
        return self._card(request, party, lead="C'est envoyé.")

    def cancel(self, identifier: str, _rest: str) -> Message:
        """Cancel the person's own request, after confirmation."""
        request, party = self._find(identifier)
        if party == "asker" and request.state == "asked" and not self.request.confirmed:
            return messages.cancelling(request)
        return self._card(requests.cancel(self.session, request.id, self.person()), party)

    def withdraw(self, identifier: str, _rest: str) -> Reply:
        """End a permission in force. Deciders must give a reason, other parties only confirm.

        Raises `FieldsError` for a reason without a visible letter or digit.
        """
        request, party = self._find(identifier)
        if request.state != "granted":
            return self._card(request, party)
        reason = clean(self.request.fields.get("raison", "")).strip()
        if party == "decider":
            if not self.request.fields:
                return windows.withdrawing_form(request)
            if not _can_be_read(reason):
                raise FieldsError({"raison": "Dites pourquoi\u00a0: la personne qui l'a reçue le lira."})
        elif not self.request.confirmed:
            ask = messages.renouncing if party == "asker" else messages.unconsenting
            return ask(request)
        return self._card(requests.withdraw(self.session, request.id, self.person(), reason), party)

    def certificate(self, identifier: str, _rest: str) -> Message:
        """Queue the certificate of a permission, which is sent in private."""
        request, _ = self._find(identifier)
        account = str(persons.account(self.actor))
        certificates.send_certificate(self.session, request.id, self.person(), account)
        return messages.certificate_coming(request, in_private(self.request))

    # --- Showing

    def _card(self, request: PermissionRequest, party: Party, *, page: int = 1, lead: str = "") -> Message:
        db, platform = self.db, self.actor.platform
        quote, need = self._quote(request)
        lines = [
            (party_span(db, request, line.author, platform), line) for line in thread.lines(db, request.id)
        ]
        names = self._names(request)
        view = Card(
            request,
            party,
            party_span(db, request, request.asker, platform),
            self._asked_of(request),
            self._answered_by(request),
            lines,
            quote,
            need,
            excerpt(names["signer"], NAME_LENGTH),
            excerpt(names["asker"], NAME_LENGTH),
        )
        return messages.card(view, page=page, lead=lead)

    def _names(self, request: PermissionRequest) -> Mapping[str, str]:
        """Return the stored names of the asker and of the person who signs on paper, "" when unknown."""
        names = requests.names(self.db, request.id)
        return {party: names[party][0] if party in names else "" for party in ("asker", "signer")}

    def _asked_of(self, request: PermissionRequest) -> Sequence[Span | str]:
        if request.consenter:
            platforms = [account.platform for account in persons.accounts_of(self.db, request.consenter)]
            if platforms and self.actor.platform not in platforms:
                return (messages.by_code(platforms[0]),)
            return ("à ", person_span(self.db, request.consenter, self.actor.platform))
        if request.by_consent:
            return ("à une personne qui n'est plus ici",)
        return (f"au rôle «\u00a0{requests.role_title(self.db, request.asked_of)}\u00a0»",)

    def _answered_by(self, request: PermissionRequest) -> Sequence[Span | str]:
        """Return « Réponse de … », with the person who answered for a role, or () if nobody did."""
        if request.decided_by is None or request.decided_as is None:
            return ()
        role = requests.role_title(self.db, request.decided_as)
        name = party_span(self.db, request, request.decided_by, self.actor.platform)
        return (" Réponse de ", name, f", pour le rôle «\u00a0{role}\u00a0».")

    def _quote(self, request: PermissionRequest) -> tuple[Quote | None, int]:
        """Return a quotation of the clause that requires the permission, and the weight of its words."""
        try:
            version = self.requesting.library.version(request.policy, request.version)
        except KeyError:
            return None, 0
        clause = version.clause(Number(request.clauses[0]))
        if clause is None:
            return None, 0
        text, end = clause.text, None
        if weight(text) > messages.QUOTE_WEIGHT:
            _, end = next(split_text(text, messages.QUOTE_WEIGHT))
        return Quote(request.policy, request.version, request.clauses[0], end=end), weight(text[:end]) + 120

    def _registers(self, person: str | None) -> bool:
        """Return whether a person may see the register: they administer, or decide on some requests."""
        if person is None:
            return False
        administers = roles.has(self.db, person, roles.ADMINISTRATION, self.today)
        return administers or requests.decides(self.db, self.requesting.desk, person, self.today)

    def register(self, page: str, _rest: str) -> Message:
        """Show the register to those who may see it. Raises `UserError` for anyone else."""
        person_id = self._known()
        if person_id is None or not self._registers(person_id):
            raise UserError(
                "Le registre ne s'ouvre qu'aux personnes qui décident des demandes et à l'administration. "
                f"Vos demandes à vous se lisent avec {self.requesting.office.profile.typed(COMMAND)}."
            )

        def row_of(request: PermissionRequest) -> Registered:
            who = party_span(self.db, request, request.asker, self.actor.platform)
            opens = requests.party_of(self.db, request, person_id, self.today) is not None
            return Registered(request, who, opens)

        granted = requests.register(self.db)
        return register_message(granted, row_of, self.today, page=page_number(page))


def _fingerprint(file: Received | None) -> str:
    """Return the SHA-256 of a picture, "" for none. Raises `FieldsError` for a file that is not a picture."""
    if file is None:
        return ""
    if file.problem:
        raise FieldsError({"fichier": file.problem})
    if not _IMAGES.match(file.content):
        raise FieldsError({"fichier": "Ce n'est pas une image PNG, JPEG ou WebP."})
    return hashlib.sha256(file.content).hexdigest()


def _can_be_read(text: str) -> bool:
    """Return whether a text has a visible letter or digit: a name that looks blank would name nobody."""
    return any(sign.isalnum() and sign not in _FILLERS for sign in text)


def _shortened(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"


_ACTS: Final[Mapping[str, Callable[[PermissionWork, str, str], Reply]]] = {
    "image": PermissionWork.whose,
    "code": PermissionWork.give_code,
    "depuis": PermissionWork.choose,
    "envoyer": PermissionWork.send,
    "oublier": PermissionWork.forget,
    "prolonger": PermissionWork.extend,
    "voir": PermissionWork.show,
    "accorder": PermissionWork.grant,
    "refuser": PermissionWork.refuse,
    "ecrire": PermissionWork.write,
    "annuler": PermissionWork.cancel,
    "retirer": PermissionWork.withdraw,
    "certificat": PermissionWork.certificate,
    "registre": PermissionWork.register,
}
