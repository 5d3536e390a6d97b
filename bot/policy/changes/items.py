"""The lettered and numbered items of clauses, followed from one version to the next."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import NamedTuple

from bot.policy.articles import Clause, Number
from bot.policy.changes.wording import normalized

LEAST = 0.5  # likeness below which two items are never the same
SAME_MARK = 0.1  # bonus for the same letter or number


@dataclass(frozen=True, slots=True)
class ItemChange:
    """An item that was added, removed, changed or renumbered.

    `old`, `new`: its number in each version, "" in a version that lacks it. `reworded`: whether its words
    changed, True for an added or removed item.
    """

    old: str
    new: str
    reworded: bool


def match_items(old: Sequence[Clause], new: Sequence[Clause]) -> dict[Number, Number]:
    """Return the new number of each item of the `old` clauses, which became the `new` clauses.

    Items without a counterpart are left out.
    """
    before, after = list(_read(old)), list(_read(new))
    matched: dict[Number, Number] = {}
    rest = list(after)
    for item in before:  # the same words first, under the same letter if possible
        same = [other for other in rest if other.words == item.words]
        if same:
            twin = next((other for other in same if other.mark == item.mark), same[0])
            matched[item.number] = twin.number
            rest.remove(twin)
    left = [item for item in before if item.number not in matched]
    if left and rest:
        # Used only when a policy is revised.
        from rapidfuzz import fuzz  # noqa: PLC0415 — 2 MB

        from bot.policy.changes.assignment import assign  # noqa: PLC0415 — numpy is 15 MB

        scores = {
            (i, j): likeness + SAME_MARK * (item.mark == other.mark)
            for i, item in enumerate(left)
            for j, other in enumerate(rest)
            if (likeness := fuzz.ratio(item.words, other.words) / 100) >= LEAST
        }
        matched |= {left[i].number: rest[j].number for i, j in assign(scores)}
    return matched


def item_changes(
    old: Sequence[Clause], new: Sequence[Clause], matched: Mapping[Number, Number]
) -> Iterator[ItemChange]:
    """Yield the changes in the items of the `old` clauses, which became the `new` ones, removed items last.

    An item is unchanged when only its clause was renumbered.
    """
    before = {item.number: item for item in _read(old)}
    formers = {latter: before[former] for former, latter in matched.items() if former in before}
    for item in _read(new):
        former = formers.get(item.number)
        if former is None:
            yield ItemChange("", str(item.number), reworded=True)
        elif (former.words, former.mark) != (item.words, item.mark):
            yield ItemChange(str(former.number), str(item.number), reworded=former.words != item.words)
    for item in before.values():
        if item.number not in matched:
            yield ItemChange(str(item.number), "", reworded=True)


class _Item(NamedTuple):
    """An item: its words, normalized, without its mark and without the items that it holds."""

    number: Number
    mark: str
    words: str


def _read(clauses: Sequence[Clause]) -> Iterator[_Item]:
    for clause in clauses:
        for item, following in zip_longest(clause.items, clause.items[1:]):
            end = following.start if following and following.end <= item.end else item.end
            words = clause.text[item.start : end].removeprefix(item.mark)
            yield _Item(item.number, item.mark, normalized(words))
