"""The table of checks, for the administration: how often each is shown and dismissed, which are off."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.commands.passages import page_number, page_of
from bot.conversation.messages import (
    Button,
    Buttons,
    Choice,
    Heading,
    Message,
    Note,
    Text,
    bold,
    turn_buttons,
)
from bot.people.office import Office
from bot.policy.library import Reading
from bot.posting import counts
from bot.posting.checks import Check
from bot.posting.counts import CheckCount
from bot.posting.notices import COMMAND, frequency

_PER_PAGE: Final = 6
TABLE: Final = "verifications"
VERBS: Final = frozenset({TABLE, "verification", "revue", "arreter", "reprendre"})


@dataclass(frozen=True, slots=True)
class CheckState:
    """A check of a policy, with its counts. `waiting`: whether it awaits review. `off`: whether it is off."""

    check: Check
    count: CheckCount = CheckCount()  # noqa: RUF009 — immutable
    waiting: bool = False
    off: bool = False


def manage(office: Office, reading: Reading, checks: Mapping[str, Check], verb: str, rest: str) -> Message:
    """Show the table or one check, or record a decision about it."""
    with office.storage.transaction() as db:
        by_check = reading.policy.notes(reading.version).checks
        check = checks.get(rest) if rest in by_check else None
        if check and verb == "revue":
            counts.reviewed(db, reading, check)
        elif check and verb in {"arreter", "reprendre"}:
            counts.switch(db, reading.policy.id, check, on=verb == "reprendre")
        check_counts, waiting = counts.check_counts(db, reading), counts.under_review(db, reading)
        off = counts.checks_off(db, reading.policy.id)
    states = [
        CheckState(checks[name], check_counts.get(name, CheckCount()), name in waiting, name in off)
        for name in by_check
        if name in checks
    ]
    state = next((state for state in states if state.check is check), None)
    if state is None:
        return table_message(reading, states, page_number(rest))
    return check_message(reading, state, done=verb != "verification")


def table_message(reading: Reading, states: Sequence[CheckState], page: int = 1) -> Message:
    """Show one page of a policy's checks, starting with those to review."""
    ordered = sorted(states, key=lambda state: not state.waiting)
    on_page, page, pages = page_of(ordered, page, _PER_PAGE)
    turns = turn_buttons(page, pages, lambda target: reading.command(f"{TABLE} {target}", COMMAND))
    none = "Aucune vérification n'est demandée par les annotations de cette politique."
    return Message(
        Heading(f"Avant de publier\u00a0: {reading.policy.name}"),
        Text("Ce que je cherche dans les textes qu'on me fait relire." if states else none),
        *(
            Choice(
                f"{state.check.title}\u00a0: {_state(state)}.",
                Button("Ouvrir", reading.command(f"verification {state.check.name}", COMMAND)),
            )
            for state in on_page
        ),
        Note("Sans dire par qui\u00a0: par tranches de cinq, et une fois par jour et par personne au plus."),
        Buttons(*turns, Button("Les questions", reading.command("", COMMAND)), Button("Menu", "vigie")),
    )


def _state(state: CheckState) -> str:
    notes = [frequency(state.count)]
    if state.waiting:
        notes.append("à revoir")
    if state.off:
        notes.append("arrêtée")
    return ", ".join(notes)


def check_message(reading: Reading, state: CheckState, *, done: bool = False) -> Message:
    """Show a check, with its buttons. `done`: whether a decision about it was just recorded."""
    check, name = state.check, state.check.name
    numbers = reading.policy.notes(reading.version).checks[name]
    buttons = [Button("C'est revu", reading.command(f"revue {name}", COMMAND))]
    if not check.grave:
        buttons.append(
            Button("La reprendre", reading.command(f"reprendre {name}", COMMAND), "primary")
            if state.off
            else Button("L'arrêter", reading.command(f"arreter {name}", COMMAND), "danger")
        )
    kind = (
        "Elle est toujours cherchée\u00a0: une menace, du harcèlement ou de la discrimination ne s'écartent "
        "pas d'ici."
        if check.grave
        else "Arrêtée, elle n'est plus cherchée dans aucun texte, pour cette politique."
    )
    return Message(
        Heading(check.title),
        *([Text(bold("C'est noté."))] if done else []),
        Text(f"{_state(state).capitalize()}."),
        reading.quote(numbers[0]),
        Note(f"{kind} «\u00a0C'est revu\u00a0» fait repartir le compte à zéro."),
        Buttons(*buttons, Button("Toutes les vérifications", reading.command(TABLE, COMMAND))),
    )
