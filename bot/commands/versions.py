"""`versions`: every version of a policy, what was in force when, and the text as it was on a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from bot.commands import politique
from bot.conversation.forms import Form, Reply, TextField
from bot.conversation.messages import Button, Buttons, Heading, Message, Note, Text, bold
from bot.conversation.requests import Request
from bot.people.office import Office
from bot.policy.library import Policy
from bot.revision import revisions
from bot.revision.archive import Archive
from bot.revision.revisions import Revision
from bot.times import in_words

_SHOWN = 8  # versions on one page


@dataclass(frozen=True, slots=True)
class VersionLine:
    """A version, from when to when it was in force; `until` None: it still is, or will be."""

    revision: Revision
    since: date
    until: date | None

    @property
    def served(self) -> bool:
        """Whether it was in force for a day at least: another may have taken its place on the same day."""
        return self.until is None or self.until >= self.since


# --- What was in force when -------------------------------------------------------------------


def lines(approved: Sequence[Revision]) -> list[VersionLine]:
    """Return the versions, the latest first, each until the day before the next one's."""
    found: list[VersionLine] = []
    until: date | None = None
    for one in reversed(approved):
        since = one.since
        if since is not None:
            found.append(VersionLine(one, since, until))
            until = since - timedelta(days=1)
    return found


def history(office: Office, archive: Archive, request: Request) -> Reply:
    """Show the versions of a policy; with « date », ask for a day, then show the text as it was."""
    named, text = archive.library.naming.split(request.text)
    policy = archive.library.policies.get(named or archive.library.default.id, archive.library.default)
    if text.startswith("date"):
        if not request.fields:
            return date_form(policy)
        day = politique.read_day(request.fields.get("jour", ""))
        wanted = request.fields.get("demande", "").strip()
        line = f"{policy.id}:{wanted} --date {day}"
        return politique.show(archive.library, replace(request, command="politique", text=line))
    with office.storage.transaction() as db:
        found = lines(revisions.approved_chain(db, policy.id))
    page = int(text) if text.isdecimal() and len(text) < len("100") else 1
    return history_page(policy, found, office.today(), page)


def history_page(policy: Policy, found: Sequence[VersionLine], today: date, page: int = 1) -> Message:
    """Return a page of the versions, the latest first."""
    pages = max(1, -(-len(found) // _SHOWN))
    page = min(max(page, 1), pages)
    shown = found[(page - 1) * _SHOWN : page * _SHOWN]
    buttons = [
        Button(f"Lire celle {_of(one.revision)}", f"politique {policy.id}: --date {one.since}")
        for one in shown
        if one.since <= today and one.served
    ]
    told = [one.revision for one in shown if one.revision.state == "announced"]
    compared = [Button(f"Changements {_of(one)}", f"nouveautes {policy.id} {one.version}") for one in told]
    turns = [
        Button(label, f"versions {policy.id} {target}")
        for label, target in (("← Plus récentes", page - 1), ("Plus anciennes →", page + 1))
        if 1 <= target <= pages
    ]
    return Message(
        Heading(f"Les versions de la {policy.name}"),
        *(_line(one, today) for one in shown),
        *(Buttons(*row) for row in (buttons[:4], buttons[4:], compared[:4], compared[4:]) if row),
        Buttons(*turns, Button("À une autre date", f"versions {policy.id} date", "primary")),
        *([Note(UNSAID)] if is_unsaid(shown) else []),
    )


def _of(revision: Revision) -> str:
    return f"du {in_words(revision.adopted)}" if revision.adopted else "sans date"


def _line(one: VersionLine, today: date) -> Text:
    adopted, when = _when(one, today)
    return Text(bold(adopted), f"\u00a0: {when}")


def described(one: VersionLine, today: date) -> str:
    """Say when a version was adopted, and from when to when it was in force."""
    adopted, when = _when(one, today)
    return f"{adopted}\u00a0: {when}"


def _when(one: VersionLine, today: date) -> tuple[str, str]:
    adopted = f"Adoptée le {in_words(one.revision.adopted)}" if one.revision.adopted else ""
    why = " Elle a ramené le texte d'une version antérieure." if one.revision.withdraws else ""
    if not one.served:
        return adopted, f"remplacée le jour même, le {in_words(one.since)}.{why}"
    if one.since > today:
        return adopted, f"prendra effet le {in_words(one.since)}.{why}"
    if one.until is None or one.until >= today:
        return adopted, f"en vigueur depuis le {in_words(one.since)}.{why}"
    return adopted, f"en vigueur du {in_words(one.since)} au {in_words(one.until)}.{why}"


UNSAID = "Où la date d'effet n'a pas été dite, celle de l'adoption en tient lieu."


def is_unsaid(shown: Sequence[VersionLine]) -> bool:
    """Tell whether nobody said from when on some version is in force."""
    return not all(one.revision.effective for one in shown)


def date_form(policy: Policy) -> Form:
    """Return the form that asks for a day, and what to read of the text as it was."""
    return Form(
        f"versions {policy.id} date",
        "À une autre date",
        (
            TextField("jour", "Le jour", hint="Année, mois, jour, comme 2015-12-13", max_length=20),
            TextField("demande", "Un numéro, si vous en cherchez un", required=False, max_length=60),
        ),
        "Voir",
    )
