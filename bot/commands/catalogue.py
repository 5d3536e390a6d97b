"""The catalogue: the list of every command."""

from functools import partial

from bot.commands import (
    aide,
    banque,
    chercher,
    lettres,
    lier,
    lire,
    membres,
    mesdonnees,
    nouveautes,
    partager,
    pause,
    politique,
    question,
    retour,
    roles,
    suggestions,
    versions,
    vigie,
)
from bot.commands.accueil import accueil
from bot.commands.banque import BankEditing
from bot.commands.question import Answering
from bot.commands.quiz import quiz
from bot.commands.relire import relire
from bot.commands.relire.relire import DraftReview
from bot.commands.revision import revision
from bot.commands.signalement import signalement
from bot.commands.signalements import handover, signalements
from bot.conversation.requests import Command
from bot.onboarding.course import Course
from bot.outbox import notices
from bot.outbox.notices import Notices
from bot.people.office import admin_refusal
from bot.reports import handovers
from bot.reports.intake import Reporting
from bot.revision.archive import Archive

# The groups of the help, in the order in which they appear there.
POLICY, MINE, REPORTS, ADMINISTRATION = "La politique", "Vous", "Les signalements", "L'administration"


def catalogue(
    *,
    course: Course,
    answering: Answering,
    bank: BankEditing,
    drafts: DraftReview,
    reporting: Reporting,
    archive: Archive,
    outbox: Notices,
) -> tuple[Command, ...]:
    """Return every command. The first one receives free text."""
    library, office = answering.library, answering.office

    def example() -> str:
        return str(library.default.example(library.current(library.default)))

    refuse_others = partial(admin_refusal, office)
    managing = partial(Command, opens_form=True, refusal=refuse_others, group=ADMINISTRATION)
    commands: tuple[Command, ...] = (
        Command(
            name="politique",
            group=POLICY,
            instant=partial(politique.look_up, library),
            summary="Lire une clause, chercher un mot, poser une question.",
            usage="[numéro, mot ou question]",
            examples=lambda: (example(), f"article {example().partition('.')[0]}", "consentement"),
            run=partial(question.answer, answering),
            suggest=partial(suggestions.suggest, library, answering.guidance),
            slash=True,
        ),
        Command(
            name="question",
            group=POLICY,
            summary="Poser une question dans vos mots.",
            usage="votre question",
            examples=lambda: ("Qui doit lire cette politique?",),
            run=partial(question.ask, answering),
        ),
        Command(
            name="viser",
            summary="Voir quelles clauses visent un message.",
            usage="texte",
            run=partial(question.about, answering),
            shortcut=partial(question.shortcut, library),
        ),
        Command(
            name="retour",
            summary="Dire si une réponse vous a été utile (ses boutons l'écrivent pour vous).",
            run=partial(retour.judge, answering),
        ),
        Command(
            name="vigie",
            summary="Voir ce qu'on peut faire ici, en quelques boutons.",
            run=partial(vigie.menu, library, office),
            instant=partial(vigie.glance, library, office),
            slash=True,
        ),
        Command(
            name="plus",
            summary="Voir ce qui se fait moins souvent.",
            run=partial(vigie.more_message, library),
            instant=partial(vigie.more_message, library),
        ),
        Command(
            name="chercher",
            group=POLICY,
            instant=partial(chercher.begin, library),
            summary="La poser dans une fenêtre.",
            run=partial(chercher.ask, answering),
            opens_form=True,
            anywhere=vigie.ask_label(office.bot),
        ),
        Command(
            name="partager",
            group=POLICY,
            instant=partial(partager.share, library),
            summary="Montrer une clause à tout le canal.",
            usage="numéro",
            examples=lambda: (example(),),
            run=partial(partager.share, library),
            suggest=partial(suggestions.suggest, library, answering.guidance),
        ),
        Command(
            name="quiz",
            group=MINE,
            summary="Apprendre par des questions, chacune expliquée.",
            usage="[lettre de votre réponse]",
            run=partial(quiz.play, office, course),
            slash=True,
            alone=True,
            replies=quiz.REPLIES,
            awaits=partial(quiz.awaits, office, course),
        ),
        Command(
            name="accueil",
            group=MINE,
            summary="Voir où vous en êtes.",
            run=partial(accueil.welcome, office, course),
            slash=True,
            opens_form=True,
            alone=True,
        ),
        Command(
            name=signalement.COMMAND,
            group=REPORTS,
            summary="Signaler une publication, sans donner votre nom.",
            run=partial(signalement.report, reporting),
            slash=True,
            opens_form=True,
            shortcut=reporting.shortcut,
            takes=reporting.first_address,
            alone=True,
            fleeting=True,
            anonymous=True,
            counts=partial(signalement.counts, reporting),
        ),
        Command(
            name=signalements.COMMAND,
            group=REPORTS,
            summary="Lire et traiter les signalements reçus.",
            run=partial(signalements.handle, reporting),
            opens_form=True,
            alone=True,
            fleeting=True,
            refusal=partial(signalements.reserved, office),
        ),
        Command(
            name="nouveautes",
            group=POLICY,
            summary="Voir la dernière révision.",
            run=partial(nouveautes.show, office, course, archive),
            alone=True,
        ),
        Command(
            name="versions",
            group=POLICY,
            summary="Lire une autre version.",
            run=partial(versions.history, office, archive),
            opens_form=True,
        ),
        Command(
            name="lier",
            group=MINE,
            summary="Lier vos comptes de Slack et de Discord.",
            usage="[code, ou ici]",
            run=partial(lier.link, office),
        ),
        Command(
            name="mesdonnees",
            group=MINE,
            summary="Voir ou effacer ce que je garde de vous.",
            run=partial(mesdonnees.my_data, office, library, outbox),
            unnoted=True,
        ),
        Command(
            name="lire",
            summary="Lire un message qui n'a pas pu vous être remis en privé.",
            usage="numéro",
            run=partial(lire.read, office, outbox),
        ),
        managing(
            name="roles",
            summary="Voir et changer qui tient quel rôle.",
            run=partial(roles.manage, office),
        ),
        managing(
            name=handovers.COMMAND,
            summary="Confier les signalements que plus personne ne peut lire.",
            run=partial(handover.manage, reporting),
        ),
        managing(
            name="membres",
            summary="Voir et changer qui est officière, officier ou membre du personnel.",
            run=partial(membres.manage, office),
        ),
        managing(
            name="banque",
            summary="Améliorer mes réponses à partir des questions mal répondues.",
            run=partial(banque.manage, bank),
        ),
        managing(
            name="relire",
            summary="Relire ce que j'ai deviné d'un texte, et garder ce qui est juste.",
            usage="[politique]",
            run=partial(relire.review, drafts),
        ),
        managing(
            name="revision",
            summary="Proposer un nouveau texte, l'approuver, l'annoncer, voir qui l'a lu.",
            run=partial(revision.manage, office, archive),
            reads=partial(revision.read_dropped, office, archive),
        ),
        Command(
            name="pause",
            group=ADMINISTRATION,
            summary="Arrêter tout ce que j'envoie de moi-même, et le reprendre.",
            usage="[raison]",
            run=partial(pause.pause, office),
            refusal=refuse_others,
        ),
        Command(
            name=notices.SETTLE,
            group=ADMINISTRATION,
            summary="Voir les messages non remis, les envoyer de nouveau ou les annuler.",
            usage="[envoyer ou annuler]",
            run=partial(lettres.settle, office, outbox),
            refusal=refuse_others,
        ),
        Command(
            name="aide",
            group=MINE,
            summary="Lire cette liste.",
            usage="[commande]",
            run=partial(aide.explain, lambda: commands),
        ),
    )
    return commands
