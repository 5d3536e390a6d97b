"""`revision`: the administration's handling of a revision, from the dropped file to the notice."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from sqlite_utils import Database

from bot.commands.passages import page_number
from bot.commands.revision import messages as say
from bot.commands.revision import outline_messages as outlines
from bot.commands.revision.dropped import DroppedRequest
from bot.commands.revision.ledger_messages import drawing, ledger_file, ledger_page
from bot.conversation.forms import Reply
from bot.conversation.messages import Message, Span, capitalized, excerpt
from bot.conversation.requests import FieldsError, Received, Request, UserError
from bot.language.dates import ReadDate
from bot.people import persons
from bot.people.office import Office, actor_of, in_private, person_span, typed_day
from bot.policy.articles import PolicyError
from bot.policy.changes.comparison import Comparison, Nature
from bot.policy.library import Policy
from bot.policy.markdown import same_text
from bot.policy.names import GenderedName
from bot.revision import ahead_notices, audience, dropped_texts, ledger, revisions
from bot.revision.archive import Archive, nothing
from bot.revision.dropped_texts import DroppedText
from bot.revision.ledger import Asked, Recipient
from bot.revision.reading import formats
from bot.revision.reading.document import Document
from bot.revision.reading.found_dates import find_dates
from bot.revision.revisions import Dates, DatesError, Proposal, Revision, RevisionError
from bot.revision.upkeep import upkeep_lines
from bot.schedule import clock
from bot.schedule.names import CURVE

logger = logging.getLogger(__name__)

_NOTHING_APPROVED = "Rien n'est approuvé."


def manage(
    office: Office, archive: Archive, request: Request, dropped: tuple[str, Document] | None = None
) -> Reply:
    """Handle a request from the administration. Raises `UserError` for a refusal.

    `dropped`: the name of a file dropped in chat, and the document read from it, if the request is a file.
    """
    verb, identifier, rest = [*request.text.split(maxsplit=2), "", "", ""][:3]
    if verb == say.MODEL:
        library = archive.library
        if not identifier and len(library.policies) > 1:
            return say.which_model(list(library.policies.values()))
        policy = library.find(identifier) if identifier else library.default
        return say.model(policy, library.current(policy))
    try:
        with office.storage.transaction() as db:
            answering = RevisionRequest(office, archive, db, request)
            if dropped:
                return answering.dropped().ask_policy(*dropped)
            if verb == say.DROPPED:
                return answering.dropped().place(identifier, rest)
            if verb == outlines.OUTLINE_VERB:
                return answering.dropped().read(identifier, rest)
            action = _ACTIONS.get(verb)
            return action(answering, answering.revision(identifier), rest) if action else answering.overview()
    except (RevisionError, PolicyError) as error:
        raise UserError(capitalized(str(error))) from error


def read_dropped(office: Office, archive: Archive, file: Received) -> Callable[[Request], Reply]:
    """Read a dropped file. Return a handler that asks which policy it is about, or explains a refusal."""
    name = excerpt(file.name, 60)
    try:
        document = formats.read_document(file.content, name)
    except PolicyError as error:
        unreadable = say.unreadable(name, error.problem)
        return lambda _: unreadable
    return partial(manage, office, archive, dropped=(name, document))


def _read_dates(text: str) -> Dates | None:
    """Return the dates that a button carries, None if it carries none."""
    try:
        adopted, effective = map(date.fromisoformat, text.split())
    except ValueError:
        return None
    return Dates(adopted, effective)


@dataclass(frozen=True, slots=True)
class RevisionRequest:
    """A request from the administration, within a transaction.

    An action takes a revision and `rest`, the words after the revision's id.
    """

    office: Office
    archive: Archive
    db: Database
    request: Request

    def revision(self, identifier: str) -> Revision:
        """Return a revision. Raises `UserError` when there is none."""
        revision = revisions.find_revision(self.db, identifier)
        if revision is None or revision.state == "origin":
            typed = self.office.profile.typed("revision")
            raise UserError(f"Cette révision n'existe pas. Tapez {typed} pour les voir toutes.")
        return revisions.rebase(self.db, revision)

    def _policy(self, revision: Revision) -> Policy:
        return self.archive.policy(self.db, revision)

    def _comparison(self, revision: Revision) -> Comparison:
        return self.archive.comparison(self.db, revision)

    def _person(self) -> str:
        return persons.known(self.db, actor_of(self.request))

    def _name(self, person_id: str | None) -> Span:
        """Return a person's name or mention, as the sender sees it."""
        platform = actor_of(self.request).platform
        return person_span(self.db, person_id, platform) if person_id else Span("une personne")

    # Proposing

    def overview(self) -> Message:
        """List the revisions of every policy, and explain how to propose one."""
        return say.overview(self.archive.list_revisions(self.db), dropped_texts.waiting(self.db))

    def dropped(self) -> DroppedRequest:
        """Return the handler of requests about a dropped file, in the same transaction."""
        return DroppedRequest(self.office, self.archive, self.db, self.request, self.propose)

    def propose(self, dropped: DroppedText, name: GenderedName) -> Message:
        """Propose the text of a file whose outline is right, and store the decisions about its lines.

        `name`: the name of the file's policy.
        """
        person = self._person()
        today = self.office.today()
        policy = dropped.policy
        offices = revisions.named_roles(self.db, today)
        latest = revisions.latest_approved(self.db, policy)
        old = self.archive.version(latest) if latest else nothing(policy)
        document = dropped.read()
        try:
            reading = formats.review_document(document, "ce texte", old, today, offices)
        except PolicyError as error:
            return say.unreadable("Ce document", error.problem, dropped.id)
        if latest and same_text(reading.comparison.new.outline, old.outline):
            dropped_texts.keep_decisions(self.db, policy, dropped.decisions)
            dropped_texts.discard(self.db, dropped.id)
            return say.unchanged(name)
        if not reading.adoptable:
            return say.unfit(name, reading.findings, dropped.id)
        if dropped.called:
            revisions.name_policy(self.db, policy, dropped.called)
        base = latest.version if latest else None
        proposal = Proposal(
            policy, reading.markdown, "file", base, proposed_by=person, notes=reading.findings
        )
        revision = self.archive.propose(self.db, proposal, today)
        dropped_texts.keep_decisions(self.db, policy, dropped.decisions)
        dropped_texts.discard(self.db, dropped.id)
        return self.show(revision)

    def show(self, revision: Revision, _rest: str = "") -> Message:
        """Show a revision: its changes, the points to check and the number of people concerned."""
        comparison, policy = self._comparison(revision), self._policy(revision)
        counts: Mapping[Asked, int] = {}
        left: Sequence[str] = ()
        if revision.state in {"proposed", "scheduled"}:
            counts = self._counts(revision, comparison)
            try:
                if revision.base:
                    left = upkeep_lines(policy, comparison.old, comparison.new, self.archive.folders)
            except PolicyError as error:
                logger.warning("%s", error)
        agreed = [self._name(person) for person in revisions.approvers(self.db, revision.id)]
        by = self._name(revision.proposed_by) if revision.proposed_by else None
        quizzed = self.archive.quizzed(comparison.new)
        return say.shown(
            policy,
            revision,
            comparison,
            counts,
            by=by,
            agreed=agreed,
            today=self.office.today(),
            left=left,
            quizzed=quizzed,
        )

    def _counts(self, revision: Revision, comparison: Comparison) -> Mapping[Asked, int]:
        """Count the people who would get a revision's notice, by what it would ask them to read."""
        today = self.office.today()
        if not self.archive.is_attested(revision.policy):
            return {"nothing": len(audience.concerned(self.db, revision.policy, today))}
        approved = revisions.approved_chain(self.db, revision.policy)
        chain = [*(text for text in approved if text.id != revision.id), revision]
        return audience.count_expected(self.db, revision.policy, chain, comparison.nature, today)

    def compare(self, revision: Revision, rest: str) -> Message:
        """Show a page of the changes."""
        return say.compared(self._policy(revision), revision, self._comparison(revision), page_number(rest))

    def notice(self, revision: Revision, rest: str) -> Message:
        """Show the notice as one group of people will see it, by default the largest group."""
        comparison = self._comparison(revision)
        counts = self._counts(revision, comparison)
        usual: Asked = "changes" if revision.base else "whole"
        largest = max(counts, key=lambda group: counts[group]) if any(counts.values()) else usual
        group = next((group for group in audience.GROUPS if group == rest), largest)
        questions = self.archive.questions(comparison)
        policy, channel = self._policy(revision), rest == "canal"
        quizzed = self.archive.quizzed(comparison.new)
        return say.preview(policy, revision, comparison, group, questions, channel=channel, quizzed=quizzed)

    def preview(self, revision: Revision, _rest: str) -> Message:
        """Return a message with a page that shows each group's notice on each platform."""
        comparison = self._comparison(revision)
        questions = self.archive.questions(comparison)
        quizzed = self.archive.quizzed(comparison.new)
        notices = say.notices(self._policy(revision), revision, comparison, questions, quizzed=quizzed)
        return say.previewed(revision, self.archive.preview(say.PREVIEW, notices, self.archive.library.quote))

    # Deciding

    def natures(self, revision: Revision, rest: str) -> Message:
        """Show a page of changes with their natures, substantive or editorial, to decide one by one."""
        return say.natures(self._policy(revision), revision, self._comparison(revision), page_number(rest))

    def decide(self, revision: Revision, rest: str) -> Message:
        """Store whether one change is substantive or editorial. `rest`: « KEY NATURE PAGE »."""
        key, nature, page = [*rest.rsplit(maxsplit=2), "", "", ""][:3]
        keys = {change.key for change in self._comparison(revision).changes}
        if key in keys and nature in {Nature.EDITORIAL, Nature.SUBSTANTIVE}:
            revision = revisions.decide_natures(self.db, revision, {key: Nature(nature)})
        return self.natures(revision, page)

    def approve(self, revision: Revision, rest: str) -> Reply:
        """Ask for the dates, then approve. Dates not typed in full are first shown for confirmation.

        `rest`: the dates shown, « 2026-11-20 2026-11-24 ». A press that confirms them approves the revision.
        Any other press opens the form, filled in with them.
        """
        if revision.state != "proposed":
            return self.show(revision)
        checked = _read_dates(rest)
        if checked and self.request.confirmed:
            return self._approve(revision, checked)
        if not self.request.fields:
            return say.dates_form(revision, checked or self._known_dates(revision))
        days: dict[str, ReadDate] = {}
        problems: dict[str, str] = {}
        for name in (say.ADOPTED, say.EFFECTIVE):
            try:
                days[name] = typed_day(self.office, self.request, name, past=name == say.ADOPTED)
            except FieldsError as error:
                problems |= error.problems
        if problems:
            raise FieldsError({name: f"{text} {_NOTHING_APPROVED}" for name, text in problems.items()})
        dates = Dates(days[say.ADOPTED].day, days[say.EFFECTIVE].day)
        today = self.office.today()
        if all(day.exact for day in days.values()) and dates.effective >= today:
            return self._approve(revision, dates)
        self._check(revision, dates)
        return say.dates_read(revision, dates, today)

    def _known_dates(self, revision: Revision) -> say.KnownDates:
        """Return the dates of the previous approval, else those written in the text if they are possible."""
        latest = revisions.latest_approved(self.db, revision.policy)
        today = self.office.today()
        dates = find_dates(revision.text)
        adopted, effective = revision.adopted, revision.effective
        if adopted is None and dates.adopted and Dates(dates.adopted, dates.adopted).fits(latest, today):
            adopted = dates.adopted
        # A policy's first text may have been in force for years. In a revised text, the effective date may
        # still be that of the text that it replaces.
        since = adopted or (today if revision.base else min(today, dates.effective or today))
        if effective is None and dates.effective and Dates(since, dates.effective).fits(latest, today):
            effective = dates.effective
        return say.KnownDates(
            adopted, effective, written=(revision.adopted, revision.effective) == (None, None)
        )

    def agree(self, revision: Revision, _rest: str) -> Reply:
        """Approve with the same dates as the previous approval."""
        if revision.state != "proposed" or not revision.adopted or not revision.effective:
            return self.approve(revision, "")
        return self._approve(revision, Dates(revision.adopted, revision.effective))

    def _check(self, revision: Revision, dates: Dates) -> None:
        """Raise `FieldsError` for impossible dates."""
        try:
            dates.check(revisions.latest_approved(self.db, revision.policy), self.office.today())
        except DatesError as error:
            name = say.ADOPTED if error.which == "adopted" else say.EFFECTIVE
            raise FieldsError({name: f"{capitalized(str(error))} {_NOTHING_APPROVED}"}) from error

    def _approve(self, revision: Revision, dates: Dates) -> Message:
        today, needed = self.office.today(), self.archive.approvals
        self._check(revision, dates)
        revision = revisions.approve(self.db, revision, self._person(), dates, today, needed=needed)
        if revision.state == "scheduled":
            self.archive.plan(self.db, revision, self.office.clock())
        return say.approved(self._policy(revision), revision, today)

    def announce_ahead(self, revision: Revision, _rest: str) -> Message:
        """Announce an approved revision before its day, after confirmation."""
        policy = self._policy(revision)
        if not self.request.confirmed:
            revisions.check_ahead(self.db, revision, self.office.today())
            notice = ahead_notices.coming(policy, revision, self._comparison(revision))
            return say.announcing_ahead(revision, notice, channels=len(self.archive.channels))
        revision = self.archive.announce_ahead(self.db, revision, self.office.clock())
        return say.announced_ahead(policy, revision, channels=len(self.archive.channels))

    def withdraw(self, revision: Revision, _rest: str) -> Message:
        """Withdraw a revision after confirmation or, when it is in force, propose the previous text."""
        if not self.request.confirmed:
            return say.withdrawing(self._policy(revision), revision)
        person = self._person()
        today = self.office.today()
        if revision.state == "announced":
            return self.show(revisions.propose_withdrawal(self.db, revision, person, today))
        revision = self.archive.withdraw(self.db, revision, person, self.office.clock())
        return say.withdrawn(self._policy(revision), revision)

    # Following

    def _recipients(self, revision: Revision) -> list[Recipient]:
        return ledger.list_recipients(self.db, revision) if revision.state == "announced" else []

    def ledger(self, revision: Revision, rest: str) -> Message:
        """Show a page of the ledger."""
        lines = [(self._name(recipient.person), recipient) for recipient in self._recipients(revision)]
        return ledger_page(self._policy(revision), revision, lines, page_number(rest), self.office.calendar)

    def csv(self, revision: Revision, _rest: str) -> Message:
        """Return a message with the ledger as a CSV file."""
        content = ledger.ledger_csv(self.db, self._recipients(revision))
        return ledger_file(self._policy(revision), revision, content)

    def picture(self, revision: Revision, _rest: str) -> Message:
        """Queue a picture of the attestations for the sender."""
        person = self._person()
        account = str(persons.account(actor_of(self.request)))
        arguments = {
            "person": person,
            "id": persons.new_id(),
            "account": account,
            "revision": revision.id,
        }
        clock.plan(self.db, f"{CURVE}:{revision.id}:{person}", CURVE, self.office.clock(), arguments)
        return drawing(revision, in_private(self.request))


_ACTIONS: Mapping[str, Callable[[RevisionRequest, Revision, str], Reply]] = {
    "voir": RevisionRequest.show,
    "comparer": RevisionRequest.compare,
    "avis": RevisionRequest.notice,
    "apercu": RevisionRequest.preview,
    "natures": RevisionRequest.natures,
    "nature": RevisionRequest.decide,
    "approuver": RevisionRequest.approve,
    "accord": RevisionRequest.agree,
    "annoncer": RevisionRequest.announce_ahead,
    "retirer": RevisionRequest.withdraw,
    "registre": RevisionRequest.ledger,
    "csv": RevisionRequest.csv,
    "image": RevisionRequest.picture,
}
