"""The notices to the administration about the source of the texts."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from bot.conversation.messages import Button, Buttons, Heading, Message, Note, Text
from bot.outbox.notices import Notice, NoticeBuilder, NoticeContext
from bot.policy.library import Library
from bot.policy.names import GenderedName
from bot.revision import dropped_texts
from bot.revision.dropped_texts import DAYS_KEPT
from bot.watching import observed


@dataclass(frozen=True, slots=True)
class ChangedNotice:
    """The argument of the notice about a changed text. `dropped`: the id of the stored file."""

    dropped: str


@dataclass(frozen=True, slots=True)
class OutageNotice:
    """The argument of the notices about a source that fails or works again. `day`: the day of the notice."""

    day: date


CHANGED: Final = Notice("source-changee", "un texte changé à sa source", ChangedNotice)
BROKEN: Final = Notice("source-illisible", "une source qui ne se lit pas", OutageNotice)
MENDED: Final = Notice("source-retablie", "une source qui se lit de nouveau", OutageNotice)


def notice_builders(library: Library) -> tuple[NoticeBuilder, ...]:
    """Return the builders of the notices about the source, for the outbox."""

    def changed(context: NoticeContext, notice: ChangedNotice) -> Message | None:
        dropped = dropped_texts.find(context.db, notice.dropped)
        policy = library.policies.get(dropped.policy) if dropped else None
        return text_changed(policy.name, dropped.name, dropped.id) if dropped and policy else None

    def broken(context: NoticeContext, _notice: OutageNotice) -> Message | None:
        problem = observed.read(context.db).problem
        return source_broken(problem) if problem else None

    def mended(context: NoticeContext, _notice: OutageNotice) -> Message | None:
        return None if observed.read(context.db).problem else source_mended()

    return CHANGED.built_by(changed), BROKEN.built_by(broken), MENDED.built_by(mended)


def text_changed(policy: GenderedName, name: str, dropped: str) -> Message:
    """Return the notice about a text whose words changed. `name`, `dropped`: the file's name and id."""
    return Message(
        Heading(f"À sa source, le texte {policy.of} a changé"),
        Text(
            f"«\u00a0{name}\u00a0» ne dit plus ce que dit le texte en vigueur. Je continue de citer "
            "celui-ci. Voyez ce que j'ai lu, corrigez-le s'il le faut, puis proposez-le."
        ),
        Note(
            f"Je le garde {DAYS_KEPT} jours. Personne d'autre ne le voit, rien ne change sans vous, et je ne "
            "vous reparle pas de ce texte-là."
        ),
        Buttons(Button("Voir ce que j'ai lu", f"revision lecture {dropped}", "primary")),
    )


def source_broken(problem: str) -> Message:
    """Return the notice about a source that cannot be read. `problem`: in French, without a capital."""
    return Message(
        Heading("La source des textes ne se lit pas"),
        Text(f"Celle que nomme VIGIE_SOURCE\u00a0: {problem}"),
        Note("Je réessaie chaque jour, et je vous dirai quand elle se lira de nouveau."),
    )


def source_mended() -> Message:
    """Return the notice about a source that can be read again."""
    return Message(
        Heading("La source des textes se lit de nouveau"),
        Text("Je la regarde chaque jour, comme avant."),
    )
