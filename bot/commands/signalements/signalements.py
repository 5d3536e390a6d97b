"""`signalements`: what those who receive reports see and do. Its answers stay in no conversation.

A case is named on buttons by its identifier, which is random; whoever it is not for is answered as if it
did not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias, cast

from bot.commands.signalements import messages
from bot.conversation.forms import Reply
from bot.conversation.messages import Message, clean
from bot.conversation.requests import Request, UserError
from bot.people import persons, roles
from bot.people.office import Office, asker
from bot.reports import cases, routing
from bot.reports.cases import OUTCOMES, Outcome, ReportCase
from bot.reports.figures import export
from bot.reports.intake import Reporting
from bot.reports.records import STATUSES, ReportError, Session, Status, new_id
from bot.schedule import clock

COMMAND: Final = messages.COMMAND
Action: TypeAlias = Callable[[Reporting, Request, str], Reply]


def handle(desk: Reporting, request: Request) -> Reply:
    """Show the cases of the one who asks, one of them, or do what a button or a form asks.

    Raises `UserError` for a case that is not for them.
    """
    verb, _, rest = request.text.partition(" ")
    try:
        return _ACTIONS.get(verb, _list)(desk, request, rest.strip())
    except ReportError as error:
        raise UserError(str(error)) from error


def reserved(office: Office, request: Request) -> str:
    """Return why this is not for the one who asks, "" when they hold a role that may receive reports."""
    return "" if receives(office, request) else _RESERVED


def receives(office: Office, request: Request) -> bool:
    """Tell whether the one who asks holds a role that may receive reports; on the storage thread."""
    if request.actor is None:
        return False
    with office.storage.transaction() as db:
        who = persons.person_of(db, request.actor)
        receiving = [*routing.RECIPIENTS, *routing.alternates(db)]
        return any(roles.has(db, who, role, office.today()) for role in receiving)


_RESERVED: Final = "Cette commande est réservée aux personnes qui reçoivent les signalements."


def _who(session: Session, request: Request) -> str:
    person = asker(session.db, request)
    if person is None:
        raise UserError(_RESERVED)
    return person


# --- Seeing -----------------------------------------------------------------------------------


def _list(desk: Reporting, request: Request, _: str) -> Message:
    with desk.session() as session:
        return messages.listed(cases.list_cases(session, _who(session, request)))


def _list_closed(desk: Reporting, request: Request, _: str) -> Message:
    with desk.session() as session:
        lines = cases.list_cases(session, _who(session, request), closed=True)
    return messages.listed_closed(lines, desk.records.plan.kept_days)


def _see(desk: Reporting, request: Request, text: str) -> Message:
    case_id, _, number = text.partition(" ")
    with desk.session() as session:
        return _shown(session, request, case_id, number)


def _see_exchanges(desk: Reporting, request: Request, text: str) -> Message:
    case_id, _, number = text.partition(" ")
    with desk.session() as session:
        case = cases.open_case(session, case_id, _who(session, request))
    return messages.exchanges(case, _number(case, number))


def _number(case: ReportCase, written: str) -> int:
    """Return which report of a case is meant, by its number or its identifier; the first by default."""
    identifiers = [one.id for one in case.filings]
    if written in identifiers:
        return identifiers.index(written) + 1
    number = int(written) if written.isdecimal() else 1
    return number if 1 <= number <= len(case.filings) else 1


def _shown(session: Session, request: Request, case_id: str, number: str = "") -> Message:
    case = cases.open_case(session, case_id, _who(session, request))
    return messages.opened(case, _number(case, number), routing.titles(session.db))


# --- Doing ------------------------------------------------------------------------------------


def _take(desk: Reporting, request: Request, case_id: str) -> Message:
    with desk.session() as session:
        cases.set_status(session, case_id, _who(session, request), "taken")
        return _shown(session, request, case_id)


def _ask(desk: Reporting, request: Request, text: str) -> Reply:
    case_id, _, filing_id = text.partition(" ")
    if not request.fields:
        return messages.question_form(case_id, filing_id)
    question = clean(request.fields.get("texte", ""))
    with desk.session() as session:
        cases.ask_question(session, case_id, _who(session, request), filing_id, question)
        return _shown(session, request, case_id, filing_id)


def _set_status(desk: Reporting, request: Request, case_id: str) -> Reply:
    if not request.fields:
        return messages.status_form(case_id)
    status = request.fields.get("etat", "")
    with desk.session() as session:
        chosen = cast("Status", status) if status in STATUSES else "received"
        cases.set_status(session, case_id, _who(session, request), chosen)
        return _shown(session, request, case_id)


def _close(desk: Reporting, request: Request, case_id: str) -> Reply:
    if not request.fields:
        return messages.closing_form(case_id)
    outcome = request.fields.get("issue", "")
    words = clean(request.fields.get("texte", ""))
    with desk.session() as session:
        if outcome not in OUTCOMES:
            raise UserError("Choisissez comment le signalement se termine. Rien n'est changé.")
        cases.close_case(session, case_id, _who(session, request), cast("Outcome", outcome), words)
        return _shown(session, request, case_id)


def _merge(desk: Reporting, request: Request, case_id: str) -> Reply:
    with desk.session() as session:
        person = _who(session, request)
        if not request.fields:
            others = [one for one in cases.list_cases(session, person) if one.id != case_id]
            return messages.merge_form(case_id, others) if others else messages.NO_OTHER
        into = request.fields.get("autre", "")
        cases.merge_cases(session, case_id, into, person)
        return _shown(session, request, into)


def _reassign(desk: Reporting, request: Request, case_id: str) -> Reply:
    with desk.session() as session:
        person = _who(session, request)
        heirs = cases.heirs(session, case_id, person)
        if not request.fields:
            return (
                messages.heir_form(case_id, heirs, routing.titles(session.db)) if heirs else messages.NO_HEIR
            )
        role = request.fields.get("role", "")
        cases.reassign(session, case_id, person, role)
        return messages.reassigned(routing.titles(session.db)[role])


def _hold(desk: Reporting, request: Request, text: str) -> Message:
    case_id, _, keep = text.partition(" ")
    with desk.session() as session:
        cases.set_hold(session, case_id, _who(session, request), hold=keep == messages.KEEP)
        return _shown(session, request, case_id)


def _export(desk: Reporting, request: Request, text: str) -> Message:
    """Say what sending a case as a file entails, then have it made: it comes by the outbox."""
    case_id, _, word = text.partition(" ")
    with desk.session() as session:
        person = _who(session, request)
        if not export.is_for(session, case_id, person):
            raise ReportError(cases.NOT_YOURS)
        if word != export.CONFIRMED:
            return export.warning(case_id)
        errand = export.ERRAND
        asked = {"person": person, "case": case_id, "id": new_id()}
        clock.plan(session.db, f"{errand}:{case_id}:{person}", errand, session.now, asked)
    return export.ASKED


_ACTIONS: Mapping[str, Action] = {
    "clos": _list_closed,
    "voir": _see,
    "echanges": _see_exchanges,
    "prendre": _take,
    "demander": _ask,
    "etat": _set_status,
    "clore": _close,
    "joindre": _merge,
    "confier": _reassign,
    "garder": _hold,
    "exporter": _export,
}
