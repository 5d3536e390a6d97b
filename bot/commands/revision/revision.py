"""`revision`: what the administration does with a revision, from the file that is dropped to the notice."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import TypeAlias

from sqlite_utils import Database

from bot.commands import politique
from bot.commands.revision import ledger_messages
from bot.commands.revision import messages as say
from bot.conversation.forms import Reply
from bot.conversation.messages import Message, Span, excerpt
from bot.conversation.requests import Received, Request, UserError
from bot.people import persons, roles
from bot.people.office import Office, actor_of, named
from bot.policy.articles import PolicyError
from bot.policy.changes.comparison import Comparison, Nature
from bot.policy.library import Policy
from bot.revision import audience, ledger, picture, revisions, upkeep
from bot.revision.archive import TASK, Archive
from bot.revision.ledger import Asked
from bot.revision.reading import formats
from bot.revision.reading.document import Document
from bot.revision.reading.lint import NamedRole
from bot.revision.revisions import Dates, DatesError, Proposal, Revision, RevisionError
from bot.schedule import clock

logger = logging.getLogger(__name__)

_WORDS_OF_NO_ONE = "une personne"


@dataclass(frozen=True, slots=True)
class RevisionRequest:
    """One request of the administration's being answered, in its transaction."""

    office: Office
    archive: Archive
    db: Database
    request: Request

    @property
    def now(self) -> datetime:
        """The time that it is."""
        return self.office.clock()

    @property
    def today(self) -> date:
        """The day that it is where the association is."""
        return self.office.today()

    def person(self) -> str:
        """Return who asks."""
        return persons.known(self.db, actor_of(self.request))

    def named(self, person_id: str | None) -> Span:
        """Return how to show a person to the one who reads."""
        platform = actor_of(self.request).platform
        return named(self.db, person_id, platform) if person_id else Span(_WORDS_OF_NO_ONE)

    def policy(self, revision: Revision) -> Policy:
        """Return the policy of a revision."""
        return self.archive.library.policies[revision.policy]

    def revision(self, identifier: str) -> Revision:
        """Return a revision. Raises `UserError` where there is none."""
        found = revisions.find_revision(self.db, identifier)
        if found is None or found.state == "origin":
            raise UserError("Cette révision n'existe pas. Tapez /vigie revision pour les voir toutes.")
        return revisions.rebase(self.db, found)

    def comparison(self, revision: Revision) -> Comparison:
        """Return what a revision changes."""
        return self.archive.comparison(self.db, revision)


Action: TypeAlias = Callable[[RevisionRequest, str], Reply]


def manage(office: Office, archive: Archive, request: Request, dropped: Document | None = None) -> Reply:
    """Answer the administration, which may have `dropped` a text. Raises `UserError` for a refusal."""
    verb, _, rest = request.text.strip().partition(" ")
    try:
        with office.storage.transaction() as db:
            desk = RevisionRequest(office, archive, db, request)
            if dropped:
                return _dropped(desk, dropped)
            return ACTIONS.get(verb, _overview)(desk, rest.strip())
    except (RevisionError, PolicyError) as error:
        raise UserError(_sentence(error)) from error


def _sentence(error: Exception) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}"


# --- Proposing --------------------------------------------------------------------------------


def _overview(desk: RevisionRequest, _: str) -> Message:
    """List the revisions of every policy, and say how to propose one."""
    found = [
        one for policy in desk.archive.library.policies for one in revisions.list_revisions(desk.db, policy)
    ]
    return say.overview([(desk.policy(one), one) for one in found])


def read_dropped(office: Office, archive: Archive, file: Received) -> Callable[[Request], Reply]:
    """Read a file that was dropped, and return what proposes its text. Raises `UserError` if unreadable."""
    try:
        document = formats.read_document(file.content, excerpt(file.name, 60))
    except PolicyError as error:
        raise UserError(_sentence(error)) from error
    return partial(manage, office, archive, dropped=document)


def _dropped(desk: RevisionRequest, document: Document) -> Message:
    """Propose the text of a file that the administration dropped, for the policy that is meant by default."""
    policy, person = desk.archive.library.default, desk.person()
    offices = [
        NamedRole(role.title, held=bool(roles.holders(desk.db, role.id, desk.today)))
        for role in roles.all_roles(desk.db)
    ]
    [*_, latest] = revisions.approved_chain(desk.db, policy.id)
    found = formats.review_document(document, "ce texte", desk.archive.version(latest), desk.today, offices)
    if not found.adoptable:
        return say.unfit(policy, found.findings)
    proposal = Proposal(policy.id, document.markdown, "file", latest.version, by=person, notes=found.findings)
    return _shown(desk, desk.archive.propose(desk.db, proposal, desk.today))


def _show(desk: RevisionRequest, identifier: str) -> Message:
    return _shown(desk, desk.revision(identifier))


def _shown(desk: RevisionRequest, revision: Revision) -> Message:
    """Show a revision: what it changes, what there is to look at, to how many it goes, what they must do."""
    comparison = desk.comparison(revision)
    told_soon = revision.state in {"proposed", "scheduled"}
    counts = _counts(desk, revision, comparison) if told_soon else {}
    agreed = [desk.named(one) for one in revisions.approvers(desk.db, revision.id)]
    by = desk.named(revision.proposed_by) if revision.proposed_by else None
    left = _left(desk, revision, comparison) if told_soon else ()
    return say.shown(desk.policy(revision), revision, comparison, counts, by=by, agreed=agreed, left=left)


def _left(desk: RevisionRequest, revision: Revision, comparison: Comparison) -> Sequence[str]:
    """Return what people will have to look at again beside the policy; nothing where that cannot be read."""
    policy = desk.policy(revision)
    try:
        return tuple(
            upkeep.upkeep_after(
                policy, comparison.old, comparison.new, desk.archive.folders
            ).lines_in_french()
        )
    except PolicyError as error:
        logger.warning("%s", error)
        return ()


def _compare(desk: RevisionRequest, text: str) -> Message:
    """Show what changes, a page at a time."""
    identifier, _, page = text.partition(" ")
    revision = desk.revision(identifier)
    return say.compared(desk.policy(revision), revision, desk.comparison(revision), _number(page))


def _notice(desk: RevisionRequest, text: str) -> Message:
    """Show the notice as those of one group will read it."""
    identifier, _, group = text.partition(" ")
    revision = desk.revision(identifier)
    asked = next((one for one in audience.GROUPS if one == group), None)
    comparison = desk.comparison(revision)
    counts = _counts(desk, revision, comparison)
    return say.preview(
        desk.policy(revision), revision, comparison, asked or _largest(counts), channel=group == "canal"
    )


def _largest(counts: Mapping[Asked, int]) -> Asked:
    """Return the group of the most persons, the one whose notice is shown first."""
    return max(counts, key=lambda one: counts[one]) if any(counts.values()) else "changes"


def _counts(desk: RevisionRequest, revision: Revision, comparison: Comparison) -> Mapping[Asked, int]:
    """Return to how many the notice of a revision to come would go, by what is asked of them."""
    if desk.policy(revision) is not desk.archive.library.default:  # which is only told
        return {"nothing": len(audience.concerned(desk.db, revision.policy, desk.today))}
    chain = [one for one in revisions.approved_chain(desk.db, revision.policy) if one.id != revision.id]
    return audience.count_expected(
        desk.db, revision.policy, [*chain, revision], comparison.nature, desk.today
    )


def _pages(desk: RevisionRequest, identifier: str) -> Message:
    """Give a page that shows what each group would read, as each platform shows it."""
    revision = desk.revision(identifier)
    policy, comparison = desk.policy(revision), desk.comparison(revision)
    content = desk.archive.preview(
        say.PREVIEW, say.notices(policy, revision, comparison), desk.archive.library.quote
    )
    return say.previewed(revision, content)


# --- Deciding ---------------------------------------------------------------------------------


def _natures(desk: RevisionRequest, text: str) -> Message:
    """Show each change and whether it is of substance, to be decided one by one."""
    identifier, _, page = text.partition(" ")
    revision = desk.revision(identifier)
    return say.natures(desk.policy(revision), revision, desk.comparison(revision), _number(page))


def _decide(desk: RevisionRequest, text: str) -> Message:
    """Take what the administration decides of one change: « ID CLÉ NATURE PAGE »."""
    identifier, key, nature, page = [*text.split(), "", "", "", ""][:4]
    revision = desk.revision(identifier)
    known = {change.key for change in desk.comparison(revision).changes}
    if key in known and nature in {Nature.EDITORIAL, Nature.SUBSTANTIVE}:
        revisions.decide_natures(desk.db, revision, {key: Nature(nature)})
    return _natures(desk, f"{identifier} {page}")


def _approve(desk: RevisionRequest, text: str) -> Reply:
    """Ask for the dates, which are never guessed, then take the approval; ask again where they cannot be."""
    identifier, _, before = text.partition(" ")
    revision = desk.revision(identifier)
    if revision.state != "proposed":
        return _shown(desk, revision)
    if not desk.request.fields:
        return say.dates_form(revision, before)
    adopted, effective = (desk.request.fields.get(name, "") for name in ("adoptee", "effet"))
    try:
        return _approved(desk, revision, Dates(politique.read_day(adopted), politique.read_day(effective)))
    except (UserError, DatesError) as error:  # nothing is written yet
        return say.wrong_dates(revision, _sentence(error), adopted, effective)


def _agree(desk: RevisionRequest, identifier: str) -> Reply:
    """Approve the dates that someone else approved."""
    revision = desk.revision(identifier)
    if revision.state != "proposed" or not revision.adopted or not revision.effective:
        return _approve(desk, identifier)
    adopted, effective = revision.adopted, revision.effective
    try:
        return _approved(desk, revision, Dates(adopted, effective))
    except DatesError as error:  # what could be when the other person approved can no longer be
        return say.wrong_dates(revision, _sentence(error), adopted.isoformat(), effective.isoformat())


def _approved(desk: RevisionRequest, revision: Revision, dates: Dates) -> Message:
    needed = desk.archive.approvals
    revision = revisions.approve(desk.db, revision, desk.person(), dates, desk.today, needed=needed)
    if revision.state == "scheduled":
        desk.archive.plan(desk.db, revision, desk.now)
    return say.approved(desk.policy(revision), revision, desk.today)


def _withdraw(desk: RevisionRequest, text: str) -> Message:
    """Withdraw a revision, once that is confirmed; one that is in force makes way for the former text."""
    identifier, _, confirmed = text.partition(" ")
    revision = desk.revision(identifier)
    if confirmed != "oui":
        return say.withdrawing(desk.policy(revision), revision)
    if revision.state == "announced":
        new = revisions.propose_withdrawal(desk.db, revision, desk.person(), desk.today)
        return _shown(desk, new)
    revision = revisions.withdraw(desk.db, revision, desk.person(), desk.today)
    clock.cancel(desk.db, f"{TASK}:{revision.id}")
    return say.withdrawn(desk.policy(revision), revision)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < len("1000") else 1


def _ledger(desk: RevisionRequest, text: str) -> Message:
    identifier, _, page = text.partition(" ")
    revision = desk.revision(identifier)
    found = ledger.list_recipients(desk.db, revision) if revision.state == "announced" else []
    lines = [(desk.named(one.person_id), one) for one in found]
    return ledger_messages.ledger_page(
        desk.policy(revision), revision, lines, _number(page), desk.office.calendar
    )


def _csv(desk: RevisionRequest, identifier: str) -> Message:
    revision = desk.revision(identifier)
    found = ledger.list_recipients(desk.db, revision) if revision.state == "announced" else []
    return ledger_messages.ledger_file(desk.policy(revision), revision, ledger.ledger_csv(desk.db, found))


def _picture(desk: RevisionRequest, identifier: str) -> Message:
    """Have the curve of the attestations drawn, off this thread, for the one who asks."""
    revision = desk.revision(identifier)
    person = desk.person()
    clock.plan(
        desk.db,
        f"{picture.DRAW}:{revision.id}:{person}",
        picture.DRAW,
        desk.now,
        {"person": person, "id": persons.new_id(), "revision": revision.id},
    )
    return ledger_messages.drawing(revision)


ACTIONS: Mapping[str, Action] = {
    "voir": _show,
    "comparer": _compare,
    "avis": _notice,
    "apercu": _pages,
    "natures": _natures,
    "nature": _decide,
    "approuver": _approve,
    "accord": _agree,
    "retirer": _withdraw,
    "registre": _ledger,
    "csv": _csv,
    "image": _picture,
}
