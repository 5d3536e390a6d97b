"""`membres`: the groups that determine officers and employees, and the list kept by hand."""

from collections.abc import Mapping
from datetime import date

from sqlite_utils import Database

from bot.configuration.profile import Kind, Profile
from bot.conversation.forms import ChoiceField, Form, PersonField, Reply, TextField, options
from bot.conversation.messages import (
    Button,
    Buttons,
    Heading,
    Message,
    Note,
    Text,
    bold,
    capitalized,
    excerpt,
)
from bot.conversation.requests import FieldsError, Request
from bot.people import membership
from bot.people.membership import BY_HAND, Source, SourceType
from bot.people.office import Office, follow_group, own_group, picked_person
from bot.times import in_words

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
            return source_form(office.profile) if verb == FOLLOW else person_form(office.profile, verb)
        match verb:
            case "suivre":
                return _follow(office, db, request)
            case "sans":  # a second press changes nothing more
                membership.remove_source(db, identifier.strip(), today)
            case "ajouter":
                membership.enter(db, picked_person(db, request), _kind(office, request), BY_HAND, today)
            case "enlever":
                membership.leave(db, picked_person(db, request), _kind(office, request), BY_HAND, today)
            case _:
                return _overview(office, db)
        office.registry_changed(db, "")
        return _overview(office, db)


def _overview(office: Office, db: Database) -> Message:
    counts = {kind: len(membership.members(db, kind)) for kind in office.profile.readers.kinds}
    followed_groups = [source for source in membership.sources(db) if source.kind != "holder"]
    return overview(office.profile, counts, followed_groups)


def overview(profile: Profile, counts: Mapping[Kind, int], sources: list[Source]) -> Message:
    """Show the number of people of each kind, and the followed groups that they come from."""
    lines, ends = [], []
    for number, source in enumerate(sources[:_SHOWN], 1):
        reading = "pas encore lu"
        if source.problem:
            reading = f"pas lu la dernière fois\u00a0: {excerpt(source.problem, 120)}"
        elif source.read_day:
            reading = f"lu le {in_words(date.fromisoformat(source.read_day))}"
        lines.append(f"{number}. {_described(profile, source)}, {reading}")
        ends.append(Button(f"Ne plus suivre {number}", f"membres sans {source.id}"))
    source_lines = "\n".join(lines) or "Aucun groupe n'est suivi. Il y a la liste tenue ici, à la main."
    return Message(
        Heading("Personnes visées"),
        *(
            Text(bold(words.several), f"\u00a0: {counts.get(kind, 0)}")
            for kind, words in profile.readers.kinds.items()
        ),
        Text(bold("D'où je le sais"), f"\n{source_lines}"),
        Note(
            "Je suis ces groupes au fil des changements et je les relis chaque nuit. Arriver dans l'espace "
            "ou dans le serveur ne suffit pas à en faire partie.\n"
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


def followed(profile: Profile, source: Source, todo: str) -> Message:
    """Confirm that a group is followed, with the steps left for the administration."""
    return Message(
        Text(f"C'est noté. {_described(profile, source)}."),
        Text(f"{todo} Je lis la liste maintenant, puis chaque nuit.".strip()),
        Buttons(Button("Personnes visées", "membres")),
    )


def _described(profile: Profile, source: Source) -> str:
    kinds = {str(kind): words.several for kind, words in profile.readers.kinds.items()}
    everyone = profile.readers.several  # the label of a kind that the profile no longer has
    label = kinds.get(source.kind) or capitalized(everyone)
    return f"{label}\u00a0: {_SOURCES[source.source]} {source.source_id}"


def _follow(office: Office, db: Database, request: Request) -> Message:
    kind = _kind(office, request)
    chosen = request.fields.get("source", "")
    source = next((source for source in _SOURCES if source == chosen), None)
    if source is None:
        raise FieldsError({"source": "Choisissez d'où vient la liste. Rien n'est changé."})
    platform = "discord" if source == "discord_role" else "slack"
    team, identifier = own_group(office, platform, request.fields.get("groupe", ""))
    sources = membership.sources(db)
    added = membership.add_source(db, kind, source, identifier, platform=platform, team=team)
    if added in sources:
        return _overview(office, db)
    return followed(office.profile, added, follow_group(db, added, sources, office.clock()))


def _kind(office: Office, request: Request) -> Kind:
    for kind in office.profile.readers.kinds:
        if kind == request.fields.get("titre"):
            return kind
    raise FieldsError({"titre": "Choisissez ce que sont ces personnes. Rien n'est changé."})


def _kind_field(profile: Profile) -> ChoiceField:
    kinds = {kind: words.several for kind, words in profile.readers.kinds.items()}
    return ChoiceField("titre", "Ce qu'on est", options(kinds))


def source_form(profile: Profile) -> Form:
    """Return the form to follow a group."""
    fields = (
        _kind_field(profile),
        ChoiceField("source", "D'où vient la liste", options(_SOURCES)),
        TextField(
            "groupe",
            "L'identifiant du groupe, du canal ou du rôle",
            hint="Slack\u00a0: S0123ABCD ou C0123ABCD. Discord\u00a0: des chiffres.",
            max_length=40,
        ),
    )
    return Form(f"membres {FOLLOW}", "Suivre un groupe", fields, "Suivre")


def person_form(profile: Profile, verb: str) -> Form:
    """Return the form to add a person to the list kept by hand, or to remove one."""
    submit = "Ajouter" if verb == ADD else "Enlever"
    fields = (PersonField("personne", "La personne"), _kind_field(profile))
    return Form(f"membres {verb}", f"{submit} une personne", fields, submit)
