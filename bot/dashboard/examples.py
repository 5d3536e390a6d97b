"""An example of each notice with figures, for the gallery of messages."""

from datetime import date
from functools import lru_cache

from bot.conversation.messages import Message
from bot.dashboard import notices, pictures
from bot.dashboard.figures import Board, Figure, Section
from bot.dashboard.periods import month_of
from bot.language.bands import Band


@lru_cache(maxsize=1)
def dashboard_examples(association: str) -> dict[str, Message]:
    """Return an example of each notice with figures, by name."""
    month = _board({"commences": ("Accueils commencés", 14, 7), "retards": ("Accueils en retard", 6, 2)})
    quiet = _board({"commences": ("Accueils commencés", 3, 1), "retards": ("Accueils en retard", 0, 0)})
    return {
        "Le rapport du mois": notices.report_message([month], b"%PDF-"),
        "Le rapport d'un mois calme": notices.quiet_message(quiet),
        "Une image du tableau de bord": notices.picture_message(month, pictures.draw(month, association)),
    }


def _board(counts: dict[str, tuple[str, int, int]]) -> Board:
    """Return a month's board. `counts`: for each measure, its title, this month's count and last month's."""
    figures = tuple(
        Figure(f"accueil:x:{kind}", title, Band.of(now), Band.of(before))
        for kind, (title, now, before) in counts.items()
    )
    month = month_of(date(2026, 10, 1))
    note = "Tout est donné par tranches de cinq, pour ne désigner personne."
    return Board(month, month.previous, (Section("accueil:x", "Les accueils", "", figures),), note)
