"""`membres`: the groups that determine officers and employees, and the list kept by hand."""

from collections.abc import Mapping
from datetime import date
from typing import Literal, TypeAlias

from sqlite_utils import Database

from bot.conversation.forms import ChoiceField, Form, PersonField, Reply, TextField, options
from bot.conversation.messages import Button, Buttons, Heading, Message, Note, Text, bold, excerpt
from bot.conversation.requests import FieldsError, Request
from bot.people import membership
from bot.people.membership import BY_HAND, Source, SourceType
from bot.people.office import Office, follow_group, own_group, picked_person
from bot.times import in_words

Listed: TypeAlias = Literal["officer", "employee"]

_KINDS: Mapping[Listed, str] = {"officer": "Officières et officiers", "employee": "Membres du personnel"}
_SOURCES: Mapping[SourceType, str] = {
    "slack_group": "Groupe d'utilisateurs de Slack",
    "slack_channel": "Canal privé de Slack",
    "discord_role": "Rôle de Discord",
}
FOLLOW, ADD, REMOVE = "suivre", "ajouter", "enlever"
_SHOWN = 10


def manage(office: Office, request: Request) -> Reply:
    """Show the followed groups or a form to change them, or process a submitted form or a pressed button."""
    verb, _, identifier = request.text.partition(" ")
    today = office.today()
    with office.storage.transaction() as db:
        if verb in {FOLLOW, ADD, REMOVE} and not request.fields:
            return SOURCE_FORM if verb == FOLLOW else person_form(verb)
        match verb:
            case "suivre":
                return _follow(office, db, request)
            case "sans":  # a second press changes nothing more
                membership.remove_source(db, identifier.strip(), today)
            case "ajouter":
                membership.enter(db, picked_person(db, request), _kind(request), BY_HAND, today)
            case "enlever":
                membership.leave(db, picked_person(db, request), _kind(request), BY_HAND, today)
            case _:
                return _overview(db)
        office.registry_changed(db, "")
        return _overview(db)


def _overview(db: Database) -> Message:
    counts = {kind: len(membership.members(db, kind)) for kind in _KINDS}
    return overview(counts, [source for source in membership.sources(db) if source.kind in _KINDS])


def overview(counts: Mapping[Listed, int], sources: list[Source]) -> Message:
    """Show the number of people of each kind, and the followed groups that they come from."""
    lines, ends = [], []
    for number, source in enumerate(sources[:_SHOWN], 1):
        reading = "pas encore lu"
        if source.problem:
            reading = f"pas lu la dernière fois\u00a0: {excerpt(source.problem, 120)}"
        elif source.read_day:
            reading = f"lu le {in_words(date.fromisoformat(source.read_day))}"
        lines.append(f"{number}. {_described(source)}, {reading}")
        ends.append(Button(f"Ne plus suivre {number}", f"membres sans {source.id}"))
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
            Button("Suivre un groupe", f"membres {FOLLOW}", "primary"),
            Button("Ajouter une personne", f"membres {ADD}"),
            Button("Enlever une personne", f"membres {REMOVE}"),
        ),
        *(Buttons(*ends[at : at + 5]) for at in range(0, len(ends), 5)),
        Buttons(Button("Les rôles", "roles")),
    )


def followed(source: Source, todo: str) -> Message:
    """Confirm that a group is followed, with the steps left for the administration."""
    return Message(
        Text(f"C'est noté. {_described(source)}."),
        Text(f"{todo} Je lis la liste maintenant, puis chaque nuit.".strip()),
        Buttons(Button("Personnes visées", "membres")),
    )


def _described(source: Source) -> str:
    label = next(label for kind, label in _KINDS.items() if kind == source.kind)
    return f"{label}\u00a0: {_SOURCES[source.source]} {source.source_id}"


def _follow(office: Office, db: Database, request: Request) -> Message:
    kind, chosen = _kind(request), request.fields.get("source", "")
    source = next((source for source in _SOURCES if source == chosen), None)
    if source is None:
        raise FieldsError({"source": "Choisissez d'où vient la liste. Rien n'est changé."})
    platform = "discord" if source == "discord_role" else "slack"
    team, identifier = own_group(office, platform, request.fields.get("groupe", ""))
    known = membership.sources(db)
    added = membership.add_source(db, kind, source, identifier, platform=platform, team=team)
    if added in known:
        return _overview(db)
    return followed(added, follow_group(db, added, known, office.clock()))


def _kind(request: Request) -> Listed:
    for kind in _KINDS:
        if kind == request.fields.get("titre"):
            return kind
    raise FieldsError({"titre": "Choisissez ce que sont ces personnes. Rien n'est changé."})


_KIND_FIELD = ChoiceField("titre", "Ce qu'on est", options(_KINDS))
SOURCE_FORM = Form(
    f"membres {FOLLOW}",
    "Suivre un groupe",
    (
        _KIND_FIELD,
        ChoiceField("source", "D'où vient la liste", options(_SOURCES)),
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
    """Return the form to add a person to the list kept by hand, or to remove one."""
    submit = "Ajouter" if verb == ADD else "Enlever"
    fields = (PersonField("personne", "La personne"), _KIND_FIELD)
    return Form(f"membres {verb}", f"{submit} une personne", fields, submit)
