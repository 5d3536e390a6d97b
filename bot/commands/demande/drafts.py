"""Drafts: the requests that people have filled in but not sent, in memory only, never logged.

A draft is found by its author and the future request's identifier, which only the buttons of the author's
messages carry.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from bot.conversation.fading import Fading
from bot.conversation.once_a_day import OnceADay
from bot.conversation.requests import Actor
from bot.people import persons

if TYPE_CHECKING:
    from bot.people.persons import Account
    from bot.permissions.requests import Asking
    from bot.times import Clock

KEPT: Final = timedelta(minutes=10)
CODE_KEPT: Final = timedelta(days=1)
MOST: Final = 500  # drafts; beyond that, the person who has the most loses their oldest


@dataclass(frozen=True, slots=True)
class RequestDraft:
    """A request not sent yet.

    `person`: the account of the person in the picture, None if they sign on paper.
    """

    asking: Asking = field(repr=False)
    person: Actor | None = None


class RequestDrafts:
    """The drafts of requests, in memory for a few minutes, and the codes by which people can be asked."""

    def __init__(self, clock: Clock) -> None:
        self._shelf: Fading[tuple[Actor, str], RequestDraft] = Fading(clock, KEPT, MOST)
        self._sent = OnceADay(clock)
        self._reachable: Fading[str, Actor] = Fading(clock, CODE_KEPT)

    def store(self, draft: RequestDraft, author: Actor) -> None:
        """Keep a draft for ten minutes. It replaces its author's draft with the same identifier."""
        self._shelf.put((author, draft.asking.id), draft, author)

    def get(self, author: Actor, identifier: str) -> RequestDraft | None:
        """Return a draft, or None when it expired or is somebody else's."""
        return self._shelf.get((author, identifier))

    def drop(self, author: Actor, identifier: str) -> None:
        """Forget a draft."""
        self._shelf.drop((author, identifier))

    def issue_code(self, actor: Actor) -> str:
        """Return a code by which others can ask a person for their consent, for a day, from anywhere.

        It replaces the code that the same account had before.
        """
        self._forget_codes([persons.account(actor)])
        code = persons.random_code()
        self._reachable.put(persons.bare_code(code), actor, actor)
        return code

    def reached(self, code: str) -> Actor | None:
        """Return the account that a code was issued to, or None when it is unknown or expired."""
        return self._reachable.get(persons.bare_code(code))

    def forget(self, accounts: Collection[Account]) -> None:
        """Drop the codes of these accounts, and the drafts by them or about them."""
        self._forget_codes(accounts)
        self._shelf.drop_all(
            lambda key, draft: any(
                who is not None and persons.account(who) in accounts for who in (key[0], draft.person)
            )
        )

    def _forget_codes(self, accounts: Collection[Account]) -> None:
        self._reachable.drop_all(lambda _code, actor: persons.account(actor) in accounts)

    def count_sent(self, author: Actor, today: date) -> bool:
        """Count a request that a person sends. Return False, without counting it, past today's limit.

        The counts are kept in memory, by hashes of accounts. Someone who erases their data in between is no
        longer known by the database, but stays counted here.
        """
        from bot.permissions.requests import MOST_A_DAY  # noqa: PLC0415 — not needed at startup

        account = str(persons.account(author))
        return any(self._sent.is_first(account, today, str(number)) for number in range(MOST_A_DAY))

    def fade(self) -> None:
        """Drop the expired drafts and codes. The clock calls this, so that none is kept longer."""
        for table in (self._shelf, self._sent, self._reachable):
            table.fade()
