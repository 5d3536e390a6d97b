"""`versions`: every version of a policy, its period in force, and the text as of a given day."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from bot.commands import politique
from bot.commands.passages import page_number, page_of
from bot.conversation.forms import DateField, Form, Reply, TextField
from bot.conversation.messages import Button, Buttons, Heading, Message, Note, Text, bold, turn_buttons
from bot.conversation.requests import Request
from bot.people.office import Office, typed_day
from bot.policy.library import Policy
from bot.revision import revisions
from bot.revision.archive import Archive
from bot.revision.revisions import Revision
from bot.times import in_words

_SHOWN = 8  # versions on one page


@dataclass(frozen=True, slots=True)
class VersionLine:
    """A version and its days in force. `until`: None for the latest version."""

    revision: Revision
    since: date
    until: date | None

    @property
    def served(self) -> bool:
        """Whether the version is ever in force. It is not if it was replaced on its first day."""
        return self.until is None or self.until >= self.since

    def describe(self, today: date) -> tuple[str, str]:
        """Describe in French when the version was adopted and when it was in force."""
        adopted = f"Adoptée le {in_words(self.revision.adopted)}" if self.revision.adopted else ""
        since = in_words(self.since)
        if not self.served:
            days = f"remplacée le jour même, le {since}"
        elif self.since > today:
            days = f"prendra effet le {since}"
        elif self.until is None or self.until >= today:
            days = f"en vigueur depuis le {since}"
        else:
            days = f"en vigueur du {since} au {in_words(self.until)}"
        why = " Elle a ramené le texte d'une version antérieure." if self.revision.withdraws else ""
        return adopted, f"{days}.{why}"


def version_lines(approved: Sequence[Revision]) -> list[VersionLine]:
    """Return the versions, latest first, each in force until the day before the next one takes effect."""
    lines: list[VersionLine] = []
    until: date | None = None
    for revision in reversed(approved):
        since = revision.since
        if since is not None:
            lines.append(VersionLine(revision, since, until))
            until = since - timedelta(days=1)
    return lines


def history(office: Office, archive: Archive, request: Request) -> Reply:
    """Show the versions of a policy. With « date », ask for a day, then show the text of that day."""
    library = archive.library
    named, text = library.naming.split(request.text)
    policy = library.policies.get(named or library.default.id, library.default)
    if text.startswith("date"):
        if not request.fields:
            return date_form(policy)
        day = typed_day(office, request, "jour", past=True).day
        number = request.fields.get("demande", "").strip()
        line = f"{policy.id}:{number} --date {day}"
        return politique.show(library, replace(request, command="politique", text=line))
    with office.storage.transaction() as db:
        approved = revisions.approved_chain(db, policy.id)
    # Only the administration sees a version that is approved but not announced.
    lines = version_lines(
        [revision for revision in approved if revision.state != "scheduled" or revision.is_coming]
    )
    return history_page(policy, lines, office.today(), page_number(text))


def history_page(policy: Policy, lines: Sequence[VersionLine], today: date, page: int = 1) -> Message:
    """Show a page of the versions, latest first."""
    on_page, page, pages = page_of(lines, page, _SHOWN)
    read, compare = [], []
    for line in on_page:
        adopted = line.revision.adopted
        label = f"du {in_words(adopted)}" if adopted else "sans date"
        coming = line.revision.is_coming
        if (line.since <= today and line.served) or coming:
            read.append(Button(f"Lire celle {label}", f"politique {policy.id}: --date {line.since}"))
        if (line.revision.state == "announced" or coming) and line.revision.base:
            command = f"nouveautes {policy.id} {line.revision.version}"
            compare.append(Button(f"Changements {label}", command))
    labels = ("← Plus récentes", "Plus anciennes →")
    turns = turn_buttons(page, pages, lambda target: f"versions {policy.id} {target}", labels)
    described = (line.describe(today) for line in on_page)
    return Message(
        Heading(f"Les versions {policy.name.of}"),
        *(Text(bold(adopted), f"\u00a0: {days}") for adopted, days in described),
        *(Buttons(*row) for row in (read[:4], read[4:], compare[:4], compare[4:]) if row),
        Buttons(*turns, Button("À une autre date", f"versions {policy.id} date", "primary")),
        *([Note(NO_EFFECTIVE_DATE)] if lacks_effective_date(on_page) else []),
    )


NO_EFFECTIVE_DATE = "Où la date d'effet n'a pas été dite, celle de l'adoption en tient lieu."


def lacks_effective_date(lines: Sequence[VersionLine]) -> bool:
    """Return whether any version has no known effective date."""
    return not all(line.revision.effective for line in lines)


def date_form(policy: Policy) -> Form:
    """Return the form that asks for a day and the clause number to read in the text of that day."""
    return Form(
        f"versions {policy.id} date",
        "À une autre date",
        (
            DateField("jour", "Le jour"),
            TextField("demande", "Un numéro, si vous en cherchez un", required=False, max_length=60),
        ),
        "Voir",
    )
