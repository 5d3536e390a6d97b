"""An example of each reply of `signalements`, for the gallery."""

from dataclasses import replace
from datetime import date

from bot.commands.signalements import handover, messages
from bot.conversation.forms import Reply
from bot.conversation.messages import Message, Text
from bot.reports import routing
from bot.reports.cases import DIFFERENT, NOT_YOURS, CaseLine, DialogueMessage, Filing, ReportCase, outcomes
from bot.reports.filing import Report
from bot.reports.intake import Reporting


def signalements_examples(reporting: Reporting) -> dict[str, Reply]:
    """Return an example of each reply of `signalements`, by name. Call it on the storage thread."""
    with reporting.session() as session:
        titles = routing.titles(session.db)
        endings = outcomes(session.ground)
    first, second = "0f3c9a5be2d14c700f3c9a5be2d14c70", "7be2d14c700f3c9a5be2d14c700f3c9a"
    day = date(2026, 11, 24)
    role = next(iter(titles))
    line = CaseLine(first, "received", urgent=True, since=day, reports=2, news=True, hold=False, role=role)
    other = CaseLine(second, "taken", urgent=False, since=day, reports=1, news=True, hold=True, role=role)
    question = DialogueMessage("holder", "De quelle page s'agit-il?", "2026-11-24")
    report = Report(
        "https://www.facebook.com/spotted/posts/123", "On y dit du mal de l'association.", canonical=True
    )
    anonymous = Filing("a", report, (question,), image=True, day=day)
    signed = Filing("b", replace(report, name="Camille"), (), image=False, day=day)
    long = replace(anonymous, dialogue=(replace(question, text="Une question longue. " * 45),) * 4)
    closed = ReportCase(replace(line, status="closed"), (signed,), "handled", "La publication a été retirée.")
    return {
        "Les signalements": messages.open_list([line, other]),
        "Les signalements, aucun": messages.open_list([]),
        "Les signalements clos": messages.closed_list([replace(other, status="closed")], 90),
        "Les signalements clos, aucun": messages.closed_list([], 90),
        "Un signalement": messages.case_message(ReportCase(other, (signed,), None, ""), 1, titles, endings),
        "Un signalement, de deux personnes": messages.case_message(
            ReportCase(line, (anonymous, signed), None, ""), 1, titles, endings
        ),
        "Un signalement, d'une publication qui en a deux": messages.case_message(
            ReportCase(line, (anonymous, signed), None, ""), 1, titles, endings, same_post=[other]
        ),
        "Un signalement, de longs échanges": messages.case_message(
            ReportCase(other, (long,), None, ""), 1, titles, endings
        ),
        "Les échanges d'un signalement": messages.dialogue_message(ReportCase(other, (long,), None, ""), 1),
        "Un signalement, à peine pris en charge": messages.case_message(
            ReportCase(replace(other, status="taken"), (signed,), None, ""),
            1,
            titles,
            endings,
            undo=messages.undo(second, "read"),
        ),
        "Un signalement, plus": messages.more(ReportCase(line, (signed,), None, ""), 1, 90),
        "Un signalement clos, plus": messages.more(
            ReportCase(replace(other, status="closed"), (signed,), None, ""), 1, 90
        ),
        "Un signalement clos": messages.case_message(closed, 1, titles, endings),
        "Un signalement confié": messages.reassigned(titles[role], to_self=False),
        "Un signalement confié dans son propre rôle": messages.reassigned(titles[role], to_self=True),
        "Un signalement qui n'est pas pour vous": Message(Text(NOT_YOURS)),
        "Deux signalements qui ne se joignent pas": Message(Text(DIFFERENT)),
        "Aucun autre signalement": messages.NO_OTHER,
        "Personne à qui confier": messages.NO_HEIR,
        "Poser une question": messages.question_form(first, second),
        "Changer l'état": messages.status_form(first),
        "Clore": messages.closing_form(first, endings),
        "Joindre": messages.merge_form(first, [other]),
        "Confier": messages.heir_form(first, list(titles), titles),
        "Confier ce que personne ne lit, rien": handover.overview(0, [role], titles, None),
        "Confier ce que personne ne lit": handover.overview(2, [role], titles, None),
        "Confier ce que personne ne lit, à deux": handover.overview(1, [role], titles, role),
        "Confier ce que personne ne lit, avant que tout le monde en soit averti": handover.overview(
            1, [role], titles, role, notified=False
        ),
        "Confier ce que personne ne lit, sans titulaire": handover.overview(1, [], titles, None),
        "C'est confié": handover.done(titles[role]),
    }
