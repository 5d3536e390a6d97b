"""`/verifier`: have a text examined before publishing it.

A draft stays in memory for ten minutes, under a token that only the buttons of its author's messages carry.
Each press examines the draft again, so that its findings need not be kept.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from sqlite_utils import Database

from bot.answers.guidance import Guidance
from bot.commands import politique
from bot.commands.answers import Wording
from bot.commands.passages import page_number, page_of
from bot.commands.verifier import messages
from bot.commands.verifier.contacts import Contacts
from bot.commands.verifier.messages import FINDINGS_PER_MESSAGE, PostFinding
from bot.conversation.deferred import Deferred
from bot.conversation.forms import Form
from bot.conversation.messages import Message
from bot.conversation.requests import Answer, FieldsError, Request, Slow, UserError
from bot.dashboard.tallies import Tally
from bot.people import persons
from bot.people.office import Office, actor_of
from bot.policy.articles import Number
from bot.policy.library import Library, Reading
from bot.posting import counts
from bot.posting.checks import VENUES, Check, Venue, are_asked
from bot.posting.counts import CheckCounter, Event
from bot.posting.drafts import PostDraft, PostDrafts
from bot.posting.examining import Examiner
from bot.posting.posts import Concern, Post, PostError

LEAST_WORDS: Final = 4  # words; a shorter text written in private is never taken for a draft
_PRESSED: Final = re.compile(
    r"(?P<verb>lire|corriger|ecarter|remettre|demande|repondre) (?P<token>[\w-]{16})(?: (?P<rest>\w+))?"
)


@dataclass(frozen=True, slots=True)
class PostChecking:
    """The dependencies of this command.

    `answer`: answers a text as a question, as it would be in private.
    """

    library: Library
    office: Office
    contacts: Contacts
    examiner: Callable[[], Examiner]
    drafts: PostDrafts
    counter: CheckCounter
    tally: Tally
    answer: Callable[[Request], Answer]


def may_be_post(library: Library, text: str) -> bool:
    """Return whether a private text may be a draft: it is long enough, and is not the code of a report."""
    return (
        are_asked(library)
        and len(text.split(maxsplit=LEAST_WORDS)) >= LEAST_WORDS
        and not politique.is_report_code(text)
    )


def looks_like_post(checking: PostChecking, request: Request) -> bool:
    """Return whether a private text is likely a draft: announced as one, very long, or worded like a post.

    An announcement counts only once.
    """
    announced = checking.drafts.expected(request.actor)
    too_long = len(request.text) > politique.QUESTION_LENGTH
    return announced or too_long or checking.examiner().looks_like_post(request.text)


def verify(checking: PostChecking, request: Request) -> Answer:
    """Handle `/verifier`, its form and its buttons. Offer to examine free text; examine any other text.

    Raises `UserError` with the reason for a refusal.
    """
    if not are_asked(checking.library):
        name = checking.library.default.name
        raise UserError(f"{name.The} ne me {name.agree('dit', 'disent')} pas quoi relire dans un texte.")
    if any(map(politique.is_report_code, (request.text, *request.fields.values()))):
        from bot.commands.signalement.follow_messages import CODE_SEEN  # noqa: PLC0415 — needed only for a code

        return CODE_SEEN
    work = PostRequest(checking, request)
    if request.free:
        token = checking.drafts.store(PostDraft(Post(request.text)), request.actor)
        return messages.offer(token, answerable=len(request.text) <= politique.QUESTION_LENGTH)
    pressed = _PRESSED.fullmatch(request.text)
    if pressed is None:
        return work.begin(request.text)
    draft = checking.drafts.get(request.actor, pressed["token"])
    if draft is None:
        # Answers typed in a form are accepted even after its draft expired.
        if pressed["verb"] == "corriger" and not request.pressed:
            return work.submit() if request.fields else messages.form()
        return messages.TOO_LATE
    return _ACTIONS[pressed["verb"]](work, pressed["token"], draft, pressed["rest"] or "")


@dataclass(frozen=True, slots=True)
class PostRequest:
    """A request about a draft.

    The methods that buttons call take the draft's token, the draft, and the text after the token.
    """

    checking: PostChecking
    request: Request = field(repr=False)

    def begin(self, text: str) -> Answer:
        """Open the form, or examine what was typed in it or after the command."""
        if self.request.fields:
            return self.submit()
        return self._examined(PostDraft(Post(text))) if text else messages.form()

    def submit(self, token: str = "", before: PostDraft | None = None) -> Slow:
        """Examine the form's text. A dismissed finding stays dismissed while its words are the same."""
        fields = self.request.fields
        venue: Venue = next((venue for venue in VENUES if venue == fields.get("lieu")), "")
        post = Post(fields.get("texte", ""), fields.get("image", ""), venue)
        return self._examined(before or PostDraft(post), token, lambda latest: replace(latest, post=post))

    def correct(self, token: str, draft: PostDraft, _: str) -> Form | Slow:
        """Open the form, filled in with the draft, or examine what was typed in it."""
        return self.submit(token, draft) if self.request.fields else messages.form(token, draft.post)

    def read(self, token: str, draft: PostDraft, page: str) -> Slow:
        """Examine the draft, and show a page of its findings."""
        return self._examined(draft, token, page=page_number(page))

    def wave_away(self, token: str, draft: PostDraft, name: str) -> Slow:
        """Hide a finding, and show the others. Hide nothing of a text that was corrected meanwhile."""

        def settle(db: Database, latest: PostDraft, findings: Sequence[PostFinding]) -> Message:
            seen = findings if latest.post == draft.post else []
            waved = [finding for finding in seen if finding.concern.check.name == name]
            self._count(db, "waved", waved)
            after = latest
            for finding in waved:
                after = after.without(finding.concern)
            return self._shown(db, after, token, findings)

        return self._examining(draft, token, settle)

    def put_back(self, token: str, draft: PostDraft, _: str) -> Slow:
        """Show the dismissed findings again."""
        return self._examined(draft, token, lambda latest: PostDraft(latest.post))

    def prepare(self, token: str, draft: PostDraft, name: str) -> Slow:
        """Show the request that would settle a finding."""

        def settle(db: Database, latest: PostDraft, findings: Sequence[PostFinding]) -> Message:
            finding = next(
                (candidate for candidate in findings if candidate.concern.check.name == name), None
            )
            if finding is None or not finding.concern.check.request:
                return self._shown(db, latest, token, findings)
            self.checking.drafts.store(latest, self.request.actor, token)
            return messages.request(token, latest.post, finding)

        return self._examining(draft, token, settle)

    def answer(self, _: str, draft: PostDraft, __: str) -> Answer:
        """Answer the draft's text as a question, as if it had not been taken for a draft."""
        question = replace(self.request, command="politique", text=draft.post.text, pressed=False, free=True)
        return self.checking.answer(question)

    # --- Examining

    def _examined(
        self,
        draft: PostDraft,
        token: str = "",
        change: Callable[[PostDraft], PostDraft] = lambda latest: latest,
        *,
        page: int = 1,
    ) -> Slow:
        def settle(db: Database, latest: PostDraft, findings: Sequence[PostFinding]) -> Message:
            return self._shown(db, latest, token, findings, page=page)

        return self._examining(draft, token, settle, change)

    def _examining(
        self,
        draft: PostDraft,
        token: str,
        settle: Callable[[Database, PostDraft, Sequence[PostFinding]], Message],
        change: Callable[[PostDraft], PostDraft] = lambda latest: latest,
    ) -> Slow:
        """Examine a draft on another thread, then make its message with `settle`, in a transaction.

        The draft may be corrected, or findings dismissed, while it waits for its turn: what is examined is
        the latest draft of this token, after `change`. A person's slow requests run one at a time, in order,
        so that none undoes what another did.
        """
        storage = self.checking.office.storage
        examiner = self.checking.examiner()
        with storage.transaction() as db:
            checked = self._asked(db)
        if not checked:
            raise UserError(
                "L'administration a arrêté toutes les vérifications\u00a0: je n'ai rien à chercher."
            )

        def think() -> Callable[[], Message]:
            latest = change(self.checking.drafts.get(self.request.actor, token) or draft)
            try:
                by_policy = examiner.examine(latest.post, [clauses for _, clauses in checked])
            except PostError as error:
                if self.request.fields:
                    pictured = not latest.post.text.strip() and latest.post.image.strip()
                    raise FieldsError({"image" if pictured else "texte": str(error)}) from error
                raise
            concerns = [
                (reading, concern)
                for (reading, _), group in zip(checked, by_policy, strict=True)
                for concern in group
            ]
            concerns.sort(key=lambda pair: (not pair[1].certain, -pair[1].score))
            return partial(worded, latest, concerns)

        def worded(latest: PostDraft, concerns: Sequence[tuple[Reading, Concern]]) -> Message:
            with storage.transaction() as db:
                self.checking.tally.count(db, "post", self._counted_as(db), self.checking.office.today())
                return settle(db, latest, [self._finding(latest, *pair) for pair in concerns])

        return Deferred(think)

    def _asked(self, db: Database) -> list[tuple[Reading, Mapping[str, tuple[Number, ...]]]]:
        """Return the policies that have checks switched on, each with the clauses of those checks."""
        library = self.checking.library
        checks = self.checking.examiner().checks
        pairs: list[tuple[Reading, Mapping[str, tuple[Number, ...]]]] = []
        for reading in map(library.reading, library.policies.values()):
            clauses = reading.policy.notes(reading.version).checks
            if names := counts.asked_checks(db, reading, checks):
                pairs.append((reading, {name: clauses[name] for name in names}))
        return pairs

    def _shown(
        self, db: Database, draft: PostDraft, token: str, findings: Sequence[PostFinding], *, page: int = 1
    ) -> Message:
        """Keep the draft for ten more minutes, and show its findings, except the dismissed ones."""
        token = self.checking.drafts.store(draft, self.request.actor, token)
        left = [finding for finding in findings if not draft.is_waved(finding.concern)]
        waved = len(findings) - len(left)
        if not left:
            names = [reading.policy.name for reading, _ in self._asked(db)]
            return messages.nothing(token, draft.post, names, waved=waved, off=self._off(db))
        on_page, page, _ = page_of(left, page, FINDINGS_PER_MESSAGE)
        self._count(db, "shown", on_page)
        return messages.review(token, draft.post, left, page=page, waved=waved)

    def _off(self, db: Database) -> Sequence[Check]:
        """Return the checks that at least one policy asks for and that no policy has switched on."""
        library = self.checking.library
        checks = self.checking.examiner().checks
        on = {name for _, clauses in self._asked(db) for name in clauses}
        readings = map(library.reading, library.policies.values())
        wanted = {name for reading in readings for name in reading.policy.notes(reading.version).checks}
        return [check for name, check in checks.items() if name in wanted - on]

    def _count(self, db: Database, event: Event, findings: Sequence[PostFinding]) -> None:
        seen = [(finding.reading, finding.concern.check) for finding in findings]
        person = self._counted_as(db)
        today = self.checking.office.today()
        self.checking.counter.count(db, event, seen, person, today)

    def _counted_as(self, db: Database) -> str:
        return str(persons.first_account(db, actor_of(self.request)))

    def _finding(self, draft: PostDraft, reading: Reading, concern: Concern) -> PostFinding:
        wording = Wording(reading, Guidance(), self.checking.office, self.request.place)
        return PostFinding(
            reading,
            concern,
            self.checking.contacts.whom(reading, concern, wording.contact),
            draft.post.passages(concern),
            draft.post.image_passages(concern),
            concern.check.permission if concern.check.permission in self.checking.contacts.offered() else "",
        )


_ACTIONS: Final[Mapping[str, Callable[[PostRequest, str, PostDraft, str], Answer]]] = {
    "lire": PostRequest.read,
    "corriger": PostRequest.correct,
    "ecarter": PostRequest.wave_away,
    "remettre": PostRequest.put_back,
    "demande": PostRequest.prepare,
    "repondre": PostRequest.answer,
}
