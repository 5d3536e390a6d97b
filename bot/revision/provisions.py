"""The stored identities of the parts of each text that is or was in force.

An identity names the same clause or item in every version, whatever its number.
"""

from collections import defaultdict
from collections.abc import Mapping

from sqlite_utils import Database

from bot.policy.changes.identities import name_parts
from bot.policy.library import Policy


def identities(db: Database) -> Mapping[str, Mapping[str, str]]:
    """Return the stored identities of every text, by the text's id, then by number."""
    stored: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for text, number, identity in db.conn.execute("SELECT revision_id, number, identity FROM provisions"):
        stored[text][number] = identity
    return stored


def keep_identities(db: Database, policy: Policy) -> None:
    """Store an identity for each part of a policy's texts that has none. Stored identities never change."""
    for version in policy.versions:
        rows = [
            (str(number), identity, version.policy, version.adopted.isoformat())
            for number, identity in name_parts(version).items()
            if str(number) not in version.stored
        ]
        db.conn.executemany(
            """INSERT OR IGNORE INTO provisions (number, identity, revision_id)
               SELECT ?, ?, id FROM revisions
               WHERE policy = ? AND adopted = ? AND state IN ('origin', 'announced')""",
            rows,
        )


def forget_identities(db: Database, policy: str) -> None:
    """Delete the identities of a policy. Call this before its texts are deleted."""
    db.conn.execute(
        "DELETE FROM provisions WHERE revision_id IN (SELECT id FROM revisions WHERE policy = ?)", (policy,)
    )
