"""The notice that asks the administration to review a check that is often dismissed."""

from collections.abc import Callable, Mapping
from typing import Final

from bot.conversation.messages import Button, Buttons, Heading, Message, Note, Text, bold
from bot.language.bands import Band
from bot.outbox.notices import NoticeBuilder, NoticeContext
from bot.policy.library import Library, Reading
from bot.posting.checks import Check
from bot.posting.counts import NOTICE, CheckCount, ReviewNotice, check_counts, checks_off, under_review

COMMAND: Final = "banque"  # the command with which the administration reviews checks


def notice_builders(library: Library, checks: Callable[[], Mapping[str, Check]]) -> tuple[NoticeBuilder, ...]:
    """Return the builder of the notice, for the outbox. `checks`: returns every check, by name."""

    def build(context: NoticeContext, notice: ReviewNotice) -> Message | None:
        policy = library.policies.get(notice.policy)
        check = checks().get(notice.check)
        if policy is None or check is None:
            return None
        reading = library.reading(policy)
        waiting = under_review(context.db, reading) - checks_off(context.db, policy.id)
        if notice.version != reading.version.key or check.name not in waiting:
            return None  # already reviewed, or the text changed
        count = check_counts(context.db, reading).get(check.name, CheckCount())  # the counts may have expired
        return review_message(reading, check, count)

    return (NOTICE.built_by(build),)


def frequency(count: CheckCount) -> str:
    """Return how often a check was shown and dismissed, in bands of five."""
    times_shown, waved = Band.of(count.shown).words, Band.of(count.waved).words
    return (
        f"montrée et écartée {times_shown} fois"
        if times_shown == waved
        else f"montrée {times_shown} fois, écartée {waved} fois"
    )


def review_message(reading: Reading, check: Check, count: CheckCount) -> Message:
    """Return the notice that asks to review a check."""
    return Message(
        Heading("Une vérification souvent écartée"),
        Text(
            "Avant de publier, la plupart des gens répondent «\u00a0Ce n'est pas le cas\u00a0» à\u00a0: ",
            bold(check.title),
            f" ({reading.policy.name}). Elle a été {frequency(count)}, par des personnes ou des jours "
            "différents.",
        ),
        Note("Rien ne change de soi-même\u00a0: c'est à vous de voir si elle aide encore."),
        Buttons(
            Button("Voir", reading.command(f"verification {check.name}", COMMAND), "primary"),
            Button("C'est revu", reading.command(f"revue {check.name}", COMMAND)),
        ),
    )
