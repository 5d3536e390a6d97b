"""An example of each unprompted message about a request, for the gallery."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Final

from bot.configuration.profile import Profile
from bot.conversation.messages import Message, Span, person
from bot.permissions import certificates, notices
from bot.permissions.kinds import RequestKind
from bot.permissions.requests import PermissionRequest
from bot.permissions.thread import ThreadLine
from bot.policy.annotations import PermissionKind

_DECIDED: Final = date(2026, 11, 26)


def permission_examples(kinds: Mapping[PermissionKind, RequestKind], profile: Profile) -> dict[str, Message]:
    """Return an example of each notice about a request, by name, for the kinds that the policies name."""
    alex = person("slack", "U1")
    examples: dict[str, Message] = {}
    for kind in kinds.values():
        decider = profile.role(kind.decider)
        role = decider.title
        by: tuple[Span | str, ...] = (person("slack", "U2"), f" ({role})")
        name = f"Une demande, {kind.words.title.lower()}"
        asked = _example(kind)
        until = replace(asked, until=date(2027, 4, 30))
        granted = replace(until, state="granted", decided_on=_DECIDED, decided_as=decider.id)
        withdrawn = replace(granted, state="withdrawn", closed_on=date(2027, 1, 12), closed_by="decider")
        examples |= {
            name: notices.to_decide_message(until, alex, kind.quotes(), "" if kind.is_consent else role),
            f"{name}, un rappel": notices.reminder_message(asked, alex),
            f"{name}, accordée": notices.decided_message(
                replace(granted, reason="Le nom de l'association y figure au long."), by
            ),
            f"{name}, refusée": notices.decided_message(
                replace(asked, state="refused", decided_on=_DECIDED, reason="Il y en a déjà une."),
                by,
            ),
            f"{name}, un mot": notices.line_message(
                asked,
                ThreadLine(1, "decider", "p1", "Qui d'autre y écrira?", date(2026, 11, 25)),
                alex,
                "asker",
            ),
            f"{name}, une réponse": notices.line_message(
                asked, ThreadLine(2, "asker", "p2", "Nous serons trois.", date(2026, 11, 25)), alex, "decider"
            ),
            f"{name}, retirée": notices.withdrawn_message(
                replace(withdrawn, closing="L'événement est annulé."), alex, "asker"
            ),
            f"{name}, retirée, pour qui l'a accordée": notices.withdrawn_message(
                replace(withdrawn, closed_by="consenter" if kind.is_consent else "asker"),
                alex,
                None if kind.is_consent else "decider",
            ),
            f"{name}, bientôt échue": notices.expiry_message(granted, date(2027, 4, 16), "asker"),
            f"{name}, échue aujourd'hui": notices.expiry_message(granted, date(2027, 4, 30), "asker"),
            f"{name}, échue": notices.expiry_message(granted, date(2027, 5, 3), "decider"),
            f"{name}, sans personne pour en décider": notices.stranded_message(asked, role),
        }
        if kind.is_consent:
            paper = replace(until, on_paper=True, consenter=None)
            renounced = replace(withdrawn, closed_by="asker")
            cancelled = replace(asked, state="cancelled", closed_on=_DECIDED, subject="", image="")
            examples[f"{name}, sur papier, retirée"] = notices.withdrawn_message(
                replace(paper, state="withdrawn", closed_on=date(2027, 1, 12), closed_by="decider"),
                alex,
                "asker",
            )
            examples[f"{name}, sans réponse possible"] = notices.unanswerable_message(cancelled)
            examples[f"{name}, on y renonce"] = notices.withdrawn_message(renounced, alex, "consenter")
            examples[f"{name}, bientôt échue, pour qui consent"] = notices.expiry_message(
                granted, date(2027, 4, 16), "consenter"
            )
            examples[f"{name}, sur papier"] = notices.to_decide_message(paper, alex, kind.quotes(), role)
        if kind.decider:
            examples |= {
                f"{name}, le certificat": certificates.certificate_message(granted, 12, b"%PDF-1.7"),
                f"{name}, le certificat, impossible": certificates.failed_message(
                    granted, "Le programme qui compose la page n'a pas répondu."
                ),
            }
    return examples


def _example(kind: RequestKind) -> PermissionRequest:
    return PermissionRequest(
        "0f3c9a5be2d14c70",
        kind.id,
        kind.reading.policy.id,
        kind.reading.version.key,
        tuple(map(str, kind.clauses)),
        "p2",
        kind.decider or "",
        "p3" if kind.is_consent else None,
        on_paper=False,
        asked_on=date(2026, 11, 24),
        until=None,
        subject="Le tournoi de soccer du 14 avril, et ce qui l'entoure.",
        image="Trois personnes au kiosque d'accueil, de face." if kind.is_consent else "",
        fingerprint="5" * 64 if kind.is_consent else "",
    )
