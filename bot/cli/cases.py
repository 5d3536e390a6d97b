"""The part of the command line about reports that were received: how the queue is, never what it holds."""

from __future__ import annotations

import sys
from dataclasses import asdict

import click

from bot.cli.base import SUBCOMMAND, dump, json_flag, kept, storage_refusals
from bot.people import roles
from bot.reports import queue
from bot.reports.queue import ReportQueue
from bot.reports.records import STATUSES
from bot.storage.database import beside


@click.group(
    name="signalements",
    subcommand_metavar=f"[{SUBCOMMAND}]",
    no_args_is_help=False,
    invoke_without_command=True,
    help="L'état des signalements, en nombres\u00a0: ni contenu, ni identité. Le code de sortie est 1 quand "
    "ils n'atteignent personne.",
    short_help="L'état des signalements, sans leur contenu.",
)
@json_flag
@click.pass_context
def signalements(context: click.Context, as_json: bool) -> None:
    """Print how the queue of reports is; exit 1 when what is reported reaches nobody."""
    if context.invoked_subcommand is not None:
        return
    config = kept()
    with storage_refusals(), beside(config.database()) as db:
        found = queue.read_queue(db, config.today())
        titles = {role.id: role.title for role in roles.all_roles(db)}
    described = {**asdict(found), "open": found.open, "ok": found.sound}
    click.echo(dump(described) if as_json else _told(found, titles))
    sys.exit(0 if found.sound else 1)


def _told(found: ReportQueue, titles: dict[str, str]) -> str:
    lines = [f"{label}\u00a0: {found.by_status[status]}" for status, label in STATUSES.items()]
    lines += [
        f"Ouverts\u00a0: {found.open}, dont urgents\u00a0: {found.urgent}",
        f"Pas encore annoncés\u00a0: {found.waiting}",
        f"Gardés au-delà du terme\u00a0: {found.held}",
    ]
    if found.dead:
        lines.append(f"Alertes remises à personne\u00a0: {found.dead}. Voyez\u00a0: vigie lettres.")
    lines += [
        f"Vacant\u00a0: {titles.get(role, role)}. Voyez\u00a0: vigie roles nommer." for role in found.vacant
    ]
    return "\n".join(lines)


COMMANDS: tuple[click.Command, ...] = (signalements,)
