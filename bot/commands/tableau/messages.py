"""The messages of `/tableau`."""

from collections.abc import Iterable, Sequence
from typing import Final

from bot.commands.passages import packed_page
from bot.conversation.messages import (
    Button,
    Buttons,
    Heading,
    Message,
    Note,
    Span,
    Text,
    bold,
    capitalized,
    turn_buttons,
    weight,
)
from bot.dashboard import words
from bot.dashboard.counting import SectionPlan
from bot.dashboard.figures import Board, Section
from bot.dashboard.periods import Period

COMMAND: Final = "tableau"
_PAGE: Final = 2_600  # maximum weight of the sections on a page; titles and notes take the rest


def board(board: Board, nearby: Sequence[Period], page: int = 1) -> Message:
    """Show a page of a period's figures, section by section. `nearby`: the other periods to offer."""
    texts = [Text(*_section(section)) for section in board.sections]
    weighed = ((text, sum(weight(span.text) for span in text.spans)) for text in texts)
    on_page, page, pages = packed_page(weighed, page, _PAGE)
    turns = turn_buttons(page, pages, lambda target: f"{COMMAND} {board.period.id} {target}")
    changed = any(words.change(figure) for section in board.sections for figure in section.figures)
    return Message(
        Heading(f"Tableau de bord, {board.period.title}"),
        *([Note(f"Entre parenthèses\u00a0: {board.before.title}.")] if changed and board.before else []),
        *on_page,
        Note(board.note),
        *([Buttons(*turns)] if turns else []),
        Buttons(*(Button(capitalized(period.title), f"{COMMAND} {period.id}") for period in nearby)),
        Buttons(
            Button("Recevoir l'image", f"{COMMAND} image {board.period.id}"),
            Button("Comment c'est compté", f"{COMMAND} comment"),
            Button("Menu", "vigie"),
        ),
    )


def coming(where: str) -> Message:
    """Confirm that the picture is on its way. `where`: see `in_private`."""
    return Message(Text(f"L'image arrive {where}, dans une minute ou deux."))


def _section(section: Section) -> Sequence[Span]:
    """Return a section's title and lines: figures one by one, then those under five together."""
    figures, under_five = words.split(section)
    lines = []
    for figure in figures:
        changed = words.change(figure)
        was = f", {changed} ({figure.before.words})" if changed and figure.before else ""
        lines.append(f"{figure.title}\u00a0: {figure.band.words}{was}.")
    if under_five:
        lines.append(f"{capitalized(words.few_line(under_five))}.")
    if not section.figures:
        lines.append(section.note)
    return [bold(section.title), Span("".join(f"\n{line}" for line in lines))]


def how(plans: Iterable[SectionPlan]) -> Message:
    """Say how each section is counted."""
    grains = {"month": "Par mois.", "year": "Par année."}
    return Message(
        Heading("Comment c'est compté"),
        Text(
            "Aucun nombre n'est exact\u00a0: «\u00a0moins de 5\u00a0» peut vouloir dire aucun. Un mois ou "
            "une année se compte une fois, à sa fin\u00a0: ce qui est effacé ensuite ne s'y voit pas."
        ),
        *(Text(bold(plan.title), f"\n{grains[plan.grain]} {plan.note}") for plan in plans),
        Note(
            "Pour ce qui se compte par mois, le nombre d'une année est ce que permettent les tranches de ses "
            "mois."
        ),
        Buttons(Button("Le dernier mois", COMMAND, "primary"), Button("Menu", "vigie")),
    )


def uncounted(periods: Sequence[Period]) -> str:
    """Return the refusal for a period that was not counted.

    `periods`: the counted periods, the latest first.
    """
    months = [period for period in periods if not period.is_year]
    years = "".join(f", et l'{period.title}" for period in periods if period.is_year)
    return (
        f"Je n'ai pas ces chiffres. J'ai ceux de {months[-1].title} à {months[0].title}, mois par "
        f"mois{years}. Écrivez par exemple «\u00a0{months[0].id}\u00a0»."
    )
