"""Persons, their accounts on the platforms, and the linking of two persons into one.

A person is only a random identifier, without a name, an address or a time of visit.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

from sqlite_utils import Database

from bot.configuration.values import ACCOUNT_FORMS, GROUP_FORMS, TEAM_FORMS
from bot.conversation.requests import Actor
from bot.times import iso

CODE_MINUTES: Final = 10
# 50 bits, in 32 letters and digits that are hard to confuse (Crockford's base 32). A thousand guesses a
# second for ten minutes have one chance in two billion.
CODE_LENGTH: Final = 10
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD = str.maketrans("OIL", "011")

_ACCOUNT_FORMS = {**ACCOUNT_FORMS, "local": r"[a-z]{1,20}"}
_WRITTEN = {
    "slack": "doit s'écrire slack:T0123ABCD/U0123ABCD, l'espace puis la personne",
    "discord": "doit s'écrire discord:123456789012345678, en chiffres",
    "local": "doit s'écrire local:administration",
}


@dataclass(frozen=True, slots=True)
class Account:
    """A person's account on one platform. `team` is "" on Discord, where one account serves all servers."""

    platform: str
    team: str
    user: str

    def __str__(self) -> str:
        """Format the account for `read_account`: « slack:T0123/U0123 », « discord:123 »."""
        return f"{self.platform}:{self.team}{'/' if self.team else ''}{self.user}"


Acting: TypeAlias = Actor | Account  # two ways to identify someone on a platform


def account(actor: Acting) -> Account:
    """Return an actor's account. On Discord it has no team, since one account serves all servers."""
    return Account(actor.platform, "" if actor.platform == "discord" else actor.team, actor.user)


def new_id() -> str:
    """Return a random identifier of 16 hexadecimal digits, which reveals neither a time nor a person."""
    return secrets.token_hex(8)


def person_of(db: Database, actor: Acting) -> str | None:
    """Return the identifier of the person behind `actor`, or None when they are unknown."""
    who = account(actor)
    row = db.conn.execute(
        "SELECT person_id FROM accounts WHERE platform = ? AND team = ? AND user = ?",
        (who.platform, who.team, who.user),
    ).fetchone()
    return str(row[0]) if row else None


def known(db: Database, actor: Acting) -> str:
    """Return the identifier of the person behind `actor`, adding them if needed."""
    person = person_of(db, actor)
    if person is None:
        person = new_id()
        who = account(actor)
        db.conn.execute("INSERT INTO people (id) VALUES (?)", (person,))
        db.conn.execute(
            "INSERT INTO accounts (platform, team, user, person_id) VALUES (?, ?, ?, ?)",
            (who.platform, who.team, who.user, person),
        )
    return person


def accounts_of(db: Database, person_id: str) -> list[Account]:
    """Return a person's accounts, starting with the one to write to, and otherwise in a stable order."""
    rows = db.conn.execute(
        """SELECT platform, team, user FROM accounts WHERE person_id = ?
           ORDER BY preferred DESC, platform, team, user""",
        (person_id,),
    )
    return [Account(*row) for row in rows]


def first_account(db: Database, actor: Acting) -> Account:
    """Return the account to use as a person's key, whichever they write from: the first by its text.

    A person's identifier would not do, because someone unknown gets one at a later request, nor would the
    account to write to, which changes when they choose another.
    """
    person = person_of(db, actor)
    return min(accounts_of(db, person), key=str) if person else account(actor)


def prefer(db: Database, actor: Acting, *, chosen: bool = False) -> None:
    """From now on, send a person's messages first to the account of `actor`.

    An account that the person chose (`chosen`) still comes before one that they merely used. The person is
    added to the database if needed, so that a choice made in their very first request is kept.
    """
    who = account(actor)
    person = known(db, actor)
    rank = 2 if chosen else 1
    db.conn.execute("UPDATE accounts SET preferred = 0 WHERE person_id = ? AND preferred = ?", (person, rank))
    db.conn.execute(
        "UPDATE accounts SET preferred = max(preferred, ?) WHERE platform = ? AND team = ? AND user = ?",
        (rank, who.platform, who.team, who.user),
    )


def read_account(text: str) -> Account:
    """Return the account written as « slack:EQUIPE/MEMBRE », « discord:MEMBRE » or « local:PERSONNAGE ».

    Raises `ValueError`, with a French explanation, for any other format.
    """
    platform, colon, rest = text.strip().partition(":")
    if platform not in _ACCOUNT_FORMS or not colon:
        raise ValueError("doit commencer par «\u00a0slack:\u00a0» ou «\u00a0discord:\u00a0»")
    if not re.fullmatch(_ACCOUNT_FORMS[platform], rest):
        raise ValueError(_WRITTEN[platform])
    return parse(text.strip())


def is_user(platform: str, identifier: str) -> bool:
    """Return whether a text looks like the identifier of a person, without their workspace."""
    return bool(re.fullmatch(_ACCOUNT_FORMS[platform].rpartition("/")[2], identifier))


def is_team(platform: str, identifier: str) -> bool:
    """Return whether a text looks like the identifier of a Slack workspace or a Discord server."""
    return bool(re.fullmatch(TEAM_FORMS[platform], identifier))


def is_group(platform: str, identifier: str) -> bool:
    """Return whether a text looks like the identifier of a Slack group or channel, or of a Discord role."""
    return bool(re.fullmatch(GROUP_FORMS[platform], identifier))


# --- Linking ----------------------------------------------------------------------------------

Outcome: TypeAlias = Literal["linked", "already", "own", "unknown"]


def random_code() -> str:
    """Return a random code to type on the other platform: « K7PMQ-3TXDW »."""
    code = "".join(secrets.choice(_LETTERS) for _ in range(CODE_LENGTH))
    return f"{code[: CODE_LENGTH // 2]}-{code[CODE_LENGTH // 2 :]}"


def issue_code(db: Database, actor: Acting, now: datetime) -> str:
    """Return a one-time code for `actor`, valid for ten minutes, which replaces any earlier one.

    Only its hash is stored, so the code cannot be shown again.
    """
    person = known(db, actor)
    code = random_code()
    db.conn.execute("DELETE FROM link_codes WHERE expires_at <= ? OR person_id = ?", (iso(now), person))
    db.conn.execute(
        "INSERT INTO link_codes (code_hash, person_id, account, expires_at) VALUES (?, ?, ?, ?)",
        (_hashed(code), person, str(account(actor)), iso(now + timedelta(minutes=CODE_MINUTES))),
    )
    return code


def look_up_code(db: Database, actor: Acting, code: str, now: datetime) -> tuple[Outcome, str]:
    """Return the outcome that `redeem` would have, and the person who requested the code ("" if not valid).

    « linked »: the code is valid and links two persons. « own »: it is valid, but `actor` is the person who
    requested it. « already »: it is not valid, but `actor` has linked accounts, for instance because the same
    button press arrived twice. « unknown »: it does not exist, has expired or has been used.
    """
    row = db.conn.execute(
        "SELECT person_id FROM link_codes WHERE code_hash = ? AND expires_at > ?", (_hashed(code), iso(now))
    ).fetchone()
    person = person_of(db, actor)
    if row is None:
        return "already" if person and len(accounts_of(db, person)) > 1 else "unknown", ""
    return "own" if row[0] == person else "linked", str(row[0])


def redeem(db: Database, actor: Acting, code: str, now: datetime) -> Outcome:
    """Merge `actor` with the person who requested `code`, if it is valid. Return the outcome.

    See `look_up_code` for the outcomes. Only « linked » changes anything.
    """
    outcome, issuer = look_up_code(db, actor, code, now)
    if outcome == "linked":
        db.conn.execute("DELETE FROM link_codes WHERE code_hash = ?", (_hashed(code),))
        merge(db, issuer, known(db, actor))
    return outcome


def ask_about_code(db: Database, actor: Acting, code: str) -> None:
    """Record that `actor` typed a code and was asked to confirm it. Only `actor` can then do so."""
    db.conn.execute(
        "UPDATE link_codes SET asked = ?, agreed = 0 WHERE code_hash = ?",
        (str(account(actor)), _hashed(code)),
    )


def was_asked(db: Database, actor: Acting, code: str) -> bool:
    """Return whether `actor` is the latest account that was asked to confirm a code."""
    row = db.conn.execute("SELECT asked FROM link_codes WHERE code_hash = ?", (_hashed(code),)).fetchone()
    return row is not None and row[0] == str(account(actor))


def agree_to_code(db: Database, code: str, now: datetime) -> Account:
    """Record that the account that was asked to confirm a code agreed. Return the account that requested it.

    The requesting account then has ten minutes to agree too (see `awaited`).
    """
    row = db.conn.execute(
        "UPDATE link_codes SET agreed = 1, expires_at = ? WHERE code_hash = ? RETURNING account",
        (iso(now + timedelta(minutes=CODE_MINUTES)), _hashed(code)),
    ).fetchone()
    return parse(row[0])


def awaited(db: Database, issuer: Acting, now: datetime) -> Account | None:
    """Return the account that agreed to be linked with `issuer` and awaits their answer, or None."""
    row = db.conn.execute(
        "SELECT asked FROM link_codes WHERE account = ? AND agreed AND expires_at > ?",
        (str(account(issuer)), iso(now)),
    ).fetchone()
    return parse(row[0]) if row else None


def link(db: Database, issuer: Acting, other: Acting) -> None:
    """Merge the persons of two accounts that both agreed to be linked, and delete the code.

    Messages then go first to `other`, unless the person chose an account (see `prefer`). If both persons had
    chosen one before, the choice of `other`'s person is kept.
    """
    person = known(db, issuer)
    db.conn.execute("DELETE FROM link_codes WHERE person_id = ?", (person,))
    if (gone := known(db, other)) != person:
        merge(db, person, gone)
    prefer(db, other)


def parse(text: str) -> Account:
    """Parse an account in the format of `Account.__str__`, without checking it."""
    platform, _, rest = text.partition(":")
    team, _, user = rest.rpartition("/")
    return Account(platform, team, user)


def bare_code(code: str) -> str:
    """Return a typed code without case, hyphens, or letters typed for digits (O for 0)."""
    return "".join(letter for letter in code.upper().translate(_MISREAD) if letter in _LETTERS)


def _hashed(code: str) -> str:
    """Return the SHA-256 of a code, as `bare_code` reads it."""
    return hashlib.sha256(bare_code(code).encode("ascii")).hexdigest()


def merge(db: Database, into: str, gone: str) -> None:
    """Move all the rows of the person `gone` to the person `into`, in every table, then delete `gone`.

    If both have the same row, only one of the two rows is kept. A message queued for both is sent once. If
    both had chosen an account for their messages, the choice of `gone`, the person linked last, is kept.
    """
    db.conn.execute(
        """UPDATE accounts SET preferred = 0 WHERE person_id = ?
           AND preferred IN (SELECT preferred FROM accounts WHERE person_id = ?)""",
        (into, gone),
    )
    for table, column in references(db):
        db.conn.execute(
            f'UPDATE OR IGNORE "{table}" SET "{column}" = ? WHERE "{column}" = ?',  # noqa: S608 — names from the schema
            (into, gone),
        )
    # When one term in the registry contains another for the same role, keep only the longer one.
    db.conn.execute(
        """DELETE FROM role_holders AS line WHERE person_id = ? AND EXISTS (
             SELECT 1 FROM role_holders AS wider
             WHERE wider.person_id = line.person_id AND wider.role_id = line.role_id
             AND wider.since <= line.since AND coalesce(wider.until, '9') >= coalesce(line.until, '9')
             AND (wider.since < line.since OR wider.until IS NOT line.until OR wider.rowid < line.rowid))""",
        (into,),
    )
    _readdress(db, into, gone)
    db.conn.execute("DELETE FROM people WHERE id = ?", (gone,))


def _readdress(db: Database, into: str, gone: str) -> None:
    """Readdress to `into` the outbox rows for `gone`, as a person or as the holder of a role.

    Queued or held rows that repeat a row for `into` are cancelled.
    """
    rows = db.conn.execute(
        """SELECT DISTINCT recipient FROM outbox
           WHERE recipient = 'person:' || ? OR recipient LIKE 'role:%/' || ?""",
        (gone, gone),
    )
    for (former,) in rows.fetchall():
        recipient = former.removesuffix(gone) + into
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
    """Return each table and column that refers to a person, read from the database's foreign keys."""
    rows = db.conn.execute(
        """SELECT tables.name, keys."from" FROM sqlite_schema AS tables
           JOIN pragma_foreign_key_list(tables.name) AS keys
           WHERE tables.type = 'table' AND keys."table" = 'people'"""
    )
    return [(str(table), str(column)) for table, column in rows.fetchall()]
