"""The unprompted messages about requests, built only for people who may still see the request.

Their buttons run the command `demande` with the request's identifier.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date
from functools import partial
from typing import Final

from sqlite_utils import Database

from bot.conversation.messages import (
    Button,
    Buttons,
    Element,
    Heading,
    Message,
    Note,
    Quote,
    Span,
    Text,
    bold,
    capitalized,
    excerpt,
    person,
)
from bot.conversation.requests import PLATFORMS
from bot.outbox.notices import NoticeBuilder, NoticeContext
from bot.people import persons
from bot.permissions import queueing, requests, thread
from bot.permissions.kinds import WORDS
from bot.permissions.queueing import ExpiryNotice, NumberedNotice, RequestNotice
from bot.permissions.requests import Party, PermissionRequest
from bot.permissions.thread import ThreadLine
from bot.policy.annotations import PermissionKind
from bot.policy.library import Library
from bot.times import in_words

COMMAND: Final = "demande"
_SUBJECT = 500  # maximum characters of a person's text in a notice; the request itself shows the whole text
_IMAGE = 250
CONSENT_IS_FREE: Final = (
    "Vous pouvez refuser sans dire pourquoi, et votre silence n'est pas un oui. Je n'ai pas l'image\u00a0: "
    "demandez à la voir. Si vous acceptez, vous pourrez retirer votre consentement à tout moment."
)
# What the asker must do once a permission no longer holds.
_ONCE_OVER: Final[Mapping[PermissionKind, str]] = {
    "page": "La page n'a plus à exister au nom de l'association\u00a0: voyez ensemble comment la fermer.",
    "logo": "Le logo est à enlever de là où il a été mis.",
    "parole": "On ne parle plus au nom de l'association à ce sujet.",
    "image": "L'image est à retirer de là où elle est publiée.",
}


def notice_builders(library: Library) -> tuple[NoticeBuilder, ...]:
    """Return the builders of the notices about requests, for the outbox."""
    return (
        queueing.ASKED.built_by(partial(_build_asked, library)),
        queueing.CONSENT.built_by(partial(_build_asked, library)),
        queueing.REMINDER.built_by(_build_reminder),
        queueing.DECIDED.built_by(_build_decided),
        queueing.LINE.built_by(_build_line),
        queueing.WITHDRAWN.built_by(_build_withdrawn),
        queueing.EXPIRY.built_by(_build_expiry),
        queueing.STRANDED.built_by(_build_stranded),
    )


def _build_asked(library: Library, context: NoticeContext, notice: RequestNotice) -> Message | None:
    request = _to_decide(context, notice.request)
    if request is None:
        return None
    stored: list[Quote] = []
    for clause in request.clauses:
        quote = Quote(request.policy, request.version, clause)
        with suppress(KeyError):  # a version that is no longer stored
            library.quote(quote)
            stored.append(quote)
    role, _ = requests.deciders(context.db, request, context.today)
    title = requests.role_title(context.db, role) if role else ""
    return to_decide_message(request, _who(context, request, request.asker), stored, title)


def _build_reminder(context: NoticeContext, notice: NumberedNotice) -> Message | None:
    request = _to_decide(context, notice.request)
    if request is None:
        return None
    return reminder_message(request, _who(context, request, request.asker))


def _build_decided(context: NoticeContext, notice: RequestNotice) -> Message | None:
    request = requests.load(context.db, notice.request)
    if request is not None and request.state == "cancelled":
        return unanswerable_message(request)
    if request is None or request.decided_on is None:
        return None
    # An answer waits for working hours but a withdrawal does not, so the permission may be over by now. Then
    # the asker ended it themselves, or gets another notice about its end.
    if request.as_of(context.today).state in {"withdrawn", "ended"}:
        return None
    decider: list[Span | str] = [_who(context, request, request.decided_by)] if request.decided_by else []
    if request.decided_as:
        role = requests.role_title(context.db, request.decided_as)
        decider.append(f" ({role})" if decider else role)
    return decided_message(request, decider)


def _build_line(context: NoticeContext, notice: NumberedNotice) -> Message | None:
    request = requests.load(context.db, notice.request)
    party = _party(context, request)
    lines = thread.lines(context.db, notice.request)
    line = next((line for line in lines if line.number == notice.number), None)
    if request is None or party is None or line is None or line.party == party:
        return None
    return line_message(request, line, _who(context, request, line.author), party)


def _build_withdrawn(context: NoticeContext, notice: RequestNotice) -> Message | None:
    request = requests.load(context.db, notice.request)
    if request is None or request.state != "withdrawn":
        return None
    return withdrawn_message(request, _who(context, request, request.asker), _party(context, request))


def _build_expiry(context: NoticeContext, notice: ExpiryNotice) -> Message | None:
    request = requests.load(context.db, notice.request)
    party = _party(context, request)
    if request is None or party is None or request.until != notice.until:
        return None
    if request.state not in {"granted", "ended"}:
        return None
    return expiry_message(request, context.today, party)


def _build_stranded(context: NoticeContext, notice: RequestNotice) -> Message | None:
    request = requests.load(context.db, notice.request)
    if request is None or request.state != "asked":
        return None
    if requests.deciders(context.db, request, context.today)[1]:
        return None
    return stranded_message(request, requests.role_title(context.db, request.asked_of))


# --- Recipients -------------------------------------------------------------------------------


def _party(context: NoticeContext, request: PermissionRequest | None) -> Party | None:
    """Return the recipient's part in a request, None if there is no such request or they may not see it."""
    if request is None:
        return None
    return requests.party_of(context.db, request, queueing.person_of(context.recipient), context.today)


def _to_decide(context: NoticeContext, request_id: str) -> PermissionRequest | None:
    """Return a request if it still awaits the recipient's decision, else None."""
    request = requests.load(context.db, request_id)
    if request is None or request.state != "asked":
        return None
    able = requests.deciders(context.db, request, context.today)[1]
    return request if queueing.person_of(context.recipient) in able else None


def _who(context: NoticeContext, request: PermissionRequest, person_id: str) -> Span:
    recipient = persons.accounts_of(context.db, queueing.person_of(context.recipient))[:1]
    return party_span(context.db, request, person_id, recipient[0].platform if recipient else "")


def party_span(db: Database, request: PermissionRequest, person_id: str, platform: str) -> Span:
    """Return a span that shows someone who takes part in a request to a reader on `platform`.

    An account's identifier says nothing on another platform. There, the person is shown by the name that they
    typed for the certificate, or as the one whose code the asker has.
    """
    accounts = sorted(persons.accounts_of(db, person_id), key=lambda account: account.platform != platform)
    if not accounts:
        return Span("une personne sans compte")
    account = accounts[0]
    parties = {request.decided_by: "decider", request.asker: "asker"}
    name, _ = requests.names(db, request.id).get(parties.get(person_id, ""), ("", ""))
    if account.platform == platform or not (name or person_id == request.consenter):
        return person(account.platform, account.user)
    return Span(f"{name or 'la personne dont vous avez le code'} (sur {PLATFORMS[account.platform]})")


# --- Messages ---------------------------------------------------------------------------------


def to_decide_message(
    request: PermissionRequest, who: Span, quotes: Sequence[Quote] = (), role: str = ""
) -> Message:
    """Return the notice of a request, to a person who may decide. `role`: their role, "" for a consent."""
    if request.by_consent:
        opening = Text(who, " voudrait publier une image où vous êtes, et demande si vous l'acceptez.")
        note = CONSENT_IS_FREE
    elif request.on_paper:
        opening = Text(who, " demande de pouvoir publier l'image d'une personne qui consent sur papier.")
        note = f"Le rôle «\u00a0{role}\u00a0» l'inscrit, une fois le papier signé entre ses mains."
    else:
        opening = Text(who, f" demande la permission {WORDS[request.kind].of_act}.")
        note = f"Vous pouvez en décider comme «\u00a0{role}\u00a0»."
    return Message(
        Heading("On vous demande votre consentement" if request.by_consent else "Une demande à décider"),
        opening,
        *about(request),
        *quotes,
        Note(note),
        Buttons(*answers(request)),
    )


def about(request: PermissionRequest, *, dated: bool = True) -> list[Element]:
    """Return the subject of a request and, if `dated`, its last day. Erased parts are left out."""
    lines: list[Span | str] = []
    for title, text in (
        ("Pour quoi", excerpt(request.subject, _SUBJECT) if request.subject else ""),
        ("L'image", excerpt(request.image, _IMAGE) if request.image else ""),
        ("Jusqu'au", in_words(request.until) if dated and request.until else ""),
    ):
        if text:
            lines += [*(["\n"] if lines else []), bold(f"{title}\u00a0: "), text]
    return [Text(*lines)] if lines else []


def answers(request: PermissionRequest) -> list[Button]:
    """Return the buttons that answer a request."""
    yes, no = ("Accorder", "Refuser")
    if request.by_consent:
        yes, no = ("J'accepte", "Je refuse")
    elif request.on_paper:
        yes = "Consigner le papier"
    return [
        Button(yes, f"{COMMAND} accorder {request.id}", "primary"),
        Button(no, f"{COMMAND} refuser {request.id}"),
        Button("Poser une question", f"{COMMAND} ecrire {request.id}"),
        _open(request),
    ]


def _open(request: PermissionRequest) -> Button:
    return Button("Voir la demande", f"{COMMAND} voir {request.id}")


def reminder_message(request: PermissionRequest, who: Span) -> Message:
    """Return the reminder that a request awaits an answer."""
    title = "Une demande attend votre réponse"
    act = f"si l'on peut {WORDS[request.kind].act}"
    note = "Une question suffit parfois à débloquer une demande\u00a0: la personne recevra votre mot."
    if request.by_consent:
        title, act = "On vous demande votre consentement", "si vous acceptez une image où vous êtes"
        note = CONSENT_IS_FREE
    return Message(
        Heading(title),
        Text("Depuis le ", in_words(request.asked_on), ", ", who, f" attend de savoir {act}."),
        *about(request),
        Note(note),
        Buttons(*answers(request)),
    )


def decided_message(request: PermissionRequest, by: Sequence[Span | str]) -> Message:
    """Return the notice to the asker that a request was granted or refused. `by`: the decider, their role."""
    act, refused = WORDS[request.kind].act, request.state == "refused"
    if request.by_consent:
        title = "Le consentement est refusé" if refused else "Le consentement est donné"
    else:
        title = "Votre demande est refusée" if refused else "Votre demande est accordée"
    what = f"Vous pouvez {act}."
    if refused:
        stop = "\u00a0: ne la publiez pas" if request.kind == "image" else ""
        what = f"Vous demandiez {WORDS[request.kind].of_act}{stop}."
    until = f" Cela vaut jusqu'au {in_words(request.until)}." if request.until and not refused else ""
    why = "Pourquoi" if refused else "À ces conditions"
    return Message(
        Heading(title),
        Text(what, until),
        *about(request, dated=False),
        *([Text(bold(f"{why}\u00a0: "), excerpt(request.reason, _SUBJECT))] if request.reason else []),
        *([Text("Réponse de ", *by, ".")] if by else []),
        Buttons(
            *([] if refused else [Button("Le certificat", f"{COMMAND} certificat {request.id}", "primary")]),
            _open(request),
        ),
    )


def unanswerable_message(request: PermissionRequest) -> Message:
    """Return the notice to the asker that nobody can give the consent they requested any more."""
    return Message(
        Heading("Votre demande est annulée"),
        Text(
            f"Vous aviez demandé la permission {WORDS[request.kind].of_act}. La personne qui pouvait y "
            "consentir ne peut plus répondre\u00a0: sans son accord, ne publiez pas l'image."
        ),
        *about(request, dated=False),
        Buttons(_open(request)),
    )


def line_message(request: PermissionRequest, line: ThreadLine, who: Span, party: Party) -> Message:
    """Return the notice of a new line in the thread. `party`: the recipient's part in the request."""
    of = "de votre demande" if party == "asker" else "d'une demande"
    what = f" ({WORDS[request.kind].title.lower()})"
    return Message(
        Heading(f"Un mot au sujet {of}"),
        Text(*([who] if who.account else [capitalized(who.text)]), f" vous écrit{what}\u00a0:"),
        Text(excerpt(line.text, 2 * _SUBJECT)),
        Buttons(Button("Répondre", f"{COMMAND} ecrire {request.id}", "primary"), _open(request)),
    )


def withdrawn_message(request: PermissionRequest, asker: Span, party: Party | None) -> Message:
    """Return the notice that a permission no longer holds.

    `party`: the recipient's part in the request, None for a role that is only informed of a consent.
    """
    mine = party == "asker"
    sentence = (
        f"Vous pouviez {WORDS[request.kind].act}."
        if mine
        else f"Il était permis {_permitted(request, party)}."
    )
    title = "Une autorisation ne vaut plus"
    if request.kind == "image":
        renounced = request.closed_by == "asker"
        title = "On renonce à publier une image" if renounced else "Un consentement est retiré"
    return Message(
        Heading(title),
        Text(requests.state_words(request), f" {sentence}"),
        *about(request, dated=False),
        *([Text(bold("Pourquoi\u00a0: "), excerpt(request.closing, _SUBJECT))] if request.closing else []),
        Text(_ONCE_OVER[request.kind]),
        *([] if mine else [Text("Qui l'avait demandé\u00a0: ", asker, ".")]),
        # A consent is between two persons: the role that is informed of it may open only the register.
        Buttons(_open(request) if party else Button("Le registre", f"{COMMAND} registre")),
    )


def _permitted(request: PermissionRequest, party: Party | None) -> str:
    """Return what is permitted, to be written after « Il est permis ». `party`: the reader's part."""
    return "de publier une image où vous êtes" if party == "consenter" else WORDS[request.kind].of_act


def expiry_message(request: PermissionRequest, today: date, party: Party) -> Message:
    """Return the notice that a permission ends soon, ends today or has ended.

    `party`: the recipient's part in the request.
    """
    until = request.until or today
    permitted = f"Il est permis {_permitted(request, party)}"
    was = f"Il était permis {_permitted(request, party)}"
    if party == "asker":
        act = WORDS[request.kind].act
        permitted, was = f"Vous pouvez {act}", f"Vous pouviez {act}"
    if over := today > until:
        ends, text = "a pris fin", f"{was} jusqu'au {in_words(until)}."
    elif today == until:
        ends, text = "prend fin aujourd'hui", f"{permitted} jusqu'à ce soir."
    else:
        ends = "prend bientôt fin"
        text = f"{permitted} jusqu'au {in_words(until)}."
    more = Button("Demander de prolonger", f"{COMMAND} prolonger {request.id}", "primary")
    return Message(
        Heading(f"{'Un consentement' if request.kind == 'image' else 'Une autorisation'} {ends}"),
        Text(text),
        *about(request, dated=False),
        *([Text(_ONCE_OVER[request.kind])] if over else []),
        Buttons(*([more] if party == "asker" else []), _open(request)),
    )


def stranded_message(request: PermissionRequest, role: str) -> Message:
    """Return the notice to the administration that nobody can decide on a request.

    `role`: the deciding role's title.
    """
    return Message(
        Heading("Personne ne peut décider d'une demande"),
        Text(
            f"Une demande ({WORDS[request.kind].title.lower()}) attend le rôle «\u00a0{role}\u00a0». "
            "Personne ne peut y répondre, ni dans ce rôle, ni dans ceux qui en prennent la relève. "
            "La personne qui demande ne décide pas de sa propre demande."
        ),
        Note("Nommez quelqu'un à ce rôle\u00a0: je lui remettrai la demande."),
        Buttons(Button("Voir les rôles", "roles", "primary")),
    )
