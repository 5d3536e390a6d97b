"""An example of each reply of `accueil`, for the gallery."""

from dataclasses import replace
from datetime import UTC, date, datetime

from bot.commands.accueil import accueil, gestion
from bot.configuration.profile import Profile
from bot.conversation.forms import Reply
from bot.conversation.messages import Button, Span, bold
from bot.onboarding.course import Course
from bot.onboarding.enrolment import Standing
from bot.onboarding.notices import due_line, progress_lines
from bot.onboarding.progress import Numbers
from bot.onboarding.quiz import statistics
from bot.onboarding.quiz.bank import Problem, QuizBank
from bot.onboarding.quiz.statistics import ItemStatistics


def accueil_examples(course: Course, profile: Profile) -> dict[str, Reply]:
    """Return an example of each reply of `accueil`, by name."""
    alex, blaise = Span("Alex"), Span("Blaise")
    counts = Numbers(12, (("delivered", 12), ("opened", 10), ("read", 8), ("passed", 6), ("attested", 5)), 2)
    bank = course.bank()
    wrong = (Problem(12, "il manque un choix"),)
    items = [
        ItemStatistics(question.id, question.clause, 12, at / 8, 0.1 * at - 0.2 if at else None)
        for at, question in enumerate(bank.questions[: gestion.PAGE_SIZE])
    ]
    line = "En retard, commencé le 3 novembre 2026; message remis le 3 novembre 2026."
    standing = Standing(
        "",
        datetime(2026, 11, 24, 15, tzinfo=UTC),
        None,
        {},
        date(2026, 12, 8),
        date(2026, 11, 30),
        reminders=0,
        round=1,
        by_hand=False,
        refreshed=False,
        scope="whole",
        questions=0,
    )
    steps = (
        bold("1. Lecture"),
        "\u00a0: c'est fait, le 25 novembre 2026\n",
        bold("2. Quiz"),
        "\u00a0: à faire",
    )
    state = progress_lines(
        f"{due_line(standing.due_on, date(2026, 11, 27))} Rappel demandé pour le 30 novembre 2026.",
        "Dans l'équipe, 8 personnes sur 15 ont terminé.",
    )
    onward = [Button("Le quiz", "quiz", "primary")]
    pages = range(len(accueil.page_names(course.reading())))
    return {
        **{f"Lecture, page {at + 1}": accueil.page_message(course, at) for at in pages},
        "Où j'en suis": accueil.progress_message(course, standing, steps, state, onward),
        "Où j'en suis, arrêté": accueil.progress_message(
            course, replace(standing, suspended_on=date(2026, 12, 1)), steps, [], onward
        ),
        "Où j'en suis, rien de demandé": accueil.progress_message(course, None, steps, [], onward),
        "Un rappel demandé": accueil.reminder_asked_message("lundi", date(2026, 11, 30)),
        "Lecture terminée": accueil.reading_over_message(course, passed=False),
        "Lecture terminée, quiz réussi": accueil.reading_over_message(course, passed=True),
        "Lecture terminée, sans rien à attester": accueil.reading_over_message(
            course, passed=True, expected=False
        ),
        "L'attestation": accueil.name_form(course, "Alex Tremblay"),
        "C'est attesté": accueil.attested_message(course, "en message privé, sur Slack"),
        "Le reçu, redemandé": accueil.receipt_coming_message("en message privé, sur Discord"),
        "Les accueils": gestion.overview_message(
            course, counts, [alex, blaise], replace(bank, stale=bank.questions[:3], problems=wrong)
        ),
        "Les accueils, au début": gestion.overview_message(
            course, replace(counts, total=0, steps=(), late=0), [], QuizBank()
        ),
        "Les accueils, personnes": gestion.people_message(
            [(alex, line), (blaise, line)], 1, 3, [Button("Arrêter 1", "accueil arreter 0f3c9a5be2d14c70")]
        ),
        "Les accueils, personne": gestion.people_message([], 1, 1),
        "Les questions du quiz": gestion.questions_message(bank, items, statistics.by_clause(items), 1, 3),
        "Les questions, au début": gestion.questions_message(bank, [], [], 1, 1),
        "Commencer un accueil": gestion.person_form(profile),
        "Un accueil commencé": gestion.begun_message(alex, new=True),
        "Un accueil déjà commencé": gestion.begun_message(alex, new=False),
        "Dire le nombre à l'équipe, choisi": gestion.team_message(shared=True),
        "Dire le nombre à l'équipe": gestion.team_message(shared=False),
        "L'image des accueils": gestion.drawing_message(counts, "en message privé, sur Slack"),
    }
