"""An example of each message about requests for a permission, for the gallery."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from bot.commands.demande import messages, windows
from bot.commands.demande.drafts import RequestDraft
from bot.commands.demande.messages import QUOTE_WEIGHT, Card, Listed
from bot.commands.demande.registre import Registered, register_message
from bot.configuration.profile import Profile, RoleProfile
from bot.conversation.forms import Reply
from bot.conversation.messages import Span
from bot.conversation.messages import person as person_span
from bot.conversation.requests import Actor
from bot.permissions.kinds import RequestKind
from bot.permissions.requests import (
    IMAGE_LENGTH,
    REASON_LENGTH,
    SUBJECT_LENGTH,
    Asking,
    Party,
    PermissionRequest,
)
from bot.permissions.thread import LINE_LENGTH, ThreadLine
from bot.policy.annotations import PermissionKind

_ID: Final = "0f3c9a5b0f3c9a5b"
_DIGEST: Final = "3b1f" * 16
_LONG: Final = "Une phrase assez longue pour remplir la place qu'on lui laisse. " * 20
_ASKER, _FRIEND = person_span("local", "conseil"), person_span("local", "officier")
_DECIDER: Final = person_span("local", "communications")
_SIGNER: Final = "Zoé Côté"


def demande_examples(
    kinds: Mapping[PermissionKind, RequestKind], profile: Profile, today: date
) -> dict[str, Reply]:
    """Return an example of each reply about requests, by name.

    `kinds`: the kinds that the policies require.
    """
    if not kinds:
        return {}
    first = next(iter(kinds.values()))
    page, image = kinds.get("page", first), kinds.get("image", first)
    decider = profile.role(page.decider)
    role, fallback = (_named(decider_role) for decider_role in (decider, profile.role(decider.fallback)))
    return {
        **_windows(page, image, today),
        **_before(page, image, today, role, fallback),
        "Demander, l'image de qui?": messages.whose_image(profile.typed("demande code")),
        "Demander, l'image de qui? Une seule plateforme": messages.whose_image(""),
        "Demander, un code à donner": messages.contact_code("K7PMQ-3TXDW"),
        **_lists(page, image, today),
        **_of_a_role(page, today, role),
        **_of_a_person(image, today, role),
    }


def _named(role: RoleProfile) -> str:
    return f"rôle «\u00a0{role.title}\u00a0»"


def _windows(page: RequestKind, image: RequestKind, today: date) -> dict[str, Reply]:
    pending = _asked(page, today)
    consent = _asked(image, today, consenter="b")
    paper = _asked(image, today, on_paper=True)
    forms: dict[str, Reply] = {
        f"Demander, la fenêtre\u00a0: {window}": windows.asking_form(window, name="Maxime Roy")
        for window in windows.WINDOWS
    }
    asking = Asking("image", "La page du club", image="Deux personnes", name="Maxime Roy", id=_ID)
    draft = RequestDraft(asking, Actor("local", "", "officier"))
    return {
        **forms,
        "Demander, la fenêtre remplie": windows.asking_form("personne", draft),
        "Demander, la fenêtre d'un code, remplie": windows.asking_form("ailleurs", draft),
        "Accorder, la fenêtre": windows.granting_form(pending, "Maxime Roy", "", "Dominique Roy"),
        "Accepter, la fenêtre": windows.granting_form(consent, "Maxime Roy", "", "Camille Roy"),
        "Inscrire une signature, la fenêtre": windows.granting_form(
            paper, "Maxime Roy", _SIGNER, "Dominique Roy"
        ),
        "Refuser, la fenêtre": windows.refusing_form(pending, "decider"),
        "Refuser un consentement, la fenêtre": windows.refusing_form(consent, "consenter"),
        "Poser une question, la fenêtre": windows.line_form(consent, "consenter"),
        "Répondre, la fenêtre": windows.line_form(pending, "asker"),
        "Retirer une autorisation, la fenêtre": windows.withdrawing_form(pending),
        "Retirer un consentement sur papier, la fenêtre": windows.withdrawing_form(paper),
    }


def _before(page: RequestKind, image: RequestKind, today: date, role: str, fallback: str) -> dict[str, Reply]:
    asking = Asking("page", "Une page pour le club", today + timedelta(days=90), name="Maxime Roy", id=_ID)
    picture = Asking("image", "La page du club", image="Deux personnes", name="Maxime Roy", id=_ID)
    seen = RequestDraft(replace(picture, fingerprint=_DIGEST), Actor("local", "", "officier"))
    long = RequestDraft(replace(picture, subject=_LONG[:SUBJECT_LENGTH], image=_LONG[:IMAGE_LENGTH]))
    paper = (f"au {role}, et sera inscrite quand {_SIGNER} aura signé un papier",)
    return {
        "Demander, est-ce bien cela?": messages.confirm(RequestDraft(asking), page, "page", (f"au {role}",)),
        "Demander, la relève en décide": messages.confirm(
            RequestDraft(asking),
            page,
            "page",
            (f"au {fallback}, qui prend la relève du {role}",),
        ),
        "Demander un consentement, est-ce bien cela?": messages.confirm(
            seen, image, "personne", ("à ", _FRIEND)
        ),
        "Demander un consentement par un code, est-ce bien cela?": messages.confirm(
            seen, image, "ailleurs", (messages.by_code("discord"),)
        ),
        "Demander, un long texte": messages.confirm(long, image, "papier", paper),
        "Demander, c'est oublié": messages.FORGOTTEN,
        "Demander, trop tard": messages.TOO_LATE,
    }


def _lists(page: RequestKind, image: RequestKind, today: date) -> dict[str, Reply]:
    pending = _asked(page, today)
    consent = _asked(image, today, consenter="b")
    granted = _granted(pending, today)
    mine = [Listed(_other(granted, 2), "asker"), Listed(_other(_accepted(consent, today), 3), "consenter")]
    many = [Listed(_other(granted, number), "asker") for number in range(9)]
    rows = [
        replace(granted, until=today + timedelta(days=9)),
        replace(granted, until=None, asker="b"),
        _other(_withdrawn(granted, "decider", today), 1),
    ]

    def row_of(request: PermissionRequest) -> Registered:
        mine = request.asker == "a"
        return Registered(request, _ASKER if mine else _FRIEND, opens=mine)

    missing = [replace(page, decider=None).unoffered()]
    return {
        "Les demandes, rien encore": messages.home([page], [], []),
        "Les demandes, rien à demander": messages.home([], [], []),
        "Les demandes": messages.home([page, image], [pending, _other(consent, 1)], mine, registers=True),
        "Les demandes, la deuxième page": messages.home([page], [], many, page=2),
        "Les demandes, à l'administration": messages.home([page], [], [], registers=True, missing=missing),
        "Le registre des autorisations, vide": register_message([], row_of, today),
        "Le registre des autorisations": register_message(rows, row_of, today),
        "Le registre des autorisations, la suite": register_message(
            [example.request for example in many], row_of, today, page=2
        ),
    }


def _of_a_role(page: RequestKind, today: date, role: str) -> dict[str, Reply]:
    pending = _asked(page, today)
    granted = _granted(pending, today)
    refused = replace(_granted(pending, today), state="refused", reason="Le club en a déjà une.", until=None)
    lines = [
        (_DECIDER, ThreadLine(1, "decider", "c", "Qui la tiendra à jour?", today)),
        (_ASKER, ThreadLine(2, "asker", "a", "Le comité, chaque semaine.", today)),
    ]

    def shown(
        request: PermissionRequest,
        party: Party,
        lead: str = "",
        lines: Sequence[tuple[Span, ThreadLine]] = (),
    ) -> Reply:
        return messages.card(_card(request, party, page, role, lines), lead=lead)

    return {
        "Une demande, envoyée": shown(pending, "asker", "C'est envoyé."),
        "Une demande, à décider": shown(pending, "decider"),
        "Une demande, avec une question": shown(pending, "asker", lines=lines[:1]),
        "Une demande, la question a sa réponse": shown(pending, "decider", lines=lines),
        "Une demande accordée": shown(granted, "asker"),
        "Une demande accordée, pour qui a décidé": shown(granted, "decider"),
        "Une demande, déjà décidée par quelqu'un d'autre": shown(granted, "decider", messages.LATE),
        "Une demande refusée": shown(refused, "asker"),
        "Une demande annulée": shown(replace(pending, state="cancelled", closed_on=today), "asker"),
        "Une autorisation retirée": shown(_withdrawn(granted, "decider", today), "asker"),
        "Une autorisation à laquelle on a renoncé": shown(_withdrawn(granted, "asker", today), "decider"),
        "Une autorisation qui a pris fin": shown(replace(granted, state="ended"), "asker"),
        "Annuler une demande?": messages.cancelling(pending),
        "Renoncer à une autorisation?": messages.renouncing(granted),
        "Un certificat demandé": messages.certificate_coming(granted, "en message privé, sur Slack"),
    }


def _of_a_person(image: RequestKind, today: date, role: str) -> dict[str, Reply]:
    consent = _asked(image, today, consenter="b")
    accepted = _accepted(consent, today)
    withdrawn = _withdrawn(accepted, "consenter", today)
    long = replace(
        accepted,
        subject=_LONG[:SUBJECT_LENGTH],
        image=_LONG[:IMAGE_LENGTH],
        reason=_LONG[:REASON_LENGTH],
    )
    talk = [(_ASKER, ThreadLine(1, "asker", "a", _LONG[:LINE_LENGTH], today))] * 3
    return {
        "Un consentement demandé": messages.card(_card(consent, "consenter", image, role)),
        "Un consentement donné": messages.card(_card(accepted, "consenter", image, role)),
        "Un consentement retiré": messages.card(_card(withdrawn, "asker", image, role)),
        "Un consentement retiré par qui est parti": messages.card(
            _card(replace(withdrawn, subject="", image="", consenter=None), "asker", image, role)
        ),
        "Un consentement sur papier, à inscrire": messages.card(
            _card(_asked(image, today, on_paper=True), "decider", image, role)
        ),
        "Une longue demande": messages.card(_card(long, "asker", image, role, talk)),
        "Une longue demande, la suite": messages.card(_card(long, "asker", image, role, talk), page=2),
        "Retirer son consentement?": messages.unconsenting(accepted),
    }


def _asked(
    kind: RequestKind, today: date, *, consenter: str | None = None, on_paper: bool = False
) -> PermissionRequest:
    return PermissionRequest(
        id=_ID,
        kind=kind.id,
        policy=kind.reading.policy.id,
        version=kind.reading.version.key,
        clauses=tuple(map(str, kind.clauses)),
        asker="a",
        asked_of=kind.decider or "",
        consenter=consenter,
        on_paper=on_paper,
        asked_on=today,
        until=None,
        subject="La page des soirées du club d'échecs",
        image="Deux personnes devant un échiquier" if kind.is_consent else "",
        fingerprint=_DIGEST if consenter else "",
    )


def _other(request: PermissionRequest, number: int) -> PermissionRequest:
    """Return the same request under another identifier."""
    return replace(request, id=f"{number:016x}")


def _granted(request: PermissionRequest, today: date) -> PermissionRequest:
    ruled = replace(request, state="granted", decided_by="c", decided_as=request.asked_of, decided_on=today)
    return replace(ruled, reason="Une relecture par mois.", until=today + timedelta(days=200))


def _accepted(request: PermissionRequest, today: date) -> PermissionRequest:
    return replace(request, state="granted", decided_by="b", decided_on=today)


def _withdrawn(request: PermissionRequest, by: Party, today: date) -> PermissionRequest:
    closing = "Elle n'est plus tenue à jour." if by == "decider" else ""
    return replace(request, state="withdrawn", closed_by=by, closed_on=today, closing=closing)


def _card(
    request: PermissionRequest,
    party: Party,
    kind: RequestKind,
    role: str,
    lines: Sequence[tuple[Span, ThreadLine]] = (),
) -> Card:
    to = ("à ", _FRIEND) if request.consenter else (f"au {role}",)
    by = (" Réponse de ", _DECIDER, f", pour le {role}.") if request.decided_as else ()
    signer = _SIGNER if request.on_paper else ""
    return Card(
        request, party, _ASKER, to, by, lines, kind.quotes()[0], QUOTE_WEIGHT // 2, signer, "Maxime Roy"
    )
