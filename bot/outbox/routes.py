"""By which ways someone is reached, in the order in which they are tried.

A person: each of their accounts, a private thread on Discord, then the administrators' channel. The
holder of a role: the same, with the role's e-mail address before the administrators.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, TypeAlias

from sqlite_utils import Database

from bot.outbox import rows
from bot.people import persons, roles
from bot.platforms.contract import Destination, Surface

EMAIL = "courriel"  # the platform of an e-mail address

# What goes by a route: the message itself; where others may look over one's shoulder, that there is one;
# to the administrators, that someone cannot be reached.
Shape: TypeAlias = Literal["whole", "waiting", "unreached"]

_SURFACES: dict[str, Surface] = {"person": "person", "channel": "channel", "thread": "thread"}


@dataclass(frozen=True, slots=True)
class Routes:
    """What is configured. `platforms`: those that can say something unprompted, e-mail included.

    `relays`: the Discord channels in which a private thread may be opened with someone whose private
    messages are closed. `administrators`: their channels.
    """

    platforms: Collection[str]
    relays: Sequence[str] = ()
    administrators: Sequence[Destination] = ()

    def of(self, db: Database, recipient: str, today: date) -> list[Destination]:
        """Return the ways to `recipient`, best first; there may be none."""
        kind, _, who = recipient.partition(":")
        match kind:
            case "channel":
                found = [parse(recipient)]
            case "person":
                found = self._person(db, who)
            case "role":
                role, _, person = who.partition("/")
                found = [*(self._person(db, person) if person else []), *_emails(db, role, today)]
            case _:
                raise ValueError(f"recipient {kind!r}")
        usable = [one for one in [*found, *self.administrators] if one.platform in self.platforms]
        return list(dict.fromkeys(usable))

    def _person(self, db: Database, person_id: str) -> list[Destination]:
        accounts = persons.accounts_of(db, person_id)
        threads = [
            Destination(one.platform, relay, one.user, "thread")
            for one in accounts
            if one.platform == "discord"
            for relay in self.relays
        ]
        return [*(Destination(one.platform, one.team, one.user) for one in accounts), *threads]


def holders(db: Database, recipient: str, today: date) -> dict[str, str] | None:
    """Return who a role's row is to be shared out to; None when it is to be sent as it is.

    A role's own row goes to each of those who hold it that day; a holder's row, to those who do now if
    that holder does not any more.
    """
    kind, _, who = recipient.partition(":")
    if kind != "role":
        return None
    role, _, person = who.partition("/")
    acting = _acting(db, role, today)
    if person in acting or not acting:
        return None
    return {one: f"role:{role}/{one}" for one in acting}


def hand_over(db: Database, today: date, now: datetime) -> None:
    """Have what a former holder of a role has yet to read with a button said to those who hold it now."""
    for row in (rows.read(db, one) for one in rows.unread(db)):
        shared = holders(db, row.recipient, today)
        if shared is not None:
            rows.share_out(db, row, shared, now)


def shape(recipient: str, route: Destination) -> Shape:
    """Return what may go by `route`, to someone or to somewhere else than they are."""
    if route.surface == "thread":
        return "waiting"
    return "unreached" if route.surface == "channel" and text(route) != recipient else "whole"


def text(address: Destination) -> str:
    """Write an address as the outbox does: « channel:slack/T1/C1 »."""
    return f"{address.surface}:{address.platform}/{address.team}/{address.id}"


def parse(written: str) -> Destination:
    """Read what `text` wrote. Raises `ValueError` for anything else."""
    surface, _, where = written.partition(":")
    platform, team, identifier = where.split("/", 2)
    if surface not in _SURFACES or not platform or not identifier:
        raise ValueError(f"address on {surface!r}")
    return Destination(platform, team, identifier, _SURFACES[surface])


def _acting(db: Database, role: str, today: date) -> list[str]:
    try:
        acting = roles.acting(db, role, today)
    except roles.RoleError:
        return []
    return roles.holders(db, acting, today) if acting else []


def _emails(db: Database, role: str, today: date) -> list[Destination]:
    """Return the role's address, then those of the roles that act for it up to one that is held."""
    try:
        chain, acting = roles.chain(db, role), roles.acting(db, role, today)
    except roles.RoleError:
        return []
    reached = chain[: chain.index(acting) + 1] if acting in chain else chain
    written = [roles.email(db, one) for one in reached]
    return [Destination(EMAIL, "", one) for one in written if one]
