"""Who the bot knows: a person, the accounts they have on the platforms, and how two become one.

A person is a random identifier and nothing else: no name, no address, no time of a visit.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol, TypeAlias

from sqlite_utils import Database

from bot.settings import ACCOUNT_FORMS, GROUP_FORMS, TEAM_FORMS
from bot.times import iso

CODE_MINUTES = 10
# 50 bits from the 32 letters and digits that nobody takes for one another (Crockford's base 32): at a
# thousand guesses a second for the ten minutes, one chance in two thousand million.
CODE_LENGTH = 10
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD = str.maketrans("OIL", "011")

_ACCOUNT_FORMS = {**ACCOUNT_FORMS, "local": r"[a-z]{1,20}"}
_WRITTEN = {
    "slack": "doit s'écrire slack:T0123ABCD/U0123ABCD, l'espace puis la personne",
    "discord": "doit s'écrire discord:123456789012345678, en chiffres",
    "local": "doit s'écrire local:administration",
}

Codes: TypeAlias = Callable[[], str]


class Acting(Protocol):
    """Someone as one platform knows them (see `bot.conversation.requests.Actor`)."""

    @property
    def platform(self) -> str:
        """The platform: « slack », « discord », « local »."""

    @property
    def team(self) -> str:
        """The workspace or server, "" in a private conversation on Discord."""

    @property
    def user(self) -> str:
        """The platform's identifier of the person."""


@dataclass(frozen=True, slots=True)
class Account:
    """A person's account on one platform. `team` is "" on Discord, where one account is for all servers."""

    platform: str
    team: str
    user: str

    def __str__(self) -> str:
        """Return the form that `read_account` reads: « slack:T0123/U0123 », « discord:123 »."""
        return f"{self.platform}:{self.team}{'/' if self.team else ''}{self.user}"


def account(actor: Acting) -> Account:
    """Return the account that someone acts with, wherever on the platform they are."""
    return Account(actor.platform, "" if actor.platform == "discord" else actor.team, actor.user)


def new_id() -> str:
    """Return a random identifier, that says nothing of when or of whom."""
    return secrets.token_hex(8)


def person_of(db: Database, actor: Acting, create: bool = True) -> str | None:
    """Return who `actor` is, as a person first met if need be; None when unknown and not to `create`."""
    who = account(actor)
    found = db.conn.execute(
        "SELECT person_id FROM accounts WHERE platform = ? AND team = ? AND user = ?",
        (who.platform, who.team, who.user),
    ).fetchone()
    if found or not create:
        return str(found[0]) if found else None
    person = new_id()
    db.conn.execute("INSERT INTO people (id) VALUES (?)", (person,))
    db.conn.execute(
        "INSERT INTO accounts (platform, team, user, person_id) VALUES (?, ?, ?, ?)",
        (who.platform, who.team, who.user, person),
    )
    return person


def known(db: Database, actor: Acting) -> str:
    """Return who `actor` is, as a person first met if need be."""
    person = person_of(db, actor)
    if person is None:
        raise LookupError(actor.platform)
    return person


def accounts_of(db: Database, person_id: str) -> list[Account]:
    """Return the accounts of a person, in a stable order."""
    rows = db.conn.execute(
        "SELECT platform, team, user FROM accounts WHERE person_id = ? ORDER BY platform, team, user",
        (person_id,),
    )
    return [Account(*row) for row in rows]


def read_account(text: str) -> Account:
    """Read « slack:EQUIPE/MEMBRE », « discord:MEMBRE » or « local:PERSONNAGE ».

    Raises `ValueError` whose text is what is wrong, in French.
    """
    platform, colon, rest = text.strip().partition(":")
    team, _, user = rest.rpartition("/")
    if platform not in _ACCOUNT_FORMS or not colon:
        raise ValueError("doit commencer par «\u00a0slack:\u00a0» ou «\u00a0discord:\u00a0»")
    if not re.fullmatch(_ACCOUNT_FORMS[platform], rest):
        raise ValueError(_WRITTEN[platform])
    return Account(platform, team, user)


def is_team(platform: str, identifier: str) -> bool:
    """Tell whether a text has the shape of a workspace of Slack, or of a server of Discord."""
    return bool(re.fullmatch(TEAM_FORMS[platform], identifier))


def is_group(platform: str, identifier: str) -> bool:
    """Tell whether a text has the shape of a user group or a channel of Slack, or of a role of Discord."""
    return bool(re.fullmatch(GROUP_FORMS[platform], identifier))


# --- Linking ----------------------------------------------------------------------------------

Outcome: TypeAlias = Literal["linked", "already", "own", "unknown"]


def random_code() -> str:
    """Return a code to be typed on the other platform: « K7PMQ-3TXDW »."""
    code = "".join(secrets.choice(_LETTERS) for _ in range(CODE_LENGTH))
    return f"{code[: CODE_LENGTH // 2]}-{code[CODE_LENGTH // 2 :]}"


def issue_code(db: Database, actor: Acting, now: datetime, codes: Codes = random_code) -> str:
    """Return a one-time code for the person who asks, good for ten minutes; it replaces any former one.

    Only its hash is kept, so it can be shown this once.
    """
    forget_codes(db, now)
    person, code = known(db, actor), codes()
    db.conn.execute("DELETE FROM link_codes WHERE person_id = ?", (person,))
    db.conn.execute(
        "INSERT INTO link_codes (code_hash, person_id, expires_at) VALUES (?, ?, ?)",
        (_hashed(code), person, iso(now + timedelta(minutes=CODE_MINUTES))),
    )
    return code


def look_up_code(db: Database, actor: Acting, code: str, now: datetime) -> tuple[Outcome, list[Account]]:
    """Return what `redeem` would do, and the accounts that it would link; changes nothing."""
    issuer = _issuer(db, code, now)
    if issuer is None:
        return "unknown", []
    if issuer == person_of(db, actor, create=False):
        return "own", []
    return "linked", accounts_of(db, issuer)


def redeem(db: Database, actor: Acting, code: str, now: datetime) -> Outcome:
    """Make one person of `actor` and of the one to whom `code` was given.

    Unknown, expired and used codes are not told apart. « own »: typed where it was given, it stays good.
    « already »: it is of no use any more, and this person's accounts are linked, as when the same press
    of a button comes twice.
    """
    issuer = _issuer(db, code, now)
    person = person_of(db, actor, create=issuer is not None)
    if issuer is None:
        return "already" if person and len(accounts_of(db, person)) > 1 else "unknown"
    if person is None or issuer == person:
        return "own"
    db.conn.execute("DELETE FROM link_codes WHERE code_hash = ?", (_hashed(code),))
    merge(db, issuer, person)
    return "linked"


def forget_codes(db: Database, now: datetime) -> int:
    """Delete the codes that have expired; return how many."""
    return db.conn.execute("DELETE FROM link_codes WHERE expires_at <= ?", (iso(now),)).rowcount


def _issuer(db: Database, code: str, now: datetime) -> str | None:
    row = db.conn.execute(
        "SELECT person_id FROM link_codes WHERE code_hash = ? AND expires_at > ?", (_hashed(code), iso(now))
    ).fetchone()
    return str(row[0]) if row else None


def _hashed(code: str) -> str:
    """Return the hash of a code, however it was typed: small letters, no hyphen, O for 0."""
    typed = "".join(letter for letter in code.upper().translate(_MISREAD) if letter in _LETTERS)
    return hashlib.sha256(typed.encode("ascii")).hexdigest()


def merge(db: Database, kept: str, gone: str) -> None:
    """Give all the facts of `gone` to `kept`, in every table that refers to a person, then forget `gone`.

    A fact that both have is had once. What was to be said to `gone` is to be said to `kept`, once too.
    """
    for table, column in references(db):
        db.conn.execute(
            f'UPDATE OR IGNORE "{table}" SET "{column}" = ? WHERE "{column}" = ?',  # noqa: S608 — names from the schema
            (kept, gone),
        )
    _join_tenures(db, kept)
    _readdress(db, kept, gone)
    db.conn.execute("DELETE FROM people WHERE id = ?", (gone,))


def _join_tenures(db: Database, person_id: str) -> None:
    """Of a person's lines of the registry for one role, delete those that another covers."""
    rows = db.conn.execute(
        """SELECT id, role_id, coalesce(until, '9') FROM role_holders WHERE person_id = ?
           ORDER BY role_id, since, coalesce(until, '9') DESC, rowid""",
        (person_id,),
    )
    reached: dict[str, str] = {}
    for identifier, role_id, until in rows.fetchall():
        if until <= reached.get(role_id, ""):
            db.conn.execute("DELETE FROM role_holders WHERE id = ?", (identifier,))
        else:
            reached[role_id] = until


def _readdress(db: Database, kept: str, gone: str) -> None:
    """Send to `kept` what was for `gone`: a person's rows, and a role's that were given to its holders."""
    rows = db.conn.execute(
        """SELECT DISTINCT recipient FROM outbox
           WHERE recipient = 'person:' || ? OR recipient LIKE 'role:%/' || ?""",
        (gone, gone),
    )
    for (former,) in rows.fetchall():
        recipient = former.removesuffix(gone) + kept
        db.conn.execute(
            """UPDATE outbox SET state = 'cancelled'
               WHERE recipient = ? AND state IN ('queued', 'held') AND EXISTS (
                 SELECT 1 FROM outbox AS twin
                 WHERE twin.recipient = ? AND twin.notice = outbox.notice
                   AND twin.arguments = outbox.arguments
                   AND twin.state IN ('queued', 'sending', 'sent', 'held'))""",
            (former, recipient),
        )
        db.conn.execute("UPDATE outbox SET recipient = ? WHERE recipient = ?", (recipient, former))


def references(db: Database) -> list[tuple[str, str]]:
    """Return every column that refers to a person: a table made later takes part without being named."""
    return [
        (name, key[3])
        for (name,) in db.conn.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
        for key in db.conn.execute(f'PRAGMA foreign_key_list("{name}")').fetchall()
        if key[2] == "people"
    ]
