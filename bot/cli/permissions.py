"""`vigie demandes`: the permissions granted, the requests to decide on, and the permissions that end soon."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

import click
from sqlite_utils import Database

from bot.app.build import Parts
from bot.cli import base
from bot.permissions import requests
from bot.permissions.kinds import WORDS
from bot.permissions.requests import PermissionRequest


@click.command(
    name="demandes",
    short_help="Les autorisations demandées et données.",
    help="Les autorisations demandées et données\u00a0: combien attendent une réponse, ce qui est en "
    "vigueur et jusqu'à quand. Ni ce qui a été écrit, ni les noms, sans --noms.",
)
@click.option("--noms", is_flag=True, help="Dire aussi pour quoi, et les noms écrits pour les certificats.")
@base.json_flag
def demandes(noms: bool, as_json: bool) -> None:
    """Print the numbers of requests for permissions, and the register of granted permissions."""
    bot = base.real_parts()
    today = bot.today()
    with base.read_only(bot.settings.database()) as db:
        granted = [request.as_of(today) for request in requests.register(db)]
        counts = {
            "waiting": len(requests.waiting(db)),
            "in_force": sum(request.in_force(today) for request in granted),
            "ending": sum(request.ends_soon(today) for request in granted),
            "over": sum(not request.in_force(today) for request in granted),
            "refused": requests.count_refused(db),
        }
        rows = [_row(db, request, today, named=noms) for request in granted]
    kinds = [
        {"kind": kind.id, "decider": kind.decider, "problem": kind.unoffered()}
        for kind in bot.permission_kinds().values()
    ]
    values = {**counts, "kinds": kinds, "permissions": rows}
    terms = [requests.term_words(request) for request in granted]
    base.show(values, "\n".join(_lines(bot, counts, list(zip(rows, terms, strict=True)))), as_json)


def _row(db: Database, request: PermissionRequest, today: date, *, named: bool) -> dict[str, Any]:
    row: dict[str, Any] = {
        "kind": request.kind,
        "state": request.state,
        "in_force": request.in_force(today),
        "on_paper": request.on_paper,
        "by_oneself": request.by_oneself,
        "decided_on": request.decided_on,
        "until": request.until,
        "closed_on": request.closed_on,
    }
    if named:
        names = {party: name for party, (name, _) in requests.names(db, request.id).items()}
        row |= {"subject": request.subject, "image": request.image, "names": names}
    return row


def _lines(
    bot: Parts, counts: Mapping[str, int], rows: Sequence[tuple[Mapping[str, Any], str]]
) -> Iterator[str]:
    yield f"En attente d'une réponse\u00a0: {counts['waiting']}"
    ends = "finit" if counts["ending"] == 1 else "finissent"
    soon = f", dont {counts['ending']} qui {ends} d'ici {requests.SOON.days} jours"
    yield f"En vigueur\u00a0: {counts['in_force']}{soon if counts['ending'] else ''}"
    yield f"Terminées ou retirées\u00a0: {counts['over']}"
    yield f"Refusées ou annulées\u00a0: {counts['refused']}"
    for row, term in rows:
        if row["in_force"]:
            names = ", ".join(row["names"].values()) if row.get("names") else ""
            subject = " ".join(row.get("subject", "").split())  # on one line, whatever it contains
            more = "".join(f" – {text}" for text in (names, subject) if text)
            yield f"• {WORDS[row['kind']].title}, {term}{more}"
    for kind in bot.permission_kinds().values():
        if problem := kind.unoffered():
            yield problem


COMMANDS: Final = (demandes,)
