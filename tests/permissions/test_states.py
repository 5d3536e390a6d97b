"""Any acts of anyone, in any order, over any days: a request's state only goes where it may."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bot.people import roles
from bot.permissions import certificates as permissions
from bot.permissions import daily, requests, thread
from bot.permissions.requests import (
    Asking,
    PermissionRequest,
    PermissionRequestError,
    PermissionSession,
    Ruling,
    State,
)
from bot.privacy import personal_data
from bot.register import certificates
from bot.register.registrar import Registrar
from bot.storage.database import Storage
from bot.storage.destruction import forgets_nothing
from tests.kits.people import ADVISER_ROLE, COMMUNICATIONS_ROLE, COUNCIL_ROLE, NOW, person
from tests.kits.register import SIGNER
from tests.permissions.desks import a_desk, staffed
from tests.register.test_receipt import ISSUER

PEOPLE = ("U1", "U2", "U3", "VP", "VP2", "CE", "AD")
ROLES = (COMMUNICATIONS_ROLE, ADVISER_ROLE, COUNCIL_ROLE, roles.ADMINISTRATION)
ARROWS: dict[State, set[State]] = {
    "asked": {"granted", "refused", "cancelled"},
    "granted": {"withdrawn", "ended"},
    "refused": set(),
    "cancelled": set(),
    "withdrawn": set(),
    "ended": set(),
}
REGISTRAR = Registrar(Storage(), ISSUER, lambda _: SIGNER, None)
people, kinds = st.sampled_from(PEOPLE), st.sampled_from(["page", "logo", "parole", "image", "paper"])
ends = st.none() | st.integers(0, 40)
numbers = st.integers(0, 3)
_LIKELY = 11
picks = st.integers(0, 15)  # those under `_LIKELY` are of people whom the request is about


@dataclass
class Known:
    """What a request was when last seen: its state, who decided, and how."""

    state: State = "asked"
    decided: list[tuple[str, str]] = field(default_factory=list)


class Requests(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.db = staffed(administration="AD")
        self.desk = a_desk(certify=partial(permissions.certify, REGISTRAR))
        self.now = NOW
        self.known: dict[str, Known] = {}
        for user, kind, other, until in (
            ("U1", "page", "", 9),
            ("VP", "page", "", None),
            ("U2", "image", "U1", 5),
        ):
            self.ask(user, kind, other, until)

    def session(self) -> PermissionSession:
        return PermissionSession(self.db, self.desk, self.now)

    def all(self) -> list[PermissionRequest]:
        return requests._select(self.db, "true ORDER BY rowid")

    def one(self, number: int) -> PermissionRequest | None:
        stored = self.all()
        return stored[number % len(stored)] if stored else None

    def actor(self, request: PermissionRequest, pick: int) -> str:
        """Return the person who acts: who decides, asked or consents more often than anyone."""
        able = requests.deciders(self.db, request, self.session().today)[1]
        likely = [*able, request.asker, *filter(None, [request.decided_by, request.consenter]), *able]
        anyone = [person(self.db, user) for user in PEOPLE]
        return likely[pick % len(likely)] if pick < _LIKELY else anyone[pick % len(anyone)]

    @rule(user=people, kind=kinds, other=people, until=ends)
    def ask_more(self, user: str, kind: str, other: str, until: int | None) -> None:
        if len(self.known) < 6:
            self.ask(user, kind, other, until)

    def ask(self, user: str, kind: str, other: str, until: int | None) -> None:
        last = None if until is None else self.session().today + timedelta(days=until)
        of_image = {"image": "Un kiosque"} if kind in {"image", "paper"} else {}
        consenter = person(self.db, other) if kind == "image" else None
        asking = Asking(
            "image" if of_image else kind,  # type: ignore[arg-type]  # one of the four
            "Pour le club",
            last,
            f"Nom de {user}",
            consenter,
            "Léa Roy" if kind == "paper" else "",
            **of_image,
        )
        try:
            request = requests.ask(self.session(), person(self.db, user), asking)
        except PermissionRequestError:
            return
        self.known[request.id] = Known()

    @rule(number=numbers, pick=picks, granted=st.booleans(), until=ends)
    def decide(self, number: int, pick: int, granted: bool, until: int | None) -> None:
        request = self.one(number)
        if request is None:
            return
        who, today = self.actor(request, pick), self.session().today
        may = who in requests.deciders(self.db, request, today)[1]
        last = None if until is None else today + timedelta(days=until)
        try:
            done = requests.decide(self.session(), request.id, who, Ruling(granted, "Parce que.", last))
        except PermissionRequestError:
            assert not may or request.state != "asked"
            return
        assert may or (done == request and done.decided_by == who)
        assert who != request.asker
        if done != request:
            self.known[request.id].decided.append((who, done.state))

    @rule(number=numbers, pick=picks)
    def withdraw(self, number: int, pick: int) -> None:
        if request := self.one(number):
            self.attempt(partial(requests.withdraw, self.session(), request.id), request, pick)

    @rule(number=numbers, pick=picks)
    def cancel(self, number: int, pick: int) -> None:
        if (request := self.one(number)) and pick % 3 == 0:  # fewer than decisions
            self.attempt(partial(requests.cancel, self.session(), request.id), request, pick)

    @rule(number=numbers, pick=picks)
    def say(self, number: int, pick: int) -> None:
        if request := self.one(number):
            act = partial(thread.say, self.session(), request.id)
            self.attempt(lambda who: act(who, f"Un mot de {pick}"), request, pick)

    def attempt(self, act: object, request: PermissionRequest, pick: int) -> None:
        who = self.actor(request, pick)
        party = requests.party_of(self.db, request, who, self.session().today)
        try:
            act(who)  # type: ignore[operator]  # one of the three above
        except PermissionRequestError:
            return
        assert party is not None

    @rule(role=st.sampled_from(ROLES), user=people, replacing=st.booleans())
    def appoint(self, role: str, user: str, replacing: bool) -> None:
        roles.appoint(self.db, role, person(self.db, user), self.session().today, replacing=replacing)

    @rule(role=st.sampled_from(ROLES), user=people)
    def dismiss(self, role: str, user: str) -> None:
        roles.dismiss(self.db, role, person(self.db, user), self.session().today)

    @rule(days=st.integers(-3, 12))
    def wait(self, days: int) -> None:
        """Let days go by, or the clock go back, then do the day's work."""
        self.now += timedelta(days=days)
        daily.daily(self.session())

    @rule(user=people)
    def erase(self, user: str) -> None:
        who, today = person(self.db, user), self.session().today
        requests.leave(self.session(), who)
        personal_data.erase(self.db, who, today, forgets_nothing)

    @invariant()
    def states_follow_the_arrows(self) -> None:
        for request in self.all():
            known = self.known[request.id]
            assert request.state == known.state or request.state in ARROWS[known.state]
            known.state = request.state
            assert len(known.decided) <= 1
            if request.state in {"granted", "refused", "withdrawn", "ended"}:
                assert len(known.decided) == 1
            assert (request.decided_on is not None) == bool(known.decided)

    @invariant()
    def each_sees_what_is_theirs(self) -> None:
        today = self.session().today
        holders = {user for role in ROLES for user in roles.holders(self.db, role, today)}
        for user in PEOPLE:
            who = person(self.db, user)
            for request in self.all():
                party = requests.party_of(self.db, request, who, today)
                own = who in {request.asker, request.consenter}
                assert own == (request in requests.own(self.db, who))
                assert own == (party in {"asker", "consenter"})
                assert party != "decider" or (who in holders and not request.by_consent)
            for request in requests.to_decide(self.db, who, today):
                assert who != request.asker
                assert request.consenter == who if request.by_consent else who in holders

    @invariant()
    def a_decision_is_queued_once(self) -> None:
        rows = self.db.conn.execute(
            "SELECT arguments FROM outbox WHERE notice = 'demande-decidee'"
        ).fetchall()
        assert len(rows) == len(set(rows))

    @invariant()
    def the_register_says_what_happened(self) -> None:
        stored = self.all()
        assert certificates.verify(self.db, SIGNER.ring).faults == ()
        for request in stored:
            certified = certificates.certificates_of(self.db, request.id)
            events = [(each.content or {})["event"] for each in certified]
            erased = request.kind == "image" and not request.image
            if not erased:
                granted = ["granted"] if request.decided_on and request.state != "refused" else []
                closed = [request.state] if request.state in {"withdrawn", "ended"} else []
                assert events == granted + closed


Requests.TestCase.settings = settings(max_examples=50, stateful_step_count=40, deadline=None)
TestRequests = Requests.TestCase
