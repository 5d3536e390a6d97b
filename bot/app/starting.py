"""The preparation of the database at each start, before anything is served, and the problems shown then."""

from contextlib import suppress

from bot.app import kept_keys
from bot.app.build import Bot
from bot.configuration.profile import Profile
from bot.configuration.values import listed
from bot.conversation.requests import Actor
from bot.outbox import rows
from bot.people import appointments, membership, persons, roles
from bot.reports import readers
from bot.schedule import clock
from bot.schedule.names import RECONCILE
from bot.storage import files, state
from bot.storage.database import LARGEST_BY_DAY, StorageError


def persona_roles(profile: Profile) -> dict[str, str]:
    """Return the role of each persona: first the recipients of reports, then the profile's other roles."""
    role_ids = [*profile.recipients, *(role.id for role in profile.roles if role.id != roles.ADMINISTRATION)]
    holders = zip(("communications", "conseil"), dict.fromkeys(role_ids), strict=False)
    return {**dict(holders), "administration": roles.ADMINISTRATION}


def persona_deciders(profile: Profile) -> str:
    """Return the sandbox's VIGIE_DEMANDES setting: the deciders on permissions, by kind, « logo=conseil ».

    The deciders are the roles that personas hold. A policy that names its own deciders ignores the setting.
    """
    deciders = [role for role in persona_roles(profile).values() if role != roles.ADMINISTRATION]
    return ",".join(f"{kind}={role}" for kind, role in zip(("logo", "parole"), deciders * 2, strict=False))


def settle(bot: Bot) -> None:
    """Create the roles, appoint the first administrators, and catch up on work missed while stopped.

    Call it once, on the storage thread, before anything is served. Raises `StorageError`.
    """
    storage = bot.storage
    settings = bot.settings
    today = bot.today()
    bot.read_own_guidance()  # unreadable files are reported to the administration below
    if storage.path:
        database = storage.path.resolve()
        files.sweep(database.parent, bot.clock(), database.name)
        storage.scatter(LARGEST_BY_DAY)  # in case the last process was killed before this step
    with storage.transaction() as db:
        bot.office.settled(db)
        roles.seed(db, settings.profile)
        if any(group.read_day is None or group.problem for group in membership.sources(db)):
            # The bot may have been restarted after a change that makes the group readable.
            clock.plan(db, RECONCILE, RECONCILE, bot.clock())
        if settings.sandboxed():
            for persona, role in persona_roles(settings.profile).items():
                if not roles.holders(db, role, today):
                    roles.appoint(db, role, persons.known(db, Actor("local", "", persona)), today)
            officer = persons.known(db, Actor("local", "", "officier"))
            membership.enter(
                db, officer, next(iter(settings.profile.readers.kinds)), membership.BY_HAND, today
            )
            # These appointments are recorded now, so that neither a notice nor the log mentions the personas.
            appointments.follow(db, today)
            readers.skip_log(db)
        admins = [persons.read_account(account) for account in listed(settings.vigie_admins)]
        roles.appoint_first(db, admins, today)
        bot.archive.settle(db, bot.clock())
        # People who joined while the bot was stopped are welcomed in working hours or, in the sandbox, at
        # once.
        bot.follow_members(db, at_once=settings.sandboxed())
    with suppress(StorageError):  # `reminders` reports the error
        bot.registrar.catch_up()
    if storage.path and not settings.sandboxed():
        # made now: the creation date of files made for the first report would reveal when it came
        kept_keys.ensure(storage, settings)


def reminders(bot: Bot) -> list[str]:
    """Return a French line for each problem that someone must solve."""
    lines = []
    try:
        bot.registrar.catch_up()
    except StorageError as error:
        lines.append(f"Registre\u00a0: {error}")
    with bot.storage.transaction() as db:
        if state.flag(db, state.PAUSED):
            lines.append("Les envois sont arrêtés. Pour les reprendre\u00a0: vigie reprendre.")
        if rows.count_by_notice(db, "held"):
            lines.append("Des messages sont retenus depuis une restauration. Décidez\u00a0: vigie retenus.")
        if rows.count_by_notice(db, "dead"):
            lines.append("Il y a des messages non remis. Décidez\u00a0: vigie lettres.")
        if not roles.holders(db, roles.ADMINISTRATION, bot.today()):
            todo = "Réglez VIGIE_ADMINS, puis redémarrez."
            if roles.was_administered(db):
                todo = "Nommez quelqu'un\u00a0: vigie roles nommer administration COMPTE."
            lines.append(f"Personne ne tient l'administration. {todo}")
        if unnamed := bot.settings.unnamed():
            lines.append(f"Profil\u00a0: {unnamed}")
        lines += [f"Politiques\u00a0: {file.problem}" for file in bot.library.aside]
        lines += [f"Clés\u00a0: {line}" for line in kept_keys.find_lost(db, bot.settings)]
    return lines
