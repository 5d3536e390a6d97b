"""`nouveautes`: what the last revision changed, and saying that one has read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from bot.commands import changes
from bot.conversation.messages import Button, Buttons, Heading, Message, Note, Span, Text, bold, turn_buttons
from bot.conversation.requests import Request
from bot.onboarding import attempts, enrolment
from bot.onboarding.course import Course
from bot.onboarding.enrolment import Standing
from bot.onboarding.quiz import session
from bot.people import persons
from bot.people.office import Office, actor_of, asker
from bot.policy.changes import summary
from bot.policy.changes.comparison import Comparison
from bot.policy.library import Policy
from bot.register import attestations
from bot.register.attestations import Fact
from bot.revision import audience, ledger, revisions
from bot.revision.archive import Archive
from bot.revision.revisions import Revision
from bot.times import in_words

READ = "lu"


@dataclass(frozen=True, slots=True)
class _Desk:
    """One request being answered, in its transaction."""

    office: Office
    course: Course
    archive: Archive
    db: Database
    request: Request

    @property
    def now(self) -> datetime:
        """The time that it is."""
        return self.office.clock()


def show(office: Office, course: Course, archive: Archive, request: Request) -> Message:
    """Show what a revision changed, a page at a time; or take that it was read."""
    verb, _, rest = request.text.strip().partition(" ")
    with office.storage.transaction() as db:
        desk = _Desk(office, course, archive, db, request)
        return _read(desk, rest) if verb == READ else _changes(desk, request.text.strip())


# --- What changed -----------------------------------------------------------------------------


def _changes(desk: _Desk, text: str) -> Message:
    policy, revision, page = _asked_for(desk, text)
    if revision is None:
        return none_yet(policy)
    person = asker(desk.db, desk.request)
    if person is not None:
        _note_opened(desk, revision, person)
    comparison = _since_read(desk, revision, person)
    return changes_page(policy, revision, comparison, page, asked=_is_asked(desk, revision, person))


def _asked_for(desk: _Desk, text: str) -> tuple[Policy, Revision | None, int]:
    """Return the revision that is named, « pa20 2027-01-20 2 », or the last one that is in force."""
    library = desk.archive.library
    words = text.split()
    policy = library.policies.get(words[0], library.default) if words else library.default
    told = [one for one in revisions.approved_chain(desk.db, policy.id) if one.state == "announced"]
    named = next((one for one in told if one.version in words), None)
    page = next((int(word) for word in words if word.isdecimal() and len(word) < len("1000")), 1)
    return policy, named or (told[-1] if told else None), page


def _since_read(desk: _Desk, revision: Revision, person: str | None) -> Comparison:
    """Return what changed since the version that a person attested last, else since the one before."""
    chain = [one for one in revisions.approved_chain(desk.db, revision.policy) if one.state != "scheduled"]
    comparison = desk.archive.comparison(desk.db, revision)
    if person is None or chain[-1].id != revision.id:
        return comparison
    last = audience.last_attested(desk.db, person, chain[:-1])
    if last is None or last.version == revision.base:
        return comparison
    return desk.archive.since(last.version, revision)


def _note_opened(desk: _Desk, revision: Revision, person: str) -> None:
    """Note that a person to whom it was told opened it."""
    if ledger.note_opened(desk.db, revision, person, desk.now):
        target = desk.course.target()
        if target.version.isoformat() == revision.version:
            platform = actor_of(desk.request).platform
            attestations.note_fact(desk.db, person, target, "opened", platform=platform, now=desk.now)


def _is_asked(desk: _Desk, revision: Revision, person: str | None) -> bool:
    standing = _standing(desk, revision, person)
    return standing is not None and standing.active and standing.scope == "changes"


def _standing(desk: _Desk, revision: Revision, person: str | None) -> Standing | None:
    target = desk.course.target()
    if person is None or (target.policy, target.version) != (revision.policy, revision.adopted):
        return None
    return enrolment.standing(desk.db, person, target)


def changes_page(
    policy: Policy, revision: Revision, comparison: Comparison, page: int, *, asked: bool
) -> Message:
    """Return one page of what changed; `asked`: the one who reads is asked to say that they have."""
    pages = changes.pages(comparison)
    at = min(max(page, 1), max(len(pages), 1))
    key = f"{policy.id} {revision.version}"
    turns = turn_buttons(at, len(pages), lambda target: f"nouveautes {key} {target}")
    done = [Button("J'ai lu", f"nouveautes {READ} {key}", "primary")] if asked and at >= len(pages) else []
    since = f"Depuis la version du {in_words(comparison.old.adopted)}"
    place = f" · page {at} sur {len(pages)}" if len(pages) > 1 else "."
    return Message(
        Heading(f"{policy.name}\u00a0: ce qui a changé"),
        Text(bold(summary.count_changes(comparison).capitalize()), "."),
        *(pages[at - 1] if pages else ()),
        Note(f"{since}. Les mots retirés sont barrés, les nouveaux en gras{place}"),
        Buttons(*turns, *done, Button("Les versions", f"versions {policy.id}")),
    )


def none_yet(policy: Policy) -> Message:
    """Say that the policy was not revised since the bot keeps it."""
    return Message(
        Text(f"La {policy.name} n'a pas été révisée depuis que je la garde."),
        Buttons(
            Button("Les versions", f"versions {policy.id}"), Button(f"Lire la {policy.name}", "politique")
        ),
    )


# --- « J'ai lu » ------------------------------------------------------------------------------


def _read(desk: _Desk, text: str) -> Message:
    """Take that someone has read what changed; begin the questions, or propose to attest."""
    policy, revision, _ = _asked_for(desk, text)
    if revision is None:
        return none_yet(policy)
    current = desk.archive.library.current(policy)
    if revision.adopted != current.adopted:
        latest = revisions.revision_of_version(desk.db, policy.id, current.adopted)
        return replaced(policy, latest or revision)
    person = persons.known(desk.db, actor_of(desk.request))
    _note_opened(desk, revision, person)
    standing = _standing(desk, revision, person)
    if standing is None or not standing.active:
        return nothing_asked(policy, done=standing is not None and standing.done)
    if standing.scope == "whole":
        return whole_asked(policy)
    platform = actor_of(desk.request).platform
    attestations.note_fact(desk.db, person, desk.course.target(), "read", platform=platform, now=desk.now)
    return _next(desk, revision, person, standing)


def _next(desk: _Desk, revision: Revision, person: str, standing: Standing) -> Message:
    """Draw the questions, once, of those that are up to date on what changed."""
    target = desk.course.target()
    left = "passed" not in standing.steps
    if left and not attempts.under_way(desk.db, person, target.policy, "revision"):
        clauses = summary.clauses_to_read(_since_read(desk, revision, person))
        seen = attempts.times_asked(desk.db, person, target.policy)
        sitting = session.about(desk.course.bank(), desk.course.random(), clauses, seen=seen)
        enrolment.update_onboarding(desk.db, person, target, questions=len(sitting.items))
        if sitting.items:
            attempts.begin(desk.db, person, target, sitting, desk.now, kind="revision")
    found = enrolment.standing(desk.db, person, target) or standing
    return read(desk.course, found)


def read(course: Course, standing: Standing) -> Message:
    """Say that the reading is noted, and what comes next."""
    if "passed" in standing.needed and "passed" not in standing.steps:
        many = f"{standing.questions} questions" if standing.questions > 1 else "une question"
        return Message(
            Heading("C'est noté"),
            Text(f"Il reste {many} sur ce qui a changé, chacune expliquée par la clause."),
            Buttons(Button("Répondre", "quiz", "primary"), Button("Où j'en suis", "accueil moi")),
        )
    return Message(
        Heading("C'est noté"),
        Text(f"Il ne reste qu'à attester votre lecture de la {course.name}, {course.revised()}."),
        Buttons(
            Button("Attester ma lecture", "accueil attester", "primary"),
            Button("Où j'en suis", "accueil moi"),
        ),
    )


def nothing_asked(policy: Policy, *, done: bool) -> Message:
    """Thank someone of whom nothing more is asked."""
    why = "Votre attestation est déjà au registre." if done else "Rien d'autre ne vous est demandé."
    return Message(Text(f"Merci! {why}"), Buttons(Button(f"Lire la {policy.name}", "politique")))


def whole_asked(policy: Policy) -> Message:
    """Say that the whole text is to be read."""
    return Message(
        Text(
            f"Merci! Il vous est demandé de lire la {policy.name} en entier. Vous reprendrez où vous étiez."
        ),
        Buttons(
            Button("Continuer la lecture", "accueil lire", "primary"), Button("Où j'en suis", "accueil moi")
        ),
    )


def replaced(policy: Policy, latest: Revision) -> Message:
    """Say that a more recent revision has taken the place of the one that was read."""
    return Message(
        Text(f"Depuis cet avis, la {policy.name} a été révisée de nouveau. Voyez la dernière révision."),
        Buttons(Button("Voir ce qui a changé", f"nouveautes {policy.id} {latest.version}", "primary")),
    )


def path(course: Course, standing: Standing, day: Mapping[Fact, str]) -> Message:
    """Say where one is, of what a revision asks; `day`: in words, when each thing was done."""
    quizzed = standing.questions > 0 or "read" not in standing.steps
    steps: Sequence[tuple[str, Fact]] = (
        ("Lire ce qui a changé", "read"),
        *((("Répondre aux questions", "passed"),) if quizzed else ()),
        ("Attester", "attested"),
    )
    lines: list[Span | str] = []
    for number, (title, fact) in enumerate(steps, 1):
        state = f"c'est fait, le {day[fact]}" if fact in day else "à faire"
        lines += [bold(f"{number}. {title}"), f"\u00a0: {state}" + ("\n" if number < len(steps) else "")]
    target = course.target()
    key = f"{target.policy} {target.version}"
    todo = standing.missing
    onward = [Button("Voir ce qui a changé", f"nouveautes {key}", "plain" if "read" in day else "primary")]
    if standing.active and todo == ["passed"]:
        onward.append(Button("Répondre", "quiz", "primary"))
    elif standing.active and not todo:
        onward.append(Button("Attester ma lecture", "accueil attester", "primary"))
    elif standing.active:
        onward.append(Button("J'ai lu", f"nouveautes {READ} {key}"))
    if standing.done:
        onward.append(Button("Redemander mon reçu", "accueil recu"))
    return Message(
        Heading(f"La {course.name} révisée"),
        Text(f"Ce qui vous est demandé pour la {course.revised()}\u00a0:"),
        Text(*lines),
        Buttons(*onward, Button("Les versions", f"versions {target.policy}")),
    )
