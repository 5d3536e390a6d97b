"""The composition root: the one module that sees everything, and makes it run together."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache, partial
from typing import TYPE_CHECKING, Protocol

from pydantic import SecretStr
from sqlite_utils import Database

from bot.answers import guidance, negative_posts, retraining
from bot.answers.conversations import AnswerMemory
from bot.answers.questions import Engine
from bot.app import reports as app_reports
from bot.app import serving
from bot.app.background import Background, Post
from bot.backup import destroyed, restore
from bot.commands import mesdonnees
from bot.commands.accueil import accueil
from bot.commands.banque import BankEditing
from bot.commands.catalogue import Services, catalogue
from bot.commands.question import Answering
from bot.conversation.dispatcher import Dispatcher, Welcome
from bot.conversation.messages import Message, Quoter
from bot.conversation.requests import Actor
from bot.language import masking
from bot.onboarding import enrolment
from bot.onboarding import notices as onboarding_notices
from bot.onboarding.course import Course, open_course
from bot.onboarding.enrolment import OnboardingPlan
from bot.operations.health import Metrics
from bot.outbox import rows
from bot.outbox.notices import Notices
from bot.outbox.routes import EMAIL
from bot.people import membership, persons, roles
from bot.people.members import Register
from bot.people.office import Office
from bot.platforms.contract import Deliverer, Meter, Platform
from bot.policy import loading
from bot.policy.articles import PolicyError
from bot.policy.library import Library
from bot.policy.loading import Approved
from bot.register import signing
from bot.register.attestations import Attest
from bot.register.receipt import Issuer
from bot.register.registrar import Registrar
from bot.reports import notices as report_notices
from bot.reports.figures import digest, export
from bot.revision import archive
from bot.revision import notices as revision_notices
from bot.revision.archive import Archive
from bot.schedule import clock, inbound
from bot.settings import SEED, Settings, listed
from bot.storage import state
from bot.storage.database import Storage
from bot.times import system_clock

if TYPE_CHECKING:
    from bot.platforms.email.mailer import Mailer

logger = logging.getLogger(__name__)

_PERSONAS = {
    "communications": roles.VP_COMMUNICATIONS,
    "conseil": roles.CONSEILLER,
    "administration": roles.ADMINISTRATION,
}


class Live(Platform, Post, Protocol):
    """A platform that people are on."""


@dataclass(frozen=True, slots=True)
class Bot:
    """What all platforms share: what the commands work with, and the catalogue at work."""

    settings: Settings
    services: Services
    registrar: Registrar
    dispatcher: Dispatcher
    metrics: Metrics = field(default_factory=Metrics)

    @property
    def library(self) -> Library:
        """The policies."""
        return self.services.library

    @property
    def office(self) -> Office:
        """What is kept."""
        return self.services.office


def policies(settings: Settings, approved: Approved | None = None) -> Library:
    """Read the policies, from what was approved where there is any. Raises `PolicyError`."""
    return loading.load_library(settings.data_folders(), settings.vigie_politique, settings.today, approved)


def _approved(settings: Settings, storage: Storage) -> Approved:
    with storage.transaction() as db:
        return archive.approved(db, settings.data_folders(), settings.today())


def build(settings: Settings, storage: Storage) -> Bot:
    """Read the policies and set up the commands over what is kept. Raises `PolicyError`."""
    approved = storage.executor.submit(_approved, settings, storage).result()
    read, calendar, teams = policies(settings, approved), settings.calendar(), settings.teams()
    clerk = registrar(settings, read, storage)
    school = replace(course(settings, read, clerk.attest), send_receipt=clerk.send_again)
    kept = texts(settings, read)

    def registry_changed(db: Database) -> None:
        enrolment.follow(db, school.target(), calendar, system_clock(), at_once=True)
        kept.follow(db, system_clock())

    office = Office(storage, system_clock, calendar, teams, registry_changed=registry_changed)
    if not settings.sandboxed():
        remember = partial(destroyed.record, settings.keys())
        office = replace(office, remember=remember, settled=partial(destroyed.settle, folder=settings.keys()))
    welcome = Welcome(teams, partial(mesdonnees.notice, office), partial(mesdonnees.noticed, office))
    front = desk(settings, read, office)
    reports = app_reports.reporting(settings, read, office, front.guidance, front.masker)
    notices = Notices(
        [
            *onboarding_notices.notice_builders(read),
            *clerk.notice_builders(),
            *retraining.notice_builders(),
            *revision_notices.notice_builders(kept),
            *report_notices.notice_builders(reports.records, office.clock),
            *digest.notice_builders(reports.records, office.clock),
            *export.notice_builders(reports.records, office.clock),
        ]
    )
    welcome = replace(welcome, limit=reports.limit)
    kept.replaced = partial(_interpret_anew, settings, front)
    services = Services(read, office, school, front, _bank(settings, read, office), reports, kept, notices)
    dispatcher = Dispatcher(catalogue(services), storage.executor, welcome=welcome)
    return Bot(settings, services, clerk, dispatcher)


def texts(settings: Settings, read: Library) -> Archive:
    """Return the texts at work."""
    return Archive(
        read,
        settings.data_folders(),
        settings.calendar(),
        settings.vigie_data,
        listed(settings.vigie_canaux_annonces),
        settings.vigie_revision_approbations,
        _preview,
        pages=lambda old, new: accueil.carried(old, new, read.policies[new.policy]),
        at_once=settings.sandboxed(),
    )


def _preview(title: str, messages: Mapping[str, Message], quote: Quoter) -> bytes:
    from bot.app import previews  # noqa: PLC0415 — only the administration's rare previews draw a gallery

    return previews.page(title, messages, quote)


def _interpret_anew(settings: Settings, answering: Answering) -> None:
    """Read again what interprets the texts, once others are in force; what does not fit is left as it was."""
    try:
        answering.guidance.update(guidance.load_guidance(settings.data_folders(), answering.library))
    except PolicyError as error:
        logger.warning("%s", error)


def course(settings: Settings, read: Library, attest: Attest) -> Course:
    """Return what is to be read and asked. Raises `PolicyError`."""
    plan = OnboardingPlan(pass_mark=settings.vigie_quiz_reussite, refresher_days=settings.vigie_quiz_revision)
    return open_course(read, settings.data_folders(), attest, plan)


def desk(settings: Settings, read: Library, office: Office) -> Answering:
    """Return what it takes to answer questions; nothing is learnt or loaded yet."""
    folders = settings.data_folders()
    return Answering(
        read,
        office,
        Engine(folders, settings.models()),
        guidance.load_guidance(folders, read),
        cache(lambda: masking.load_masker(folders, read)),
        cache(lambda: negative_posts.load_negative_posts(SEED)),
        AnswerMemory(office.clock),
    )


def _bank(settings: Settings, read: Library, office: Office) -> BankEditing:
    return BankEditing(read, office, SEED, settings.vigie_data)


def registrar(settings: Settings, read: Library, storage: Storage) -> Registrar:
    """Return who keeps the register; over a storage in memory, with a key of the moment."""
    given_by = issuer(settings, read)
    if storage.path is None:
        key = signing.new_signer()
        return Registrar(storage, given_by, lambda: key, None)
    keys = settings.keys()
    return Registrar(storage, given_by, lambda: signing.load_signer(keys, create=True), keys)


def issuer(settings: Settings, read: Library) -> Issuer:
    """Return who gives receipts."""
    names = {one.id: (one.name, one.annotations.title) for one in read.policies.values()}
    return Issuer(settings.vigie_association, lambda policy: names[policy], settings.calendar().zone)


def settle(bot: Bot) -> None:
    """See that the roles exist, and that someone holds the administration. On the storage thread.

    In the sandbox, its personas are what they are in the association.
    """
    office = bot.office
    storage = office.storage
    if storage.path:
        restore.sweep(storage.path, office.clock())
        bot.services.reporting.scatter()  # which a process that was killed may have left undone
    with storage.transaction() as db:
        office.settled(db)
        roles.seed(db)
        if any(group.read_day is None or group.problem for group in membership.sources(db)):
            # What was changed for it to be read may be what we were started again for.
            clock.plan(db, membership.RECONCILE, membership.RECONCILE, office.clock())
        if bot.settings.sandboxed():
            _cast(db, office.today())
        admins = [persons.read_account(one) for one in listed(bot.settings.vigie_admins)]
        roles.appoint_first(db, admins, office.today())
        # Whoever came while the bot was away is welcomed in working hours, and in the sandbox at once.
        bot.services.archive.settle(db, office.clock())
        at_once, target = bot.settings.sandboxed(), bot.services.course.target()
        enrolment.follow(db, target, office.calendar, office.clock(), at_once=at_once)
        bot.services.archive.follow(db, office.clock())
    bot.registrar.caught_up()


def _cast(db: Database, today: date) -> None:
    """Give the sandbox's personas what they are in the association."""
    for persona, role in _PERSONAS.items():
        if not roles.holders(db, role, today):
            roles.appoint(db, role, persons.known(db, Actor("local", "", persona)), today)
    officer = persons.known(db, Actor("local", "", "officier"))
    membership.enter(db, officer, "officer", membership.BY_HAND, today)


def platforms(bot: Bot) -> dict[str, Live]:
    """Return the platforms that are configured, by the name that accounts give them.

    With no token at all, the sandbox alone. To be called off the storage thread. The library of a
    platform is read only when it is configured: Slack's takes 30 MB.
    """
    settings, storage = bot.settings, bot.office.storage
    if settings.sandboxed():
        from bot.app import sandbox  # noqa: PLC0415 — see above

        return {"local": sandbox.adapter(bot.services, bot.dispatcher, settings.vigie_port)}
    found: dict[str, Live] = {}
    followed = storage.executor.submit(_followed, storage).result()
    members = Register(storage, bot.office.clock, bot.office.calendar, bot.office.registry_changed)
    if settings.slack_bot_token:
        found["slack"] = _slack(bot, settings.slack_bot_token, members if "slack" in followed else None)
    if settings.discord_token:
        found["discord"] = _discord(bot, settings.discord_token, members if "discord" in followed else None)
    return found


def _slack(bot: Bot, token: SecretStr, members: Register | None) -> Live:
    from bot.platforms.slack.adapter import SlackAdapter  # noqa: PLC0415 — see `platforms`

    settings = bot.settings
    return SlackAdapter(
        bot.dispatcher,
        bot.library.quote,
        bot_token=token.get_secret_value(),
        app_token=_revealed(settings.slack_app_token),
        signing_secret=_revealed(settings.slack_signing_secret),
        port=settings.vigie_slack_port,
        api_url=settings.slack_api_url,
        members=members,
        heard=inbound.Heard(bot.office.storage, bot.office.clock),
        meter=_meter(bot.metrics, "slack"),
    )


def _discord(bot: Bot, token: SecretStr, members: Register | None) -> Live:
    from bot.platforms.discord.adapter import DiscordAdapter  # noqa: PLC0415 — see `platforms`

    return DiscordAdapter(
        bot.dispatcher,
        bot.library.quote,
        token=token.get_secret_value(),
        api_url=bot.settings.discord_api_url,
        server=bot.settings.vigie_discord_serveur,
        members=members,
        meter=_meter(bot.metrics, "discord"),
    )


def mailer(settings: Settings, read: Library) -> Mailer | None:
    """Return what sends e-mail, None where it is not configured, and in the sandbox."""
    if settings.vigie_smtp is None or settings.vigie_courriel_de is None or settings.sandboxed():
        return None
    from bot.platforms.email import mailer as email  # noqa: PLC0415 — see `platforms`

    server = email.server(settings.vigie_smtp.get_secret_value())
    return email.Mailer(read.quote, server, settings.vigie_courriel_de)


async def run(bot: Bot, say: Callable[[str], None]) -> bool:
    """Run the whole bot until it is told to stop; False when no platform could be started at all."""
    live, mail, form = platforms(bot), mailer(bot.settings, bot.library), web_form(bot)
    posts: dict[str, Deliverer] = {**live, **({EMAIL: mail} if mail else {})}
    for setting in unset(bot.settings):
        say(f"{setting} n'est pas réglé\u00a0: je réponds partout où je suis. Voyez vigie diagnostic.")
    for line in await bot.office.storage.run(lambda: reminders(bot)):
        say(line)
    behind = Background(bot.settings, bot.services, bot.registrar, bot.metrics, posts, live)
    beside: list[Platform] = [one for one in (mail, form) if one is not None]
    return await serving.serve([*live.values()], say, behind.running(say), beside)


def web_form(bot: Bot) -> Platform | None:
    """Return the web form for reports, None where it is not asked for, or the policy has no such clause."""
    port, reporting = bot.settings.vigie_signalement_port, bot.services.reporting
    if port is None or reporting.clause() is None:
        return None
    from bot.web.form import WebForm  # noqa: PLC0415 — see `platforms`

    return WebForm(reporting, port=port)


def unset(settings: Settings) -> list[str]:
    """Return the settings that would say whose bot this is, and do not."""
    asked = {
        "VIGIE_SLACK_EQUIPE": settings.slack_bot_token and not settings.vigie_slack_equipe,
        "VIGIE_DISCORD_SERVEUR": settings.discord_token and not settings.vigie_discord_serveur,
    }
    return [name for name, missing in asked.items() if missing]


def reminders(bot: Bot) -> list[str]:
    """Return, in one French line each, what keeps things from going as usual until someone settles it.

    On the storage thread.
    """
    lines = []
    with bot.office.storage.transaction() as db:
        if state.flag(db, state.PAUSED):
            lines.append("Les envois sont en pause. Pour reprendre\u00a0: vigie reprendre.")
        if restore.waiting(db):
            lines.append("Des messages sont retenus depuis une restauration. Décidez\u00a0: vigie retenus.")
        if rows.dead(db):
            lines.append("Des messages n'ont pu être remis à personne. Décidez\u00a0: vigie lettres.")
        if not roles.holders(db, roles.ADMINISTRATION, bot.office.today()):
            lines.append("Personne ne tient l'administration. Réglez VIGIE_ADMINS, puis redémarrez.")
        lines += app_reports.reminders(bot.settings, db)
    return lines


def _followed(storage: Storage) -> Collection[str]:
    """Return the platforms that have groups whose members must be known."""
    with storage.transaction() as db:
        return {source.platform for source in membership.sources(db)}


def _meter(metrics: Metrics, platform: str) -> Meter:
    return Meter(
        metrics.ack.labels(platform).observe,
        metrics.reconnects.labels(platform).inc,
        metrics.rate_limited.labels(platform).inc,
    )


def _revealed(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None
