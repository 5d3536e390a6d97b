"""The commands for roles, members, destruction certificates and incidents. A bot may be running."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import date
from typing import Any, Final

import click
from sqlite_utils import Database

from bot.app.build import Parts
from bot.cli import base
from bot.people import appointments, membership, persons, roles
from bot.people.office import follow_group
from bot.people.roles import Group, UnknownRoleError
from bot.privacy import incidents, personal_data
from bot.privacy.incidents import Incident
from bot.reports import readers
from bot.times import in_words

_ACCOUNT: Final = "COMPTE"  # slack:EQUIPE/MEMBRE, discord:MEMBRE
_GROUP_FORMAT: Final = (
    "doit s'écrire slack:T0123ABCD/S0123ABCD (un groupe de Slack) ou "
    "discord:123456789012345678/123456789012345678 (le serveur, puis un rôle de Discord)"
)


@contextmanager
def _opened() -> Iterator[tuple[Parts, Database]]:
    try:
        with base.real_bot() as opened:
            yield opened
    except UnknownRoleError as error:
        base.refuse(f"{base.after_colon(str(error))} Voyez «\u00a0vigie roles lister\u00a0».")


def _holder(db: Database, text: str, *, create: bool = False) -> roles.Holder | None:
    """Return the person or the group written as `text`. Return None for an unknown account, unless `create`.

    A group is written « slack:T0123/S0123 » (S…) or « discord:SERVEUR/ROLE ».
    """
    platform, _, rest = text.partition(":")
    team, slash, identifier = rest.partition("/")
    if slash and (platform == "discord" or (platform == "slack" and identifier.startswith("S"))):
        if not (persons.is_team(platform, team) and persons.is_group(platform, identifier)):
            raise click.BadParameter(f"«\u00a0{text}\u00a0» {_GROUP_FORMAT}")
        return Group(platform, team, identifier)
    try:
        account = persons.read_account(text)
        return persons.known(db, account) if create else persons.person_of(db, account)
    except ValueError as error:
        raise click.BadParameter(f"«\u00a0{text}\u00a0» {error}") from error


# --- Roles ------------------------------------------------------------------------------------


roles_ = base.CommandGroup("roles", help="Qui tient quel rôle.")


@roles_.command(name="lister", help="Écrire les rôles et qui les tient.")
@base.json_flag
def _list_roles(as_json: bool) -> None:
    with _opened() as (bot, db):
        described = [
            {
                **asdict(role),
                "vacant": not roles.holders(db, role.id, bot.today()),
                "holders": [
                    {
                        "holder": _holder_text(db, tenure.holder),
                        "since": tenure.since,
                        "until": tenure.until,
                    }
                    for tenure in roles.tenures(db, role.id, bot.today())
                ],
            }
            for role in roles.all_roles(db)
        ]
    base.show(described, "\n".join(_role_lines(described)), as_json)


def _holder_text(db: Database, holder: roles.Holder) -> str:
    if isinstance(holder, Group):
        return f"{holder.platform}:{holder.team}/{holder.id}"
    return ", ".join(map(str, persons.accounts_of(db, holder))) or holder


def _role_lines(described: list[dict[str, Any]]) -> Iterator[str]:
    for role in described:
        yield f"{role['id']}\u00a0: {role['title']}" + (" (vacant)" if role["vacant"] else "")
        for tenure in role["holders"]:
            until = f", avant le {tenure['until']}" if tenure["until"] else ""
            yield f"  {tenure['holder']}, depuis le {tenure['since']}{until}"
        yield f"  courriel\u00a0: {role['email'] or 'aucun'}; relève\u00a0: {role['fallback_id'] or 'aucune'}"


@roles_.command(
    name="nommer",
    help="Confier un rôle à une personne (slack:EQUIPE/MEMBRE, discord:MEMBRE) ou à un groupe.",
    short_help="Confier un rôle à une personne ou à un groupe.",
)
@click.argument("role", metavar="RÔLE")
@click.argument("compte", metavar=_ACCOUNT)
@click.option("--depuis", type=base.DATE, help="Le premier jour (aujourd'hui).")
@click.option("--aussi", is_flag=True, help="Sans remplacer les titulaires actuels.")
def _appoint(role: str, compte: str, depuis: date | None, aussi: bool) -> None:
    """Appoint a person or a group to a role. The bot then follows the members of a group."""
    with _opened() as (bot, db):
        holder = _holder(db, compte, create=True)
        followed = membership.sources(db)
        if holder is None:
            raise LookupError(compte)
        since = max(depuis or bot.today(), appointments.first_day(db, role, bot.today()))
        roles.appoint(db, role, holder, since, replacing=not aussi)
        follow_up = _follow(bot, db, role)
        if isinstance(holder, Group):
            todo = follow_group(db, roles.source_of(db, holder), followed, bot.clock())
            reading = "Vigie lit qui est dans ce groupe; d'ici là, les titulaires actuels restent."
            follow_up += f" {reading} {todo}".rstrip()
    click.echo(f"C'est noté.{follow_up}")


@roles_.command(name="retirer", help="Mettre fin à un rôle pour une personne ou un groupe.")
@click.argument("role", metavar="RÔLE")
@click.argument("compte", metavar=_ACCOUNT)
@click.option("--le", type=base.DATE, help="Le premier jour sans le rôle (aujourd'hui).")
def _dismiss(role: str, compte: str, le: date | None) -> None:
    with _opened() as (bot, db):
        roles.role(db, role)  # raises `RoleError` for an unknown role
        holder = _holder(db, compte)
        on = max(le or bot.today(), appointments.first_day(db, role, bot.today()))
        dismissed = holder is not None and roles.dismiss(db, role, holder, on)
        follow_up = _follow(bot, db, role)
    base.conclude(dismissed, f"C'est noté.{follow_up}", "Ce compte ne tenait pas ce rôle.")


@roles_.command(name="modifier", help="Changer le titre, le courriel ou la relève d'un rôle.")
@click.argument("role", metavar="RÔLE")
@click.option("--titre", metavar="TITRE", help="Ce que les gens lisent.")
@click.option("--courriel", metavar="ADRESSE", help="Où l'alerter; «\u00a0-\u00a0» pour n'en avoir aucun.")
@click.option(
    "--releve", metavar="RÔLE", help="Le rôle qui le supplée; «\u00a0-\u00a0» pour n'en avoir aucun."
)
def _change(role: str, titre: str | None, courriel: str | None, releve: str | None) -> None:
    if (titre, courriel, releve) == (None, None, None):
        raise click.UsageError("choisissez ce qui change\u00a0: --titre, --courriel ou --releve.")
    with _opened() as (bot, db):
        changed = roles.role(db, role)
        if titre is not None:
            changed = replace(changed, title=titre)
        if courriel is not None:
            changed = replace(changed, email=None if courriel == "-" else courriel)
        if releve is not None:
            changed = replace(changed, fallback_id=None if releve == "-" else roles.role(db, releve).id)
        roles.change(db, changed)
        follow_up = _follow(bot, db, role)
    click.echo(f"C'est noté.{follow_up}")


def _follow(bot: Parts, db: Database, role: str) -> str:
    """Record who gained or lost the right to read reports or to administer, after a change to a role.

    Return the sentence that tells when the change takes effect, "" when nobody gained or lost a right.
    """
    if readers.follow(db, bot.today(), bot.clock(), readers.MACHINE) is None:
        return ""
    day = max([bot.today(), *(row.effective_on for row in appointments.pending(db, role, bot.today()))])
    return f" Prend effet le {in_words(day)}; les personnes concernées en sont averties."


@roles_.command(
    name="historique",
    help="Écrire qui a pu lire les signalements ou administrer, et qui l'a décidé. Rien n'en est ôté.",
    short_help="Écrire qui a pu lire les signalements, et quand.",
)
@base.json_flag
def _history(as_json: bool) -> None:
    with _opened() as (_, db):
        rows = appointments.rows_after(db, "0")
    if as_json:
        click.echo(base.dump([asdict(row) for row in rows]))
        return
    lines = [
        f"{row.decided_on}  {row.role}\u00a0: {row.account} {'peut lire' if row.able else 'ne peut plus'} à "
        f"partir du {row.effective_on} ({', '.join(filter(None, (row.how, row.by, row.confirmed_by)))})"
        for row in rows
    ]
    click.echo("\n".join(lines) or "Personne n'a encore été nommé.")


@roles_.command(
    name="membres",
    help="Écrire combien de personnes la politique vise, et d'où on le sait.",
    short_help="Écrire combien de personnes la politique vise.",
)
@base.json_flag
def _members(as_json: bool) -> None:
    with _opened() as (bot, db):
        sources = membership.sources(db)
        officers, employees = (len(membership.members(db, kind)) for kind in ("officer", "employee"))
    values = {"officer": officers, "employee": employees, "sources": list(map(asdict, sources))}
    kinds = bot.settings.profile.readers.kinds
    counts = {"officer": officers, "employee": employees}
    lines = [" ".join(f"{words.several}\u00a0: {counts[kind]}." for kind, words in kinds.items())]
    for source in sources:
        read = source.problem or (f"lu le {source.read_day}" if source.read_day else "pas encore lu")
        lines.append(f"  {source.platform}:{source.team}/{source.source_id}\u00a0: {read}")
    base.show(values, "\n".join(lines), as_json)


# --- Personal information ---------------------------------------------------------------------


donnees = base.CommandGroup("donnees", help="Les renseignements personnels conservés.")


@donnees.command(
    name="certificat",
    help="Écrire ce qui a été détruit depuis une date\u00a0: des nombres seulement.",
    short_help="Écrire ce qui a été détruit, en nombres.",
)
@click.option("--depuis", type=base.DATE, help="Le premier jour (il y a un an).")
@base.json_flag
def _certificate(depuis: date | None, as_json: bool) -> None:
    with _opened() as (bot, db):
        since = depuis or bot.today().replace(year=bot.today().year - 1, day=1)
        destroyed = personal_data.certificate(db, since)
    rows = [dict(zip(("day", "category", "count"), row, strict=True)) for row in destroyed]
    lines = [f"{day}  {category}\u00a0: {count}" for day, category, count in destroyed]
    base.show(rows, "\n".join(lines) or "Rien n'a été détruit.", as_json)


@donnees.command(
    name="inventaire",
    help="Écrire quels renseignements sont conservés, pourquoi et combien de temps.",
    short_help="Écrire ce qui est conservé, et pourquoi.",
)
@base.json_flag
def _inventory(as_json: bool) -> None:
    columns = ("id", "title", "purpose", "retention")
    rows = [{name: getattr(category, name) for name in columns} for category in personal_data.CATEGORIES]
    line = "{title}. Fins\u00a0: {purpose}. Conservation\u00a0: {retention}."
    base.show(rows, "\n".join(line.format(**row) for row in rows), as_json)


# --- Incidents --------------------------------------------------------------------------------


confidentialite = base.CommandGroup(
    "confidentialite",
    help="Le registre des incidents de confidentialité, pour la personne responsable.",
    short_help="Le registre des incidents (loi 25).",
)


def _prompted(name: str, field: str, **options: Any) -> Callable[[Any], Any]:  # noqa: ANN401 — click's own types
    """Return an option for a field of an incident. If it is missing, the field's label is the prompt."""
    label = incidents.LABELS[field]
    return click.option(name, field, prompt=label, help=f"{label}.", **{"metavar": "TEXTE", **options})


@confidentialite.command(
    name="ajouter", help="Inscrire un incident. Ce qui manque est demandé. N'y nommez personne."
)
@_prompted("--renseignements", "information")
@_prompted("--circonstances", "circumstances")
@_prompted("--periode", "happened")
@_prompted("--connu-le", "known_on", type=base.DATE, metavar=None)
@_prompted("--personnes", "persons")
@base.one_of(
    "risk",
    {
        "risque-serieux": f"{incidents.LABELS['serious_risk']}.",
        "sans-risque-serieux": "Sans ce risque.",
    },
    ask=incidents.LABELS["serious_risk"],
)
@_prompted("--raisons", "reasons")
@_prompted("--mesures", "measures")
@click.option(
    "--avis-commission", "commission_told_on", type=base.DATE, help=incidents.LABELS["commission_told_on"]
)
@click.option("--avis-personnes", "persons_told_on", type=base.DATE, help=incidents.LABELS["persons_told_on"])
@click.option(
    "--avis-publics", "public_notice", default="", metavar="TEXTE", help=incidents.LABELS["public_notice"]
)
def _add_incident(risk: str, **fields: Any) -> None:  # noqa: ANN401 — click's own types
    try:
        with incidents.open_register(base.real_settings().database()) as connection:
            number = incidents.add(connection, Incident(serious_risk=risk == "risque-serieux", **fields))
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"Incident {number} inscrit.")


@confidentialite.command(name="lister", help="Écrire le registre.")
@base.json_flag
def _list_incidents(as_json: bool) -> None:
    with incidents.open_register(base.real_settings().database()) as connection:
        numbered = incidents.incidents(connection)
    rows = [{"id": number, **asdict(incident)} for number, incident in numbered]
    entries = []
    for number, incident in numbered:
        values = {**asdict(incident), "serious_risk": "oui" if incident.serious_risk else "non"}
        lines = [f"{label}\u00a0: {values[name] or 'aucun'}" for name, label in incidents.LABELS.items()]
        entries.append("\n".join([f"Incident {number}", *lines]))
    base.show(rows, "\n\n".join(entries) or "Aucun incident.", as_json)


COMMANDS: Final = (roles_, donnees, confidentialite)
