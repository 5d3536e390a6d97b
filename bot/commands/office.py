"""What the commands that keep records share: the storage, the time, whose bot it is, who may administer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlite_utils import Database

from bot.dispatch import Actor, Request, UserError
from bot.messages import Span, person
from bot.policy import people, roles
from bot.storage import Storage
from bot.times import Calendar, Clock


def _nothing_to_settle(_db: Database) -> None:
    """Do nothing, where nothing is remembered."""


def _forgets_nothing(_table: str, _identifiers: Sequence[str]) -> None:
    """Remember nothing, where no copy is ever brought back: the sandbox, tests."""


@dataclass(frozen=True, slots=True)
class Office:
    """What those commands work with.

    `teams`: the association's own workspace (« slack ») and server (« discord »). `remember`: called
    with what is about to be destroyed, and `settled` once that is done (see `bot.destroyed`).
    """

    storage: Storage
    clock: Clock
    calendar: Calendar
    teams: Mapping[str, str] = field(default_factory=dict)
    remember: Callable[[str, Sequence[str]], None] = _forgets_nothing
    settled: Callable[[Database], None] = _nothing_to_settle

    def today(self) -> date:
        """Return today's date where the association is."""
        return self.calendar.day(self.clock())


def actor_of(request: Request) -> Actor:
    """Return who asks. Raises `UserError` where that is not known."""
    if request.actor is None:
        raise UserError("Je ne sais pas qui demande. Écrivez-moi en message privé.")
    return request.actor


def administers(office: Office, request: Request) -> bool:
    """Return whether the one who asks holds the administration today. To be used on the storage thread."""
    if request.actor is None:
        return False
    with office.storage.transaction() as db:
        who = people.person_of(db, request.actor, create=False)
        return roles.has(db, who, roles.ADMINISTRATION, office.today())


def reserved(office: Office, request: Request) -> str:
    """Return why a command of the administration is not for the one who asks, "" when it is."""
    if administers(office, request):
        return ""
    with office.storage.transaction() as db:
        name = roles.title(db, roles.ADMINISTRATION)
    return f"Cette commande est réservée au rôle «\u00a0{name}\u00a0»."


def named(db: Database, person_id: str, platform: str) -> Span:
    """Return how to show a person: by the account that the one who reads can see, else by another."""
    accounts = people.accounts_of(db, person_id)
    here = [one for one in accounts if one.platform == platform] or accounts
    return person(here[0].platform, here[0].user) if here else Span("une personne sans compte")
