"""A board, in memory, of the people who may have something to do, as of the last beat of the clock.

The menu of anyone else is answered from memory. Since that menu never waits for the storage thread, its
response time does not reveal what the thread is doing.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from sqlite_utils import Database

from bot.conversation.requests import Actor
from bot.people import roles
from bot.people.persons import Account, account

# What each person may have to do (a « matter »), with everything that changes its wording in the menu. A
# matter that is over may remain here, but a current one is never missing. The menu checks each of them (see
# `bot.commands.vigie.awaiting`).
_MATTERS: Final = """
  SELECT person_id, 'accueil ' || policy || version || round || scope || questions
    || (SELECT count(*) FROM reading_facts AS facts WHERE facts.person_id = onboardings.person_id
        AND facts.policy = onboardings.policy AND facts.version = onboardings.version)
    || ' ' || (SELECT count(*) FROM pages_read AS pages WHERE pages.person_id = onboardings.person_id
        AND pages.policy = onboardings.policy AND pages.version = onboardings.version) AS matter
    FROM onboardings WHERE suspended_on IS NULL AND NOT EXISTS (
      SELECT 1 FROM attestation_people JOIN attestations USING (number)
      WHERE attestation_people.person_id = onboardings.person_id
        AND attestations.policy = onboardings.policy AND attestations.version = onboardings.version)
  UNION ALL SELECT person_id, 'lecture ' || policy || version || (
      SELECT count(*) FROM pages_read AS pages WHERE pages.person_id = opened.person_id
        AND pages.policy = opened.policy AND pages.version = opened.version)
    FROM reading_facts AS opened WHERE fact = 'opened' AND NOT EXISTS (
      SELECT 1 FROM reading_facts AS over WHERE over.person_id = opened.person_id AND over.fact = 'read'
        AND over.policy = opened.policy AND over.version = opened.version)
  UNION ALL SELECT person_id, 'quiz ' || id || ' ' || (
      SELECT count(*) FROM quiz_answers WHERE attempt_id = quiz_attempts.id)
    FROM quiz_attempts WHERE finished_at IS NULL
  UNION ALL SELECT person_id, 'revision ' || revision_id
    FROM revision_recipients WHERE opened_at IS NULL AND state <> 'left'
  UNION ALL SELECT substr(recipient, 8), 'message ' || id
    FROM outbox WHERE state = 'sent' AND problem = 'waiting' AND recipient LIKE 'person:%'
  UNION ALL SELECT consenter_id, 'consentement ' || id
    FROM permission_requests WHERE state = 'asked' AND consenter_id IS NOT NULL
"""
# What the holders of some role may have to do. The menu finds out which role.
_FOR_HOLDERS: Final = """
  SELECT 'demande ' || id FROM permission_requests WHERE state = 'asked'
  UNION ALL SELECT 'verification ' || policy || version || check_name FROM check_reviews
"""


@dataclass(slots=True)
class AwaitingBoard:
    """The board. `matters`: what each account may have to do, as texts that are only compared, never shown.

    `changed`: the accounts whose matters changed since `take_changed` was last called. Their home pages are
    then refreshed.
    """

    matters: Mapping[Account, frozenset[str]] | None = None
    changed: set[Account] = field(default_factory=set)

    def may_await(self, actor: Actor) -> bool:
        """Return whether a person may have something to do. True until the board is first read."""
        return self.matters is None or account(actor) in self.matters

    def watch(self, actor: Actor | None) -> None:
        """Until the next beat of the clock, assume that `actor`, who made a request, has something to do."""
        if actor is not None and self.matters is not None:
            self.matters = {account(actor): frozenset(), **self.matters}

    def refresh(self, db: Database, today: date, after_commit: Callable[[Callable[[], None]], None]) -> None:
        """Read the board in the caller's transaction, and update it in memory after the commit."""
        awaited: dict[str, set[str]] = defaultdict(set)
        for person, matter in db.conn.execute(_MATTERS).fetchall():
            awaited[person].add(matter)
        if shared := {str(matter) for (matter,) in db.conn.execute(_FOR_HOLDERS).fetchall()}:
            for role in roles.all_roles(db):
                for person in roles.holders(db, role.id, today):
                    awaited[person] |= shared
        rows = (
            db.conn.execute("SELECT platform, team, user, person_id FROM accounts").fetchall()
            if awaited
            else ()
        )
        matters = {Account(*who): frozenset(awaited[person]) for *who, person in rows if person in awaited}

        def show() -> None:
            if self.matters is not None:
                before = self.matters
                both = {*before, *matters}
                self.changed.update(who for who in both if before.get(who) != matters.get(who))
            self.matters = matters

        after_commit(show)

    def take_changed(self) -> set[Account]:
        """Return the accounts whose matters changed since the last call."""
        taken, self.changed = self.changed, set()
        return taken
