"""Who may handle a case: those who hold a role today and whom no report of it names.

Persons named are kept as accounts, sealed with the case: a registry changes, and someone who has left a
role is still the one who was named.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final

from sqlite_utils import Database

from bot.people import persons as people
from bot.people import roles
from bot.people.persons import Account
from bot.people.roles import CONSEILLER, SUPPLEANCE, VP_COMMUNICATIONS

RECIPIENTS: Final = (VP_COMMUNICATIONS, CONSEILLER)  # of clause 5.10; the first by default
_OTHERS: Mapping[str, str] = {VP_COMMUNICATIONS: CONSEILLER, CONSEILLER: VP_COMMUNICATIONS}


@dataclass(frozen=True, slots=True)
class Routing:
    """What is sealed with a case, besides the reports: whom it names, and what holders wrote of its end.

    `coming`: whom reports name that nobody may see yet, by the moment when they will. Until then such a
    person is told nothing new, but what they had is not taken from them: that would tell when it came.
    """

    accounts: frozenset[Account] = frozenset()
    outcome: Mapping[str, str] = field(default_factory=dict)
    coming: tuple[tuple[str, frozenset[Account]], ...] = ()

    @classmethod
    def read(cls, content: Mapping[str, Any]) -> Routing:
        """Read what `content` wrote."""
        coming = tuple((moment, _accounts(listed)) for moment, listed in content["coming"])
        return cls(_accounts(content["accounts"]), content["outcome"], coming)

    def content(self) -> dict[str, Any]:
        """Return it as JSON can write it."""
        coming = [[moment, _written(accounts)] for moment, accounts in self.coming]
        return {"accounts": _written(self.accounts), "outcome": dict(self.outcome), "coming": coming}

    def joined(self, other: Routing, moment: str = "") -> Routing:
        """Return this one, with whom the other names, from a moment on if one is given."""
        if moment:
            return replace(self, coming=(*self.coming, (moment, other.accounts)))
        return replace(self, accounts=self.accounts | other.accounts, coming=self.coming + other.coming)

    def settled(self, now: str) -> Routing:
        """Return this one, those whose moment has come being named like the others."""
        due = [accounts for moment, accounts in self.coming if moment <= now]
        left = tuple(one for one in self.coming if one[0] > now)
        return replace(self, accounts=self.accounts.union(*due), coming=left)

    def persons(self, db: Database) -> set[str]:
        """Return who is named, or will be: who they are today, accounts that were linked since included."""
        every = self.accounts.union(*(accounts for _, accounts in self.coming))
        found = (people.person_of(db, one, create=False) for one in every)
        return {one for one in found if one is not None}

    def parted(self, db: Database, now: str) -> set[str]:
        """Return who is named by now, and so may see nothing of the case."""
        return replace(self.settled(now), coming=()).persons(db)


def _accounts(listed: Iterable[Iterable[str]]) -> frozenset[Account]:
    return frozenset(Account(*one) for one in listed)


def _written(accounts: Iterable[Account]) -> list[list[str]]:
    return sorted([one.platform, one.team, one.user] for one in accounts)


def naming(db: Database, named: Iterable[str], today: date) -> Routing:
    """Return the routing of a report that names those who hold these roles today."""
    persons = {one for role in named for one in roles.holders(db, role, today)}
    return Routing(frozenset(account for one in persons for account in people.accounts_of(db, one)))


def other(role: str) -> str | None:
    """Return the other recipient of 5.10, None for a role that is neither."""
    return _OTHERS.get(role)


def eligible(db: Database, role: str, excluded: Collection[str], today: date) -> list[str]:
    """Return those who hold a role, can be written to on a platform, and are not excluded."""
    return [
        one for one in roles.holders(db, role, today) if one not in excluded and people.accounts_of(db, one)
    ]


def alternates(db: Database) -> list[str]:
    """Return the roles that act when neither recipient of 5.10 can, in order."""
    return roles.chain(db, SUPPLEANCE)


def route(db: Database, asked: str, excluded: Collection[str], today: date) -> str | None:
    """Return the role that handles a case: the one asked for, the other, or an alternate; None: nobody."""
    second = other(asked)
    order = [asked, *([second] if second else []), *alternates(db)]
    return next((role for role in order if eligible(db, role, excluded, today)), None)
