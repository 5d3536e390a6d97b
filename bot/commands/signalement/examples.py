"""One of each reply of `signalement`, for the gallery."""

from __future__ import annotations

from dataclasses import replace

from bot.commands.signalement import follow_messages, messages
from bot.conversation.forms import Reply
from bot.reports import followups
from bot.reports.cases import DialogueMessage
from bot.reports.drafts import ReportDraft
from bot.reports.followups import Followup
from bot.reports.routing import RECIPIENTS
from bot.reports.service import Reporting
from bot.reports.service import titles as role_titles


def signalement_examples(reporting: Reporting) -> dict[str, Reply]:
    """Return one of each reply of `signalement`, by name; on the storage thread."""
    with reporting.opened() as session:
        titles = role_titles(session.db)
    clause = reporting.clause()
    where = "https://www.facebook.com/spotted/posts/123"
    draft = ReportDraft(
        where=where, platform="facebook", canonical=True, says="On y dit du mal de l'association."
    )
    blamed = replace(
        draft, named=RECIPIENTS[:1], urgent=True, recipient=RECIPIENTS[1], name="Camille Exemple"
    )
    token, chosen = "q1w2e3r4t5y6u7i8", messages.ReportChoices(RECIPIENTS[1], RECIPIENTS, urgent=True)
    words = "abaisser abandon abdiquer abeille abolir aborder aboutir aboyer abrasif"
    return {
        "Signaler": messages.first(clause, messages.ReportChoices(), titles, RECIPIENTS[0]),
        "Signaler, des choix faits": messages.first(clause, chosen, titles, None),
        "Signaler, le formulaire": messages.form(messages.ReportChoices()),
        "Signaler, le formulaire à corriger": messages.form(messages.ReportChoices.of(draft, token), draft),
        "Signaler, relire": messages.review(draft, token, (), titles, RECIPIENTS[0]),
        "Signaler, relire et revoir": messages.review(
            blamed, token, (("Le nom d'une personne", ("Camille Exemple",)),), titles, RECIPIENTS[1]
        ),
        "Signaler, il manque quelque chose": messages.incomplete(
            messages.ReportChoices(), "Dites ce que la publication dit."
        ),
        "Signaler, le code": messages.sent(words),
        "Signaler, abandonné": messages.GIVEN_UP,
        "Signaler, trop tard": messages.TOO_LATE,
    }


def follow_examples() -> dict[str, Reply]:
    """Return one of each reply about a report that one follows, by name."""
    said = (
        DialogueMessage("holder", "De quelle page s'agit-il?", "2026-11-24"),
        DialogueMessage("reporter", "De la page principale.", "2026-11-25"),
    )
    page = "q1w2e3r4t5y6u7i8"
    return {
        "Suivre, le code à entrer": follow_messages.code_form(),
        "Suivre, un code qui n'ouvre rien": follow_messages.unopened(followups.GONE),
        "Suivre": follow_messages.followed(
            Followup("r", "Reçu", closed=False, outcome="", words="", said=()), page
        ),
        "Suivre, une question": follow_messages.followed(
            Followup("r", "Lu", closed=False, outcome="", words="", said=said[:1]), page
        ),
        "Suivre, clos": follow_messages.followed(
            Followup("r", "Clos", closed=True, outcome="Traité", words="Merci.", said=said), page
        ),
        "Suivre, répondre": follow_messages.answer_form(page),
        "Suivre, relire": follow_messages.answer_review(
            "De la page principale.", page, page, (("Le nom d'une personne", ("Camille",)),)
        ),
        "Suivre, ajouté": follow_messages.added(page),
        "Suivre, retirer": follow_messages.withdrawal(page),
        "Suivre, retiré": follow_messages.WITHDRAWN,
        "Suivre, la page s'est fermée": follow_messages.CLOSED_PAGE,
        "Un code de suivi écrit dans la conversation": follow_messages.CODE_SEEN,
    }
