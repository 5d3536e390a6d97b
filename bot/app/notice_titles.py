"""The French titles of the notices in the database, for the command line, which sends no notice."""

from typing import Any, Final

from bot.answers import retraining
from bot.app.unpublished import UNPUBLISHED
from bot.commands import lier
from bot.dashboard.monthly import REPORT
from bot.dashboard.notices import PICTURE
from bot.onboarding import enrolment
from bot.onboarding import notices as onboarding
from bot.outbox.notices import DEAD_LETTER, REFUSED, Notice
from bot.permissions import queueing as permissions
from bot.permissions.certificates import CERTIFICATE
from bot.posting import counts as posting
from bot.register.registrar import RECEIPT
from bot.reports import escalation, handovers, readers
from bot.reports import notices as reports
from bot.reports.figures import digest, export
from bot.revision import archive, audience
from bot.revision import notices as revision
from bot.watching import notices as watching

NOTICES: Final[tuple[Notice[Any], ...]] = (
    *(DEAD_LETTER, REFUSED, UNPUBLISHED),
    *(enrolment.WELCOME, enrolment.REMINDER, enrolment.REFRESHER, enrolment.LATE, enrolment.DONE),
    *(enrolment.ASKED_REMINDER, enrolment.SHARING),
    *(enrolment.REVISION, enrolment.REVISION_REMINDER, onboarding.PICTURE, RECEIPT),
    *(retraining.NOTICE, lier.LINK, lier.ASKED, posting.NOTICE),
    *(audience.CHANNEL, archive.COMING, archive.CANCELLED, archive.FOUND, archive.UNREAD, revision.PICTURE),
    *(watching.CHANGED, watching.BROKEN, watching.MENDED),
    *(escalation.ALERT, escalation.NEWS, reports.LIMIT, digest.NOTICE, export.NOTICE),
    *(permissions.ASKED, permissions.CONSENT, permissions.REMINDER, permissions.DECIDED),
    *(CERTIFICATE, permissions.LINE, permissions.WITHDRAWN, permissions.EXPIRY, permissions.STRANDED),
    *(REPORT, PICTURE),
    *(handovers.ASKED, handovers.STRANDED, readers.APPOINTED),
)


def notice_title(name: str) -> str:
    """Return the French title of the notice named `name` in outbox rows, or `name` if it is unknown."""
    return next((notice.title for notice in NOTICES if notice.name == name), name)
