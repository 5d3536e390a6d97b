"""Messages with a revision's ledger, for the administration: who was notified, has read, has attested."""

from collections.abc import Sequence
from datetime import date

from bot.commands.passages import page_of
from bot.conversation.messages import Button, Buttons, File, Heading, Message, Note, Span, Text, turn_buttons
from bot.policy.library import Policy
from bot.revision.ledger import Recipient, State, count_recipients
from bot.revision.revisions import Revision
from bot.times import Calendar, in_words

_PAGE = 8  # people per page


def ledger_page(
    policy: Policy,
    revision: Revision,
    lines: Sequence[tuple[Span, Recipient]],
    number: int,
    calendar: Calendar,
) -> Message:
    """Show one page of the ledger, starting with the people whose notice was not delivered."""
    order: list[State] = ["failed", "queued", "sent", "left"]
    ranked = sorted(lines, key=lambda line: (order.index(line[1].state), line[1].attested_at is not None))
    on_page, at, pages = page_of(ranked, number, _PAGE)
    return Message(
        Heading(f"{policy.name}, registre de la révision du {in_words(_day(revision))}"),
        Text(count_recipients([recipient for _, recipient in lines])),
        *(
            Text(Span(who.text, "bold", who.account), f"\u00a0: {recipient.describe(calendar)}")
            for who, recipient in on_page
        ),
        *([] if lines else [Text("Personne n'a encore reçu d'avis de cette révision.")]),
        Buttons(
            *turn_buttons(at, pages, lambda target: f"revision registre {revision.id} {target}"),
            Button("Fichier CSV", f"revision csv {revision.id}"),
            Button("Image", f"revision image {revision.id}"),
            Button("La révision", f"revision voir {revision.id}"),
        ),
    )


def ledger_file(policy: Policy, revision: Revision, content: str) -> Message:
    """Return a message with the ledger as a CSV file."""
    return Message(
        Text(f"Le registre de la révision {policy.name.of}, une personne par ligne."),
        File(f"revision-{_day(revision)}.csv", content.encode("utf-8-sig"), "Le registre de la révision"),
        Buttons(Button("Registre", f"revision registre {revision.id}")),
    )


def _day(revision: Revision) -> date:
    return revision.effective or revision.adopted or revision.proposed_on


def drawing(revision: Revision, where: str) -> Message:
    """Confirm that the picture of the attestations will be sent. `where`: see `in_private`."""
    return Message(
        Note(f"L'image arrive dans un instant, {where}."),
        Buttons(Button("Registre", f"revision registre {revision.id}")),
    )
