"""`vigie diagnostic`: the command that checks everything that the bot depends on, and says what to do."""

import asyncio
import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from functools import partial
from pathlib import Path
from typing import Final

import click
from sqlite_utils import Database

from bot.answers.engine import store
from bot.answers.engine.store import Sources
from bot.app import kept_keys, unpublished
from bot.app.build import Parts
from bot.app.platforms import mailer
from bot.backup import copies as backup
from bot.cli import base
from bot.cli.progress import working
from bot.configuration import places
from bot.configuration.profile import Profile
from bot.configuration.values import listed
from bot.conversation.findings import Finding, fine, note, wrong
from bot.conversation.messages import Message
from bot.conversation.requests import PLATFORMS
from bot.dashboard import monthly
from bot.onboarding import checks as onboarding_checks
from bot.operations import diagnostic
from bot.outbox.notices import TRIAL
from bot.outbox.routes import parse_address
from bot.people import duties, membership, persons, roles
from bot.people.duties import Duties
from bot.people.membership import Source
from bot.platforms.contract import Destination, PlatformError
from bot.policy.articles import PolicyError
from bot.policy.loading import load_library
from bot.reports import checks as report_checks
from bot.reports.ground import Ground
from bot.revision.reading.lint import count_lost, source_words
from bot.settings import Settings
from bot.storage.database import StorageError
from bot.times import in_words, system_clock
from bot.watching.observed import check_source

# The errors of texts that cannot be read. `_policies`, or the check of the database, reports them once.
_UNREAD = (PolicyError, StorageError)


def _ground(config: Settings) -> Ground:
    try:
        return Parts(config).ground()
    except _UNREAD:
        return Ground()


@click.command(name="diagnostic", help="Vérifier tout ce dont Vigie dépend, et dire quoi faire.")
@base.json_flag
def diagnostic_(as_json: bool) -> None:
    """Check everything, and print the findings. Exit with code 1 when something does not work."""
    findings = diagnose(base.configured())
    click.echo(base.dump(diagnostic.as_json(findings)) if as_json else diagnostic.as_text(findings))
    sys.exit(0 if diagnostic.sound(findings) else 1)


def _permissions(config: Settings) -> list[Finding]:
    """Return findings on who decides on each kind of permission, and on the kinds that are not offered."""
    try:
        kinds = Parts(config).permission_kinds().values()
    except _UNREAD:
        return []
    decided = [f"{kind.id}, {kind.decider}" for kind in kinds if kind.decider]
    return [
        *([fine("demandes", f"{'; '.join(decided)}.")] if decided else []),
        *(note("demandes", problem) for kind in kinds if (problem := kind.unoffered())),
    ]


def diagnose(config: Settings) -> list[Finding]:
    """Return the findings on everything that Vigie depends on."""
    findings = [*_places(config), *_profile(config), *_policies(config)]
    findings += onboarding_checks.check_quiz(config)
    findings += _questions(config)
    findings += _permissions(config)

    def records(db: Database) -> list[Finding]:
        return [
            *_roles(db, config.today()),
            *_unreached(db, config),
            *_duties(db, config.profile),
            *_monthly_report(db, config),
            *check_source(db, config.vigie_source),
            *onboarding_checks.check_register(db, config.keys()),
            *report_checks.check_reports(db, config.keys(), config.today(), _ground(config)),
            *_keys(db, config),
        ]

    findings += diagnostic.check_machine(config, system_clock, records)
    findings += unpublished.check_site(config.site(), config.database())
    opens_another = {"VIGIE_PORT"}  # if no port was chosen, the sandbox opens another
    if config.sandboxed() and "vigie_sante_port" not in config.model_fields_set:
        opens_another.add("VIGIE_SANTE_PORT")
    with suppress(StorageError):  # an unreadable lock was already reported
        if not diagnostic.runs(config.database()):
            for name, port in config.ports().items():
                findings += [] if name in opens_another else diagnostic.check_port(port, name)
    if config.sandboxed():
        findings.append(
            note(
                "plateformes",
                "aucun jeton n'est réglé\u00a0: seul le bac à sable s'ouvrira. Pour en donner un\u00a0: "
                "vigie installer.",
            )
        )
    findings += _unconnected(config)
    with working("J'interroge les plateformes"):
        return findings + asyncio.run(diagnostic.check_platforms(_checks(config)))


def _places(config: Settings) -> Iterator[Finding]:
    """Yield findings on the paths of the settings, the state and the program."""
    file = base.settings_place().absolute()
    read = (
        f"lus dans {file}, sans erreur."
        if places.is_there(file)
        else f"aucun fichier\u00a0: ce serait {file}."
    )
    yield fine("réglages", read)
    state = {
        "base": config.database(),
        "clés": config.keys(),
        "copies": config.copies(),
        "modèles": config.models(),
        "programme": places.PACKAGE,
    }
    yield fine(
        "dossiers", "; ".join(f"{name}\u00a0: {path.absolute()}" for name, path in state.items()) + "."
    )
    stray = Path(".env").absolute()
    if stray != file and places.is_there(stray):
        yield note(
            "réglages", f"{stray} n'est pas lu. Déplacez-le là où ils se lisent, ou donnez --reglages."
        )


def _profile(config: Settings) -> Iterator[Finding]:
    """Yield findings on the profile in use, and on whether the clause that it names exists."""
    profile = config.profile
    yield fine("profil", profile.describe())
    if unnamed := config.unnamed():
        yield note("profil", unnamed)
    try:
        ground = Parts(config).ground()
    except _UNREAD:  # the texts cannot be read, so nobody knows whether they have the clause
        return
    if profile.reports and profile.reports.clause and ground.quote is None:
        yield wrong(
            "profil",
            f"[signalements] clause\u00a0: la politique {profile.policy} n'a pas de clause "
            f"{profile.reports.clause}. Corrigez {profile.source}; d'ici là, il n'y a pas de signalements.",
        )


def _duties(db: Database, profile: Profile) -> Iterator[Finding]:
    """Yield a finding if the registry sends reports to other roles than the profile says."""
    if Duties.of(profile) != duties.latest(db):
        yield note(
            "profil",
            "il ne dit pas comme le registre à qui vont les signalements, et ne change rien de lui-même. "
            "Appliquez-le dans la conversation, avec la commande «\u00a0roles\u00a0», ou corrigez-le.",
        )


def _monthly_report(db: Database, config: Settings) -> Iterator[Finding]:
    """Yield a finding on who receives the monthly report, and when the next report is sent."""
    if not config.monthly_report_roles():
        yield fine("rapport", "le rapport du mois n'est envoyé à personne\u00a0: voyez VIGIE_RAPPORT_ROLES.")
        return
    titles = {role.id: role.title for role in roles.all_roles(db)}
    named = [f"«\u00a0{titles.get(role, role)}\u00a0»" for role in config.monthly_report_roles()]
    day = monthly.next_due(config.today(), config.calendar())
    yield fine("rapport", f"le prochain part le {in_words(day)}, à {', '.join(named)}.")


def _policies(config: Settings) -> Iterator[Finding]:
    """Yield findings on the policies in use, on unreadable files, and on lost or doubtful words."""
    try:
        library = load_library(config.data_folders(), config.profile.policy, config.today)
    except PolicyError as error:
        yield wrong("politiques", str(error))
        return
    yield from (wrong("politiques", file.problem) for file in library.aside)
    for policy in library.policies.values():
        version = library.current(policy)
        if lost := count_lost(version.pieces(), source_words(version.markdown)):
            yield note("politiques", f"{policy.name}\u00a0: {lost}")
        if doubts := version.outline.doubts:
            lines = ", ".join(str(doubt.line) for doubt in doubts[:10])
            where = f"ligne{'s' * (len(doubts) > 1)} {lines}"
            yield note("politiques", f"{policy.name}\u00a0: à vérifier avec vigie importer, {where}.")
    yield fine("politiques", f"lues\u00a0: {', '.join(policy.name for policy in library.policies.values())}.")


def _questions(config: Settings) -> Iterator[Finding]:
    """Yield a finding for each question bank: whether it is learnt and, if not, why."""
    subject, models = "questions", config.models()
    try:
        failures = store.failures(models)
        for policy in Parts(config).library.policies.values():
            sources = Sources(tuple(config.data_folders()), policy.versions[-1])
            if not sources.banks():
                continue
            if store.is_learnt(sources, models):
                yield fine(subject, f"la banque {policy.name.of} est apprise.")
            elif cause := failures.get(policy.id):
                aside = f"la banque {policy.name.of} n'a pas pu être apprise, et le texte seul répond"
                yield wrong(subject, f"{aside}\u00a0: {cause}")
            elif models.exists() and not (models.is_dir() and os.access(models, os.W_OK)):
                yield wrong(subject, f"Vigie ne peut pas écrire dans {models}\u00a0: rien ne s'y apprend.")
            else:
                yield note(subject, f"la banque {policy.name.of} n'est pas encore apprise.")
    except _UNREAD:
        return
    except OSError as error:
        yield wrong(subject, f"{error.filename} ne se lit pas. Vérifiez vos droits.")


def _keys(db: Database, config: Settings) -> Iterator[Finding]:
    """Yield a finding for each lost file of the key folder, or one finding when no file is lost."""
    lost = kept_keys.find_lost(db, config)
    yield from (wrong("clés", line) for line in lost)
    if not lost and not config.sandboxed():
        place = f"dans {config.keys()}. Gardez-en un double ailleurs qu'avec les copies."
        made = (config.keys() / backup.KEY_FILE).exists()
        yield fine(
            "clés", place if made else "aucune encore\u00a0: elles seront faites au premier démarrage."
        )


def _roles(db: Database, today: date) -> Iterator[Finding]:
    """Yield findings on vacant roles, and on groups whose members were not read."""
    vacant = [role for role in roles.all_roles(db) if not roles.holders(db, role.id, today)]
    for role in vacant:
        state_of_role = f"«\u00a0{role.title}\u00a0» est vacant"
        if acting := roles.acting(db, role.id, today):
            substitute = f"«\u00a0{roles.title(db, acting)}\u00a0» reçoit à sa place."
            yield note("rôles", f"{state_of_role}\u00a0: {substitute}")
        else:
            # `check_reports` reports an error when a report reaches nobody.
            finding = note if role.id in roles.reporting_roles(db, today) else wrong
            problem = f"{state_of_role} et personne ne reçoit à sa place."
            yield finding("rôles", f"{problem} Nommez quelqu'un\u00a0: vigie roles nommer.")
    if not vacant:
        yield fine("rôles", "chaque rôle est tenu.")
    if not (membership.members(db, "officer") or membership.sources(db)):
        yield note(
            "rôles",
            "je ne sais pas encore qui doit lire la politique. Voyez la commande «\u00a0membres\u00a0», "
            "dans la conversation.",
        )
    for source in membership.sources(db):
        if source.problem:
            yield wrong("membres", source.problem)
        elif source.read_day is None:
            yield note(
                "membres", f"le groupe {source.source_id} n'a pas encore été lu\u00a0: démarrez Vigie."
            )


def _unreached(db: Database, config: Settings) -> Iterator[Finding]:
    """Yield a finding for each role whose holders have accounts only on platforms without a token."""
    connected = config.connected()
    for role in roles.all_roles(db) if connected else ():
        holders = roles.holders(db, role.id, config.today())
        accounts = [account for person in holders for account in persons.accounts_of(db, person)]
        if not accounts or any(account.platform in connected for account in accounts):
            continue
        elsewhere = " et ".join(sorted({PLATFORMS.get(other.platform, other.platform) for other in accounts}))
        example = {"slack": "slack:T0123ABCD/U0123ABCD", "discord": "discord:123456789012345678"}
        finding = wrong if role.id == roles.ADMINISTRATION else note
        yield finding(
            "rôles",
            f"qui tient «\u00a0{role.title}\u00a0» n'a de compte que sur {elsewhere}, qui n'a pas de jeton. "
            f"Nommez un compte d'ici\u00a0: vigie roles nommer {role.id} {example[connected[0]]}",
        )


def _checks(config: Settings) -> dict[str, diagnostic.Check]:
    """Return the check of each configured platform, by name."""
    # Imported here, since the platforms' libraries are heavy.
    from bot.platforms.discord import check as discord_check  # noqa: PLC0415
    from bot.platforms.slack import check as slack_check  # noqa: PLC0415

    checks: dict[str, diagnostic.Check] = {}
    followed = _followed(config)
    if config.slack_bot_token:
        checks["Slack"] = partial(
            slack_check.check_slack,
            bot_token=config.slack_bot_token.get_secret_value(),
            app_token=config.slack_app_token.get_secret_value() if config.slack_app_token else None,
            api_url=config.slack_api_url,
            team=config.vigie_slack_equipe,
            now=system_clock(),
            follows={source.source for source in followed},
            channels=_channels(config, "slack"),
            trial=_trial(config),
            bot=config.profile.bot,
        )
    if config.discord_token:
        relays = dict.fromkeys(listed(config.vigie_discord_relais), discord_check.RELAY)
        written = {
            channel.id: discord_check.WRITE
            for channels in _channels(config, "discord").values()
            for channel in channels
        }
        checks["Discord"] = partial(
            discord_check.check_discord,
            token=config.discord_token.get_secret_value(),
            api_url=config.discord_api_url,
            server=config.vigie_discord_serveur,
            members=any(source.platform == "discord" for source in followed),
            now=system_clock(),
            channels=written | relays,
        )
    if config.vigie_smtp and config.vigie_courriel_de:
        checks["Courriel"] = partial(_mail, config)
    return checks


def _channels(config: Settings, platform: str) -> dict[str, list[Destination]]:
    """Return the channels of a platform where Vigie writes unprompted, by the name of their setting."""
    settings = {
        "VIGIE_CANAUX_ADMIN": config.vigie_canaux_admin,
        "VIGIE_CANAUX_ANNONCES": config.vigie_canaux_annonces,
    }
    return {
        name: [
            parse_address(f"channel:{where}") for where in listed(value) if where.startswith(f"{platform}/")
        ]
        for name, value in settings.items()
    }


def _unconnected(config: Settings) -> Iterator[Finding]:
    """Yield a finding for each setting that names a channel of a platform without a token."""
    apart = {"slack", "discord"}.difference(config.connected()) if not config.sandboxed() else ()
    for platform in sorted(apart):
        for setting, channels in _channels(config, platform).items():
            if channels:
                problem = f"{setting} nomme un canal de {PLATFORMS[platform]}, qui n'a pas de jeton."
                yield wrong("canaux", problem)


async def _mail(config: Settings) -> list[Finding]:
    """Check that the mail server accepts the bot, without sending anything."""
    try:
        mail = mailer(Parts(config))
        if mail is None:
            return [note("Courriel", "le bac à sable n'en envoie pas\u00a0: le serveur n'a pas été vérifié.")]
        await mail.start()
    except PlatformError as error:
        return [wrong("Courriel", str(error))]
    except PolicyError:  # already reported
        return [note("Courriel", "le serveur n'a pas été vérifié.")]
    return [fine("Courriel", "le serveur accepte Vigie.")]


def _trial(config: Settings) -> tuple[list[Destination], Message]:
    """Return where a test message may be sent on Slack, best first, and this message."""
    recipients = []
    with suppress(StorageError, sqlite3.Error), base.read_only(config.database()) as db:
        for holder in roles.holders(db, roles.ADMINISTRATION, config.today()):
            recipients += [
                Destination("slack", account.team, account.user)
                for account in persons.accounts_of(db, holder)
                if account.platform == "slack"
            ]
    return [*recipients, *_channels(config, "slack")["VIGIE_CANAUX_ADMIN"]], TRIAL


def _followed(config: Settings) -> list[Source]:
    """Return the followed groups, or an empty list if the database cannot be read."""
    with suppress(StorageError, sqlite3.Error), base.read_only(config.database()) as db:
        return membership.sources(db)
    return []


COMMANDS: Final = (diagnostic_,)
