"""An example of each unprompted message about reports, for the gallery."""

from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache

from bot.configuration.profile import Profile
from bot.conversation.messages import Message
from bot.language.bands import Band
from bot.people.appointments import ENDED, Appointment
from bot.people.roles import ADMINISTRATION
from bot.reports import handovers
from bot.reports.escalation import FOLLOWING, JOINED
from bot.reports.figures import digest, export, statistics
from bot.reports.figures.files import ReportFile
from bot.reports.figures.statistics import LabelledBand, Table
from bot.reports.notices import alert_message, limit_message
from bot.reports.readers import MACHINE, appointed


def alert_examples() -> dict[str, Message]:
    """Return an example of each alert about a case, and of the notice of reached limits, by name."""
    case_id = "0f3c9a5be2d14c700f3c9a5be2d14c70"
    levels = {
        "Un nouveau signalement": "first",
        "Un signalement qui attend": "reminder",
        "Un signalement que personne n'a ouvert": "other",
        "Un signalement qui vient avec un rôle": FOLLOWING,
        "Du nouveau dans un signalement": "news",
        "Un signalement joint à un autre": JOINED,
    }
    alerts = {name: alert_message(case_id, level) for name, level in levels.items()}
    return {**alerts, "Des signalements refusés": limit_message(["chat", "web"])}


def reader_examples(profile: Profile) -> dict[str, Message]:
    """Return, by name, an example of each notice that announces a change in who may read reports."""
    day = date(2026, 11, 24)
    reader = "slack:T1/U1"
    admin = "slack:T1/U2"
    titles = {role.id: role.title for role in profile.roles}
    row = Appointment(
        1, "b", profile.recipients[0], reader, able=True, how="nomination", by=admin, decided_on=day,
        effective_on=day + timedelta(1),
    )  # fmt: skip
    leaving = replace(row, account=admin, able=False, how=ENDED)
    by_machine = replace(row, role=ADMINISTRATION, by=MACHINE, effective_on=day)
    return {
        "Qui lit les signalements change": appointed([row, leaving], titles),
        "Qui lit les signalements change, à deux": appointed(
            [replace(row, effective_on=day, confirmed_by="discord:42")], titles
        ),
        "Un courriel d'alerte change": appointed([replace(row, account="courriel:role@exemple.ca")], titles),
        "Qui administre change": appointed([replace(by_machine, by=row.by)], titles),
        "L'administration est nommée sur la machine": appointed([by_machine], titles),
    }


def handover_examples(profile: Profile) -> dict[str, Message]:
    """Return an example of each notice about reports that nobody may read any more, by name."""
    title = profile.role(profile.recipients[0]).title
    return {
        "Des signalements sans personne": handovers.waiting(),
        "Des signalements vont être confiés": handovers.asked(title, administers=False),
        "Des signalements vont être confiés, à l'administration": handovers.asked(title, administers=True),
        "Des signalements ont été confiés": handovers.handed(title),
    }


def export_examples() -> dict[str, Message]:
    """Return an example of each message about a case's PDF, by name."""
    file = ReportFile("signalement-0f3c9a.pdf", f"{'5e' * 32}\n{'a7' * 32}", b"%PDF-")
    return {
        "Exporter un signalement": export.warning(
            "0f3c9a5be2d14c700f3c9a5be2d14c70", "en message privé, sur Slack"
        ),
        "Un signalement s'exporte": export.coming("en message privé, sur Discord"),
        "Le dossier d'un signalement": export.message(file),
    }


@lru_cache(maxsize=1)
def digest_examples(cited: str) -> dict[str, Message]:
    """Return an example of each message with the week's figures, by name. `cited`: as in `digest.draw`."""
    counts = {
        "En tout": {"Dossiers en cours": 7, "Dossiers clos": 3, "Signalements reçus": 12},
        "Par plateforme": {"Facebook": 8, "Instagram": 2, statistics.ELSEWHERE: 0},
    }
    tables = [
        Table(title, tuple(LabelledBand(label, Band.of(count)) for label, count in figures.items()))
        for title, figures in counts.items()
    ]
    picture = digest.draw(tables, date(2026, 11, 24), cited)
    file = ReportFile("signalements-2026-s48.png", "\n".join(statistics.lines(tables)), picture)
    return {"Bilan des signalements": digest.message(file)}
