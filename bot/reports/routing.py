"""Routing of a case to current holders of a role whom its reports do not implicate.

All the reports of a case implicate the same people. Their accounts are sealed with the case, because someone
who leaves a role is still implicated.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache

from pydantic import TypeAdapter
from sqlite_utils import Database

from bot.people import appointments, roles
from bot.people import persons as people
from bot.people.persons import Account
from bot.people.roles import alternates
from bot.reports.records import Session


@dataclass(frozen=True, slots=True)
class Routing:
    """Data sealed with a case: the accounts that its reports implicate, and its outcome.

    `outcome`: « outcome » (a key of `cases.outcomes`) and « words » (its explanation), once a case is closed.
    """

    accounts: frozenset[Account] = frozenset()
    outcome: Mapping[str, str] = field(default_factory=dict)

    def joined(self, other: Routing) -> Routing:
        """Return this routing with the accounts of `other` added. Both must implicate the same people."""
        return replace(self, accounts=self.accounts | other.accounts)

    def persons(self, db: Database) -> set[str]:
        """Return the people implicated: the owner of each account, or the account itself if it has none."""
        return {people.person_of(db, account) or str(account) for account in self.accounts}


@cache
def _json() -> TypeAdapter[Routing]:
    return TypeAdapter(Routing)


def sealed_routing(session: Session, routing: Routing) -> bytes:
    """Return a routing as sealed bytes."""
    return session.ring.seal(_json().dump_json(routing))


def save_routing(session: Session, case_id: str, routing: Routing) -> None:
    """Store the routing of a case."""
    values = (sealed_routing(session, routing), case_id)
    session.execute("UPDATE report_cases SET sealed = ? WHERE id = ?", values)


def load_routing(session: Session, case_id: str) -> Routing:
    """Return the routing of a case, which must exist. Raises `SealError`, `StorageError`."""
    return _json().validate_json(session.ring.open(session.case(case_id).sealed))


def routing_of(db: Database, implicated: Iterable[str], today: date) -> Routing:
    """Return the routing of a report that implicates the current holders of these roles."""
    persons = {person for role in implicated for person in roles.holders(db, role, today)}
    return Routing(frozenset(account for person in persons for account in people.accounts_of(db, person)))


def eligible(
    db: Database,
    role: str,
    excluded: Collection[str],
    today: date,
    granted: Collection[str] | None = None,
) -> list[str]:
    """Return the holders of a role who may read reports today (see `appointments`) and are not excluded.

    `excluded`: identifiers of people. `granted`: the accounts with access to an existing case; None for a
    case that is about to be opened.
    """
    able = appointments.effective(db, role, today)
    if granted is not None:
        able.intersection_update(granted)
    return [
        person
        for person in roles.holders(db, role, today)
        if person not in excluded and not able.isdisjoint(map(str, people.accounts_of(db, person)))
    ]


def able_accounts(db: Database, role: str, excluded: Collection[str], today: date) -> set[str]:
    """Return the accounts with which the `eligible` holders of a role may read reports today."""
    persons = eligible(db, role, excluded, today)
    accounts = {str(account) for person in persons for account in people.accounts_of(db, person)}
    return accounts & appointments.effective(db, role, today)


def first_eligible(
    db: Database,
    order: Iterable[str],
    excluded: Collection[str],
    today: date,
    granted: Collection[str] | None = None,
) -> str | None:
    """Return the first role of `order` with an `eligible` holder, None if there is none.

    Also return None on reaching a role that a decision made vacant today. Its duties pass to the next role
    only tomorrow (see `appointments`).
    """
    for role in order:
        if eligible(db, role, excluded, today, granted):
            return role
        if _vacated(db, role, today):
            return None
    return None


def _vacated(db: Database, role: str, today: date) -> bool:
    return not roles.holders(db, role, today) and appointments.ended_within(db, role, today)


def route(
    db: Database,
    recipient: str,
    excluded: Collection[str],
    today: date,
    granted: Collection[str] | None = None,
) -> str | None:
    """Return the role that handles a case: the chosen recipient, another one, or an alternate.

    Return None if no eligible person holds any of them, or if one of these became vacant during the day (see
    `first_eligible`). `granted`: as for `eligible`.
    """
    order = [recipient, *roles.others(db, recipient, today)]
    if chosen := next((role for role in order if eligible(db, role, excluded, today, granted)), None):
        return chosen
    if any(_vacated(db, role, today) for role in order):
        return None
    return first_eligible(db, alternates(db, today), excluded, today, granted)


def titles(db: Database) -> dict[str, str]:
    """Return the current title of each role, by identifier."""
    return {role.id: role.title for role in roles.all_roles(db)}
