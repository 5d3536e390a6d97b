"""`roles`: who holds which role, shown and changed by the administration."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from typing import TypeAlias

from sqlite_utils import Database

from bot.conversation.forms import ChoiceField, Form, Option, PersonField, Reply, TextField
from bot.conversation.messages import (
    Button,
    Buttons,
    Element,
    Heading,
    Message,
    Note,
    Span,
    Text,
    bold,
    excerpt,
)
from bot.conversation.requests import Actor, Request, UserError
from bot.people import membership, roles
from bot.people.office import Office, actor_of, follow_group, own_group, person_span, picked_person
from bot.people.roles import Group, Role, RoleError, Tenure
from bot.times import in_words

_NOBODY = "aucune"
_REPLACING, _BESIDE = "remplace", "ajoute"
_SHOWN = 6  # holders on one card; the command line shows them all
_PLATFORMS: Mapping[str, str] = {"slack": "Groupe d'utilisateurs de Slack", "discord": "Rôle de Discord"}

Action: TypeAlias = Callable[[Office, Database, Request, str], Reply]


def manage(office: Office, request: Request) -> Reply:
    """Show the registry, one role of it, or a form to change it; or do what a form or a button asks."""
    verb, _, rest = request.text.partition(" ")
    action = _ACTIONS.get(verb, _overview)
    try:
        with office.storage.transaction() as db:
            return action(office, db, request, rest.strip())
    except RoleError as error:
        raise UserError(str(error)) from error


# --- Showing ----------------------------------------------------------------------------------


def _overview(office: Office, db: Database, request: Request, _: str) -> Message:
    today, reader = office.today(), actor_of(request)
    found = roles.all_roles(db)
    rows = [Button(excerpt(one.title, 75), f"roles voir {one.id}") for one in found]
    return Message(
        Heading("Les rôles"),
        *(Text(bold(one.title), "\n", *_holders(db, one, today, reader)) for one in found),
        *(Buttons(*rows[at : at + 2]) for at in range(0, len(rows), 2)),
        Buttons(Button("Personnes visées", "membres"), Button("Menu", "vigie")),
    )


def _holders(db: Database, role: Role, today: date, reader: Actor) -> Iterator[Span | str]:
    current = [one for one in roles.tenures(db, role.id, today) if one.since <= today]
    for number, tenure in enumerate(current[:_SHOWN]):
        yield ", " if number else ""
        yield from _holder(db, tenure, reader)
    if len(current) > _SHOWN:
        yield f" et {len(current) - _SHOWN} de plus"
    if not roles.holders(db, role.id, today):
        acting = roles.acting(db, role.id, today)
        yield "\n" if current else ""
        yield "Vacant. "
        yield f"Relève\u00a0: {roles.title(db, acting)}." if acting else "Personne n'assure la relève."


def _holder(db: Database, tenure: Tenure, reader: Actor) -> Iterator[Span | str]:
    if isinstance(tenure.holder, Group):
        yield f"{_PLATFORMS.get(tenure.holder.platform, 'Groupe')} {tenure.holder.id}"
    else:
        yield person_span(db, tenure.holder, reader.platform)


def _card(office: Office, db: Database, request: Request, role_id: str) -> Message:
    role, today, reader = roles.role(db, role_id), office.today(), actor_of(request)
    lines = roles.tenures(db, role.id, today)[:_SHOWN]
    fallback = roles.title(db, role.fallback_id) if role.fallback_id else "aucune"
    ends = [Button(f"Retirer la ligne {n}", f"roles retirer {line.id}") for n, line in enumerate(lines, 1)]
    return Message(
        Heading(excerpt(role.title, 150)),
        *_lines(db, lines, today, reader),
        *([] if roles.holders(db, role.id, today) else [Text("Personne ne tient ce rôle aujourd'hui.")]),
        Note(f"Courriel pour les alertes\u00a0: {role.email or 'aucun'}\nRelève\u00a0: {fallback}"),
        Buttons(
            Button("Nommer une personne", f"roles nommer {role.id}", "primary"),
            Button("Nommer un groupe", f"roles groupe {role.id}"),
            Button("Titre, courriel, relève", f"roles fiche {role.id}"),
        ),
        *([Buttons(*ends[:3])] if ends else []),
        *([Buttons(*ends[3:])] if ends[3:] else []),
        Buttons(Button("Tous les rôles", "roles")),
    )


def _lines(db: Database, lines: list[Tenure], today: date, reader: Actor) -> Iterator[Element]:
    for number, line in enumerate(lines, 1):
        waits = ". Pas encore lu, ou vide\u00a0: les autres titulaires restent d'ici là" if line.waits else ""
        yield Text(f"{number}. ", *_holder(db, line, reader), f", {_period(line, today)}{waits}")


def _period(line: Tenure, today: date) -> str:
    """Return from when to when, the last day included as people say it."""
    if line.since == today:
        begins = "depuis aujourd'hui"
    else:
        begins = f"{'depuis le' if line.since < today else 'à partir du'} {in_words(line.since)}"
    return (
        begins if line.until is None else f"{begins}, jusqu'au {in_words(line.until - timedelta(1))} inclus"
    )


# --- Changing ---------------------------------------------------------------------------------


def _appoint(office: Office, db: Database, request: Request, role_id: str) -> Reply:
    """Have the person that one picks hold the role; the form is the first answer."""
    role, today = roles.role(db, role_id), office.today()
    if not request.fields:
        return person_form(role, today)
    return _appointed(office, db, request, role, picked_person(db, request))


def _appoint_group(office: Office, db: Database, request: Request, role_id: str) -> Reply:
    role, today = roles.role(db, role_id), office.today()
    if not request.fields:
        return group_form(role, today)
    platform = request.fields.get("plateforme", "")
    team, identifier = own_group(office, platform, request.fields.get("groupe", ""))
    known = membership.sources(db)
    card = _appointed(office, db, request, role, Group(platform, team, identifier))
    source = roles.source_of(db, Group(platform, team, identifier))
    todo = follow_group(db, source, known, office.clock())
    note = "Je lis maintenant qui est dans ce groupe. D'ici là, les titulaires actuels gardent le rôle."
    return Message(*card.elements, Note(f"{todo}\n{note}".strip()))


def _appointed(office: Office, db: Database, request: Request, role: Role, holder: roles.Holder) -> Message:
    since = _date(request.fields.get("depuis", ""), office.today())
    replacing = request.fields.get("autres", _REPLACING) != _BESIDE
    roles.appoint(db, role.id, holder, since, replacing=replacing)
    _still_administered(office, db, since)
    office.registry_changed(db)
    return _card(office, db, request, role.id)


def _withdraw(office: Office, db: Database, request: Request, tenure_id: str) -> Message:
    """End one line today. Pressed twice, or once it is over, it changes nothing."""
    today = office.today()
    for role in roles.all_roles(db):
        for line in roles.tenures(db, role.id, today):
            if line.id == tenure_id:
                roles.dismiss(db, role.id, line.holder, max(today, line.since))
                _still_administered(office, db, today)
                office.registry_changed(db)
                return _card(office, db, request, role.id)
    return _overview(office, db, request, "")


def _describe(_office: Office, db: Database, request: Request, role_id: str) -> Reply:
    role = roles.role(db, role_id)
    if not request.fields:
        return role_form(role, roles.all_roles(db))
    chosen = request.fields.get("releve", _NOBODY)
    fallback = None if chosen in {_NOBODY, ""} else roles.role(db, chosen).id
    roles.change(db, Role(role.id, request.fields.get("titre", ""), request.fields.get("courriel"), fallback))
    return _card(_office, db, request, role.id)


def _still_administered(office: Office, db: Database, since: date) -> None:
    """Refuse to leave nobody who could open this again; the refusal undoes the change."""
    if not all(roles.holders(db, roles.ADMINISTRATION, day) for day in {office.today(), since}):
        raise UserError("Il faut que quelqu'un tienne l'administration. Nommez d'abord une autre personne.")


def _date(text: str, today: date) -> date:
    if not text.strip():
        return today
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise UserError(f"La date s'écrit AAAA-MM-JJ, par exemple {today}. Rien n'est changé.") from None


_ACTIONS: Mapping[str, Action] = {
    "voir": _card,
    "nommer": _appoint,
    "groupe": _appoint_group,
    "retirer": _withdraw,
    "fiche": _describe,
}


# --- Forms ------------------------------------------------------------------------------------


def person_form(role: Role, today: date) -> Form:
    """Return the form that appoints a person."""
    picker = PersonField("personne", "La personne", hint=excerpt(role.title, 100))
    return Form(f"roles nommer {role.id}", "Nommer une personne", (picker, *_when(today)), "Nommer")


def group_form(role: Role, today: date) -> Form:
    """Return the form that appoints a group."""
    options = tuple(Option(label, platform) for platform, label in _PLATFORMS.items())
    fields = (
        ChoiceField("plateforme", "Où est ce groupe", options, hint=excerpt(role.title, 100)),
        TextField(
            "groupe", "L'identifiant du groupe", hint="Dans Slack, S0123ABCD; dans Discord, des chiffres"
        ),
    )
    return Form(f"roles groupe {role.id}", "Nommer un groupe", (*fields, *_when(today)), "Nommer")


def _when(today: date) -> tuple[TextField, ChoiceField]:
    options = (
        Option("Les remplacer", _REPLACING),
        Option("S'y ajouter", _BESIDE),
    )
    return (
        TextField("depuis", "À partir du", hint="AAAA-MM-JJ", value=today.isoformat(), max_length=10),
        ChoiceField("autres", "Et les titulaires actuels", options, value=_REPLACING),
    )


def role_form(role: Role, others: list[Role]) -> Form:
    """Return the form that changes a role's title, address and fallback."""
    options = [Option("Aucune", _NOBODY)]
    options += [Option(excerpt(other.title, 75), other.id) for other in others if other.id != role.id]
    return Form(
        f"roles fiche {role.id}",
        "Modifier le rôle",
        (
            TextField("titre", "Titre", value=role.title, max_length=roles.TITLE_LENGTH),
            TextField(
                "courriel",
                "Courriel pour les alertes",
                hint="Là où écrire quand le clavardage ne suffit pas",
                value=role.email or "",
                required=False,
                max_length=roles.EMAIL_LENGTH,
            ),
            ChoiceField(
                "releve",
                "Relève, si personne ne tient le rôle",
                tuple(options[:25]),
                value=role.fallback_id or _NOBODY,
            ),
        ),
        "Enregistrer",
    )
