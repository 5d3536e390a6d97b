"""An example of each message about revisions, for a made-up revision of the default policy."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from bot.commands import nouveautes, versions
from bot.commands.revision import messages as say
from bot.commands.revision import outline_messages as outlines
from bot.commands.revision.ledger_messages import drawing, ledger_file, ledger_page
from bot.conversation.forms import Reply, refused_form
from bot.conversation.messages import Button, Span
from bot.onboarding.course import Course
from bot.onboarding.enrolment import Standing
from bot.onboarding.notices import due_line, progress_lines
from bot.policy.articles import PolicyError, Version
from bot.policy.changes.comparison import Nature, compare
from bot.policy.decisions import NAMES
from bot.policy.library import Library, Policy, SetAside
from bot.policy.markdown import read_markdown
from bot.policy.names import GenderedName
from bot.policy.outline import build_outline
from bot.policy.provisions import LineReading, Outline, Paragraph, Provision
from bot.revision import ahead_notices, notices, picture
from bot.revision.dropped_texts import DroppedText
from bot.revision.ledger import Asked, Recipient
from bot.revision.picture import Curve
from bot.revision.reading.document import Document
from bot.revision.reading.findings import LintFinding
from bot.revision.reading.wrong_files import LOCKED, NO_POLICY_PAGE, describe_file
from bot.revision.revisions import Dates, Revision, State
from bot.times import Calendar, in_words

_UNREAD = SetAside("mtg", PolicyError("mtg/2026-11-03.md", 12, "le fichier n'est pas en UTF-8."), None)
_KEY = "exemple"  # the key under which quotations cite the made-up version
_ID = "0f3c9a5be2d14c70"
_TOKEN = "0" * 16
_RULES = """# Règlement du club

Sommaire

1. Nom ........ 2

2. Membres ........ 3

## 1. Nom

1.1 Le club se nomme Les Grimpettes.

1.4 Son siège est au gymnase.

## 2. Membres

3.5 de la Loi sur les clubs s'applique.

Titre provisoire
"""
_NOW = datetime(2026, 11, 24, 15, tzinfo=UTC)
_TOLD = date(2026, 11, 24)


def _curve_png(name: str) -> bytes:
    points = ((0, 2), (1, 5), (3, 6), (7, 9), (8, 10))
    words = "Envoyé\u00a0: 14\nOuvert\u00a0: 12\nAttesté\u00a0: 10 sur 14"
    title = f"{name}, révision du {in_words(date(2026, 11, 18))}"
    return picture.draw(Curve(title, 14, date(2026, 11, 24), date(2026, 12, 4), points, words))


def _made_up(library: Library, policy: Policy) -> Version:
    """Return a version in which a clause gains a sentence and another is removed."""
    version = library.current(policy)
    [*others, last] = version.outline.provisions
    if len(last.children) > 1:
        last = replace(last, children=last.children[:-1])
    changed = next(provision for provision in version.outline.walk() if provision.paragraphs)
    more = replace(
        changed, paragraphs=(Paragraph(f"{changed.paragraphs[0].text} Il en est de même ailleurs."),)
    )
    provisions = tuple(_with(provision, changed, more) for provision in (*others, last))
    version = Version(version.policy, version.adopted, Outline((), provisions), key=_KEY)
    library.propose(version)
    return version


def _with(provision: Provision, old: Provision, new: Provision) -> Provision:
    """Return a provision in which `old`, if it is there, is replaced with `new`."""
    if provision is old:
        return new
    return replace(provision, children=tuple(_with(child, old, new) for child in provision.children))


def revision(state: State, *, withdraws: str | None = None) -> Revision:
    """Return a made-up revision."""
    decided = state in {"scheduled", "announced"}
    return Revision(
        id=_ID,
        policy="pa20",
        state=state,
        source="file",
        text="",
        sha256="",
        base="2015-12-13",
        adopted=date(2026, 11, 18) if decided else None,
        effective=date(2026, 11, 24) if decided else None,
        natures={},
        nature=Nature.SUBSTANTIVE if state == "announced" else None,
        notes=(LintFinding("reference", "5.3", "La clause 5.19, qui y est nommée, n'existe pas."),),
        withdraws=withdraws,
        proposed_by=None,
        proposed_on=date(2026, 11, 20),
        announced_at=_NOW if state == "announced" else None,
        withdrawn_on=date(2026, 11, 21) if state == "withdrawn" else None,
    )


def revision_examples(course: Course, calendar: Calendar) -> dict[str, Reply]:
    """Return an example of each reply about revisions, by name."""
    policy = course.library.default
    comparison = compare(course.library.current(policy), _made_up(course.library, policy))
    made_up: tuple[State, ...] = ("proposed", "scheduled", "announced", "withdrawn")
    states = [revision(state) for state in made_up]
    proposed, scheduled, announced, withdrawn = states
    proposal = (policy, proposed, comparison)
    reverted = revision("announced", withdraws=_ID)
    new = replace(announced, base=None)
    standing = Standing(
        "",
        _NOW,
        None,
        {},
        date(2027, 2, 3),
        None,
        reminders=0,
        round=1,
        by_hand=False,
        refreshed=False,
        scope="changes",
        questions=2,
    )
    read = replace(standing, steps={"read": _NOW})
    passed = replace(standing, steps={"read": _NOW, "passed": _NOW})
    coming = replace(announced, state="scheduled", adopted=_TOLD, effective=date(2027, 1, 1), withdraws=_ID)
    ahead = replace(scheduled, effective=date(2027, 3, 1), ahead_on=_TOLD)
    later = replace(ahead, ahead_on=None)
    cancelled = replace(withdrawn, ahead_on=_TOLD, effective=ahead.effective)
    ahead_notice = ahead_notices.coming(policy, ahead, comparison)
    first = replace(announced, state="origin", adopted=date(2020, 1, 1), effective=None)
    same = replace(announced, state="announced", adopted=date(2026, 11, 12))
    history = versions.version_lines([first, same, announced, coming])
    day = in_words(_TOLD)
    due = due_line(standing.due_on, _TOLD)
    alex, blaise = Span("Alex"), Span("Blaise")
    counts: dict[Asked, int] = {"nothing": 0, "changes": 9, "whole": 3}
    recipient = Recipient("", "changes", "sent", None, "slack", _TOLD, _TOLD, _NOW, _NOW)
    unreached = replace(
        recipient, state="failed", problem="closed (50007)", sent_on=None, opened_at=None, attested_at=None
    )
    lines = [(alex, recipient), (blaise, unreached)]
    return {
        "Avis de révision, rien à faire": notices.notice(policy, announced, comparison, "nothing"),
        "Avis de révision, lire ce qui change": notices.notice(
            policy, announced, comparison, "changes", 2, due=due
        ),
        "Avis de révision, sans question": notices.notice(policy, announced, comparison, "changes"),
        "Avis de révision, tout lire": notices.notice(policy, announced, comparison, "whole"),
        "Avis de révision, tout lire, sans quiz": notices.notice(
            policy, announced, comparison, "whole", quizzed=False
        ),
        "Avis d'un retour au texte d'avant": notices.notice(policy, reverted, comparison, "changes"),
        "Avis d'une nouvelle politique": notices.notice(policy, new, comparison, "nothing"),
        "Annonce d'une nouvelle politique dans un canal": notices.in_channel(policy, new, comparison),
        "Annonce d'une révision dans un canal": notices.in_channel(policy, announced, comparison),
        "Annonce d'une révision à venir dans un canal": ahead_notice,
        "Annonce d'un retour à venir dans un canal": ahead_notices.coming(
            policy, replace(ahead, withdraws=_ID), comparison
        ),
        "Retrait d'une révision à venir dans un canal": ahead_notices.cancelled(policy, cancelled),
        "Rappel d'une révision": notices.reminder(policy, date(2026, 11, 18), 2, due=due),
        "Rappel d'une révision, sans question": notices.reminder(policy, date(2026, 11, 18), 0),
        "Un texte changé dans les fichiers": notices.text_found(policy.name, _ID),
        "Un fichier de politique qui ne se lit pas": notices.text_unread([_UNREAD.problem]),
        "L'image d'une révision": notices.picture(_curve_png(policy.name), "Attesté\u00a0: 10 sur 14", _TOLD),
        "Ce qui a changé": nouveautes.changes_message(
            policy, announced, comparison, 1, Button("J'ai lu", "nouveautes lu pa20 2026-11-18", "primary")
        ),
        "Ce qui a changé, et ce qui vient": nouveautes.changes_message(
            policy, announced, comparison, 1, None, coming=[ahead]
        ),
        "Ce qui a changé, celle qui venait étant retirée": nouveautes.changes_message(
            policy, announced, comparison, 1, None, cancelled=cancelled
        ),
        "Ce qui changera": nouveautes.coming_message(policy, ahead, comparison, 1),
        "Aucune révision, une à venir": nouveautes.none_yet(policy, [ahead]),
        "Aucune révision, celle qui venait étant retirée": nouveautes.none_yet(policy, cancelled=cancelled),
        "Aucune révision": nouveautes.none_yet(policy),
        "J'ai lu, des questions à faire": nouveautes.reading_noted(course, read),
        "J'ai lu, plus qu'à attester": nouveautes.reading_noted(course, passed),
        "J'ai lu, sans question": nouveautes.reading_noted(course, replace(read, questions=0)),
        "J'ai lu, rien d'autre": nouveautes.nothing_asked(policy, done=False),
        "J'ai lu, déjà attesté": nouveautes.nothing_asked(policy, done=True),
        "J'ai lu, tout est à lire": nouveautes.whole_asked(policy),
        "Une révision plus récente": nouveautes.replaced(policy, announced),
        "Une révision, où j'en suis": nouveautes.revision_steps(
            course, standing, {}, progress_lines(due, "")
        ),
        "Une révision, sans question": nouveautes.revision_steps(
            course, replace(read, questions=0), {"read": day}
        ),
        "Une révision, à répondre": nouveautes.revision_steps(course, read, {"read": day}),
        "Une révision, à attester": nouveautes.revision_steps(course, passed, {"read": day, "passed": day}),
        "Les versions": versions.history_page(policy, history, _TOLD),
        "Les versions, une à venir": versions.history_page(
            policy, versions.version_lines([first, same, ahead]), _TOLD
        ),
        "À une autre date": versions.date_form(policy),
        "Les révisions": say.overview(
            [(policy, replace(state, id=f"{at}{_ID[1:]}")) for at, state in enumerate(states, 1)]
        ),
        "Les révisions, au début": say.overview([]),
        "Les révisions, des fichiers à reprendre": say.overview([], [(_TOKEN, "reglement.docx")]),
        "Une révision proposée": say.shown(
            *proposal, counts, by=alex, agreed=[], today=_TOLD, left=["3 questions du quiz"]
        ),
        "Une nouvelle politique proposée": say.shown(
            policy, replace(proposed, base=None), comparison, {}, by=alex, agreed=[], today=_TOLD
        ),
        "Une révision à moitié approuvée": say.shown(*proposal, {}, by=alex, agreed=[blaise], today=_TOLD),
        "Une révision en vigueur": say.shown(
            policy, announced, comparison, {}, by=None, agreed=[alex, blaise], today=_TOLD
        ),
        "Une révision, comparée": say.compared(*proposal, 1),
        "Une révision, son avis": say.preview(policy, scheduled, comparison, "changes", 2),
        "Une révision, son avis sur chaque plateforme": say.previewed(proposed, b"<!doctype html>"),
        "Une révision, son annonce": say.preview(policy, scheduled, comparison, "changes", 0, channel=True),
        "Une révision, forme ou fond": say.natures(*proposal, 1),
        "Une révision, ses dates": say.dates_form(proposed, say.KnownDates(None, None)),
        "Une révision, ses dates lues dans le texte": say.dates_form(
            proposed, say.KnownDates(date(2026, 11, 18), None, written=True)
        ),
        "Une révision, ses dates à corriger": refused_form(
            say.dates_form(proposed, say.KnownDates(None, None)),
            {
                "adoptee": "«\u00a004/03/2026\u00a0» peut être le 4 mars 2026 ou le 3 avril 2026. Écrivez le "
                "mois en lettres. Rien n'est approuvé.",
                "effet": "Il manque la date. Rien n'est approuvé.",
            },
            _ID,
        ),
        "Une révision, ses dates oubliées": say.dates_form(proposed, say.KnownDates(None, None)).emptied(),
        "Une révision, ses dates à vérifier": say.dates_read(
            proposed, Dates(date(2026, 11, 18), date(2026, 12, 1)), _TOLD
        ),
        "Une révision, sa date d'effet est passée": say.dates_read(
            proposed, Dates(date(2026, 11, 18), date(2026, 11, 20)), _TOLD
        ),
        "Une révision approuvée": say.approved(policy, scheduled, _TOLD - timedelta(days=1)),
        "Une révision approuvée pour plus tard": say.approved(policy, later, _TOLD),
        "Une révision à annoncer d'avance": say.announcing_ahead(later, ahead_notice, channels=2),
        "Une révision à annoncer d'avance, sans canal": say.announcing_ahead(later, ahead_notice, channels=0),
        "Une révision annoncée d'avance": say.announced_ahead(policy, ahead, channels=1),
        "Une révision annoncée d'avance, sans canal": say.announced_ahead(policy, ahead, channels=0),
        "Une révision à venir": say.shown(
            policy, ahead, comparison, counts, by=alex, agreed=[blaise], today=_TOLD
        ),
        "Une révision à venir à retirer": say.withdrawing(policy, ahead),
        "Une révision à venir retirée": say.withdrawn(policy, cancelled),
        "Une révision approuvée, à l'instant": say.approved(policy, scheduled, _TOLD),
        "Une révision à approuver par une autre personne": say.approved(policy, proposed, _TOLD),
        "Une révision à retirer": say.withdrawing(policy, proposed),
        "Une révision en vigueur à retirer": say.withdrawing(policy, announced),
        "Une révision retirée": say.withdrawn(policy, withdrawn),
        "Un fichier qui n'est pas un texte": say.unreadable("affiche.png", describe_file(b"GIF8")),
        "Un PDF protégé": say.unreadable("politique.pdf", LOCKED),
        "Une page Web sans politique": say.unreadable("documents.html", NO_POLICY_PAGE),
        "Un modèle de révision": say.model(policy, course.library.current(policy)),
        "Un modèle de révision, de quelle politique": say.which_model([policy]),
        "Un fichier où rien ne change": say.unchanged(policy.name),
        "Un fichier déposé, sa politique": say.which_policy(_TOKEN, [policy]),
        "Un fichier déposé, une première version à venir": say.which_policy(
            _TOKEN, [policy], {"rg": GenderedName("RG", "masculin")}
        ),
        "Un fichier déposé, une nouvelle politique": say.new_policy_form(_TOKEN),
        **_outline_examples(policy),
        "Un texte qui ne peut être proposé": say.unfit(policy.name, proposed.notes, _TOKEN),
        "Un texte sans titre ni numéro": say.unreadable("Ce document", "aucun titre ni numéro.", _TOKEN),
        "Le registre d'une révision": ledger_page(policy, announced, lines, 1, calendar),
        "Le registre d'une révision, au début": ledger_page(policy, announced, [], 1, calendar),
        "Le registre d'une révision, en fichier": ledger_file(policy, announced, "compte\n"),
        "L'image d'une révision, demandée": drawing(announced, "en message privé, sur Slack"),
    }


def _outline_examples(policy: Policy) -> dict[str, Reply]:
    blocks = tuple(read_markdown(_RULES))
    document = Document(_RULES, (), blocks=blocks, doubts=build_outline(blocks).doubts)
    dropped = DroppedText(_TOKEN, "reglement.md", policy.id, None, document, {})
    name = GenderedName("RG", "masculin")
    every = [doubt.key for doubt in build_outline(blocks).doubts]
    after = [
        outlines.read_outline(
            replace(dropped, decisions=dict.fromkeys(every[:count], LineReading.AS_READ)), name
        )
        for count in range(len(every) + 1)
    ]
    form = outlines.line_form(after[0])
    line = "Titre provisoire"
    notes = {f"Une ligne décidée, {NAMES[choice]}": outlines.decided(choice, line) for choice in LineReading}
    return {
        "Un fichier déposé, son plan": outlines.outline_message(after[0]),
        **{
            f"Un fichier déposé, une ligne à voir ({count})": outlines.outline_message(reading, note)
            for count, (reading, note) in enumerate(zip(after[1:], notes.values(), strict=False), 1)
        },
        "Un fichier déposé, une ligne changée": outlines.outline_message(
            outlines.read_outline(
                replace(dropped, decisions={"titre provisoires": LineReading.HEADING}), name
            ),
            notes[f"Une ligne décidée, {NAMES[LineReading.AS_READ]}"],
        ),
        "Un fichier déposé, tout le plan": outlines.plan_message(after[0], 1),
        "Un fichier déposé, corriger une ligne": form,
        "Un fichier déposé, une ligne introuvable": refused_form(
            form, {outlines.WORDS: outlines.several_lines(["1.1 Le club", "1.4 Le siège"])}, _ID
        ),
        "Un fichier déposé, annuler": outlines.cancelling(dropped),
        "Un fichier déposé, annulé": outlines.CANCELLED,
        "Un fichier déposé, proposé ou oublié": outlines.GONE,
    }
