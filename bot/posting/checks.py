"""The checks of `data/posting.toml`, the same for every policy: subjects that a post may concern."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, get_args

if TYPE_CHECKING:
    from bot.policy.library import Library

FILE: Final = "posting.toml"
Venue: TypeAlias = Literal["", "personnel", "travail", "page"]
VENUES: Final[tuple[Venue, ...]] = get_args(Venue)


@dataclass(frozen=True, slots=True)
class Check:
    """A subject that a post may concern.

    `title`: the subject in a few French words. `settles`: a sentence with the remedy. `settles_on_page`: the
    remedy for a post on a page of the association. `request`: a template of a request to the person who can
    allow the post, "" when there is nothing to ask. `whom`: the addressee of the request, « à la personne… »,
    "" for a role of the association. `grave`: whether the check can never be switched off. `permission`: the
    kind of permission that is the remedy, "" for none.
    """

    name: str
    title: str
    settles: str
    settles_on_page: str
    request: str
    whom: str
    grave: bool
    permission: str = ""

    def advice(self, venue: Venue) -> str:
        """Return the sentence with the remedy, depending on where the post will appear."""
        return self.settles_on_page if venue == "page" else self.settles


def load_checks(folder: Path) -> Mapping[str, Check]:
    """Return the shipped checks by name, in order. Raises `OSError`."""
    data = tomllib.loads((folder / FILE).read_text("utf-8"))
    return {
        table["name"]: Check(
            table["name"],
            table["title"],
            table["settles"],
            table.get("settles_on_page", table["settles"]),
            table["request"],
            table.get("whom", ""),
            table.get("grave", False),
            table.get("permission", ""),
        )
        for table in data["check"]
    }


def load_notions(folder: Path) -> tuple[re.Pattern[str], ...]:
    """Return the patterns of the notions that the model looks for, in order. Raises `OSError`."""
    data = tomllib.loads((folder / FILE).read_text("utf-8"))
    return tuple(map(re.compile, data["notions"].values()))


def are_asked(library: Library) -> bool:
    """Return whether the annotations of any policy name a check."""
    return any(policy.annotations.checks for policy in library.policies.values())
