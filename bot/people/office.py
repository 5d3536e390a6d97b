"""The context shared by commands: the database, the time, the association, the requester and their rights."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlite_utils import Database

from bot.configuration.profile import Profile, shipped
from bot.conversation.messages import Span, person
from bot.conversation.requests import PLATFORMS, Actor, FieldsError, Request, UserError
from bot.people import appointments, persons, roles
from bot.people.membership import Source
from bot.people.persons import Account
from bot.platforms.slack.manifest import granting
from bot.schedule import clock as schedule
from bot.schedule.names import RECONCILE
from bot.storage.database import Storage
from bot.storage.destruction import Remember, forgets_nothing
from bot.times import Calendar, Clock

if TYPE_CHECKING:
    from bot.language.dates import ReadDate

_SETTINGS: Mapping[str, str] = {"slack": "VIGIE_SLACK_EQUIPE", "discord": "VIGIE_DISCORD_SERVEUR"}


@dataclass(slots=True)
class RegistryBoard:
    """The parts of the registry shown on the first pages of the web form and the chat, kept in memory.

    Since these pages never wait for the storage thread, their response time does not reveal what that thread
    is doing. `titles`: the titles of roles, by identifier, None until they are read. `recipients`: the roles
    that receive reports, the default one first. `holders`: the accounts of everyone who holds a role today.
    `readers`: the sentence returned by `describe_readers`.
    """

    titles: Mapping[str, str] | None = None
    recipients: tuple[str, ...] = ()
    holders: frozenset[Account] = frozenset()
    readers: str = ""


@dataclass(frozen=True, slots=True)
class Office:
    """The context that commands share.

    `teams`: the association's own workspace (« slack ») and server (« discord »). `remember`: called with the
    rows that are about to be destroyed. `settled`: called after their destruction (see
    `bot.backup.destroyed`). `registry_changed`: called after each change of roles, members or accounts, in
    the same transaction, with the account of the administrator who made it, or "". `leaving`: called with a
    person who is about to be erased, in the same transaction, to withdraw their consents and forget the codes
    by which they can be asked. `board`: refreshed after each committed change of the registry, and at each
    beat of the clock. `profile`: the profile of the association. `reports`: whether reports are offered.
    """

    storage: Storage
    clock: Clock
    calendar: Calendar
    teams: Mapping[str, str] = field(default_factory=dict)
    remember: Remember = forgets_nothing
    settled: Callable[[Database], None] = lambda _db: None
    registry_changed: Callable[[Database, str], None] = lambda _db, _by: None
    leaving: Callable[[Database, str], object] = lambda _db, _person: None
    board: RegistryBoard = field(default_factory=RegistryBoard)
    profile: Profile = field(default_factory=shipped)
    reports: bool = True

    def today(self) -> date:
        """Return today's date in the association's time zone."""
        return self.calendar.today(self.clock)

    def read_board(self) -> None:
        """Refresh the board from the database. Call this on the storage thread."""
        with self.storage.transaction() as db:
            self.refresh_board(db)

    def refresh_board(self, db: Database) -> None:
        """Read the board in the caller's transaction, and update it in memory after the commit."""
        all_roles = roles.all_roles(db)
        today = self.today()
        persons_holding = {person for role in all_roles for person in roles.holders(db, role.id, today)}
        accounts = {account for person in persons_holding for account in persons.accounts_of(db, person)}
        recipients = roles.recipients(db, today)
        readers = appointments.describe_readers(db, today)

        def show() -> None:
            self.board.titles = {role.id: role.title for role in all_roles}
            self.board.recipients = recipients
            self.board.holders = frozenset(accounts)
            self.board.readers = readers

        self.storage.after_commit(show)


def actor_of(request: Request) -> Actor:
    """Return the account that made the request. Raises `UserError` when the request has none."""
    if request.actor is None:
        raise UserError("Je ne sais pas qui demande. Écrivez-moi en message privé.")
    return request.actor


def asker(db: Database, request: Request) -> str | None:
    """Return the identifier of the person who made the request, or None when they are not in the database.

    Raises `UserError` when the request has no account.
    """
    return persons.person_of(db, actor_of(request))


def in_private(request: Request) -> str:
    """Return, in French, where a later message will arrive: « en message privé, sur Slack ».

    Raises `UserError` when the request has no account.
    """
    platform = actor_of(request).platform
    return f"en message privé, {'dans' if platform == 'local' else 'sur'} {PLATFORMS[platform]}"


def picked_actor(request: Request) -> Actor:
    """Return the account selected in a form, on the platform where the form is open.

    Raises `FieldsError` when nobody was selected, or when the answer is not an account.
    """
    picked = replace(actor_of(request), user=request.fields.get("personne", ""))
    if not persons.is_user(picked.platform, picked.user):
        raise FieldsError({"personne": "Choisissez une personne. Rien n'est changé."})
    return picked


def picked_person(db: Database, request: Request) -> str:
    """Return the identifier of the person selected in a form, adding them to the database if needed.

    Raises `FieldsError` as `picked_actor` does.
    """
    return persons.known(db, picked_actor(request))


def typed_day(office: Office, request: Request, name: str, *, past: bool = False) -> ReadDate:
    """Return the day typed or chosen in the field `name` of a form. `past`: see `read_date`.

    Raises `FieldsError` when it is not a day.
    """
    from bot.language.dates import DateError, read_date  # noqa: PLC0415 — imported for the first typed day

    try:
        return read_date(request.fields.get(name, ""), office.today(), past=past)
    except DateError as error:
        raise FieldsError({name: str(error)}) from error


def own_group(office: Office, platform: str, text: str) -> tuple[str, str]:
    """Return the association's team on a platform, and the group identifier in `text`.

    Raises `UserError` when the team is not set, and `FieldsError` when `text` is not a group identifier.
    """
    team = office.teams.get(platform)
    if team is None:
        raise UserError(f"Réglez d'abord {_SETTINGS.get(platform, 'la plateforme')}. Rien n'est changé.")
    identifier = text.strip()
    if not persons.is_group(platform, identifier):
        problem = (
            "L'identifiant ressemble à S0123ABCD (groupe de Slack), à C0123ABCD (canal de Slack) ou à "
            "123456789012345678 (rôle de Discord). Rien n'est changé."
        )
        raise FieldsError({"groupe": problem})
    return team, identifier


def follow_group(db: Database, source: Source, followed: Collection[Source], now: datetime) -> str:
    """Schedule an immediate reading of a group. Return French instructions for the administration, or "".

    `followed`: the groups already followed. The first group of each kind requires a change to the platform's
    settings for the bot, since a platform sends group events only to a bot that requested them.
    """
    schedule.plan(db, f"{RECONCILE}:{source.id}", RECONCILE, now)
    kinds = {before.source for before in followed if before.platform == source.platform}
    if source.source in kinds or (source.source == "discord_role" and kinds):
        return ""
    if source.source == "discord_role":
        return (
            "C'est le premier rôle de Discord que je suis\u00a0: permettez «\u00a0Server Members "
            "Intent\u00a0» à la page «\u00a0Bot\u00a0» de l'application, puis redémarrez-moi."
        )
    invite = " Dans le canal, invitez-moi." if source.source == "slack_channel" else ""
    return f"{granting(source.source)} Redémarrez-moi ensuite.{invite}"


def administers(office: Office, request: Request) -> bool:
    """Return whether the requester holds the administration role today. Call this on the storage thread."""
    if request.actor is None:
        return False
    with office.storage.transaction() as db:
        person_id = persons.person_of(db, request.actor)
        return roles.has(db, person_id, roles.ADMINISTRATION, office.today())


def receives_reports(office: Office, request: Request) -> bool:
    """Return whether the requester may read reports today with this account.

    Call this on the storage thread.
    """
    if request.actor is None:
        return False
    with office.storage.transaction() as db:
        person = persons.person_of(db, request.actor)
        account = str(persons.account(request.actor))
        today = office.today()
        return any(
            roles.has(db, person, role, today) and account in appointments.effective(db, role, today)
            for role in roles.reporting_roles(db, today)
        )


def admin_refusal(office: Office, request: Request) -> str:
    """Return the French refusal of an administration command, "" when the requester may use it."""
    if administers(office, request):
        return ""
    with office.storage.transaction() as db:
        return belongs_to([roles.title(db, roles.ADMINISTRATION)])


def belongs_to(titles: Sequence[str]) -> str:
    """Return the French refusal for someone who holds none of the roles with these titles."""
    named = [f"«\u00a0{title}\u00a0»" for title in titles]
    several = len(named) > 1
    whom = f"aux rôles {', '.join(named[:-1])} et {named[-1]}" if several else f"au rôle {named[0]}"
    return (
        f"Cela revient {whom}\u00a0: adressez-vous à qui {'les' if several else 'le'} tient. Pour voir ce "
        "que vous pouvez faire ici, écrivez «\u00a0menu\u00a0»."
    )


def person_span(db: Database, person_id: str, platform: str) -> Span:
    """Return a span that shows a person to a reader on `platform`.

    The span shows the person's account on that platform if they have one, else another of their accounts.
    """
    accounts = sorted(persons.accounts_of(db, person_id), key=lambda account: account.platform != platform)
    if not accounts:
        return Span("une personne sans compte")
    return person(accounts[0].platform, accounts[0].user)
