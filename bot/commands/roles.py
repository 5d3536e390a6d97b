"""`roles`: the administration's view of the role holders, and its changes to them."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta

from sqlite_utils import Database

from bot.conversation.forms import (
    ChoiceField,
    DateField,
    Form,
    Option,
    PersonField,
    Reply,
    TextField,
    options,
)
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
from bot.conversation.requests import CONFIRMED, Actor, FieldsError, Request, UserError
from bot.people import appointments, duties, membership, persons, roles
from bot.people.duties import Duties
from bot.people.office import (
    Office,
    actor_of,
    follow_group,
    own_group,
    person_span,
    picked_person,
    typed_day,
)
from bot.people.roles import Group, Role, RoleError, Tenure
from bot.reports import readers
from bot.times import in_words

_NOBODY = "aucune"
_REPLACING, _BESIDE = "remplace", "ajoute"
_FIELDS: Mapping[str, str] = {"title": "titre", "email": "courriel", "fallback": "releve"}
_SHOWN = 6  # maximum holders shown on a role's card; the command line shows them all
_COMING = (
    "Un changement prend effet le {}. Les personnes concernées, les titulaires et les destinataires des "
    "signalements en sont avertis dès maintenant."
)
_SECOND = " Une autre personne de l'administration peut le confirmer pour aujourd'hui."
_PLATFORMS: Mapping[str, str] = {"slack": "Groupe d'utilisateurs de Slack", "discord": "Rôle de Discord"}


def manage(office: Office, request: Request) -> Reply:
    """Show the registry, one of its roles or a form to change it, or process a form or a pressed button.

    Raises `FieldsError` for answers that the registry refuses.
    """
    verb, _, identifier = request.text.partition(" ")
    try:
        with office.storage.transaction() as db:
            if verb in _BUTTONS:
                return _BUTTONS[verb](office, db, request, identifier.strip())
            if verb not in {"voir", "nommer", "groupe", "fiche"}:
                return _overview(office, db, request)
            role = roles.role(db, identifier.strip())
            notes = []
            has_holder = bool(roles.tenures(db, role.id, office.today()))
            match verb, bool(request.fields):
                case "nommer", False:
                    return person_form(role, office.today(), has_holder=has_holder)
                case "groupe", False:
                    return group_form(role, office.today(), has_holder=has_holder)
                case "fiche", False:
                    return role_form(role, roles.all_roles(db))
                case "nommer", True:
                    _appoint(office, db, request, role, picked_person(db, request))
                case "groupe", True:
                    notes.append(_appoint_group(office, db, request, role))
                case "fiche", True:
                    _describe(office, db, request, role)
            return Message(*_card(office, db, request, role.id).elements, *notes)
    except RoleError as error:
        raise FieldsError({_FIELDS.get(error.part, ""): str(error)}) from error


# --- Showing ----------------------------------------------------------------------------------


def _overview(office: Office, db: Database, request: Request) -> Message:
    today = office.today()
    reader = actor_of(request)
    every = roles.all_roles(db)
    buttons = [Button(excerpt(role.title, 75), f"roles voir {role.id}") for role in every]
    return Message(
        Heading("Les rôles"),
        *(Text(bold(role.title), "\n", *_holders(db, role, today, reader)) for role in every),
        *(Buttons(*buttons[at : at + 2]) for at in range(0, len(buttons), 2)),
        *_proposed(office, db),
        Buttons(Button("Personnes visées", "membres"), Button("Menu", "vigie")),
    )


def _proposed(office: Office, db: Database) -> list[Element]:
    """Say that the profile names other recipients of reports, and offer to apply it."""
    described = Duties.of(office.profile)
    if described == duties.latest(db):
        return []
    return [
        Note(
            f"{_receiving(db, duties.latest(db), 'Les signalements vont ici')} "
            f"{_receiving(db, described, 'Le profil dit')} Il ne change rien de lui-même."
        ),
        Buttons(Button("Appliquer le profil", f"roles profil {described.fingerprint()}")),
    ]


def _receiving(db: Database, described: Duties, start: str) -> str:
    """Return a French sentence that says who receives reports."""
    if not described.recipients:
        return f"{start}\u00a0: personne; il n'y a pas de signalements."
    listed = ", ".join(f"«\u00a0{roles.title(db, role)}\u00a0»" for role in described.recipients)
    alternate = (
        f"; suppléance, «\u00a0{roles.title(db, described.alternate)}\u00a0»" if described.alternate else ""
    )
    return f"{start}\u00a0: {listed}{alternate}."


def _apply_profile(office: Office, db: Database, request: Request, fingerprint: str) -> Message:
    """Make the roles that the profile names receive reports, from the first day when that is possible.

    The button that confirms carries a fingerprint of the recipients that were shown, so that no others can be
    confirmed.
    """
    described = Duties.of(office.profile)
    today = office.today()
    if fingerprint != described.fingerprint():
        raise UserError("Le profil a changé depuis cette question. Rouvrez les rôles.")
    if described == duties.latest(db):
        return _overview(office, db, request)
    since = today if appointments.is_first(db) else today + timedelta(1)
    if not request.confirmed:
        return Message(
            Heading("Appliquer le profil?"),
            Text(_receiving(db, described, f"À partir du {in_words(since)}, les signalements iraient à")),
            Note(
                "C'est une nomination\u00a0: elle s'inscrit pour toujours, et les personnes concernées en "
                "sont averties dès maintenant. Une autre personne de l'administration peut la confirmer pour "
                "aujourd'hui, sur la fiche de chaque rôle."
            ),
            Buttons(
                Button("Appliquer", f"roles profil {fingerprint} {CONFIRMED}", "primary"),
                Button("Ne rien changer", "roles"),
            ),
        )
    duties.assign(db, described, since, _account(request))
    office.registry_changed(db, _account(request))
    return _overview(office, db, request)


def _holders(db: Database, role: Role, today: date, reader: Actor) -> Iterator[Span | str]:
    current = [tenure for tenure in roles.tenures(db, role.id, today) if tenure.since <= today]
    for number, tenure in enumerate(current[:_SHOWN]):
        yield ", " if number else ""
        yield _holder(db, tenure, reader)
    if len(current) > _SHOWN:
        yield f" et {len(current) - _SHOWN} de plus"
    if not roles.holders(db, role.id, today):
        acting = roles.acting(db, role.id, today)
        yield "\n" if current else ""
        yield "Vacant. "
        yield f"Relève\u00a0: {roles.title(db, acting)}." if acting else "Personne n'assure la relève."


def _holder(db: Database, tenure: Tenure, reader: Actor) -> Span | str:
    if isinstance(tenure.holder, Group):
        return f"{_PLATFORMS.get(tenure.holder.platform, 'Groupe')} {tenure.holder.id}"
    return person_span(db, tenure.holder, reader.platform)


def _card(office: Office, db: Database, request: Request, role_id: str) -> Message:
    role = roles.role(db, role_id)
    today = office.today()
    reader = actor_of(request)
    lines = roles.tenures(db, role.id, today)[:_SHOWN]
    fallback = roles.title(db, role.fallback_id) if role.fallback_id else "aucune"
    coming = appointments.pending(db, role.id, today)
    second = _SECOND * any(appointments.awaits_second(db, row, today) for row in coming)
    confirmable = appointments.confirmable(db, role.id, today, _account(request))
    ends = [Button(f"Retirer la ligne {n}", f"roles retirer {line.id}") for n, line in enumerate(lines, 1)]
    return Message(
        Heading(excerpt(role.title, 150)),
        *([] if roles.holders(db, role.id, today) else [Text("Personne ne tient ce rôle aujourd'hui.")]),
        *(
            Text(f"{number}. ", _holder(db, line, reader), f", {_period(line, today)}")
            for number, line in enumerate(lines, 1)
        ),
        Note(f"Courriel pour les alertes\u00a0: {role.email or 'aucun'}\nRelève\u00a0: {fallback}"),
        *([Note(_COMING.format(in_words(coming[0].effective_on)) + second)] if coming else []),
        *(
            [Buttons(Button("Confirmer pour aujourd'hui", f"roles confirmer {role.id}"))]
            if confirmable
            else []
        ),
        Buttons(
            Button("Nommer une personne", f"roles nommer {role.id}", "primary"),
            Button("Nommer un groupe", f"roles groupe {role.id}"),
            Button("Titre, courriel, relève", f"roles fiche {role.id}"),
        ),
        *(Buttons(*ends[at : at + 3]) for at in range(0, len(ends), 3)),
        Buttons(Button("Tous les rôles", "roles")),
    )


def _period(line: Tenure, today: date) -> str:
    """Describe a tenure's first and last days, inclusive, and whether its group has been read yet."""
    if line.since == today:
        period = "depuis aujourd'hui"
    else:
        period = f"{'depuis le' if line.since < today else 'à partir du'} {in_words(line.since)}"
    if line.until is not None:
        period += f", jusqu'au {in_words(line.until - timedelta(1))} inclus"
    if line.waits:
        period += ". Pas encore lu, ou vide\u00a0: les autres titulaires restent d'ici là"
    return period


# --- Changing ---------------------------------------------------------------------------------


def _appoint_group(office: Office, db: Database, request: Request, role: Role) -> Note:
    platform = request.fields.get("plateforme", "")
    team, identifier = own_group(office, platform, request.fields.get("groupe", ""))
    group = Group(platform, team, identifier)
    sources = membership.sources(db)
    _appoint(office, db, request, role, group)
    todo = follow_group(db, roles.source_of(db, group), sources, office.clock())
    note = "Je lis maintenant qui est dans ce groupe. D'ici là, les titulaires actuels gardent le rôle."
    return Note(f"{todo}\n{note}".strip())


def _appoint(office: Office, db: Database, request: Request, role: Role, holder: roles.Holder) -> None:
    today = office.today()
    day = typed_day(office, request, "depuis").day if request.fields.get("depuis", "").strip() else today
    since = max(day, appointments.first_day(db, role.id, today))
    # Without an answer, the role was vacant when the form opened: a person appointed since then stays.
    replacing = request.fields.get("autres", _BESIDE) != _BESIDE
    roles.appoint(db, role.id, holder, since, replacing=replacing)
    _require_administration(office, db, since)
    office.registry_changed(db, _account(request))


def _withdraw(office: Office, db: Database, request: Request, tenure_id: str) -> Message:
    """End one tenure as soon as possible. Pressing the button again changes nothing."""
    today = office.today()
    for role in roles.all_roles(db):
        for line in roles.tenures(db, role.id, today):
            if line.id == tenure_id:
                first = appointments.first_day(db, role.id, today)
                roles.dismiss(db, role.id, line.holder, max(first, line.since))
                _require_administration(office, db, today)
                office.registry_changed(db, _account(request))
                return _card(office, db, request, role.id)
    return _overview(office, db, request)


def _describe(office: Office, db: Database, request: Request, role: Role) -> None:
    fields = request.fields
    chosen = fields.get("releve", _NOBODY)
    fallback = None if chosen in {_NOBODY, ""} else roles.role(db, chosen).id
    roles.change(db, Role(role.id, fields.get("titre", ""), fields.get("courriel"), fallback))
    office.registry_changed(db, _account(request))


def _confirm(office: Office, db: Database, request: Request, role_id: str) -> Message:
    """Put into effect today a change that another administrator scheduled for tomorrow."""
    batch = appointments.confirm(db, role_id, office.today(), _account(request))
    if batch is None:
        raise UserError(
            "Il n'y a rien à confirmer ici, ou pas par vous\u00a0: il faut une autre personne que celle qui "
            "a décidé, et qui administrait déjà."
        )
    readers.tell(db, batch, office.today(), office.clock())
    office.registry_changed(db, _account(request))
    return _card(office, db, request, role_id)


_BUTTONS: Mapping[str, Callable[[Office, Database, Request, str], Message]] = {
    "retirer": _withdraw,
    "confirmer": _confirm,
    "profil": _apply_profile,
}


def _account(request: Request) -> str:
    return str(persons.account(actor_of(request)))


def _require_administration(office: Office, db: Database, since: date) -> None:
    """Refuse a change that leaves the administration vacant. The `UserError` rolls the change back."""
    if not all(roles.holders(db, roles.ADMINISTRATION, day) for day in {office.today(), since}):
        raise UserError("Il faut que quelqu'un tienne l'administration. Nommez d'abord une autre personne.")


# --- Forms ------------------------------------------------------------------------------------


def person_form(role: Role, today: date, *, has_holder: bool = True) -> Form:
    """Return the form to appoint a person. `has_holder`: whether someone holds the role, or is about to."""
    picker = PersonField("personne", "La personne", hint=excerpt(role.title, 100))
    fields = (picker, *_when(today, has_holder=has_holder))
    return Form(f"roles nommer {role.id}", "Nommer une personne", fields, "Nommer")


def group_form(role: Role, today: date, *, has_holder: bool = True) -> Form:
    """Return the form to appoint a group. `has_holder`: see `person_form`."""
    fields = (
        ChoiceField("plateforme", "Où est ce groupe", options(_PLATFORMS), hint=excerpt(role.title, 100)),
        TextField(
            "groupe", "L'identifiant du groupe", hint="Dans Slack, S0123ABCD; dans Discord, des chiffres"
        ),
    )
    return Form(
        f"roles groupe {role.id}",
        "Nommer un groupe",
        (*fields, *_when(today, has_holder=has_holder)),
        "Nommer",
    )


def _when(today: date, *, has_holder: bool) -> Iterator[DateField | ChoiceField]:
    yield DateField("depuis", "À partir du", value=today.isoformat())
    if has_holder:
        places = {_REPLACING: "Les remplacer", _BESIDE: "S'y ajouter"}
        yield ChoiceField("autres", "Et les titulaires actuels", options(places), value=_REPLACING)


def role_form(role: Role, others: list[Role]) -> Form:
    """Return the form to change a role's title, address and fallback."""
    fallbacks = [Option("Aucune", _NOBODY)]
    fallbacks += [Option(excerpt(other.title, 75), other.id) for other in others if other.id != role.id]
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
                tuple(fallbacks[:25]),
                value=role.fallback_id or _NOBODY,
            ),
        ),
        "Enregistrer",
    )
