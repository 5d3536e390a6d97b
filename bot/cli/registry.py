"""The part of the command line that keeps the registry: roles, members, destruction, incidents.

Each command changes the database beside a bot that runs, in one short transaction.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Any

import click
from sqlite_utils import Database

from bot.app.build import Parts
from bot.cli.base import DAY, SUBCOMMAND, dump, json_flag, kept_parts, one_of, storage_refusals
from bot.people import membership, persons, roles
from bot.people.office import follow
from bot.people.roles import Group, Role, RoleError, UnknownRoleError
from bot.privacy import incidents, personal_data
from bot.privacy.incidents import Incident
from bot.storage.database import beside

_DAY = click.DateTime(["%Y-%m-%d"])
_ACCOUNT = "COMPTE"  # slack:EQUIPE/MEMBRE, discord:MEMBRE
_GROUP_WRITTEN = (
    "doit s'écrire slack:T0123ABCD/S0123ABCD (un groupe de Slack) ou "
    "discord:123456789012345678/123456789012345678 (le serveur, puis un rôle de Discord)"
)


@contextmanager
def _database(parts: Parts) -> Iterator[Database]:
    with storage_refusals():
        try:
            with beside(parts.settings.database()) as db:
                yield db
        except UnknownRoleError as error:
            raise click.ClickException(f"{error} Voyez «\u00a0vigie roles lister\u00a0».") from error
        except RoleError as error:
            raise click.ClickException(str(error)) from error


def _holder(db: Database, text: str, *, create: bool) -> roles.Holder | None:
    """Return whom a text is, None for an account that is unknown and not to `create`.

    Reads a person's account, or a group: « slack:T0123/S0123 » (S…), « discord:SERVEUR/ROLE ».
    """
    platform, _, rest = text.partition(":")
    team, slash, identifier = rest.partition("/")
    if slash and (platform == "discord" or (platform == "slack" and identifier.startswith("S"))):
        if not (persons.is_team(platform, team) and persons.is_group(platform, identifier)):
            raise click.BadParameter(f"«\u00a0{text}\u00a0» {_GROUP_WRITTEN}")
        return Group(platform, team, identifier)
    try:
        account = persons.read_account(text)
        return persons.known(db, account) if create else persons.person_of(db, account)
    except ValueError as error:
        raise click.BadParameter(f"«\u00a0{text}\u00a0» {error}") from error


def _shown(db: Database, holder: roles.Holder) -> str:
    if isinstance(holder, Group):
        return f"{holder.platform}:{holder.team}/{holder.id}"
    accounts = persons.accounts_of(db, holder)
    return ", ".join(map(str, accounts)) or holder


def _described(db: Database, role: Role, today: date) -> dict[str, Any]:
    return {
        **asdict(role),
        "vacant": not roles.holders(db, role.id, today),
        "holders": [
            {
                "holder": _shown(db, line.holder),
                "since": line.since.isoformat(),
                "until": line.until.isoformat() if line.until else None,
            }
            for line in roles.tenures(db, role.id, today)
        ],
    }


@click.group(name="roles", subcommand_metavar=SUBCOMMAND, no_args_is_help=False, help="Qui tient quel rôle.")
def roles_() -> None:
    """Hold the commands that show and change who holds which role."""


@roles_.command(name="lister", help="Écrire les rôles et qui les tient.")
@json_flag
def _role_show(as_json: bool) -> None:
    parts = kept_parts()
    with _database(parts) as db:
        found = [_described(db, role, parts.today()) for role in roles.all_roles(db)]
    click.echo(dump(found) if as_json else _table(found))


@roles_.command(
    name="nommer",
    help="Confier un rôle à une personne (slack:EQUIPE/MEMBRE, discord:MEMBRE) ou à un groupe.",
    short_help="Confier un rôle à une personne ou à un groupe.",
)
@click.argument("role", metavar="RÔLE")
@click.argument("holder", metavar=_ACCOUNT)
@click.option("--depuis", type=_DAY, metavar=DAY, help="Le premier jour (aujourd'hui).")
@click.option("--aussi", is_flag=True, help="Sans remplacer les titulaires actuels.")
def _role_appoint(role: str, holder: str, depuis: Any, aussi: bool) -> None:  # noqa: ANN401 — click's own type
    parts = kept_parts()
    with _database(parts) as db:
        since = depuis.date() if depuis else parts.today()
        named, known = _holder(db, holder, create=True), membership.sources(db)
        if named is None:
            raise LookupError(holder)
        roles.appoint(db, role, named, since, replacing=not aussi)
        todo = _followed(db, named, known, parts.clock())
    click.echo(f"C'est noté.{todo}")


def _followed(db: Database, holder: roles.Holder, known: Sequence[membership.Source], now: datetime) -> str:
    """Have a group read, and return what to say of it."""
    if not isinstance(holder, Group):
        return ""
    todo = follow(db, roles.source_of(db, holder), known, now)
    return f" Vigie lit qui est dans ce groupe; d'ici là, les titulaires actuels restent. {todo}".rstrip()


@roles_.command(name="retirer", help="Mettre fin à un rôle pour une personne ou un groupe.")
@click.argument("role", metavar="RÔLE")
@click.argument("holder", metavar=_ACCOUNT)
@click.option("--le", type=_DAY, metavar=DAY, help="Le premier jour sans le rôle (aujourd'hui).")
def _role_dismiss(role: str, holder: str, le: Any) -> None:  # noqa: ANN401 — click's own type
    parts = kept_parts()
    with _database(parts) as db:
        roles.role(db, role)
        named = _holder(db, holder, create=False)
        done = named is not None and roles.dismiss(db, role, named, le.date() if le else parts.today())
    click.echo("C'est noté." if done else "Ce compte ne tenait pas ce rôle.", err=not done)
    if not done:
        sys.exit(1)


@roles_.command(name="modifier", help="Changer le titre, le courriel ou la relève d'un rôle.")
@click.argument("role", metavar="RÔLE")
@click.option("--titre", metavar="TITRE", help="Ce que les gens lisent.")
@click.option("--courriel", metavar="ADRESSE", help="Où l'alerter; «\u00a0-\u00a0» pour n'en avoir aucun.")
@click.option(
    "--releve", metavar="RÔLE", help="Le rôle qui le supplée; «\u00a0-\u00a0» pour n'en avoir aucun."
)
def _role_change(role: str, titre: str | None, courriel: str | None, releve: str | None) -> None:
    with _database(kept_parts()) as db:
        changed = roles.role(db, role)
        if titre is not None:
            changed = replace(changed, title=titre)
        if courriel is not None:
            changed = replace(changed, email=None if courriel == "-" else courriel)
        if releve is not None:
            changed = replace(changed, fallback_id=None if releve == "-" else roles.role(db, releve).id)
        roles.change(db, changed)
    click.echo("C'est noté.")


@roles_.command(
    name="membres",
    help="Écrire combien il y a d'officières, d'officiers et de membres du personnel, et d'où on le sait.",
    short_help="Écrire combien de personnes la politique vise.",
)
@json_flag
def _role_members(as_json: bool) -> None:
    with _database(kept_parts()) as db:
        followed = membership.sources(db)
        found = {
            "officer": len(membership.members(db, "officer")),
            "employee": len(membership.members(db, "employee")),
            "sources": [asdict(one) for one in followed],
        }
    counted = f"Officières et officiers\u00a0: {found['officer']}. Personnel\u00a0: {found['employee']}."
    click.echo(dump(found) if as_json else "\n".join([counted, *map(_source, followed)]))


def _source(one: membership.Source) -> str:
    how = one.problem or (f"lu le {one.read_day}" if one.read_day else "pas encore lu")
    return f"  {one.platform}:{one.team}/{one.source_id}\u00a0: {how}"


def _table(found: list[dict[str, Any]]) -> str:
    lines = []
    for role in found:
        lines.append(f"{role['id']}\u00a0: {role['title']}" + (" (vacant)" if role["vacant"] else ""))
        lines += [
            f"  {one['holder']}, depuis le {one['since']}"
            + (f", avant le {one['until']}" if one["until"] else "")
            for one in role["holders"]
        ]
        lines.append(
            f"  courriel\u00a0: {role['email'] or 'aucun'}; relève\u00a0: {role['fallback_id'] or 'aucune'}"
        )
    return "\n".join(lines)


@click.group(
    name="donnees",
    subcommand_metavar=SUBCOMMAND,
    no_args_is_help=False,
    help="Les renseignements personnels conservés.",
)
def donnees() -> None:
    """Hold the commands about what is kept and destroyed."""


@donnees.command(
    name="certificat",
    help="Écrire ce qui a été détruit depuis une date\u00a0: des nombres seulement.",
    short_help="Écrire ce qui a été détruit, en nombres.",
)
@click.option("--depuis", type=_DAY, metavar=DAY, help="Le premier jour (il y a un an).")
@json_flag
def _data_certificate(depuis: Any, as_json: bool) -> None:  # noqa: ANN401 — click's own type
    parts = kept_parts()
    since = depuis.date() if depuis else parts.today().replace(year=parts.today().year - 1, day=1)
    with _database(parts) as db:
        found = personal_data.certificate(db, since)
    if as_json:
        keys = ("day", "category", "count")
        click.echo(json.dumps([dict(zip(keys, one, strict=True)) for one in found], indent=2))
    else:
        click.echo("\n".join(f"{d}  {c}\u00a0: {n}" for d, c, n in found) or "Rien n'a été détruit.")


@donnees.command(
    name="inventaire",
    help="Écrire quels renseignements sont conservés, pourquoi et combien de temps.",
    short_help="Écrire ce qui est conservé, et pourquoi.",
)
@json_flag
def _data_inventory(as_json: bool) -> None:
    shown = ("id", "title", "purpose", "retention")
    if as_json:
        click.echo(dump([{name: getattr(one, name) for name in shown} for one in personal_data.CATEGORIES]))
        return
    for one in personal_data.CATEGORIES:
        click.echo(f"{one.title}. Fins\u00a0: {one.purpose}. Conservation\u00a0: {one.retention}.")


@click.group(
    name="confidentialite",
    subcommand_metavar=SUBCOMMAND,
    no_args_is_help=False,
    help="Le registre des incidents de confidentialité, pour la personne responsable.",
    short_help="Le registre des incidents (loi 25).",
)
def confidentialite() -> None:
    """Hold the commands of the register of confidentiality incidents."""


def _asked(name: str, field: str, **how: Any) -> Callable[[Any], Any]:  # noqa: ANN401 — click's own types
    """Return an option that is asked for when it is missing, in the words of the register."""
    words = incidents.LABELS[field]
    return click.option(name, prompt=words, help=f"{words}.", **{"metavar": "TEXTE", **how})


@confidentialite.command(
    name="ajouter", help="Inscrire un incident. Ce qui manque est demandé. N'y nommez personne."
)
@_asked("--renseignements", "information")
@_asked("--circonstances", "circumstances")
@_asked("--periode", "happened")
@_asked("--connu-le", "known_on", type=_DAY, metavar=DAY)
@_asked("--personnes", "persons")
@one_of(
    "risk",
    {
        "risque-serieux": f"{incidents.LABELS['serious_risk']}.",
        "sans-risque-serieux": "Sans ce risque.",
    },
    ask=incidents.LABELS["serious_risk"],
)
@_asked("--raisons", "reasons")
@_asked("--mesures", "measures")
@click.option("--avis-commission", type=_DAY, metavar=DAY, help=incidents.LABELS["commission_told_on"])
@click.option("--avis-personnes", type=_DAY, metavar=DAY, help=incidents.LABELS["persons_told_on"])
@click.option("--avis-publics", default="", metavar="TEXTE", help=incidents.LABELS["public_notice"])
def _incident_add(**given: Any) -> None:  # noqa: ANN401 — click's own types
    incident = Incident(
        information=given["renseignements"],
        circumstances=given["circonstances"],
        happened=given["periode"],
        known_on=given["connu_le"].date(),
        persons=given["personnes"],
        serious_risk=given["risk"] == "risque-serieux",
        reasons=given["raisons"],
        commission_told_on=given["avis_commission"].date() if given["avis_commission"] else None,
        persons_told_on=given["avis_personnes"].date() if given["avis_personnes"] else None,
        public_notice=given["avis_publics"],
        measures=given["mesures"],
    )
    try:
        with storage_refusals(), incidents.register(kept_parts().settings.database()) as conn:
            number = incidents.add(conn, incident)
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"Incident {number} inscrit.")


@confidentialite.command(name="lister", help="Écrire le registre.")
@json_flag
def _incident_show(as_json: bool) -> None:
    with storage_refusals(), incidents.register(kept_parts().settings.database()) as conn:
        found = incidents.incidents(conn)
    if as_json:
        rows = [{"id": number, **asdict(incident)} for number, incident in found]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2, default=str))
    else:
        click.echo("\n\n".join(_printed(*one) for one in found) or "Aucun incident.")


def _printed(number: int, incident: Incident) -> str:
    values = {**asdict(incident), "serious_risk": "oui" if incident.serious_risk else "non"}
    lines = [f"{label}\u00a0: {values[name] or 'aucun'}" for name, label in incidents.LABELS.items()]
    return "\n".join([f"Incident {number}", *lines])


COMMANDS = (roles_, donnees, confidentialite)
