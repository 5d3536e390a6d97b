"""`membres`: where it is known who is an officer or an employee, and the list kept by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Literal, TypeAlias, get_args

from sqlite_utils import Database

from bot.conversation.forms import ChoiceField, Form, Option, PersonField, Reply, TextField
from bot.conversation.messages import Button, Buttons, Heading, Message, Note, Text, bold, excerpt
from bot.conversation.requests import Request, UserError
from bot.people import membership
from bot.people.membership import BY_HAND, Source, SourceType
from bot.people.office import Office, follow_group, own_group, picked_person
from bot.times import in_words

Listed: TypeAlias = Literal["officer", "employee"]
Action: TypeAlias = Callable[[Office, Database, Request, str], Reply]

_KINDS: Mapping[Listed, str] = {"officer": "Officières et officiers", "employee": "Membres du personnel"}
_SOURCES: Mapping[SourceType, str] = {
    "slack_group": "Groupe d'utilisateurs de Slack",
    "slack_channel": "Canal privé de Slack",
    "discord_role": "Rôle de Discord",
}
ADD, REMOVE = "ajouter", "enlever"
_SHOWN = 10


def manage(office: Office, request: Request) -> Reply:
    """Show where it is known who is what, or a form to change it; or do what a form or a button asks."""
    verb, _, rest = request.text.partition(" ")
    with office.storage.transaction() as db:
        return _ACTIONS.get(verb, _overview)(office, db, request, rest.strip())


def _overview(_office: Office, db: Database, _request: Request, _: str) -> Message:
    counts = {kind: len(membership.members(db, kind)) for kind in _KINDS}
    found = [one for one in membership.sources(db) if one.kind in _KINDS]
    return overview(counts, found)


def overview(counts: Mapping[Listed, int], found: list[Source]) -> Message:
    """Return how many there are of each, and where that is known."""
    lines = [f"{n}. {_described(one)}, {_read(one)}" for n, one in enumerate(found[:_SHOWN], 1)]
    ends = [
        Button(f"Ne plus suivre {n}", f"membres sans {one.id}") for n, one in enumerate(found[:_SHOWN], 1)
    ]
    known = "\n".join(lines) or "Aucun groupe n'est suivi. Il y a la liste tenue ici, à la main."
    return Message(
        Heading("Personnes visées"),
        *(Text(bold(label), f"\u00a0: {counts.get(kind, 0)}") for kind, label in _KINDS.items()),
        Text(bold("D'où je le sais"), f"\n{known}"),
        Note(
            "Je suis ces groupes au fil des changements et je les relis chaque nuit. Arriver dans l'espace "
            "ou dans le serveur ne suffit pas à devenir officière ou officier.\n"
            "Quand une personne quitte l'association, enlevez-la de la liste tenue à la main\u00a0: personne "
            "d'autre ne me le dit."
        ),
        Buttons(
            Button("Suivre un groupe", "membres suivre", "primary"),
            Button("Ajouter une personne", f"membres {ADD}"),
            Button("Enlever une personne", f"membres {REMOVE}"),
        ),
        *(Buttons(*ends[at : at + 5]) for at in range(0, len(ends), 5)),
        Buttons(Button("Les rôles", "roles")),
    )


def followed(source: Source, todo: str) -> Message:
    """Say that a group is followed, and what remains to be done for that, if anything does."""
    return Message(
        Text(f"C'est noté. {_described(source)}."),
        Text(f"{todo} Je lis la liste maintenant, puis chaque nuit.".strip()),
        Buttons(Button("Personnes visées", "membres")),
    )


def _read(source: Source) -> str:
    """Return what came of the last reading of a group."""
    if source.problem:
        return f"pas lu la dernière fois\u00a0: {excerpt(source.problem, 120)}"
    return f"lu le {in_words(date.fromisoformat(source.read_day))}" if source.read_day else "pas encore lu"


def _described(source: Source) -> str:
    label = next(label for kind, label in _KINDS.items() if kind == source.kind)
    return f"{label}\u00a0: {_SOURCES[source.source]} {source.source_id}"


def _follow(office: Office, db: Database, request: Request, _: str) -> Reply:
    if not request.fields:
        return source_form()
    kind, source = _kind(request), _source(request.fields.get("source", ""))
    platform = "discord" if source == "discord_role" else "slack"
    team, identifier = own_group(office, platform, request.fields.get("groupe", ""))
    known = membership.sources(db)
    added = membership.add_source(db, kind, source, identifier, platform=platform, team=team)
    if added in known:
        return _overview(office, db, request, "")
    return followed(added, follow_group(db, added, known, office.clock()))


def _unfollow(office: Office, db: Database, request: Request, identifier: str) -> Message:
    """Stop following a source; pressed twice, it changes nothing more."""
    membership.remove_source(db, identifier, office.today())
    office.registry_changed(db)
    return _overview(office, db, request, "")


def _add(office: Office, db: Database, request: Request, _: str) -> Reply:
    if not request.fields:
        return person_form(ADD)
    membership.enter(db, picked_person(db, request), _kind(request), BY_HAND, office.today())
    office.registry_changed(db)
    return _overview(office, db, request, "")


def _remove(office: Office, db: Database, request: Request, _: str) -> Reply:
    if not request.fields:
        return person_form(REMOVE)
    membership.leave(db, picked_person(db, request), _kind(request), BY_HAND, office.today())
    office.registry_changed(db)
    return _overview(office, db, request, "")


def _kind(request: Request) -> Listed:
    for kind in _KINDS:
        if kind == request.fields.get("titre"):
            return kind
    raise UserError("Choisissez ce que sont ces personnes. Rien n'est changé.")


def _source(text: str) -> SourceType:
    for source in get_args(SourceType):
        if source == text:
            return source  # type: ignore[no-any-return]  # one of the literals, which get_args forgets
    raise UserError("Choisissez d'où vient la liste. Rien n'est changé.")


_ACTIONS: Mapping[str, Action] = {"suivre": _follow, "sans": _unfollow, ADD: _add, REMOVE: _remove}


def source_form() -> Form:
    """Return the form that follows a group."""
    return Form(
        "membres suivre",
        "Suivre un groupe",
        (
            _kinds(),
            ChoiceField(
                "source", "D'où vient la liste", tuple(Option(label, one) for one, label in _SOURCES.items())
            ),
            TextField(
                "groupe",
                "L'identifiant du groupe, du canal ou du rôle",
                hint="Slack\u00a0: S0123ABCD ou C0123ABCD. Discord\u00a0: des chiffres.",
                max_length=40,
            ),
        ),
        "Suivre",
    )


def person_form(verb: str) -> Form:
    """Return the form that adds a person to the list kept by hand, or removes them from it."""
    title, submit = (
        ("Ajouter une personne", "Ajouter") if verb == ADD else ("Enlever une personne", "Enlever")
    )
    return Form(f"membres {verb}", title, (PersonField("personne", "La personne"), _kinds()), submit)


def _kinds() -> ChoiceField:
    return ChoiceField("titre", "Ce qu'on est", tuple(Option(label, kind) for kind, label in _KINDS.items()))
