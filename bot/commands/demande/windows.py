"""The windows in which people ask for a permission, answer a request, and write to each other."""

from collections.abc import Mapping
from typing import Final

from bot.commands.demande.drafts import RequestDraft
from bot.conversation.forms import DateField, Field, FileField, Form, PersonField, TextField
from bot.conversation.messages import excerpt
from bot.permissions.notices import COMMAND
from bot.permissions.requests import (
    IMAGE_LENGTH,
    NAME_LENGTH,
    REASON_LENGTH,
    SUBJECT_LENGTH,
    Party,
    PermissionRequest,
)
from bot.permissions.thread import LINE_LENGTH
from bot.policy.annotations import PermissionKind

# The windows to ask for a permission, each with its kind. A consent is given from an account of this platform
# (« personne ») or of the other, by its code (« ailleurs »), or on paper (« papier »).
WINDOWS: Final[Mapping[str, PermissionKind]] = {
    "page": "page",
    "logo": "logo",
    "parole": "parole",
    "personne": "image",
    "ailleurs": "image",
    "papier": "image",
}
_TITLES: Final = {
    "page": "Demander une page",
    "logo": "Demander le logo",
    "parole": "Demander un mandat",
    "personne": "Demander un consentement",
    "ailleurs": "Demander un consentement",
    "papier": "Consentement sur papier",
}
# The label and the hint of the subject's field, by kind.
_SUBJECTS: Final[Mapping[PermissionKind, tuple[str, str]]] = {
    "page": ("Quelle page, et pour quoi", "Où elle serait, ce qu'on y lirait, qui la tiendrait à jour"),
    "logo": ("Ce que vous voulez en faire", "Sur quoi, où cela paraîtrait, sous quelle forme"),
    "parole": ("Ce que vous diriez, et où", "Le sujet, la tribune, le texte s'il est prêt"),
    "image": ("Où l'image paraîtrait, et pour quoi", "La page, le moment, le texte qui l'accompagne"),
}
CODE_LENGTH: Final = 20  # maximum characters of a code as people type it
_NAME_HINT: Final = "Comme il doit paraître au certificat"


def asking_form(window: str, draft: RequestDraft | None = None, *, name: str = "") -> Form:
    """Return a window to ask for a permission, filled in from a draft, or else with the asker's `name`."""
    kind = WINDOWS[window]
    asking = draft.asking if draft else None
    label, hint = _SUBJECTS[kind]
    fields: list[Field] = [
        TextField(
            "objet",
            label,
            hint=hint,
            value=asking.subject if asking else "",
            lines=5,
            max_length=SUBJECT_LENGTH,
        )
    ]
    if kind == "image":
        fields += [
            TextField(
                "image",
                "Ce que montre l'image",
                hint="Décrivez-la\u00a0: c'est ce que j'en garde, jamais l'image elle-même",
                value=asking.image if asking else "",
                lines=2,
                max_length=IMAGE_LENGTH,
            ),
            FileField(
                "fichier",
                "L'image",
                hint="PNG, JPEG ou WebP. J'en calcule l'empreinte, qui la reconnaît, puis je l'oublie.",
                required=False,
            ),
            {"personne": _person, "ailleurs": _code, "papier": _signer}[window](draft),
        ]
    else:
        until = asking.until.isoformat() if asking and asking.until else ""
        fields.append(_until(until))
    fields.append(_name(asking.name if asking else name))
    command = f"{COMMAND} {window} {asking.id if asking else ''}".strip()
    return Form(command, _TITLES[window], tuple(fields), "Continuer")


def _person(draft: RequestDraft | None) -> Field:
    value = draft.person.user if draft and draft.person else ""
    return PersonField(
        "personne", "La personne qu'on reconnaît", hint="Une demande par personne", value=value
    )


def _code(draft: RequestDraft | None) -> Field:
    known = bool(draft and draft.person)
    hint = "Celui que la personne obtient sur l'autre plateforme"
    if known:
        hint = "Laissez vide pour la même personne"
    return TextField("code", "Son code", hint=hint, required=not known, max_length=CODE_LENGTH)


def _signer(draft: RequestDraft | None) -> Field:
    return TextField(
        "papier",
        "Qui signera sur papier",
        hint="Le nom de la personne qu'on reconnaît",
        value=draft.asking.signer[:NAME_LENGTH] if draft else "",
        max_length=NAME_LENGTH,
    )


def _until(value: str = "") -> Field:
    return DateField(
        "jusque",
        "Jusqu'à quand",
        hint="Laissez vide si rien ne doit y mettre fin",
        value=value,
        required=False,
    )


def _name(value: str) -> Field:
    return TextField("nom", "Votre nom", hint=_NAME_HINT, value=value[:NAME_LENGTH], max_length=NAME_LENGTH)


def granting_form(request: PermissionRequest, asker: str, signer: str, name: str) -> Form:
    """Return the window to grant a request.

    `asker`: the asker's name for the certificate. `signer`: the name of the person who signs on paper, "" for
    nobody. `name`: the decider's name.
    """
    asks = f"Le nom de qui demande, au certificat\u00a0: «\u00a0{excerpt(asker, NAME_LENGTH)}\u00a0»."
    lines = [asks] if asker else []
    if request.by_consent:
        lines.append(
            "Le certificat dira aussi votre nom et vos conditions\u00a0: cette personne pourra le montrer."
        )
    title = submit = "J'accepte" if request.by_consent else "Accorder"
    if request.on_paper:
        title, submit = "Consigner le papier", "Consigner"
        lines.insert(
            0,
            f"Confirmez que vous avez vu le papier signé par {excerpt(signer, NAME_LENGTH)}, et gardez-le"
            "\u00a0: je ne consigne que votre parole.",
        )
    conditions = TextField(
        "conditions",
        "À quelles conditions",
        hint="S'il y en a\u00a0: elles paraîtront au certificat",
        required=False,
        lines=3,
        max_length=REASON_LENGTH,
    )
    until = request.until.isoformat() if request.until else ""
    fields = (_until(until), conditions, _name(name))
    return Form(f"{COMMAND} accorder {request.id}", title, fields, submit, " ".join(lines))


def refusing_form(request: PermissionRequest, party: Party) -> Form:
    """Return the window to refuse a request. A person in a picture need not give a reason."""
    owes = party == "decider"
    reason = TextField(
        "raison",
        "Pourquoi",
        hint="La personne qui demande le lira"
        if owes
        else "Si vous voulez le dire\u00a0: rien ne vous y oblige",
        required=owes,
        lines=3,
        max_length=REASON_LENGTH,
    )
    title = "Refuser" if owes else "Je refuse"
    return Form(f"{COMMAND} refuser {request.id}", title, (reason,), title)


def line_form(request: PermissionRequest, party: Party) -> Form:
    """Return the window to write a line of the thread."""
    asks = party != "asker" and request.state == "asked"
    text = TextField(
        "mots",
        "Votre question" if asks else "Votre message",
        hint="Seules les personnes que cette demande concerne le liront",
        lines=4,
        max_length=LINE_LENGTH,
    )
    return Form(f"{COMMAND} ecrire {request.id}", "Au sujet d'une demande", (text,))


def withdrawing_form(request: PermissionRequest) -> Form:
    """Return the window in which the decider ends a permission, or a consent given on paper."""
    reason = TextField(
        "raison", "Pourquoi", hint="La personne qui l'a reçue le lira", lines=3, max_length=REASON_LENGTH
    )
    return Form(f"{COMMAND} retirer {request.id}", withdrawing_label(request), (reason,), "Retirer")


def withdrawing_label(request: PermissionRequest) -> str:
    """Return the label of the decider's button that ends a permission, or a consent given on paper."""
    return "Retirer le consentement" if request.on_paper else "Retirer l'autorisation"
