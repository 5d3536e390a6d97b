"""The addresses of the site: paths of files, which never change once published.

A provision has three addresses: by its identity, `pa20/id/2015-12-13/5.10.html`; by its number today,
`pa20/5.10.html`; by its number in a version, `pa20/2015-12-13/5.10.html`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from bot.policy.articles import Number, Version
from bot.policy.library import Policy
from bot.policy.search import fold_accents

HOME = "index.html"
SEARCH = "recherche.html"
STYLE = "style.css"
SCRIPT = "site.js"
SEARCHER = "recherche.js"
FEED = "revisions.atom"
CALENDAR = "calendrier.ics"
SITEMAP = "sitemap.xml"
SCHEMA = "schema.json"
POLICY_DATA = "politique.json"  # file in a policy's folder
_LONGEST = 60  # characters of a number in an address
# Names used by other files of a policy's folder, which no number may take.
_RESERVED = ("index", "versions", "politique", "id", "comparaison", "recherche")


@dataclass(frozen=True, slots=True)
class PolicyPaths:
    """The paths of a policy's files. `slugs`: each number that the policy ever had, as in addresses."""

    policy: str
    slugs: Mapping[Number, str]

    @property
    def index(self) -> str:
        """The path of the page of the whole policy, as in force today."""
        return f"{self.policy}/index.html"

    @property
    def versions(self) -> str:
        """The path of the page that lists the policy's versions."""
        return f"{self.policy}/versions.html"

    @property
    def data(self) -> str:
        """The path of the policy's data, as JSON."""
        return f"{self.policy}/{POLICY_DATA}"

    @property
    def search(self) -> str:
        """The path of the policy's search index."""
        return f"{self.policy}/{SEARCHER}"

    def number(self, number: Number) -> str:
        """Return the path of a number's page today: the provision with this number, or why there is none."""
        return f"{self.policy}/{self.slugs[number]}.html"

    def dated(self, version: Version, number: Number) -> str:
        """Return the path of a number's page in a version."""
        return f"{self.policy}/{version.key}/{self.slugs[number]}.html"

    def whole(self, version: Version, ending: str = "index.html") -> str:
        """Return the path of a whole version. `ending`: the file name, which tells the format."""
        return f"{self.policy}/{version.key}/{ending}"

    def provision(self, identity: str) -> str:
        """Return the path of the page of a provision's history. `identity`: the provision's identity."""
        origin, _, number = identity.partition("@")[2].partition(":")
        slug_ = self.slugs.get(Number(number)) or slug(number)
        return f"{self.policy}/id/{origin}/{slug_}.html"

    def comparison(self, old: Version, new: Version) -> str:
        """Return the path of the comparison of two versions."""
        return f"{self.policy}/comparaison/{old.key}_{new.key}.html"


def policy_paths(policy: Policy, cancelled: Iterable[Version] = ()) -> PolicyPaths:
    """Return the paths of a policy's files. A new version never changes an earlier version's paths.

    `cancelled`: the versions that were announced, then withdrawn before they took effect.
    """
    versions = (*policy.versions, *policy.coming, *cancelled)
    numbers = dict.fromkeys(number for version in versions for number in version.parts())
    return PolicyPaths(policy.id, _slugs(numbers))


def _slugs(numbers: Iterable[Number]) -> dict[Number, str]:
    """Return a distinct slug for each number. A number whose slug is taken gets it with a suffix, « -2 »."""
    taken, slugs = set(_RESERVED), {}
    for number in numbers:
        plain = slug(str(number))
        unique, again = plain, 1
        while unique in taken:
            again += 1
            unique = f"{plain}-{again}"
        taken.add(unique)
        slugs[number] = unique
    return slugs


def slug(words: str) -> str:
    """Return words as part of an address: « titre III, 2 » becomes « titre-iii-2 »."""
    plain = re.sub(r"[^a-z0-9.]+", "-", fold_accents(words)).strip("-.")
    return plain[:_LONGEST].rstrip("-.") or "partie"


def up(path: str) -> str:
    """Return the relative path from a page to the root of the site: « ../../ »."""
    return "../" * path.count("/")


def online_path(policy: Policy, key: str, clause: str) -> str | None:
    """Return the path of a clause in the version `key`, None if the site has no such version or clause."""
    paths, number = _paths(policy), Number(clause)
    versions = (*policy.versions, *policy.coming)
    version = next((version for version in versions if version.key == key), None)
    return paths.dated(version, number) if version and version.provision(number) else None


_paths = lru_cache(maxsize=32)(policy_paths)
