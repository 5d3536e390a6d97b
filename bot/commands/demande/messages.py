"""The messages about requests for a permission: lists, one request, and confirmations."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from bot.commands.demande.drafts import RequestDraft
from bot.commands.demande.windows import withdrawing_label
from bot.commands.passages import packed_page, page_of
from bot.conversation.messages import (
    CHOICE_LENGTH,
    MESSAGE_WEIGHT,
    Button,
    Buttons,
    ButtonStyle,
    Choice,
    Element,
    Heading,
    Message,
    Note,
    Quote,
    Span,
    Text,
    bold,
    button_rows,
    capitalized,
    code,
    excerpt,
    turn_buttons,
    weight,
)
from bot.conversation.requests import CONFIRMED, PLATFORMS
from bot.permissions.kinds import WORDS, RequestKind
from bot.permissions.notices import COMMAND, CONSENT_IS_FREE, answers
from bot.permissions.requests import Party, PermissionRequest, state_words
from bot.permissions.thread import ThreadLine
from bot.policy.annotations import PermissionKind
from bot.times import in_words

_PER_PAGE: Final = 6  # requests on one page of a list
_SUBJECT: Final = 90  # maximum characters of a subject in a list
_PAGE_WEIGHT: Final = MESSAGE_WEIGHT - 900  # weight left for people's words on a card
# weight of a quoted clause, beyond which only its beginning is quoted
QUOTE_WEIGHT: Final = _PAGE_WEIGHT - 300
_FINGERPRINT: Final = 16  # characters shown of a fingerprint

# The label of each kind's button. A consent has two windows, and a message asks which one.
_ASK: Final[Mapping[PermissionKind, str]] = {
    "page": "Ouvrir une page",
    "logo": "Employer le logo",
    "parole": "Parler au nom de l'association",
    "image": "Publier l'image de quelqu'un",
}
MENU: Final = Button("Menu", "vigie")
HOME: Final = Button("Les demandes", COMMAND)


@dataclass(frozen=True, slots=True)
class Listed:
    """A request in a list, and the reader's part in it."""

    request: PermissionRequest
    party: Party


@dataclass(frozen=True, slots=True)
class Card:
    """A request as one of its parties sees it.

    `to`: who received the request, « au rôle… ». `by`: the person who answered for a role, () before an
    answer and for a consent. `lines`: the lines of the thread, each with its author. `quote`: the clause that
    requires the permission, None if it is no longer stored. `quote_weight`: the weight of its words.
    `signer`: the name of the person who signs on paper, "" for nobody. `name`: the asker's name for the
    certificate.
    """

    request: PermissionRequest
    party: Party
    asker: Span
    to: Sequence[Span | str]
    by: Sequence[Span | str] = ()
    lines: Sequence[tuple[Span, ThreadLine]] = field(default=(), repr=False)
    quote: Quote | None = None
    quote_weight: int = 0
    signer: str = field(default="", repr=False)
    name: str = field(default="", repr=False)


# --- Lists --------------------------------------------------------------------------------------


def home(
    kinds: Sequence[RequestKind],
    to_answer: Sequence[PermissionRequest],
    others: Sequence[Listed],
    *,
    page: int = 1,
    registers: bool = False,
    missing: Sequence[str] = (),
) -> Message:
    """Show what can be asked for, the requests that await the person, and their other requests.

    `kinds`: the kinds of permission offered. `others`: the requests that the person made or was asked to
    consent to, the latest first. `registers`: whether they may see the register. `missing`: why other kinds
    are not offered, for the administration.
    """
    waiting = [Listed(request, "consenter" if request.by_consent else "decider") for request in to_answer]
    listed, page, pages = page_of([*waiting, *others], page, _PER_PAGE)
    elements: list[Element] = [Heading("Demander avant de publier")]
    if not (waiting or others):
        elements.append(
            Text(
                "Dites ce que vous voulez faire\u00a0: je le demande à qui peut dire oui, et vous rapporte "
                "sa réponse, avec un certificat à montrer."
                if kinds
                else "Il n'y a rien à demander par ici pour le moment."
            )
        )
    titles = (("Vous avez à répondre", True), ("Vos demandes et vos consentements", False))
    for title, waits in titles:
        rows = [row for row in listed if (row in waiting) is waits]
        if rows:
            elements.append(Text(bold(title)))
            elements += [_choice(row, answers=waits) for row in rows]
    asks = [Button(_ASK[kind.id], f"{COMMAND} {kind.id}") for kind in kinds]
    if asks:
        elements += [Text(bold("Demander")), Buttons(*asks)]
    elements += [Note(why) for why in missing]
    turns = turn_buttons(page, pages, lambda target: f"{COMMAND} liste {target}")
    register = [Button("Le registre", f"{COMMAND} registre")] if registers else []
    return Message(*elements, Buttons(*turns, *register, MENU))


def _choice(row: Listed, *, answers: bool) -> Choice:
    request = row.request
    state = f"Demande du {in_words(request.asked_on)}." if answers else state_words(request)
    subject = (
        f"\u00a0: «\u00a0{excerpt(request.subject, _SUBJECT).rstrip('.')}\u00a0»" if request.subject else ""
    )
    text = f"{WORDS[request.kind].title}{subject}. {state}"
    label = "Répondre" if answers else "Ouvrir"
    style: ButtonStyle = "primary" if answers else "plain"
    return Choice(excerpt(text, CHOICE_LENGTH), Button(label, f"{COMMAND} voir {request.id}", style))


def whose_image(typed: str, token: str = "") -> Message:
    """Ask whether the person in a picture has an account, here or on the other platform, and so can answer.

    `typed`: the line that gets them a code on the other platform, "" if there is no other. `token`: the token
    of the text under examination, "" for none.
    """
    person, elsewhere, paper = (
        f"{COMMAND} depuis {token} {window}" if token else f"{COMMAND} {window}"
        for window in ("personne", "ailleurs", "papier")
    )
    by_its_code: list[Span | str] = [
        " Sur l'autre plateforme aussi, si elle vous donne le code qu'elle y obtient en tapant\u00a0: ",
        code(typed),
        ".",
    ]
    return Message(
        Text(bold("La personne qu'on reconnaît peut-elle vous répondre?")),
        Note(
            "Ici, elle reçoit la demande et dit oui ou non elle-même.",
            *(by_its_code if typed else []),
            " Sinon, elle signe un papier, que la personne responsable inscrit.",
        ),
        Buttons(
            Button("Oui, la choisir", person, "primary"),
            *([Button("Oui, par son code", elsewhere)] if typed else []),
            Button("Non, sur papier", paper),
            HOME,
        ),
    )


def contact_code(secret: str) -> Message:
    """Show a person a new code, by which others can ask for their consent."""
    return Message(
        Heading("On veut publier votre image?"),
        Text("Donnez ce code à qui vous le demande depuis l'autre plateforme\u00a0: ", code(secret)),
        Note(
            "Pendant 24 heures, il sert à vous demander votre consentement ici, et à rien d'autre. Après, ou "
            "si je redémarre, demandez-en un autre. Vous pourrez toujours refuser."
        ),
        Buttons(HOME, MENU),
    )


UNKNOWN_CODE: Final = (
    "Ce code n'est pas bon, ou ne l'est plus\u00a0: il sert pendant 24 heures. Demandez à la personne d'en "
    "obtenir un autre."
)
LATE_CODE: Final = (
    "Ce brouillon n'est plus là\u00a0: dix minutes ont passé, ou j'ai redémarré. Tapez de nouveau son code, "
    "ou recommencez."
)


def by_code(platform: str) -> str:
    """Return to whom a consent asked by a code goes: the asker is not shown an account of elsewhere."""
    return f"à la personne dont vous avez le code, sur {PLATFORMS[platform]}"


# --- Before it is sent --------------------------------------------------------------------------


def confirm(draft: RequestDraft, kind: RequestKind, window: str, to: Sequence[Span | str]) -> Message:
    """Ask to confirm a request. `to`: who will receive it, to be written after « Elle ira »."""
    asking = draft.asking
    until = f", jusqu'au {in_words(asking.until)}" if asking.until else ""
    image: list[Element] = []
    if kind.is_consent:
        image = [Text(bold("L'image\u00a0: "), asking.image), _fingerprint(asking.fingerprint)]
    return Message(
        Heading("Est-ce bien ce que vous demandez?"),
        Text(f"{capitalized(kind.words.act)}{until}."),
        Text(bold("Pour quoi\u00a0: "), asking.subject),
        *image,
        Text(bold("Votre nom, au certificat\u00a0: "), f"{asking.name}\nLa demande ira ", *to, "."),
        Note("Rien n'est envoyé encore. J'oublie ce brouillon dix minutes après votre dernier geste."),
        Buttons(
            Button("Envoyer", f"{COMMAND} envoyer {asking.id} {CONFIRMED}", "primary"),
            Button("Corriger", f"{COMMAND} {window} {asking.id}"),
            Button("Ne pas envoyer", f"{COMMAND} oublier {asking.id}"),
        ),
    )


def _fingerprint(fingerprint: str) -> Note:
    if not fingerprint:
        return Note("L'image n'est pas jointe\u00a0: seule sa description la désigne.")
    shortened = code(fingerprint[:_FINGERPRINT])
    return Note(
        "Empreinte de l'image\u00a0: ",
        shortened,
        "…, qui ne reconnaît que ce fichier. L'image, je ne la garde pas.",
    )


LATE: Final = "Trop tard\u00a0: votre réponse n'a rien changé."
FORGOTTEN: Final = Message(Text("C'est oublié. Rien n'est parti."), Buttons(HOME, MENU))
TOO_LATE: Final = Message(
    Text("Ce brouillon n'est plus là\u00a0: dix minutes ont passé, ou j'ai redémarré. Rien n'est parti."),
    Buttons(HOME),
)


# --- A request ----------------------------------------------------------------------------------


def card(view: Card, *, page: int = 1, lead: str = "") -> Message:
    """Show one page of a request to one of its parties. `lead`: a sentence about the act just done."""
    request = view.request
    elements, page, pages = packed_page(_parts(view), page, _PAGE_WEIGHT)
    turns = turn_buttons(page, pages, lambda target: f"{COMMAND} voir {request.id} {target}")
    buttons = [*_acts(view), *_others(view), *turns, HOME]
    return Message(
        Heading(_title(view)),
        *([Text(bold(lead))] if lead else []),
        Text(*_who(view)),
        Text(bold(_state(view)), *view.by),
        *elements,
        *_notes(view),
        *button_rows(buttons),
    )


def _title(view: Card) -> str:
    request = view.request
    what = WORDS[view.request.kind].title.lower()
    if view.party == "asker":
        return f"Votre demande\u00a0: {what}"
    if view.party == "consenter":
        return "On vous demande votre consentement" if request.state == "asked" else "Votre consentement"
    return f"Demande à décider\u00a0: {what}" if request.state == "asked" else f"Une demande\u00a0: {what}"


def _state(view: Card) -> str:
    """Return the outcome of a request or, before an answer, whose turn it is."""
    if view.request.state != "asked":
        return state_words(view.request)
    asks = _has_question(view)
    if view.party != "asker":
        return "Votre question attend une réponse." if asks else "La demande attend votre réponse."
    return "On vous a écrit\u00a0: répondez." if asks else state_words(view.request)


def _has_question(view: Card) -> bool:
    """Return whether the thread's latest line awaits the asker's answer."""
    return bool(view.lines) and view.lines[-1][1].party != "asker"


def _who(view: Card) -> Iterator[Span | str]:
    """Yield the sentence that says who asked, for what, whom and, before an answer, until which day."""
    request, day = view.request, in_words(view.request.asked_on)
    waits = request.state == "asked" and request.until
    until = f", jusqu'au {in_words(request.until)}" if waits and request.until else ""
    act = f"la permission {WORDS[request.kind].of_act}{until}"
    if view.party == "consenter":
        yield from (view.asker, f" a demandé le {day} à publier une image où l'on vous reconnaît.")
        return
    if view.party == "asker":
        yield from (f"Vous avez demandé le {day}, ", *view.to, f", {act}")
    else:
        yield from (view.asker, f" a demandé le {day} {act}")
    has_signed = request.state in {"granted", "withdrawn", "ended"}
    signs = "qui a signé un papier" if has_signed else "qui signe sur papier"
    yield f"\u00a0: {view.signer}, {signs}." if view.signer else "."


def _parts(view: Card) -> Iterator[tuple[Element, int]]:
    """Yield what people wrote about a request, then the clause, each with its weight.

    Within the thread, the latest line comes first.
    """
    request = view.request
    answer = "Pourquoi" if request.state == "refused" else "À ces conditions"
    if not request.subject:
        yield Note("Ce qui y était écrit est effacé."), 60
        return
    parts: list[Text | Note] = [Text(bold("Pour quoi\u00a0: "), request.subject)]
    if request.image:
        parts += [Text(bold("L'image\u00a0: "), request.image), _fingerprint(request.fingerprint)]
    for title, reason in ((answer, request.reason), ("Pourquoi elle ne vaut plus", request.closing)):
        if reason:
            parts.append(Text(bold(f"{title}\u00a0: "), reason))
    # a request in these states gets no certificate
    if view.name and request.state not in {"refused", "cancelled"}:
        whose = "Votre nom" if view.party == "asker" else "Le nom de qui demande"
        parts.append(Text(bold(f"{whose}, au certificat\u00a0: "), view.name))
    for part in parts:
        yield part, sum(weight(span.text) for span in part.spans)
    for author, line in reversed(view.lines):
        text = Text(author, f", le {in_words(line.said_on)}\u00a0: {line.text}")
        yield text, sum(weight(span.text) for span in text.spans)
    if view.quote and request.state == "asked":
        yield view.quote, view.quote_weight


def _acts(view: Card) -> Iterator[Button]:
    """Yield the buttons that answer or end a request."""
    request, party = view.request, view.party
    identifier = request.id
    if request.state == "asked" and party != "asker":
        yield from answers(request)[:3]
    elif request.state == "asked":
        questioned = _has_question(view)
        yield Button(
            "Répondre" if questioned else "Ajouter un mot",
            f"{COMMAND} ecrire {identifier}",
            "primary" if questioned else "plain",
        )
        yield Button("Annuler la demande", f"{COMMAND} annuler {identifier}")
    elif request.state == "granted":
        ends = {
            "asker": "Renoncer",
            "decider": withdrawing_label(request),
            "consenter": "Retirer mon consentement",
        }
        yield Button("Le certificat", f"{COMMAND} certificat {identifier}", "primary")
        yield Button(ends[party], f"{COMMAND} retirer {identifier}", "danger")
        yield Button("Écrire", f"{COMMAND} ecrire {identifier}")


def _others(view: Card) -> Iterator[Button]:
    request = view.request
    if view.party != "asker":
        return
    if request.state == "granted" and request.until:
        yield Button("Demander de prolonger", f"{COMMAND} prolonger {request.id}")
    elif request.state not in {"asked", "granted"} and request.subject:
        yield Button("Demander de nouveau", f"{COMMAND} prolonger {request.id}")


def _notes(view: Card) -> Iterator[Note]:
    request = view.request
    if request.state == "asked" and view.party == "consenter":
        yield Note(CONSENT_IS_FREE)
    elif request.state == "asked" and view.party == "asker":
        yield Note("La réponse viendra en message privé, aux heures de travail. Rien n'est permis d'ici là.")


# --- Confirmations ----------------------------------------------------------------------


def cancelling(request: PermissionRequest) -> Message:
    """Ask whether to cancel a request."""
    return _asked_twice(
        "Annuler cette demande?",
        "Personne n'aura plus à y répondre.",
        Button("Annuler la demande", f"{COMMAND} annuler {request.id} {CONFIRMED}", "danger"),
        Button("La garder", f"{COMMAND} voir {request.id}"),
    )


def renouncing(request: PermissionRequest) -> Message:
    """Ask whether to give up a permission."""
    return _asked_twice(
        "Renoncer à cette autorisation?",
        "Elle prend fin maintenant, et la personne qui l'a donnée en est avertie.",
        Button("Renoncer", f"{COMMAND} retirer {request.id} {CONFIRMED}", "danger"),
        Button("La garder", f"{COMMAND} voir {request.id}"),
    )


def unconsenting(request: PermissionRequest) -> Message:
    """Ask a person to confirm that they withdraw their consent."""
    return _asked_twice(
        "Retirer votre consentement?",
        "Il prend fin maintenant. La personne qui publie l'image en est avertie tout de suite. Vous n'avez "
        "pas à dire pourquoi.",
        Button("Retirer mon consentement", f"{COMMAND} retirer {request.id} {CONFIRMED}", "danger"),
        Button("Le garder", f"{COMMAND} voir {request.id}"),
    )


def _asked_twice(question: str, effect: str, yes: Button, no: Button) -> Message:
    return Message(Heading(question), Text(effect), Buttons(yes, no))


def certificate_coming(request: PermissionRequest, where: str) -> Message:
    """Confirm that a certificate is on its way. `where`: see `in_private`."""
    return Message(
        Text(f"Je prépare le certificat\u00a0: il arrive {where}."),
        Buttons(Button("Revenir", f"{COMMAND} voir {request.id}")),
    )
