"""Requests for a permission, and the only ways in which their state changes.

    asked → granted, refused    once, by someone who may decide
    asked → cancelled           by the asker, or because nobody can consent any more
    granted → withdrawn         by someone who may decide or who consented, or when the asker renounces it
    granted → ended             once its last day is over

Today's holders of the role may decide or, when nobody but the asker holds it, the holders of its fallbacks.
Nobody decides on their own request. For an image, only the person in it decides, unless they consent on
paper: the role then records the consent. Functions that act for a person check here that the person may do
so. Every function runs in the caller's transaction.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Final, Literal, TypeAlias

from pydantic import TypeAdapter
from sqlite_utils import Database

from bot.conversation.messages import thousands
from bot.people import roles
from bot.people.persons import new_id
from bot.permissions import queueing
from bot.permissions.kinds import RequestKind
from bot.policy.annotations import PermissionKind
from bot.register import chain
from bot.storage.destruction import Remember, destroy, forgets_nothing
from bot.times import Calendar, in_words

SUBJECT_LENGTH: Final = 1_000
IMAGE_LENGTH: Final = 500
REASON_LENGTH: Final = 1_000
NAME_LENGTH: Final = 80
MOST_WAITING: Final = 10  # maximum requests of one person that await a decision
MOST_A_DAY: Final = 15  # maximum requests of one person in a day, whatever their state
# The maximum number of consents that one person may ask of another within `PRESSING`, until they get one.
MOST_PRESSING: Final = 3
PRESSING: Final = timedelta(days=30)
SOON: Final = timedelta(days=14)  # how long before its last day a permission « ends soon »

# Runs of empty lines, which would push the rest of a text off a certificate's page.
_EMPTY_LINES: Final = re.compile(r"\n(?:[^\S\n]*\n){2,}[^\S\n]*")

State: TypeAlias = Literal["asked", "granted", "refused", "cancelled", "withdrawn", "ended"]
Party: TypeAlias = Literal["asker", "decider", "consenter"]
# Certifies a request that was granted, withdrawn or ended, given its identifier and the time.
Certify: TypeAlias = Callable[[Database, str, datetime], object]


class PermissionRequestError(Exception):
    """The refusal of an act on a request. The text is the reason, in French.

    `part`: the field at fault: « subject », « until », « image », « consenter », « reason », « text », "" for
    none.
    """

    def __init__(self, text: str, part: str = "") -> None:
        super().__init__(text)
        self.part = part


class DecidedError(PermissionRequestError):
    """The refusal of an act on a request that was already decided. `request`: the request as decided."""

    def __init__(self, text: str, request: PermissionRequest) -> None:
        super().__init__(text)
        self.request = request


@dataclass(frozen=True, slots=True)
class Asking:
    """A person's request, as typed. `until`: the last day that they want, None for no end.

    `name`: the person's name, for the certificate. `consenter`: for an image, the person in it, None when
    they sign on paper; `signer` is then their name. `image`: a description of the picture. `fingerprint`: its
    SHA-256, in hexadecimal, "" without the picture. `id`: the same each time that the same form is sent, so
    that a press that arrives twice creates one request.
    """

    kind: PermissionKind
    subject: str
    until: date | None = None
    name: str = ""
    consenter: str | None = None
    signer: str = ""
    image: str = ""
    fingerprint: str = ""
    id: str = field(default_factory=new_id)


@dataclass(frozen=True, slots=True)
class Ruling:
    """A decision on a request. `reason`: why it is refused (required), or the conditions of a permission.

    `until`: the last day of the permission, None for no end. `name`: the decider's name, for the certificate.
    """

    granted: bool
    reason: str = ""
    until: date | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class PermissionRequest:
    """A stored request. Days are in the association's time zone.

    `version`: the key of the policy's version. `clauses`: numbers as text, « 5.16 ». `asked_of`: the role
    that decides or, for an image, is informed. `consenter`: the person in an image, None if they consent on
    paper or were erased. `until`: the last day that the asker wants, then the last day granted. `decided_as`:
    the role that the decider acted for, None for a consent. `closed_by`: the party who ended a permission in
    force. `closing`: their reason. Erased texts are "".
    """

    id: str
    kind: PermissionKind
    policy: str
    version: str
    clauses: tuple[str, ...]
    asker: str
    asked_of: str
    consenter: str | None
    on_paper: bool
    asked_on: date
    until: date | None
    subject: str
    image: str
    fingerprint: str
    state: State = "asked"
    decided_by: str | None = None
    decided_as: str | None = None
    decided_on: date | None = None
    reason: str = ""
    closed_by: Party | None = None
    closed_on: date | None = None
    closing: str = ""

    @property
    def by_consent(self) -> bool:
        """Whether the decision is the consent of the person in the image, from their own account."""
        return self.kind == "image" and not self.on_paper

    @property
    def by_oneself(self) -> bool:
        """Whether the asker and the decider are one person, whose two accounts were linked afterwards."""
        return self.decided_by == self.asker

    def in_force(self, today: date) -> bool:
        """Return whether the request was granted and its last day is not over."""
        return self.state == "granted" and (self.until is None or self.until >= today)

    def as_of(self, today: date) -> PermissionRequest:
        """Return the request as it stands on a day: ended once its last day is over.

        The stored state changes only at the next daily task, hours later.
        """
        over = self.state == "granted" and not self.in_force(today)
        return replace(self, state="ended") if over else self

    def ends_soon(self, today: date) -> bool:
        """Return whether the permission is in force and its last day is at most `SOON` away."""
        return self.in_force(today) and self.until is not None and self.until - today <= SOON


@dataclass(frozen=True, slots=True)
class PermissionDesk:
    """The dependencies of the functions below. `kinds`: returns today's kinds, by identifier."""

    kinds: Callable[[], Mapping[PermissionKind, RequestKind]]
    calendar: Calendar
    certify: Certify = lambda _db, _request, _now: None
    remember: Remember = forgets_nothing


@dataclass(frozen=True, slots=True)
class PermissionSession:
    """A transaction in which every act on a request happens at the time `now`."""

    db: Database
    desk: PermissionDesk
    now: datetime

    @property
    def today(self) -> date:
        """Today's date in the association's time zone."""
        return self.desk.calendar.day(self.now)


# --- What people do ---------------------------------------------------------------------------


def check(session: PermissionSession, asker: str, asking: Asking) -> PermissionRequest:
    """Return the request that `asking` would create, without storing it.

    Raises `PermissionRequestError` if it would be refused, for example because nobody could decide.
    """
    db = session.db
    today = session.today
    kind = session.desk.kinds().get(asking.kind)
    if kind is None or kind.decider is None or not re.fullmatch("[0-9a-f]{16}", asking.id):
        raise PermissionRequestError("Cela ne se demande pas ici. Rien n'est envoyé.")
    subject = _written(asking.subject, "subject", SUBJECT_LENGTH)
    _check_day(asking.until, today)
    consenter = asking.consenter if kind.is_consent else None
    if kind.is_consent and consenter is None and not chain.tidy(asking.signer):
        problem = "Dites qui est sur l'image\u00a0: une personne d'ici, ou le nom de qui signera sur papier."
        raise PermissionRequestError(problem, "consenter")
    if consenter == asker:
        problem = "C'est votre propre image\u00a0: vous n'avez pas de consentement à demander."
        raise PermissionRequestError(problem, "consenter")
    if asking.fingerprint and not re.fullmatch("[0-9a-f]{64}", asking.fingerprint):
        raise ValueError("a fingerprint is a SHA-256, in hexadecimal")
    _check_number(db, asker, consenter, today)
    request = PermissionRequest(
        asking.id,
        kind.id,
        kind.reading.policy.id,
        kind.reading.version.key,
        tuple(map(str, kind.clauses)),
        asker,
        kind.decider,
        consenter,
        kind.is_consent and consenter is None,
        today,
        asking.until,
        subject,
        _written(asking.image, "image", IMAGE_LENGTH) if kind.is_consent else "",
        asking.fingerprint if kind.is_consent else "",
    )
    if not deciders(db, request, today)[1]:
        raise PermissionRequestError(_nobody(db, request, today))
    return request


def ask(session: PermissionSession, asker: str, asking: Asking) -> PermissionRequest:
    """Store a request and queue the notice for those who may decide. Return it.

    If the same person already asked with the same `id`, return the stored request. Raises the same errors as
    `check`.
    """
    db, existing = session.db, load(session.db, asking.id)
    if existing and existing.asker == asker:
        return existing
    request = check(session, asker, asking)
    if existing:
        raise PermissionRequestError("Cette demande n'est plus là. Recommencez-la.")
    row = {
        **asdict(request),
        "clauses": " ".join(request.clauses),
        "asked_on": request.asked_on.isoformat(),
        "until": _iso(request.until),
        "content": new_id(),
    }
    db.conn.execute(
        """INSERT INTO permission_requests (id, kind, policy, version, clauses, asker_id, asked_of,
             consenter_id, on_paper, state, asked_on, until)
           VALUES (:id, :kind, :policy, :version, :clauses, :asker, :asked_of, :consenter, :on_paper, :state,
             :asked_on, :until)""",
        row,
    )
    db.conn.execute(
        """INSERT INTO permission_contents (id, request_id, subject, image, fingerprint)
           VALUES (:content, :id, :subject, :image, :fingerprint)""",
        row,
    )
    _name(db, request.id, "asker", asker, asking.name)
    if request.on_paper:
        _name(db, request.id, "signer", None, asking.signer)
    role, people = deciders(db, request, session.today)
    queueing.to_deciders(db, request.id, role, people, session.now)
    return request


def decide(session: PermissionSession, request_id: str, person: str, ruling: Ruling) -> PermissionRequest:
    """Grant or refuse a request, once. Return it as decided.

    The same answer given twice by the same person changes nothing the second time. Raises `DecidedError` when
    the request was already decided, and `PermissionRequestError` when this person may not decide or the
    ruling is invalid.
    """
    db, today = session.db, session.today
    request, party = find(db, request_id, person, today)
    state: State = "granted" if ruling.granted else "refused"
    if request.state != "asked" and request.decided_by == person and request.state == state:
        return request
    if party == "asker":
        raise PermissionRequestError("C'est vous qui le demandez\u00a0: quelqu'un d'autre en décide.")
    if request.state != "asked":
        raise DecidedError(f"{state_words(request)} Rien n'est changé.", request)
    if not ruling.granted and not ruling.reason.strip() and party == "decider":
        raise PermissionRequestError("Dites pourquoi\u00a0: la personne qui demande le lira.", "reason")
    reason = _written(ruling.reason, "reason", REASON_LENGTH, required=False)
    until = ruling.until if ruling.granted else request.until
    if ruling.granted:
        _check_day(until, today)
    role, _ = deciders(db, request, today)
    db.conn.execute(
        """UPDATE permission_requests
           SET state = ?, until = ?, decided_by = ?, decided_as = ?, decided_on = ? WHERE id = ?""",
        (state, _iso(until), person, role or None, today.isoformat(), request.id),
    )
    db.conn.execute("UPDATE permission_contents SET reason = ? WHERE request_id = ?", (reason, request.id))
    _name(db, request.id, "decider", person, ruling.name)
    request = _reloaded(db, request.id)
    if ruling.granted:
        session.desk.certify(db, request.id, session.now)
    queueing.decided(db, request.id, request.asker, session.now)
    return request


def withdraw(session: PermissionSession, request_id: str, person: str, reason: str = "") -> PermissionRequest:
    """End a permission in force, at the wish of its decider, of the person who consented, or of the asker.

    Return the request. A second call changes nothing. Raises `PermissionRequestError`.
    """
    request, party = find(session.db, request_id, person, session.today)
    if request.state == "withdrawn":
        return request
    if request.state != "granted":
        raise PermissionRequestError(f"{state_words(request)} Il n'y a rien à retirer.")
    why = _written(reason, "reason", REASON_LENGTH, required=False)
    return _close(session, request, party, why)


def cancel(session: PermissionSession, request_id: str, person: str) -> PermissionRequest:
    """Cancel a person's own undecided request. Return it. Raises `PermissionRequestError`."""
    request, party = find(session.db, request_id, person, session.today)
    if party != "asker":
        raise PermissionRequestError("Seule la personne qui l'a demandé peut l'annuler.")
    if request.state == "cancelled":
        return request
    if request.state != "asked":
        raise DecidedError(f"{state_words(request)} Il est trop tard pour l'annuler.", request)
    return _cancelled(session, request)


# --- Changes due to time and erasure ---------------------------------------------------------------


def end_over(session: PermissionSession) -> list[PermissionRequest]:
    """End the permissions whose last day is over. Return their requests in their new state."""
    db, today = session.db, session.today
    over = _select(db, "state = 'granted' AND until < ?", (today.isoformat(),))
    for request in over:
        db.conn.execute(
            "UPDATE permission_requests SET state = 'ended', closed_on = ? WHERE id = ?",
            (today.isoformat(), request.id),
        )
        session.desk.certify(db, request.id, session.now)
    return [_reloaded(db, request.id) for request in over]


def release(session: PermissionSession) -> None:
    """Withdraw the consents of people who were erased, and cancel the requests that await their consent.

    `leave` already does so when a person is erased. This catches the people who are erased again after an old
    backup is restored.
    """
    orphans = "kind = 'image' AND NOT on_paper AND consenter_id IS NULL AND state IN ('asked', 'granted')"
    for request in _select(session.db, orphans):
        if request.state == "asked":
            _unanswerable(session, request)
        else:
            _close(session, request, "consenter", "")


def leave(session: PermissionSession, person: str) -> int:
    """Withdraw every consent of a person about to be erased, and destroy the texts of those requests.

    Return the number of rows destroyed. The asker and the role get a notice of each withdrawal, without a
    name. If a request has no answer yet, the asker gets a notice that nobody can answer it any more.
    """
    db, gone = session.db, 0
    for request in _select(db, "consenter_id = ?", (person,)):
        if request.state == "asked":
            _unanswerable(session, request)
        elif request.state == "granted":
            _close(session, request, "consenter", "")
        for table in ("permission_contents", "permission_names", "permission_lines", "certificate_contents"):
            gone += destroy(db, table, "request_id = ?", (request.id,), session.desk.remember)
    return gone


# --- Who sees what ----------------------------------------------------------------------------


def deciders(db: Database, request: PermissionRequest, today: date) -> tuple[str, tuple[str, ...]]:
    """Return the role that acts on a request today, and the persons who may decide on it.

    The role is "" for a consent, which only the person in the image gives. There are no persons if only the
    asker could decide, or if the role and its fallbacks are vacant.
    """
    if request.by_consent:
        consenter = request.consenter
        return "", (consenter,) if consenter and consenter != request.asker else ()
    for role, holders in _holders(db, request.asked_of, today):
        if others := tuple(holder for holder in holders if holder != request.asker):
            return role, others
    return request.asked_of, ()


def find(db: Database, request_id: str, person: str, today: date) -> tuple[PermissionRequest, Party]:
    """Return a request as it stands today, and the part that a person plays in it.

    Raises the same `PermissionRequestError` whether the request does not exist or the person may not see it,
    for example because they lost the role that let them decide.
    """
    request = load(db, request_id)
    party = party_of(db, request, person, today) if request else None
    if request is None or party is None:
        raise PermissionRequestError("Je n'ai plus cette demande, ou elle ne vous concerne pas.")
    return request.as_of(today), party


def party_of(db: Database, request: PermissionRequest, person: str, today: date) -> Party | None:
    """Return the part that a person plays in a request today, None if they may not see it."""
    if person == request.asker:
        return "asker"
    if person == request.consenter:
        return "consenter"
    if request.by_consent:
        return None
    return "decider" if person in deciders(db, request, today)[1] else None


def own(db: Database, person: str) -> list[PermissionRequest]:
    """Return a person's requests, and those that ask for their consent, the latest first."""
    return _select(db, "asker_id = ? OR consenter_id = ? ORDER BY rowid DESC", (person, person))


def to_decide(db: Database, person: str, today: date) -> list[PermissionRequest]:
    """Return the requests, consents included, that await this person's decision today, the oldest first."""
    waiting = _select(db, "state = 'asked' AND asker_id <> ? ORDER BY rowid", (person,))
    return [request for request in waiting if person in deciders(db, request, today)[1]]


def register(db: Database) -> list[PermissionRequest]:
    """Return every request that was granted, the latest first. The caller must check who may see them."""
    return _select(db, "state IN ('granted', 'withdrawn', 'ended') ORDER BY rowid DESC")


def ending(db: Database, since: date, until: date) -> list[PermissionRequest]:
    """Return the permissions in force whose last day is from `since` to `until`, oldest request first."""
    between = "state = 'granted' AND until >= ? AND until <= ? ORDER BY rowid"
    return _select(db, between, (since.isoformat(), until.isoformat()))


def waiting(db: Database) -> list[PermissionRequest]:
    """Return every request that awaits a decision, the oldest first."""
    return _select(db, "state = 'asked' ORDER BY rowid")


def count_refused(db: Database) -> int:
    """Return how many refused or cancelled requests are still stored."""
    query = "SELECT count(*) FROM permission_requests WHERE state IN ('refused', 'cancelled')"
    (count,) = db.conn.execute(query).fetchone()
    return int(count)


def decides(db: Database, desk: PermissionDesk, person: str, today: date) -> bool:
    """Return whether a person may decide today on at least one kind of request."""
    asked_of = {kind.decider for kind in desk.kinds().values() if kind.decider}
    acting = (next(iter(_holders(db, role, today)), ("", [])) for role in asked_of)
    return any(person in holders for _, holders in acting)


def role_title(db: Database, role_id: str) -> str:
    """Return a role's title, or its identifier if the association no longer has this role."""
    try:
        return roles.title(db, role_id)
    except roles.UnknownRoleError:
        return role_id


def state_words(request: PermissionRequest) -> str:
    """Return the state of a request as a French sentence, without a name."""
    on = request.closed_on or request.decided_on
    day = f" le {in_words(on)}" if on else ""
    last = f", jusqu'au {in_words(request.until)}" if request.until else ""
    until = f"le {in_words(request.until)}" if request.until else ""
    granted = "acceptée" if request.by_consent else "accordée"
    is_consent = request.kind == "image"
    subject = "Le consentement" if is_consent else "L'autorisation"
    withdrawn = f"{subject} a été {'retiré' if is_consent else 'retirée'}{day}."
    if request.closed_by == "asker":
        renounced = "publier l'image" if is_consent else "l'autorisation"
        withdrawn = f"On a renoncé à {renounced}{day}."
    words: dict[State, str] = {
        "asked": "La demande attend une réponse.",
        "granted": f"La demande a été {granted}{day}{last}.",
        "refused": f"La demande a été refusée{day}.",
        "cancelled": f"La demande a été annulée{day}.",
        "withdrawn": withdrawn,
        "ended": f"{subject} a pris fin {until or 'à son terme'}.",
    }
    return words[request.state]


def term_words(request: PermissionRequest) -> str:
    """Return the term of a permission: « depuis le …, jusqu'au … »."""
    since = f"depuis le {in_words(request.decided_on)}" if request.decided_on else "en vigueur"
    return f"{since}, jusqu'au {in_words(request.until)}" if request.until else f"{since}, sans date de fin"


# --- Rows -------------------------------------------------------------------------------------


def names(db: Database, request_id: str) -> dict[str, tuple[str, str]]:
    """Return, by party, each name to write on a request's certificate, with the salt of its commitment.

    The parties are « asker », « decider » and « signer », the person who consents on paper.
    """
    rows = db.conn.execute(
        "SELECT party, name, salt FROM permission_names WHERE request_id = ?", (request_id,)
    )
    return {str(party): (str(name), str(salt)) for party, name, salt in rows.fetchall()}


def load(db: Database, request_id: str) -> PermissionRequest | None:
    """Return a request without an access check, None when it does not exist."""
    return next(iter(_select(db, "permission_requests.id = ?", (request_id,))), None)


def recipients(
    db: Database, request: PermissionRequest, parties: Sequence[Party | Literal["role"]], today: date
) -> list[str]:
    """Return the outbox recipients for `parties`. « role »: the role that is informed of a consent."""
    to = []
    if "asker" in parties:
        to.append(f"person:{request.asker}")
    if "consenter" in parties and request.consenter:
        to.append(f"person:{request.consenter}")
    if "role" in parties or ("decider" in parties and not request.by_consent):
        role, people = deciders(db, replace(request, on_paper=True), today)
        to += queueing.addresses(role, people)
    return to


def _close(
    session: PermissionSession, request: PermissionRequest, party: Party, reason: str
) -> PermissionRequest:
    db, today = session.db, session.today
    db.conn.execute(
        "UPDATE permission_requests SET state = 'withdrawn', closed_by = ?, closed_on = ? WHERE id = ?",
        (party, today.isoformat(), request.id),
    )
    db.conn.execute("UPDATE permission_contents SET closing = ? WHERE request_id = ?", (reason, request.id))
    session.desk.certify(db, request.id, session.now)
    request = _reloaded(db, request.id)
    everyone = recipients(db, request, ["asker", "consenter", "role"], today)
    closer = {"asker": request.asker, "consenter": request.consenter}.get(party)
    queueing.withdrawn(db, request.id, [to for to in everyone if to != f"person:{closer}"], session.now)
    return request


def _cancelled(session: PermissionSession, request: PermissionRequest) -> PermissionRequest:
    session.db.conn.execute(
        "UPDATE permission_requests SET state = 'cancelled', closed_on = ? WHERE id = ?",
        (session.today.isoformat(), request.id),
    )
    return _reloaded(session.db, request.id)


def _unanswerable(session: PermissionSession, request: PermissionRequest) -> None:
    """Cancel a request that nobody can consent to any more, and queue the notice for the asker."""
    _cancelled(session, request)
    queueing.decided(session.db, request.id, request.asker, session.now)


def _holders(db: Database, role_id: str, today: date) -> Iterator[tuple[str, list[str]]]:
    """Yield a role, then its fallbacks, each with today's holders. Vacant roles are skipped."""
    try:
        order = roles.chain(db, role_id)
    except roles.UnknownRoleError:
        return
    for role in order:
        if holders := roles.holders(db, role, today):
            yield role, holders


def _nobody(db: Database, request: PermissionRequest, today: date) -> str:
    title = role_title(db, request.asked_of)
    other = "d'autre que vous " if any(_holders(db, request.asked_of, today)) else ""
    return (
        f"Personne {other}ne peut en décider\u00a0: le rôle «\u00a0{title}\u00a0» en décide, "
        "et ceux qui prennent sa relève. Demandez à l'administration de le confier à quelqu'un. "
        "Rien n'est envoyé."
    )


def _name(db: Database, request_id: str, party: str, person: str | None, name: str) -> None:
    """Store a name for the certificate, cut to the length that windows show, so that no part is hidden."""
    if tidy := chain.tidy(name)[:NAME_LENGTH].strip():
        db.conn.execute(
            """INSERT INTO permission_names (id, request_id, party, person_id, name, salt)
               VALUES (?, ?, ?, ?, ?, ?)""",
            (new_id(), request_id, party, person, tidy, chain.new_salt()),
        )


def _written(text: str, part: str, longest: int, *, required: bool = True) -> str:
    text = _EMPTY_LINES.sub("\n\n", text.strip())
    if required and not text:
        raise PermissionRequestError("Il manque quelque chose ici.", part)
    if len(text) > longest:
        raise PermissionRequestError(f"Au plus {thousands(longest)} caractères, s'il vous plaît.", part)
    return text


def _check_day(until: date | None, today: date) -> None:
    if until is not None and until < today:
        raise PermissionRequestError("Cette date est passée.", "until")


def _check_number(db: Database, asker: str, consenter: str | None, today: date) -> None:
    """Raise `PermissionRequestError` if a person exceeds `MOST_WAITING`, `MOST_A_DAY` or `MOST_PRESSING`."""
    waiting, of_today = db.conn.execute(
        """SELECT count(*) FILTER (WHERE state = 'asked'), count(*) FILTER (WHERE asked_on = ?)
           FROM permission_requests WHERE asker_id = ?""",
        (today.isoformat(), asker),
    ).fetchone()
    if waiting >= MOST_WAITING:
        raise PermissionRequestError(
            f"Vous avez déjà {waiting} demandes sans réponse. Attendez-en une, ou annulez-en."
        )
    if of_today >= MOST_A_DAY:
        raise PermissionRequestError(f"Vous avez fait {of_today} demandes aujourd'hui. Reprenez demain.")
    (pressing,) = db.conn.execute(
        """SELECT count(*) FROM permission_requests WHERE asker_id = ? AND consenter_id = ? AND asked_on > ?
             AND state IN ('asked', 'refused', 'cancelled')""",
        (asker, consenter, (today - PRESSING).isoformat()),
    ).fetchone()
    if pressing >= MOST_PRESSING:
        raise PermissionRequestError(
            f"Vous avez déjà demandé {pressing} fois un consentement à cette personne depuis "
            f"{PRESSING.days} jours, sans qu'elle l'accepte. Un oui ne se presse pas.",
            "consenter",
        )


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


_COLUMNS: Final = """permission_requests.id, kind, policy, version, clauses, asker_id AS asker, asked_of,
  consenter_id AS consenter, on_paper, state, asked_on, until, decided_by, decided_as, decided_on, closed_by,
  closed_on, coalesce(subject, '') AS subject, coalesce(image, '') AS image,
  coalesce(fingerprint, '') AS fingerprint, coalesce(reason, '') AS reason,
  coalesce(closing, '') AS closing"""
_ROW: Final = TypeAdapter(PermissionRequest)


def _select(db: Database, where: str, values: Sequence[str] = ()) -> list[PermissionRequest]:
    rows = db.query(
        f"""SELECT {_COLUMNS} FROM permission_requests
            LEFT JOIN permission_contents ON request_id = permission_requests.id
            WHERE {where.replace("rowid", "permission_requests.rowid")}""",  # noqa: S608 — no user input
        values,
    )
    return [_ROW.validate_python({**row, "clauses": row["clauses"].split()}) for row in list(rows)]


def _reloaded(db: Database, request_id: str) -> PermissionRequest:
    """Return a request as it is stored now, after a change."""
    (request,) = _select(db, "permission_requests.id = ?", (request_id,))
    return request
