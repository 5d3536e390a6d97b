"""The routes to a recipient, in the order in which they are tried.

For a person, the routes are their accounts, starting with the one that asked for the message, then a private
thread on Discord, then the administrators' channel. For the holder of a role, the role's e-mail address comes
before the administrators' channel.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal, TypeAlias, get_args

from sqlite_utils import Database

from bot.outbox import rows
from bot.people import appointments, persons, roles
from bot.platforms.contract import Deliverer, Destination, Surface

EMAIL: Final = "courriel"  # the platform of an e-mail address
# The recipient of a message that is sent once, to any place where an administrator will see it.
ADMINISTRATORS: Final = "administrators:"

# The form in which a message is sent by a route. « whole »: the message itself. « waiting »: an invitation to
# open it, in a place that others may read. « unreached »: a line that tells the administrators that its
# recipient cannot be reached.
Shape: TypeAlias = Literal["whole", "waiting", "unreached"]


@dataclass(frozen=True, slots=True)
class Routes:
    """The configured routes. `platforms`: the platforms that can send unprompted messages, by name.

    `relays`: the Discord channels where a private thread may be opened with someone who accepts no private
    messages. `administrators`: the administrators' channels.
    """

    platforms: Mapping[str, Deliverer]
    relays: Sequence[str] = ()
    administrators: Sequence[Destination] = ()

    def of(self, db: Database, recipient: str, today: date, asked: str | None = None) -> list[Destination]:
        """Return the routes to `recipient`, best first, possibly none.

        `recipient`: as in `Delivery`, or `ADMINISTRATORS`. `asked`: the account to try first,
        « slack:T1/U1 ». Raises `ValueError` when `recipient` is malformed.
        """
        kind, _, address = recipient.partition(":")
        match kind:
            case "channel":
                routes = [parse_address(recipient)]
            case "person" if "/" in address:  # one account
                to = parse_address(recipient)
                routes = self._to_accounts([persons.Account(to.platform, to.team, to.id)])
            case "person":
                accounts = persons.accounts_of(db, address)
                routes = self._to_accounts(sorted(accounts, key=lambda account: str(account) != asked))
            case "role":
                role, _, person = address.partition("/")
                able = appointments.effective(db, role, today)
                linked = persons.accounts_of(db, person)
                # An alert about a report is not sent to an account that may not read reports yet.
                reading = [account for account in linked if str(account) in able]
                routes = [*self._to_accounts(reading or linked), *_to_role(db, role, today)]
            case "administrators":
                routes = [*self.administrators, *self._to_administration(db, today)]
            case _:
                raise ValueError(f"recipient {kind!r}")
        usable = [to for to in (*routes, *self.administrators) if to.platform in self.platforms]
        return list(dict.fromkeys(usable))

    def _to_administration(self, db: Database, today: date) -> list[Destination]:
        """Return the routes to the administration, without Discord threads, which only take an invitation."""
        holders = roles.holders(db, roles.acting(db, roles.ADMINISTRATION, today) or "", today)
        routes = [to for holder in holders for to in self._to_accounts(persons.accounts_of(db, holder))]
        return [*(to for to in routes if to.surface == "person"), *_to_role(db, roles.ADMINISTRATION, today)]

    def _to_accounts(self, accounts: Sequence[persons.Account]) -> list[Destination]:
        direct = [Destination(account.platform, account.team, account.user) for account in accounts]
        on_discord = [account.user for account in accounts if account.platform == "discord"]
        threads = [
            Destination("discord", relay, user, "thread") for user in on_discord for relay in self.relays
        ]
        return direct + threads


def new_holders(db: Database, recipient: str, today: date) -> dict[str, str] | None:
    """Return the recipients that each get a copy of a role's row, by person, or None to leave it unchanged.

    A row for the role itself is shared out among today's holders, and so is a row for a person who no longer
    holds the role.
    """
    kind, _, address = recipient.partition(":")
    if kind != "role":
        return None
    role, _, person = address.partition("/")
    try:
        acting = roles.acting(db, role, today)
    except roles.RoleError:  # the role no longer exists
        return None
    holders = roles.holders(db, acting, today) if acting else []
    if person in holders or not holders:
        return None
    return {holder: f"role:{role}/{holder}" for holder in holders}


def hand_over(db: Database, today: date, now: datetime) -> None:
    """Share out among today's holders of a role the waiting messages that a previous holder never opened."""
    for row in (rows.load_row(db, row_id) for row_id in rows.unread(db)):
        recipients = new_holders(db, row.recipient, today)
        if recipients is not None:
            rows.share_out(db, row, recipients, now)


def shape(recipient: str, route: Destination) -> Shape:
    """Return the form in which to send a message for `recipient` by `route` (see `Shape`)."""
    if route.surface == "thread":
        return "waiting"
    named = recipient in {write_address(route), ADMINISTRATORS}
    return "whole" if named or route.surface != "channel" else "unreached"


def write_address(address: Destination) -> str:
    """Format an address for the outbox: « channel:slack/T1/C1 »."""
    return f"{address.surface}:{address.platform}/{address.team}/{address.id}"


def parse_address(text: str) -> Destination:
    """Parse an address in the format of `write_address`. Raises `ValueError` for anything else."""
    kind, _, place = text.partition(":")
    platform, team, identifier = place.split("/", 2)
    for surface in get_args(Surface):
        if surface == kind and platform and identifier:
            return Destination(platform, team, identifier, surface)
    raise ValueError(f"address on {kind!r}")


def _to_role(db: Database, role: str, today: date) -> list[Destination]:
    """Return the e-mail addresses of the role and its fallbacks, up to the first role with a holder."""
    try:
        order, acting = roles.succession(db, role, today), roles.acting(db, role, today)
    except roles.RoleError:
        return []
    reached = order[: order.index(acting) + 1] if acting else order
    addresses = [roles.role(db, role_id).email for role_id in reached]
    return [
        Destination(EMAIL, "", address)
        for role_id, address in zip(reached, addresses, strict=True)
        if address and not appointments.is_withheld(db, role_id, appointments.EMAIL + address, today)
    ]
