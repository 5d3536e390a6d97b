"""What the commands that keep records share: the storage, the time, whose bot it is, who may administer."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from sqlite_utils import Database

from bot.conversation.messages import Span, person
from bot.conversation.requests import Actor, Request, UserError
from bot.people import membership, persons, roles
from bot.people.membership import Source
from bot.schedule import clock as schedule
from bot.storage.database import Storage
from bot.storage.destruction import Remember, forgets_nothing
from bot.times import Calendar, Clock


def _nothing_to_settle(_db: Database) -> None:
    """Do nothing, where nothing is remembered."""


_SETTINGS: Mapping[str, str] = {"slack": "VIGIE_SLACK_EQUIPE", "discord": "VIGIE_DISCORD_SERVEUR"}
_FOLLOWED: Mapping[str, tuple[str, str]] = {
    "slack_group": ("groupe", ""),
    "slack_channel": ("canal", " Dans le canal, invitez-moi."),
}


def _nothing(_db: Database) -> None:
    """Do nothing, where nobody has to be told that the registry changed."""


@dataclass(frozen=True, slots=True)
class Office:
    """What those commands work with.

    `teams`: the association's own workspace (« slack ») and server (« discord »). `remember`: called
    with what is about to be destroyed, and `settled` once that is done (see `bot.backup.destroyed`).
    `registry_changed`: called after each change of who is what, in its transaction.
    """

    storage: Storage
    clock: Clock
    calendar: Calendar
    teams: Mapping[str, str] = field(default_factory=dict)
    remember: Remember = forgets_nothing
    settled: Callable[[Database], None] = _nothing_to_settle
    registry_changed: Callable[[Database], None] = _nothing

    def today(self) -> date:
        """Return today's date where the association is."""
        return self.calendar.today(self.clock)


def actor_of(request: Request) -> Actor:
    """Return who asks. Raises `UserError` where that is not known."""
    if request.actor is None:
        raise UserError("Je ne sais pas qui demande. Écrivez-moi en message privé.")
    return request.actor


def asker(db: Database, request: Request) -> str | None:
    """Return who asks, None when nothing was ever kept of them. Raises `UserError` as `actor_of` does."""
    return persons.person_of(db, actor_of(request))


def picked(db: Database, request: Request) -> str:
    """Return the person that was picked in a form. Raises `UserError` when nobody was."""
    user = request.fields.get("personne", "")
    if not user:
        raise UserError("Choisissez une personne. Rien n'est changé.")
    return persons.known(db, replace(actor_of(request), user=user))


def own_group(office: Office, platform: str, written: str) -> tuple[str, str]:
    """Return the association's team on a platform, and the identifier of a group of it.

    Raises `UserError` when the team is not set, or that is no identifier.
    """
    team = office.teams.get(platform)
    if team is None:
        raise UserError(f"Réglez d'abord {_SETTINGS.get(platform, 'la plateforme')}. Rien n'est changé.")
    identifier = written.strip()
    if not persons.is_group(platform, identifier):
        raise UserError(
            "L'identifiant ressemble à S0123ABCD (groupe de Slack), à C0123ABCD (canal de Slack) ou à "
            "123456789012345678 (rôle de Discord). Rien n'est changé."
        )
    return team, identifier


def follow(db: Database, source: Source, known: Collection[Source], now: datetime) -> str:
    """Have a group read at once. Return what remains to be done for that, "" when nothing does.

    `known`: what was followed before it. A platform tells of groups only to who asked for them.
    """
    schedule.plan(db, f"{membership.RECONCILE}:{source.id}", membership.RECONCILE, now)
    before = {one.source for one in known if one.platform == source.platform}
    match source.source:
        case "discord_role" if not before:
            return (
                "C'est le premier rôle de Discord que je suis\u00a0: permettez «\u00a0Server Members "
                "Intent\u00a0» à la page «\u00a0Bot\u00a0» de l'application, puis redémarrez-moi."
            )
        case "slack_group" | "slack_channel" if source.source not in before:
            what, invited = _FOLLOWED[source.source]
            return (
                f"Collez de nouveau le manifeste (vigie slack manifeste --suivre {what}), réinstallez "
                f"l'application, puis redémarrez-moi.{invited}"
            )
    return ""


def administers(office: Office, request: Request) -> bool:
    """Return whether the one who asks holds the administration today. To be used on the storage thread."""
    if request.actor is None:
        return False
    with office.storage.transaction() as db:
        who = persons.person_of(db, request.actor)
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
    accounts = persons.accounts_of(db, person_id)
    here = [one for one in accounts if one.platform == platform] or accounts
    return person(here[0].platform, here[0].user) if here else Span("une personne sans compte")
