"""The catalogue: the list of every command.

An entry is data: a name, texts, flags. The code of a command is imported at its first use, by the small
functions below, so that a bot is ready sooner and uses less memory while idle. Only the code that shows a
clause is imported at once, since people ask for that first.
"""

# ruff: noqa: PLC0415 — see above

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from bot.commands import politique
from bot.conversation.messages import SHORTCUT_LENGTH
from bot.conversation.requests import Command
from bot.outbox import notices
from bot.people.office import admin_refusal
from bot.permissions.kinds import are_requested
from bot.posting.checks import are_asked

if TYPE_CHECKING:
    from bot.answers.guidance import Guidance
    from bot.commands.banque import BankEditing
    from bot.commands.demande.demande import Requesting
    from bot.commands.question import Answering
    from bot.commands.relire.relire import DraftReview
    from bot.commands.tableau.tableau import BoardDesk
    from bot.commands.verifier.verifier import PostChecking
    from bot.configuration.profile import Profile
    from bot.conversation.forms import Reply
    from bot.conversation.messages import Message
    from bot.conversation.requests import Answer, Received, Request, Suggestion
    from bot.onboarding.course import Course
    from bot.outbox.notices import Notices
    from bot.people.office import Office
    from bot.policy.library import Library
    from bot.privacy.awaiting_board import AwaitingBoard
    from bot.reports.intake import Reporting
    from bot.revision.archive import Archive

# The groups of the help, in the order in which they appear there.
POLICY = "La politique"
MINE = "Vous"
REPORTS = "Les signalements"
ADMINISTRATION = "L'administration"


def catalogue(
    library: Library,
    office: Office,
    *,
    course: Course,
    reporting: Reporting,
    archive: Archive,
    awaited: AwaitingBoard,
    outbox: Notices,
    guidance: Callable[[], Mapping[str, Guidance]],
    answering: Callable[[], Answering],
    bank: Callable[[], BankEditing],
    drafts: Callable[[], DraftReview],
    checking: Callable[[], PostChecking],
    requesting: Callable[[], Requesting],
    board: Callable[[], BoardDesk],
) -> tuple[Command, ...]:
    """Return every command. The first one receives free text.

    `guidance`, `answering`, `bank`, `drafts`, `checking`, `requesting` and `board` each build what they
    return, on first use.
    """

    def example() -> str:
        return str(library.default.example(library.current(library.default)))

    refuse_others = partial(admin_refusal, office)
    managing = partial(Command, opens_form=True, refusal=refuse_others, group=ADMINISTRATION)
    commands: tuple[Command, ...] = (
        Command(
            name="politique",
            labels=("Table des matières",),
            group=POLICY,
            instant=partial(politique.look_up, library),
            summary="Lire une clause, chercher un mot, poser une question.",
            usage="[numéro, mot ou question]",
            examples=lambda: (example(), f"article {example().partition('.')[0]}", "consentement"),
            run=partial(_answer, answering),
            suggest=partial(_suggest, library, guidance),
            slash=True,
        ),
        Command(
            name="question",
            summary="Poser une question dans vos mots.",
            usage="votre question",
            examples=lambda: ("Qui doit lire cette politique?",),
            run=partial(_ask, answering),
        ),
        Command(
            name="chercher",
            labels=("Poser une question",),
            group=POLICY,
            instant=partial(_begin_question, library),
            summary="Poser une question dans une fenêtre.",
            run=partial(_ask_in_form, answering),
            opens_form=True,
            anywhere=_ask_label(office.profile.bot),
        ),
        Command(
            name="viser",
            summary="Voir quelles clauses visent un message.",
            usage="texte",
            run=partial(_about, answering),
            shortcut=partial(_about_label, library),
            own=lambda: "verifier" if are_asked(library) else "",
        ),
        Command(
            name="retour",
            summary="Dire si une réponse vous a été utile (ses boutons l'écrivent pour vous).",
            run=partial(_judge, answering),
        ),
        Command(
            name=office.profile.command,
            summary="Voir ce qu'on peut faire ici, en quelques boutons.",
            run=partial(_menu, library, office, course, outbox, board=board),
            instant=partial(_glance, library, office, course, awaited),
            slash=True,
        ),
        Command(
            name="plus",
            summary="Voir ce qui se fait moins souvent.",
            run=partial(_more, library),
            instant=partial(_more, library),
        ),
        Command(
            name="attente",
            labels=("Ce qui vous attend",),
            group=MINE,
            summary="Voir ce qui vous attend.",
            run=partial(_list_awaiting, library, office, course, outbox),
            alone=True,
            unnoted=True,
        ),
        Command(
            name="partager",
            group=POLICY,
            instant=partial(_share, library),
            summary="Montrer une clause à tout le canal.",
            usage="numéro",
            examples=lambda: (example(),),
            run=partial(_share, library),
            suggest=partial(_suggest, library, guidance),
        ),
        Command(
            name="verifier",
            labels=("Relire un texte",),
            group=POLICY if are_asked(library) else "",
            summary="Relire un texte avant de le publier.",
            usage="[texte]",
            run=partial(_verify, checking),
            opens_form=True,
            alone=True,
            replies=partial(_may_be_post, library),
            awaits=partial(_looks_like_post, checking),
        ),
        Command(
            name="quiz",
            labels=("Commencer le quiz", "Continuer le quiz", "Faire le quiz", "Reprendre le quiz"),
            group=MINE,
            summary="Apprendre par des questions, chacune expliquée.",
            usage="[lettre de votre réponse]",
            run=partial(_watched, awaited, partial(_play, answering, office, course)),
            slash=True,
            alone=True,
            replies=_are_letters,
            awaits=partial(_awaits_letters, answering, office, course),
        ),
        Command(
            name="accueil",
            labels=("Où j'en suis",),
            group=MINE,
            summary="Voir où vous en êtes.",
            run=partial(_watched, awaited, partial(_welcome, office, course)),
            slash=True,
            opens_form=True,
            alone=True,
        ),
        Command(
            name="signalement",
            labels=("Signaler", "Signaler une publication"),
            group=REPORTS if reporting.offered else "",
            summary="Signaler une publication, sans donner votre nom.",
            run=partial(_report, reporting),
            slash=reporting.offered,
            opens_form=True,
            shortcut=reporting.shortcut,
            takes=reporting.first_address,
            alone=True,
            fleeting=True,
            anonymous=True,
            counts=partial(_counts, reporting),
        ),
        Command(
            name="signalements",
            group=REPORTS if reporting.offered else "",
            summary="Lire et traiter les signalements reçus.",
            run=partial(_handle_reports, reporting),
            opens_form=True,
            alone=True,
            fleeting=True,
            refusal=partial(_reserved, office),
        ),
        Command(
            name="nouveautes",
            group=POLICY,
            summary="Voir la dernière révision.",
            run=partial(_show_news, office, course, archive),
            alone=True,
        ),
        Command(
            name="versions",
            group=POLICY,
            summary="Lire une autre version.",
            run=partial(_history, office, archive),
            opens_form=True,
        ),
        Command(
            name="lier",
            labels=("Lier mes comptes",),
            group=MINE,
            summary="Lier vos comptes de Slack et de Discord.",
            usage="[code, ou ici]",
            run=partial(_link, office),
        ),
        Command(
            name="demande",
            labels=("Demander une autorisation",),
            group=MINE if are_requested(library) else "",
            summary="Demander une autorisation, ou y répondre.",
            usage="[page, logo, parole, image, code ou registre]",
            run=partial(_request_permission, requesting),
            opens_form=True,
            alone=True,
            takes_file=True,
        ),
        Command(
            name="mesdonnees",
            labels=("Mes renseignements",),
            group=MINE,
            summary="Voir ou effacer ce que je garde de vous.",
            run=partial(_my_data, office, library, outbox),
            unnoted=True,
        ),
        Command(
            name="lire",
            summary="Lire un message qui n'a pas pu vous être remis en privé.",
            usage="numéro",
            run=partial(_read, office, outbox),
        ),
        managing(
            name="roles",
            summary="Voir et changer qui tient quel rôle.",
            run=partial(_manage_roles, office),
        ),
        Command(
            name="remise",
            group=ADMINISTRATION if reporting.offered else "",
            summary="Confier les signalements que plus personne ne peut lire.",
            run=partial(_manage_handovers, reporting),
            opens_form=True,
            refusal=refuse_others,
        ),
        managing(
            name="membres",
            summary=f"Voir et changer qui est {office.profile.readers.single}.",
            run=partial(_manage_members, office),
        ),
        managing(
            name="banque",
            summary="Améliorer mes réponses à partir des questions mal répondues.",
            run=partial(_manage_bank, bank),
        ),
        managing(
            name="relire",
            summary="Relire ce que j'ai deviné d'un texte, et garder ce qui est juste.",
            usage="[politique]",
            run=partial(_review_drafts, drafts),
        ),
        managing(
            name="revision",
            summary="Proposer un nouveau texte, l'approuver, l'annoncer, voir qui l'a lu.",
            run=partial(_manage_revisions, office, archive),
            reads=partial(_read_dropped, office, archive),
        ),
        Command(
            name="tableau",
            group=ADMINISTRATION,
            summary="Voir les chiffres d'un mois ou d'une année.",
            usage="[mois ou année]",
            examples=lambda: ("2026-09", "2025-2026"),
            run=partial(_show_board, board),
            refusal=partial(_board_refusal, board),
        ),
        Command(
            name="pause",
            group=ADMINISTRATION,
            summary="Arrêter tout ce que j'envoie de moi-même, et le reprendre.",
            usage="[raison]",
            run=partial(_pause, office),
            refusal=refuse_others,
        ),
        Command(
            name=notices.SETTLE,
            group=ADMINISTRATION,
            summary="Voir les messages non remis, les envoyer de nouveau ou les annuler.",
            usage="[envoyer ou annuler]",
            run=partial(_settle_letters, office, outbox),
            refusal=refuse_others,
        ),
        Command(
            name="aide",
            group=MINE,
            summary="Lire cette liste.",
            usage="[commande]",
            run=partial(_explain, office.profile, lambda: commands),
        ),
    )
    return commands


def _ask_label(bot: str) -> str:
    """Return the label of the shortcut, offered everywhere, to ask a question. `bot`: the bot's name."""
    label = f"Demander à {bot}"
    return label if len(label) <= SHORTCUT_LENGTH else "Poser une question"


def _about_label(library: Library) -> str:
    """Return the label of the command « viser » in a message's menu."""
    name = library.default.name
    label = f"Ce qu'en {name.agree('dit', 'disent')} {name.the}"
    return label if len(label) <= SHORTCUT_LENGTH else "Voir la politique"


# --- The code of commands, imported at its first use ----------------------------------------------------


def _answer(answering: Callable[[], Answering], request: Request) -> Answer:
    from bot.commands import question

    return question.answer(answering(), request)


def _ask(answering: Callable[[], Answering], request: Request) -> Answer:
    from bot.commands import question

    return question.ask(answering(), request)


def _about(answering: Callable[[], Answering], request: Request) -> Answer:
    from bot.commands import question

    return question.about(answering(), request)


def _verify(checking: Callable[[], PostChecking], request: Request) -> Answer:
    from bot.commands.verifier import verifier

    return verifier.verify(checking(), request)


def _request_permission(requesting: Callable[[], Requesting], request: Request) -> Answer:
    from bot.commands.demande import demande

    return demande.handle(requesting(), request)


def _may_be_post(library: Library, text: str) -> bool:
    from bot.commands.verifier import verifier

    return verifier.may_be_post(library, text)


def _looks_like_post(checking: Callable[[], PostChecking], request: Request) -> bool:
    from bot.commands.verifier import verifier

    return verifier.looks_like_post(checking(), request)


def _suggest(
    library: Library, guidance: Callable[[], Mapping[str, Guidance]], typed: str
) -> Sequence[Suggestion]:
    from bot.commands import suggestions

    return suggestions.suggest(library, guidance(), typed)


def _judge(answering: Callable[[], Answering], request: Request) -> Answer:
    from bot.commands import retour

    return retour.judge(answering(), request)


def _menu(
    library: Library,
    office: Office,
    course: Course,
    outbox: Notices,
    request: Request,
    *,
    board: Callable[[], BoardDesk],
) -> Answer:
    from bot.commands.vigie import awaiting, menu

    sees_board = not _board_refusal(board, request)
    return menu.menu(awaiting.AwaitingDesk(library, office, course, outbox), request, sees_board=sees_board)


def _glance(
    library: Library, office: Office, course: Course, awaited: AwaitingBoard, request: Request
) -> Message | None:
    from bot.commands.vigie import menu

    return menu.glance(library, office, awaited, request, quiz=menu.has_quiz(course))


def _list_awaiting(
    library: Library, office: Office, course: Course, outbox: Notices, request: Request
) -> Answer:
    from bot.commands.vigie import awaiting

    return awaiting.show(awaiting.AwaitingDesk(library, office, course, outbox), request)


def _watched(awaited: AwaitingBoard, run: Callable[[Request], Answer], request: Request) -> Answer:
    """Run a command that may lead to something awaiting its author, after marking the author on the board."""
    awaited.watch(request.actor)
    return run(request)


def _more(library: Library, _: Request) -> Message:
    from bot.commands.vigie import menu

    return menu.more_message(library)


def _begin_question(library: Library, request: Request) -> Reply | None:
    from bot.commands import chercher

    return chercher.begin(library, request)


def _ask_in_form(answering: Callable[[], Answering], request: Request) -> Answer:
    from bot.commands import chercher

    return chercher.ask(answering(), request)


def _share(library: Library, request: Request) -> Message:
    from bot.commands import partager

    return partager.share(library, request)


def _play(answering: Callable[[], Answering], office: Office, course: Course, request: Request) -> Answer:
    from bot.commands.quiz import quiz

    reply = quiz.play(office, course, request)
    answering().memory.forget(request.actor)  # « la suivante » now means the quiz
    return reply


def _are_letters(text: str) -> bool:
    from bot.commands.quiz import quiz

    return quiz.REPLIES.fullmatch(text) is not None


def _awaits_letters(
    answering: Callable[[], Answering], office: Office, course: Course, request: Request
) -> bool:
    from bot.commands.quiz import quiz

    clauses_since = answering().memory.last_policy(request.actor) is not None
    return quiz.awaits(office, course, request, clauses_since=clauses_since)


def _welcome(office: Office, course: Course, request: Request) -> Answer:
    from bot.commands.accueil import accueil

    return accueil.welcome(office, course, request)


def _report(reporting: Reporting, request: Request) -> Answer:
    from bot.commands.signalement import signalement

    return signalement.report(reporting, request)


def _counts(reporting: Reporting, request: Request) -> bool:
    from bot.commands.signalement import signalement

    return signalement.counts(reporting, request)


def _handle_reports(reporting: Reporting, request: Request) -> Answer:
    from bot.commands.signalements import signalements

    return signalements.handle(reporting, request)


def _reserved(office: Office, request: Request) -> str:
    from bot.commands.signalements import signalements

    return signalements.reserved(office, request)


def _show_board(board: Callable[[], BoardDesk], request: Request) -> Answer:
    from bot.commands.tableau import tableau

    return tableau.show(board(), request)


def _board_refusal(board: Callable[[], BoardDesk], request: Request) -> str:
    from bot.commands.tableau import tableau

    return tableau.reserved(board(), request)


def _show_news(office: Office, course: Course, archive: Archive, request: Request) -> Answer:
    from bot.commands import nouveautes

    return nouveautes.show(office, course, archive, request)


def _history(office: Office, archive: Archive, request: Request) -> Answer:
    from bot.commands import versions

    return versions.history(office, archive, request)


def _link(office: Office, request: Request) -> Answer:
    from bot.commands import lier

    return lier.link(office, request)


def _my_data(office: Office, library: Library, outbox: Notices, request: Request) -> Answer:
    from bot.commands import mesdonnees

    return mesdonnees.my_data(office, library, outbox, request)


def _read(office: Office, outbox: Notices, request: Request) -> Answer:
    from bot.commands import lire

    return lire.read(office, outbox, request)


def _manage_roles(office: Office, request: Request) -> Answer:
    from bot.commands import roles

    return roles.manage(office, request)


def _manage_handovers(reporting: Reporting, request: Request) -> Answer:
    from bot.commands.signalements import handover

    return handover.manage(reporting, request)


def _manage_members(office: Office, request: Request) -> Answer:
    from bot.commands import membres

    return membres.manage(office, request)


def _manage_bank(bank: Callable[[], BankEditing], request: Request) -> Answer:
    from bot.commands import banque

    return banque.manage(bank(), request)


def _review_drafts(drafts: Callable[[], DraftReview], request: Request) -> Answer:
    from bot.commands.relire import relire

    return relire.review(drafts(), request)


def _manage_revisions(office: Office, archive: Archive, request: Request) -> Answer:
    from bot.commands.revision import revision

    return revision.manage(office, archive, request)


def _read_dropped(office: Office, archive: Archive, file: Received) -> Callable[[Request], Answer]:
    from bot.commands.revision import revision

    return revision.read_dropped(office, archive, file)


def _pause(office: Office, request: Request) -> Answer:
    from bot.commands import pause

    return pause.pause(office, request)


def _settle_letters(office: Office, outbox: Notices, request: Request) -> Answer:
    from bot.commands import lettres

    return lettres.settle(office, outbox, request)


def _explain(profile: Profile, commands: Callable[[], Sequence[Command]], request: Request) -> Answer:
    from bot.commands import aide

    return aide.explain(profile, commands, request)
