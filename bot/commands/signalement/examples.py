"""An example of each reply of `signalement`, for the gallery."""

from dataclasses import replace

from bot.commands.signalement import follow_messages, messages
from bot.conversation.forms import Reply, refused_form
from bot.people import roles
from bot.reports import codes, reporter_access, routing
from bot.reports.cases import DialogueMessage
from bot.reports.filing import Report
from bot.reports.identifying import IdentifyingKind, IdentifyingMark
from bot.reports.intake import Reporting
from bot.reports.reporter_access import Followup

_NAME = IdentifyingKind(0, "name", "Le nom d'une personne", (), None)


def signalement_examples(reporting: Reporting) -> dict[str, Reply]:
    """Return an example of each reply of `signalement`, by name. Call it on the storage thread."""
    with reporting.session() as session:
        titles = routing.titles(session.db)
        recipients = roles.recipients(session.db, session.today)
    counts = ", ".join(f"{title} (12 personnes)" for title in titles.values())
    readers = f"Qui peut en recevoir aujourd'hui, dans l'ordre\u00a0: {counts}."
    audience = messages.ReportAudience(titles, recipients, recipients[0], readers)
    clause = reporting.clause()
    draft = Report(
        "https://www.facebook.com/spotted/posts/123", "On y dit du mal de l'association.", canonical=True
    )
    blamed = replace(
        draft, implicated=recipients[:1], urgent=True, recipient=recipients[-1], name="Camille Exemple"
    )
    mark = IdentifyingMark(0, 15, _NAME, "Camille Exemple")
    token, chosen = "q1w2e3r4t5y6u7i8", Report(recipient=recipients[-1], implicated=recipients, urgent=True)
    first_name = IdentifyingMark(0, 7, _NAME, "Camille")
    code = "abaisser abandon abdiquer abeille abolir aborder aboutir aboyer abrasif"
    question = DialogueMessage("holder", "De quelle page s'agit-il?", "2026-11-24")
    answer = DialogueMessage("reporter", "De la page principale.", "2026-11-25")
    received = Followup("r", "Reçu", closed=False, outcome="", explanation="", dialogue=())
    closed = Followup(
        "r", "Clos", closed=True, outcome="Traité", explanation="Merci.", dialogue=(question, answer)
    )
    misspelt = code.replace("abeille", "abeile")
    return {
        "Signaler": messages.first(clause, Report(), "", audience),
        "Signaler, des choix faits": messages.first(clause, chosen, "", replace(audience, heir=None)),
        "Signaler, à qui": messages.recipient_question(Report(), "", audience),
        "Signaler, le formulaire": messages.form("000", Report()),
        "Signaler, le formulaire à corriger": messages.form(
            messages.write_choices(draft, token, recipients), draft
        ),
        "Signaler, relire": messages.review(draft, token, (), audience),
        "Signaler, relire et revoir": messages.review(
            blamed, token, (mark,), replace(audience, heir=recipients[-1])
        ),
        "Signaler, il manque quelque chose": refused_form(
            messages.form("000", Report()),
            {"propos": "Dites en quelques mots ce que la publication dit. Rien n'est envoyé."},
            token,
        ),
        "Signaler, le code": messages.sent(code, token, token),
        "Signaler, le code est noté": messages.NOTED,
        "Signaler, avec une image": messages.first(
            clause, Report(), "", replace(audience, web_form="https://signaler.exemple.ca")
        ),
        "Utiliser un autre canal": messages.other_channels(reporting.channels),
        "Signaler, annulé": messages.GIVEN_UP,
        "Signaler, trop tard": messages.TOO_LATE,
        "Suivre, le code à entrer": follow_messages.code_form(),
        "Suivre, un code qui n'ouvre rien": refused_form(
            follow_messages.code_form(), {"code": reporter_access.GONE}, token
        ),
        "Suivre, un mot qui n'est pas de la liste": refused_form(
            follow_messages.code_form(), {"code": codes.misreading(misspelt)}, token
        ),
        "Suivre, le code à corriger": follow_messages.code_form().filled({"code": misspelt}),
        "Suivre": follow_messages.followed(received, token),
        "Suivre, une question": follow_messages.followed(
            replace(received, status="Lu", dialogue=(question,)), token
        ),
        "Suivre, clos": follow_messages.followed(closed, token),
        "Suivre, répondre": follow_messages.answer_form(token),
        "Suivre, relire": follow_messages.answer_review(answer.text, token, token, (first_name,)),
        "Suivre, ajouté": follow_messages.added(token),
        "Suivre, retirer": follow_messages.withdrawal(token),
        "Suivre, retiré": follow_messages.WITHDRAWN,
        "Suivre, la page s'est fermée": follow_messages.CLOSED_PAGE,
        "Un code de suivi écrit dans la conversation": follow_messages.CODE_SEEN,
    }
