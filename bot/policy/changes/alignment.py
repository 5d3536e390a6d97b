"""The alignment of two versions: which old clause became which new one.

`align` first links the clauses with the same words, whatever their numbers. Then, among the other clauses, it
links the pairs with the greatest total likeness. Last, an unlinked clause joins the clause that it was split
from or merged into.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self, TypeAlias

import numpy as np

from bot.policy.articles import Clause, Number, Version
from bot.policy.changes.assignment import assign
from bot.policy.changes.likeness import TINY, Profiles
from bot.policy.changes.wording import normalized
from bot.policy.provisions import Kind

LEAST: Final = 0.3  # likeness below which two clauses are never linked, whatever their places
ENOUGH: Final = 0.4  # likeness, bonuses included, below which two clauses are not linked
SAME_NUMBER: Final = 0.10  # bonus for the same number
SAME_PLACE: Final = 0.05  # bonus for having the same neighbours
WEAK: Final = 0.65  # likeness below which a link can be replaced by a split or a merger
SURE: Final = 0.9  # a weak link is undone if this share of a clause is in another's changed words
# The shares by which a clause is recognized as part of another one. Either `CONTAINED` of the clause is among
# the other's changed words, or `CONTAINED` of those changed words are in the clause. In the second case,
# `EXPLAINED` of the clause must also be among the changed words, which must be `EXPLAINED` of the other
# clause.
CONTAINED: Final = 0.6
EXPLAINED: Final = 0.2

Vector: TypeAlias = np.ndarray[tuple[int], np.dtype[np.float64]]


@dataclass(slots=True)
class ClauseLink:
    """Old clauses and the new clauses that they became, as indices in `Version.clauses()`."""

    old: list[int]
    new: list[int]


def align(old: Version, new: Version) -> tuple[list[ClauseLink], dict[Number, Number]]:
    """Match `old` with `new`. Return the links between their clauses, and the new number of each part.

    A part is anything that has a number of its own in `Version.parts`, clause or not. An unlinked clause, and
    a part that is not returned, was added or removed.
    """
    aligner = _Aligner(old, new)
    aligner.link_most_alike()
    aligner.unlink_parts()
    aligner.link_parts()
    for link in aligner.links:
        link.old.sort()
        link.new.sort()
    return aligner.links, _align_parts(old, new, aligner.links)


@dataclass(frozen=True, slots=True)
class _Offer:
    """A clause that may join a link. `share`: how certain this is, 0 to 1. `place`: the clause's index.

    `added`: whether it is a clause of the new version, rather than of the old one.
    """

    share: float
    added: bool
    place: int


class _Aligner:
    """Two texts and the links between their clauses. `profiles` compares the clauses that changed."""

    def __init__(self, old: Version, new: Version) -> None:
        self.old, self.new = old.clauses(), new.clauses()
        self.links: list[ClauseLink] = []
        self._link_same_words(old, new)
        before, after = [clause.text for clause in self.old], [clause.text for clause in self.new]
        self.profiles = Profiles(before, after, *self._unlinked())

    def _link_same_words(self, old: Version, new: Version) -> None:
        """Link the clauses that have the same words.

        When several clauses have the same words, such as « (abrogé) », they are matched by title and number,
        by title, by number, then in order.
        """
        by_words: dict[str, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
        for side, clauses in enumerate((self.old, self.new)):
            for at, clause in enumerate(clauses):
                by_words[normalized(clause.text)][side].append(at)
        for before, after in by_words.values():
            several = len(before) > 1 or len(after) > 1
            for key in (_called, _title, _number, None) if several else (None,):
                waiting: dict[object, list[int]] = defaultdict(list)
                for at in reversed(after):
                    waiting[key(new, self.new[at]) if key else None].append(at)
                for at in tuple(before):
                    name = key(old, self.old[at]) if key else None
                    if (name or not key) and waiting[name]:
                        self.links.append(ClauseLink([at], [match := waiting[name].pop()]))
                        before.remove(at)
                        after.remove(match)

    def _unlinked(self) -> tuple[list[int], list[int]]:
        """Return the indices of the unlinked clauses in each version."""
        old = {at for link in self.links for at in link.old}
        new = {at for link in self.links for at in link.new}
        return (
            [at for at in range(len(self.old)) if at not in old],
            [at for at in range(len(self.new)) if at not in new],
        )

    def link_most_alike(self) -> None:
        """Link the pairs with the greatest total likeness. Sharing a number or neighbours adds a little."""
        pairs = sorted((link.old[0], link.new[0]) for link in self.links)
        anchors = [old for old, _ in pairs]
        targets = [-1, *(new for _, new in pairs), len(self.new)]
        likeness = self.profiles.likeness()
        scores = {}
        for row, column in zip(*map(list, np.nonzero(likeness >= LEAST)), strict=True):
            old, new = self.profiles.old.places[row], self.profiles.new.places[column]
            same_number = self.old[old].number == self.new[new].number
            at = bisect_left(anchors, old)
            same_place = targets[at] < new < targets[at + 1]
            score = float(likeness[row, column]) + SAME_NUMBER * same_number + SAME_PLACE * same_place
            if score >= ENOUGH:
                scores[old, new] = score
        self.links.extend(ClauseLink([old], [new]) for old, new in assign(scores))

    def _compared(self) -> list[ClauseLink]:
        """Return the links whose clauses `profiles` compares."""
        return [link for link in self.links if link.old[0] in self.profiles.old.row]

    def unlink_parts(self) -> None:
        """Undo a weak link when one of its two clauses is clearly part of a third clause.

        The link is kept when the rest of the third clause became the other clause of the link: then a
        paragraph only moved from one clause to another.
        """
        profiles = self.profiles
        for link in self._compared():
            row, column = profiles.old.row[link.old[0]], profiles.new.row[link.new[0]]
            shared = profiles.shared[row, column]
            old_mass = profiles.old.mass[row]
            new_mass = profiles.new.mass[column]
            if 2 * shared >= WEAK * (old_mass + new_mass):
                continue
            rest = [candidate for candidate in self._compared() if candidate is not link]
            split = shared < SURE * old_mass and any(
                self._shares(candidate, [column], added=True)[0].item() >= SURE
                for candidate in rest
                if profiles.shared[profiles.old.row[candidate.old[0]], column] >= SURE * new_mass
            )
            merged = shared < SURE * new_mass and any(
                self._shares(candidate, [row], added=False)[0].item() >= SURE
                for candidate in rest
                if profiles.shared[row, profiles.new.row[candidate.new[0]]] >= SURE * old_mass
            )
            if split or merged:
                self.links.remove(link)

    def link_parts(self) -> None:
        """Join each unlinked clause to the link of the clause that lost or gained it, the surest first."""
        links = self._compared()
        removed, added = map(set, self._unlinked())
        offers = [self._offers(link, removed, added) for link in links]
        while open_offers := [
            (offer, at)
            for at, part_offers in enumerate(offers)
            for offer in part_offers
            if offer.place in (added if offer.added else removed)
        ]:
            offer, at = max(open_offers, key=lambda candidate: candidate[0].share)
            (links[at].new if offer.added else links[at].old).append(offer.place)
            (added if offer.added else removed).discard(offer.place)
            offers[at] = self._offers(links[at], removed, added)

    def _offers(self, link: ClauseLink, removed: set[int], added: set[int]) -> list[_Offer]:
        """Return the clauses that may join a link, most certain first.

        Only one end of a link can have several clauses.
        """
        profiles, offers = self.profiles, []
        for is_added, places, side in ((True, added, profiles.new), (False, removed, profiles.old)):
            if len(link.old if is_added else link.new) > 1:
                continue
            shared = (
                profiles.shared[profiles.old.row[link.old[0]], :]
                if is_added
                else profiles.shared[:, profiles.new.row[link.new[0]]]
            )
            rows = {place: side.row[place] for place in sorted(places)}
            near = {
                place: row for place, row in rows.items() if shared[row] >= EXPLAINED * side.mass[row] > 0
            }
            if near:
                contained, explained = self._shares(link, list(near.values()), added=is_added)
                for place, share in zip(near, np.maximum(contained, explained), strict=True):
                    if share >= CONTAINED:
                        offers.append(_Offer(float(share), is_added, place))
        return sorted(offers, key=lambda offer: (-offer.share, offer.place))

    def _shares(self, link: ClauseLink, rows: Sequence[int], *, added: bool) -> tuple[Vector, Vector]:
        """Return two float vectors, `(rows,)`, about clauses that may be parts of a link's single clause.

        With `added`, the rows are new clauses, compared with the words that the link's old clause lost.
        Otherwise, they are old clauses, compared with the words that the link's new clause gained. The first
        vector gives the share of each row that is in the lost or gained words. The second gives the share of
        these words that is in the row, 0 when either share is small.
        """
        profiles = self.profiles
        sources, pieces = (profiles.old, profiles.new) if added else (profiles.new, profiles.old)
        whole, parts = (link.old, link.new) if added else (link.new, link.old)
        row = sources.row[whole[0]]
        source = sources.counts[row].astype(np.int32)
        linked = pieces.counts[[pieces.row[part] for part in parts]].astype(np.int32).sum(axis=0)
        taken = np.minimum(linked, source)
        rest_mass = sources.mass[row] - taken @ profiles.weights
        shared = np.minimum(pieces.counts[rows], source - taken) @ profiles.weights
        part_mass = np.maximum(pieces.mass[rows], TINY)
        enough = (shared >= EXPLAINED * part_mass) & (rest_mass >= max(EXPLAINED * sources.mass[row], TINY))
        return shared / part_mass, np.where(enough, shared / max(rest_mass, TINY), 0.0)


def _title(version: Version, clause: Clause) -> str:
    return normalized(version.part(clause.number).title.casefold())


def _number(_version: Version, clause: Clause) -> str:
    return str(clause.number)


def _called(version: Version, clause: Clause) -> tuple[str, str] | None:
    title = _title(version, clause)
    return (title, str(clause.number)) if title else None


@dataclass(frozen=True, slots=True)
class _Part:
    """The features by which a part of one version is matched with a part of the other.

    `held`: how many clauses the part is or contains. `holds`: whether it contains clauses, rather than being
    a single clause.
    """

    number: Number
    kind: Kind
    label: str
    title: str
    held: int
    holds: bool

    @classmethod
    def of(cls, version: Version, number: Number) -> Self:
        part, clauses = version.part(number), version.within(number)
        holds = any(clause.number != number for clause in clauses)
        return cls(number, part.kind, part.label, normalized(part.title.casefold()), len(clauses), holds)

    def likeness(self, other: Self, shared: int) -> float:
        """Return how alike two parts are, 0 if unrelated. `shared`: how many clauses they have in common."""
        # A clause that gained clauses of its own, or lost them all, is still the same part.
        same_place = bool(self.label) and (self.kind, self.label) == (other.kind, other.label)
        if not (self.holds and other.holds) and not ((self.holds or other.holds) and same_place):
            return 0.0
        same_title = bool(self.title) and self.title == other.title
        if not (shared or same_title):
            return 0.0
        alike = 2 * shared / max(self.held + other.held, 1) + 0.5 * same_title
        alike += 0.1 * (self.number == other.number)
        return alike if self.kind is other.kind else alike / 2


def _align_parts(old: Version, new: Version, links: Sequence[ClauseLink]) -> dict[Number, Number]:
    """Return the new number of each part.

    Parts that contain clauses are matched by the clauses that they share, their titles and their numbers.
    Any other part follows its clause. When clauses were split or merged, the first one is followed.
    """
    before, after = old.clauses(), new.clauses()
    formers, latters = ([_Part.of(side, number) for number in side.parts()] for side in (old, new))
    rows, columns = ({part.number: at for at, part in enumerate(parts)} for parts in (formers, latters))
    shared = Counter(
        (rows[left], columns[right])
        for link in links
        for i in link.old
        for j in link.new
        for left in (before[i].number, *old.around(before[i].number))
        for right in (after[j].number, *new.around(after[j].number))
    )
    by_title: dict[str, list[int]] = defaultdict(list)
    for at, part in enumerate(latters):
        by_title[part.title].append(at)
    titled = {(at, j) for at, part in enumerate(formers) if part.title for j in by_title[part.title]}
    pairs = ((i, j, formers[i].likeness(latters[j], shared[i, j])) for i, j in {*shared, *titled})
    matched = assign({(i, j): likeness for i, j, likeness in sorted(pairs) if likeness})
    parts = {formers[i].number: latters[j].number for i, j in matched}
    taken = set(parts.values())
    for link in links:
        former, latter = before[link.old[0]].number, after[link.new[0]].number
        if former not in parts and latter not in taken:
            parts[former] = latter
            taken.add(latter)
    return parts
