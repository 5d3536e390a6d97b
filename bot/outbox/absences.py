"""The platforms that are away, refuse the bot or deny it a permission, and how long rows wait for a platform.

A refusal is also stored as a flag in the database. After a restart, the bot thus neither repeats the warning
nor forgets the day when the refusal began. The hour is not stored, since the refused message may be about a
report.
"""

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlite_utils import Database

from bot.outbox.notices import Notices, Refusal, refusing
from bot.outbox.rows import Row
from bot.platforms import contract
from bot.storage import state

logger = logging.getLogger(__name__)

# A platform away for longer than this is skipped when there is another route.
AWAY: Final = timedelta(hours=3)
# The same for a pressing notice. If its row is also urgent, the row waits for `TRIED_AGAIN`, or not at all
# when the platform refuses the bot.
PRESSING: Final = timedelta(minutes=30)
TRIED_AGAIN: Final = timedelta(minutes=5)  # how often one message still tries a platform that the others skip
FORGOTTEN: Final = timedelta(days=1)  # once a refusal is this old, the next one is announced again
FLAG_FORGOTTEN: Final = timedelta(days=2)  # the same after a restart, from the day in the stored flag
# The wait before a platform is tried again is as long as its absence so far, within these bounds.
SOON, LATE = timedelta(seconds=0.2), timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Absence:
    """An absence: the times of its first and latest failures, and whether the platform `refused` the bot."""

    since: datetime
    last: datetime
    refused: bool


@dataclass
class Absences:
    """The current absences of the platforms. `notices`: says which notices are pressing."""

    notices: Notices
    # The key is a platform's name or, when only a permission is missing or only some messages get no answer,
    # « platform problem ».
    _known: dict[str, Absence] = field(default_factory=dict)

    def is_away(self, platform: str) -> bool:
        """Return whether a platform is away: the latest message for it could not be sent."""
        return platform in self._known

    def pause(self, platform: str) -> timedelta:
        """Return the wait before a platform is tried again."""
        absence = self._known.get(platform)  # None when another message has just been delivered
        return max(SOON, min(absence.last - absence.since, LATE)) if absence else SOON

    def overdue(self, row: Row, platform: str, now: datetime) -> bool:
        """Return whether a platform has been away for longer than a row may wait for it.

        After `TRIED_AGAIN` without a failure, return False, so that a message tries the platform again.
        """
        for name in (platform, f"{platform} {row.problem}"):
            absence = self._known.get(name)
            if absence is None or now - absence.last >= TRIED_AGAIN:
                continue
            patience = AWAY
            if self.notices.pressing(row.notice):
                patience = PRESSING if not row.urgent else timedelta(0) if absence.refused else TRIED_AGAIN
            if now - absence.since >= patience:
                return True
        return False

    def note(
        self, db: Database, row: Row, platform: str, error: Exception | None, span: tuple[datetime, datetime]
    ) -> Refusal | None:
        """Record whether a platform accepted a message. Return the refusal to announce, or None.

        `error`: the failure, None if the message was sent. `span`: the time when the message was claimed, and
        the current time. A message claimed before the latest failure does not prove that the platform is
        back.
        """
        began, now = span
        absence, partly = self._known.get(platform), f"{platform} {error}"
        match error:
            case contract.LackingError(scope=scope):
                if self._begin_refusal(db, partly, now):
                    logger.warning("outbox: %s lacks %s; messages that need it wait", platform, scope)
                    return Refusal(platform, "missing_scope", scope)
            case contract.RefusedError():
                if self._begin_refusal(db, platform, now):
                    logger.warning("outbox: %s refuses the bot (%s); its messages wait", platform, error)
                    return Refusal(platform, str(error))
            case contract.AwayError():
                if self._extend(platform, now, now, refused=False):
                    logger.warning("outbox: %s cannot be reached; its messages wait", platform)
            case contract.UnknownError():
                self._extend(partly, now, now, refused=False)
            case None | contract.UndeliverableError() | contract.FaultyError():
                if absence is None or began >= absence.last:
                    self._forget(db, row, platform)
        return None

    def _begin_refusal(self, db: Database, name: str, now: datetime) -> bool:
        """Record a refusal under `name`. Return whether the refusal is new, and must be announced."""
        raised = state.flag(db, refusing(name))
        absence = self._known.get(name)
        if raised and (now - absence.last > FORGOTTEN if absence else now - raised.since > FLAG_FORGOTTEN):
            self._known.pop(name, None)  # the former refusal is considered over
            state.lower(db, refusing(name))
            raised = None
        self._extend(name, raised.since if raised and absence is None else now, now, refused=True)
        day = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return raised is None and state.hoist(db, refusing(name), day)

    def _forget(self, db: Database, row: Row, platform: str) -> None:
        """Record that a platform accepts messages, those like `row` included.

        A missing permission stays recorded until a message that needed it is sent.
        """
        over = {platform, f"{platform} {row.problem}"}
        over |= {
            name
            for name, absence in self._known.items()
            if name.startswith(f"{platform} ") and not absence.refused
        }
        for name in over:
            self._known.pop(name, None)
            state.lower(db, refusing(name))

    def _extend(self, name: str, since: datetime, now: datetime, *, refused: bool) -> bool:
        """Record a failure of a platform that has been away since `since` or earlier.

        Return whether a new absence begins.
        """
        absence = self._known.get(name)
        if absence is not None:
            since, refused = min(since, absence.since), refused or absence.refused
        self._known[name] = Absence(since, now, refused)
        return absence is None
