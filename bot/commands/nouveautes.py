"""`nouveautes`: the changes in the latest revision, and the « J'ai lu » button."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.commands import changes
from bot.conversation.messages import Button, Buttons, Heading, Message, Span, Text, bold, turn_buttons
from bot.conversation.requests import Request
from bot.onboarding import attempts
from bot.onboarding.course import Course, CourseRequest
from bot.onboarding.enrolment import Standing
from bot.onboarding.notices import ATTEST, MY_PROGRESS, reminder_choices
from bot.onboarding.quiz import session
from bot.people import persons
from bot.people.office import Office, actor_of
from bot.policy.changes import summary
from bot.policy.changes.comparison import Comparison
from bot.policy.library import Policy
from bot.register.attestations import Fact
from bot.revision import ledger, revisions
from bot.revision.archive import Archive
from bot.revision.notices import NO_QUESTION, count_questions, see_changes
from bot.revision.revisions import Revision
from bot.times import in_words

CHANGES_READ: Final = "lu"  # the verb of the button « J'ai lu »
_MOST_COMING: Final = 2  # maximum buttons to coming revisions in one message
ANSWER: Final = Button("Répondre", "quiz", "primary")


def show(office: Office, course: Course, archive: Archive, request: Request) -> Message:
    """Show a revision's changes, a page at a time, or record that the person has read them."""
    verb, _, rest = request.text.strip().partition(" ")
    if named := course.library.naming.split(request.text)[0]:
        course = course.on(course.library.find(named).id)
    with office.storage.transaction() as db:
        news = NewsRequest(office, course, db, request, archive)
        message = news.read(rest) if verb == CHANGES_READ else news.changes(request.text)
    return course.library.addressed(message, course.policy.id)


@dataclass(frozen=True, slots=True)
class NewsRequest(CourseRequest):
    """A request about an announced revision, within a transaction."""

    archive: Archive

    def changes(self, text: str) -> Message:
        """Show a page of a revision's changes. `text`: see `_parse`."""
        policy, revision, page = self._parse(text)
        if revision is not None and revision.is_coming:
            return coming_message(policy, revision, self.archive.comparison(self.db, revision), page)
        coming = self._coming(policy)
        cancelled = self._cancelled(policy, revision, text)
        if revision is None:
            return none_yet(policy, coming, cancelled)
        person, standing = self.person, None
        if person is not None:
            self._note_opened(revision, person)
            standing = self._standing(revision, person)
        comparison = self.archive.since_read(self.db, revision, person)
        step = _next_step(policy, revision, standing)
        return changes_message(policy, revision, comparison, page, step, coming=coming, cancelled=cancelled)

    def _coming(self, policy: Policy) -> list[Revision]:
        """Return the announced revisions that are not in force yet."""
        chain = revisions.approved_chain(self.db, policy.id)
        return [revision for revision in chain if revision.is_coming]

    def _cancelled(self, policy: Policy, named: Revision | None, text: str) -> Revision | None:
        """Return the revision that `text` names, if it was announced and withdrawn before its day.

        Return None if `named` has the adoption date that `text` names.
        """
        words = text.split()
        if named is not None and named.version in words:
            return None
        cancelled = revisions.cancelled_ahead(self.db, policy.id)
        return next((revision for revision in cancelled if revision.version in words), None)

    def _parse(self, text: str) -> tuple[Policy, Revision | None, int]:
        """Parse « pa20 2027-01-20 2 »: a policy, a revision (by default, the latest in force) and a page."""
        policy, words = self.course.policy, text.split()
        chain = revisions.approved_chain(self.db, policy.id)
        announced = [revision for revision in chain if revision.state == "announced" and revision.base]
        public = (*announced, *(revision for revision in chain if revision.is_coming))
        named = (revision for revision in public if revision.version in words)
        page = next((int(word) for word in words if word.isdecimal() and len(word) < len("1000")), 1)
        return policy, next(named, announced[-1] if announced else None), page

    def _note_opened(self, revision: Revision, person: str) -> bool:
        """Record that a person opened a revision that they were notified of. Return True the first time."""
        is_new = ledger.note_opened(self.db, revision, person, self.office.clock())
        if is_new and self.target.version.isoformat() == revision.version:
            self.note(person, "opened")
        return is_new

    def _standing(self, revision: Revision, person: str) -> Standing | None:
        if (self.target.policy, self.target.version) != (revision.policy, revision.adopted):
            return None
        return self.onboardings.standing(person)

    def read(self, text: str) -> Message:
        """Record that the person has read the changes, then begin the questions or offer to attest.

        A person who presses « J'ai lu » without having opened the changes is shown them first.
        """
        policy, revision, _ = self._parse(text)
        if revision is None or revision.is_coming:
            return self.changes(text)
        current = self.archive.library.current(policy)
        if revision.adopted != current.adopted:
            latest = revisions.revision_of_version(self.db, policy.id, current.adopted)
            return replaced(policy, latest or revision)
        person = persons.known(self.db, actor_of(self.request))
        if self._note_opened(revision, person):
            return self.changes(text)
        standing = self._standing(revision, person)
        if standing is None or not standing.active:
            return nothing_asked(policy, done=standing is not None and standing.done)
        if standing.scope == "whole":
            return whole_asked(policy)
        self.note(person, "read")
        under_way = attempts.under_way(self.db, person, self.target.policy, "revision")
        if "passed" not in standing.steps and not under_way:
            self._draw_questions(revision, person)
        return reading_noted(self.course, self.onboardings.standing(person) or standing)

    def _draw_questions(self, revision: Revision, person: str) -> None:
        """Draw questions about the changes, once for each person, from the questions that are up to date."""
        clauses = summary.clauses_to_read(self.archive.since_read(self.db, revision, person))
        seen = attempts.times_asked(self.db, person, self.target.policy)
        sitting = session.draw_about(self.course.bank(), self.course.random(), clauses, seen=seen)
        self.onboardings.update(person, questions=len(sitting.items))
        if sitting.items:
            now = self.office.clock()
            attempts.begin_attempt(self.db, person, self.target, sitting, now, kind="revision")


# --- Messages ---------------------------------------------------------------------------------


def _next_step(policy: Policy, revision: Revision, standing: Standing | None) -> Button | None:
    """Return the button to show below the changes, for a person who must read them, else None."""
    if standing is None or not standing.active or standing.scope != "changes":
        return None
    if "read" not in standing.steps:
        return Button("J'ai lu", f"nouveautes {CHANGES_READ} {policy.id} {revision.version}", "primary")
    return ANSWER if "passed" in standing.missing else ATTEST


def changes_message(
    policy: Policy,
    revision: Revision,
    comparison: Comparison,
    number: int,
    following: Button | None,
    *,
    coming: Sequence[Revision] = (),
    cancelled: Revision | None = None,
) -> Message:
    """Show a page of changes. `following`: the button of the reader's next step, below the last page.

    `coming`: the announced revisions that are not in force yet. `cancelled`: the revision that the person
    asked for, if it was withdrawn before its day.
    """
    page = changes.changes_page(comparison, number)
    key = f"{policy.id} {revision.version}"
    return Message(
        *_withdrawn(cancelled, " Voici la dernière qui l'a fait."),
        Heading(f"{policy.name}\u00a0: ce qui a changé"),
        Text(bold(summary.count_changes(comparison).capitalize()), "."),
        *page.elements,
        page.note,
        *_to_come(coming),
        Buttons(
            *turn_buttons(page.number, page.pages, lambda target: f"nouveautes {key} {target}"),
            *([following] if following and page.number == page.pages else []),
            *_what_will_change(coming),
            Button("Les versions", f"versions {policy.id}"),
        ),
    )


def _withdrawn(cancelled: Revision | None, instead: str = "") -> list[Text]:
    """Return a line saying that a revision was withdrawn before its day, [] if there is no such revision.

    `instead`: a sentence to add to the line.
    """
    if cancelled is None or cancelled.effective is None:
        return []
    day = in_words(cancelled.effective)
    return [
        Text(f"La révision annoncée pour le {day} est retirée\u00a0: elle ne prendra pas effet.{instead}")
    ]


def _to_come(coming: Sequence[Revision]) -> list[Text]:
    """Return a line about each coming revision."""
    return [
        Text(
            bold("À venir"), f"\u00a0: une révision, en vigueur à compter du {in_words(revision.effective)}."
        )
        for revision in coming
        if revision.effective
    ]


def _what_will_change(coming: Sequence[Revision]) -> list[Button]:
    """Return buttons to the changes of the first coming revisions."""
    several = len(coming) > 1
    return [
        Button(
            f"Ce qui changera le {in_words(revision.effective)}" if several else "Ce qui changera",
            f"nouveautes {revision.policy} {revision.version}",
        )
        for revision in coming[:_MOST_COMING]
        if revision.effective
    ]


def coming_message(policy: Policy, revision: Revision, comparison: Comparison, number: int) -> Message:
    """Show a page of the changes of a coming revision."""
    page = changes.changes_page(comparison, number)
    key = f"{policy.id} {revision.version}"
    day = in_words(revision.effective) if revision.effective else ""
    return Message(
        Heading(f"{policy.name}\u00a0: ce qui changera le {day}"),
        Text(
            bold(summary.count_changes(comparison).capitalize()),
            ". D'ici là, rien ne vous est demandé\u00a0: votre avis viendra ce jour-là.",
        ),
        *page.elements,
        page.note,
        Buttons(
            *turn_buttons(page.number, page.pages, lambda target: f"nouveautes {key} {target}"),
            Button("Les versions", f"versions {policy.id}"),
        ),
    )


def none_yet(policy: Policy, coming: Sequence[Revision] = (), cancelled: Revision | None = None) -> Message:
    """Reply that the policy has not been revised since the bot began.

    `coming`, `cancelled`: as in `changes_message`.
    """
    name = policy.name
    revised = f"{name.agree('a', 'ont')} pas été révisé{name.e}"
    return Message(
        *_withdrawn(cancelled),
        Text(f"{name.The} n'{revised} depuis que je cite ce texte."),
        *_to_come(coming),
        Buttons(
            *_what_will_change(coming),
            Button("Les versions", f"versions {policy.id}"),
            Button(f"Lire {name.the}", "politique"),
        ),
    )


def reading_noted(course: Course, standing: Standing) -> Message:
    """Confirm that the person's reading is recorded, and give the next step."""
    if "passed" in standing.missing:
        many = count_questions(standing.questions)
        text = f"Il reste {many} sur ce qui a changé, chacune expliquée par la clause."
        return Message(Heading("C'est noté"), Text(text), Buttons(ANSWER, MY_PROGRESS))
    text = f"Il ne reste qu'à attester votre lecture {course.name.of}, {course.revised()}."
    none = "" if standing.questions else f"{NO_QUESTION} "
    return Message(Heading("C'est noté"), Text(none + text), Buttons(ATTEST, MY_PROGRESS))


def nothing_asked(policy: Policy, *, done: bool) -> Message:
    """Thank a reader who has nothing more to do."""
    why = "Votre attestation est déjà au registre." if done else "Rien d'autre ne vous est demandé."
    return Message(Text(f"Merci! {why}"), Buttons(Button(f"Lire {policy.name.the}", "politique")))


def whole_asked(policy: Policy) -> Message:
    """Explain that the person must read the whole text, not only the changes."""
    return Message(
        Text(
            f"Merci! Il vous est demandé de lire {policy.name.the} en entier. Vous reprendrez où vous étiez."
        ),
        Buttons(Button("Continuer la lecture", "accueil lire", "primary"), MY_PROGRESS),
    )


def replaced(policy: Policy, latest: Revision) -> Message:
    """Explain that a more recent revision, `latest`, has replaced the one that the person read."""
    name = policy.name
    revised = f"{name.agree('a', 'ont')} été révisé{name.e}"
    return Message(
        Text(f"Depuis cet avis, {name.the} {revised} de nouveau."),
        Buttons(see_changes(f"{policy.id} {latest.version}")),
    )


def revision_steps(
    course: Course, standing: Standing, day: Mapping[Fact, str], state: Sequence[Text] = ()
) -> Message:
    """List the steps that a revision asks for. `day`: the date of each completed step, in words.

    `state`: the due date and the team's progress, shown under the steps.
    """
    steps: Sequence[tuple[str, Fact]] = (
        ("Lire ce qui a changé", "read"),
        ("Répondre aux questions", "passed"),
        ("Attester", "attested"),
    )
    lines: list[Span | str] = []
    for number, (title, fact) in enumerate(steps, 1):
        done = f"c'est fait, le {day[fact]}" if fact in day else "à faire"
        if fact == "passed" and fact not in day and not standing.questions:
            done = "il n'y en a pas cette fois" if "read" in day else "à faire, s'il y en a"
        lines += [bold(f"{number}. {title}"), f"\u00a0: {done}" + ("\n" if number < len(steps) else "")]
    target = course.target()
    key = f"{target.policy} {target.version}"
    todo = standing.missing
    onward = [see_changes(key, "plain" if "read" in day else "primary")]
    if standing.active and todo == ["passed"]:
        onward.append(ANSWER)
    elif standing.active and not todo:
        onward.append(ATTEST)
    if standing.done:
        onward.append(Button("Redemander mon reçu", "accueil recu"))
    return Message(
        Heading(f"{course.name.The} révisé{course.name.e}"),
        Text(f"Ce qui vous est demandé pour la {course.revised()}\u00a0:"),
        Text(*lines),
        *state,
        Buttons(*onward, Button("Les versions", f"versions {target.policy}")),
        *reminder_choices(standing),
    )
