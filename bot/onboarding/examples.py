"""An example of each onboarding message, for the gallery."""

from datetime import date

from bot.conversation.messages import Message, person
from bot.onboarding import notices
from bot.onboarding.enrolment import STEPS
from bot.onboarding.progress import Numbers, draw_progress
from bot.policy.library import Policy


def onboarding_examples(policy: Policy) -> dict[str, Message]:
    """Return an example of each onboarding message, by name."""
    name = policy.name
    alex = person("slack", "U1")
    day = date(2026, 11, 24)
    counts = tuple(zip(STEPS, (14, 11, 8, 6, 5), strict=True))
    due = notices.due_line(date(2026, 12, 8), day)
    past = notices.due_line(date(2026, 11, 20), day)
    progress = "Dans l'équipe, 8 personnes sur 15 ont terminé."
    png = draw_progress(Numbers(14, counts, 2), f"Les accueils sur {name.the}", day)
    return {
        "Accueil, bienvenue": notices.welcome_message(name, policy.versions[0], due),
        "Accueil, bienvenue, l'équipe sachant": notices.welcome_message(
            name, policy.versions[0], due, shared=True
        ),
        "Accueil, bienvenue, sans date": notices.welcome_message(name, policy.versions[0]),
        "Accueil, bienvenue, sans quiz": notices.welcome_message(name, policy.versions[0], due, 0),
        "Accueil, rappel, sans quiz": notices.reminder_message(name, due, quizzed=False),
        "Accueil, rappel": notices.reminder_message(name, due, progress),
        "Accueil, rappel, date passée": notices.reminder_message(name, past),
        "Accueil, rappel demandé": notices.asked_message(name, ["read", "passed"], due, progress),
        "Accueil, rappel demandé, à attester": notices.asked_message(name, []),
        "Ce que je dis à l'équipe": notices.sharing_message(name),
        "Accueil, révision": notices.refresher_message(name),
        "Accueils en retard": notices.late_message([alex, person("slack", "U2")], 3, name),
        "Accueil terminé": notices.done_message(alex, name),
        "Progression des accueils": notices.picture_message(png, "Ont attesté\u00a0: 4 sur 12.", day),
    }
