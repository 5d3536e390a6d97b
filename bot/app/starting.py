"""What a start does once, on the storage thread, before anything is served; and what it says."""

from __future__ import annotations

from datetime import date
from typing import Final

from sqlite_utils import Database

from bot.app.build import Bot
from bot.conversation.requests import Actor
from bot.onboarding import enrolment
from bot.outbox import rows
from bot.people import membership, persons, roles
from bot.reports import keys, records
from bot.schedule import clock
from bot.settings import listed
from bot.storage import files, state
from bot.storage.database import StorageError

_PERSONAS: Final = {
    "communications": roles.VP_COMMUNICATIONS,
    "conseil": roles.CONSEILLER,
    "administration": roles.ADMINISTRATION,
}


def settle(bot: Bot) -> None:
    """See that the roles exist and that someone holds the administration; catch up on what came meanwhile.

    In the sandbox, its personas are what they are in the association.
    """
    storage, settings, now = bot.storage, bot.settings, bot.clock()
    if storage.path:
        files.sweep(storage.path.resolve().parent, now, storage.path.resolve().name)
        bot.reporting.scatter()  # which a process that was killed may have left undone
    with storage.transaction() as db:
        bot.office.settled(db)
        roles.seed(db)
        if any(group.read_day is None or group.problem for group in membership.sources(db)):
            # What was changed for it to be read may be what we were started again for.
            clock.plan(db, membership.RECONCILE, membership.RECONCILE, now)
        if settings.sandboxed():
            _cast(db, bot.today())
        admins = [persons.read_account(account) for account in listed(settings.vigie_admins)]
        roles.appoint_first(db, admins, bot.today())
        bot.archive.settle(db, now)
        # Whoever came while the bot was away is welcomed in working hours, and in the sandbox at once.
        enrolment.follow(db, bot.course.target(), bot.calendar, now, at_once=settings.sandboxed())
        bot.archive.follow(db, now)
    bot.registrar.catch_up()


def _cast(db: Database, today: date) -> None:
    """Give the sandbox's personas what they are in the association."""
    for persona, role in _PERSONAS.items():
        if not roles.holders(db, role, today):
            roles.appoint(db, role, persons.known(db, Actor("local", "", persona)), today)
    officer = persons.known(db, Actor("local", "", "officier"))
    membership.enter(db, officer, "officer", membership.BY_HAND, today)


def reminders(bot: Bot) -> list[str]:
    """Return, in one French line each, what keeps things from going as usual until someone settles it."""
    lines = []
    with bot.storage.transaction() as db:
        if state.flag(db, state.PAUSED):
            lines.append("Les envois sont en pause. Pour reprendre\u00a0: vigie reprendre.")
        if rows.count_by_notice(db, "held"):
            lines.append("Des messages sont retenus depuis une restauration. Décidez\u00a0: vigie retenus.")
        if rows.count_by_notice(db, "dead"):
            lines.append("Des messages n'ont pu être remis à personne. Décidez\u00a0: vigie lettres.")
        if not roles.holders(db, roles.ADMINISTRATION, bot.today()):
            lines.append("Personne ne tient l'administration. Réglez VIGIE_ADMINS, puis redémarrez.")
        if records.any_report(db):
            try:
                keys.keyring(bot.settings.keys())
            except StorageError as error:
                lines.append(f"Signalements\u00a0: {error}")
    return lines
