"""Revisions of any text, made by program on its tree: what is done to it, and what must be said of it."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from bot.policy import addresses, articles
from bot.policy.articles import Number, Version
from bot.policy.changes.comparison import ChangeKind
from bot.policy.markdown import write_markdown
from bot.policy.provisions import Kind, Layout, Outline, Paragraph, Provision

ADOPTED: Final = date(2026, 12, 13)
CONTAINERS: Final = (Kind.TITLE, Kind.CHAPTER, Kind.SECTION)
_LONG: Final = 8  # words from which a text is not taken for another after a small change
_SHARED: Final = 14  # words from which a text can be split in two that are told apart
_TRIES: Final = 40

_UNEVEN: Final = re.compile(
    r"\.0$|\d[A-Z]$|bis[.-]"
)  # numbers that another way of counting is for: 1.0, 1.1A
_ROMANS: Final = dict(
    enumerate("I II III IV V VI VII VIII IX X XI XII XIII XIV XV XVI XVII XVIII XIX XX XXI XXII".split(), 1)  # noqa: SIM905 — a list of words reads better as a line
)
_NEW: Final = [
    "Un registre des clés du potager est tenu par la personne responsable des semences, puis vérifié.",
    "Les outils prêtés reviennent propres au cabanon avant la tombée du jour, sans exception.",
    "Toute récolte dépassant vingt kilogrammes est partagée avec la cuisine collective du quartier.",
    "La traduction d'une affiche bilingue est relue par deux personnes avant son impression.",
    "Une sauvegarde hebdomadaire des photographies est conservée hors site durant cinq ans.",
    "Le calendrier d'arrosage est affiché sur la porte de la serre chaque lundi matin.",
]
_SENTENCES: Final = ["Un préavis de neuf semaines est exigé.", "Le jardinier en chef tranche les égalités."]


@dataclass(eq=False)
class Node:
    """A provision while a revision is written.

    `place`: its address in the old text, "" when it is new. `origin`: the addresses of the old clauses that
    its own words come from. `home`: what it stood in, for what is moved. `group`: the pieces of a split.
    """

    written: Provision
    place: str
    origin: tuple[str, ...]
    children: list[Node]
    above: Node | None = None
    home: Node | None = None
    edited: bool = False
    done: bool = False
    group: tuple[Node, ...] = ()
    paragraphs: list[Paragraph] = field(default_factory=list)
    title: str = ""
    label: str = ""
    opening: str = ""

    @property
    def kind(self) -> Kind:
        return self.written.kind

    def walk(self) -> Iterator[Node]:
        for child in self.children:
            yield child
            yield from child.walk()

    def words(self) -> list[str]:
        return " ".join(paragraph.text for paragraph in self.paragraphs).split()

    def provision(self) -> Provision:
        return replace(
            self.written,
            label=self.label,
            opening=self.opening,
            title=self.title,
            paragraphs=tuple(self.paragraphs),
            children=tuple(child.provision() for child in self.children),
        )


@dataclass(frozen=True)
class Fact:
    """What must be said of a clause: the kind of the change, its old numbers, its new ones."""

    kind: ChangeKind
    old: tuple[str, ...]
    new: tuple[str, ...]


@dataclass(frozen=True)
class HeadingFact:
    """What must be said of a title, or of a number that holds clauses without being one."""

    old: str
    new: str
    before: str
    after: str


class UnfitError(Exception):
    """An operation that does not suit the place drawn for it."""


class Draft:
    """A revision being written by chance."""

    def __init__(self, old: Version, seed: int) -> None:
        self.old, self.chance = old, random.Random(seed)  # noqa: S311 — tests, not secrets
        self.new_texts = list(_NEW)
        self.chance.shuffle(self.new_texts)
        known = {id(place.provision): place.number for place in addresses.places(old.outline)}
        clauses = {str(clause.number) for clause in old.clauses()}

        def node(provision: Provision, above: Node) -> Node:
            place = known.get(id(provision), "")
            if provision.kind is Kind.ITEM and not place:
                place = f"{above.place} {addresses.item_suffix(provision)}"
            origin = (place,) if place in clauses else ()
            made = Node(provision, place, origin, [], above)
            made.paragraphs = list(provision.paragraphs)
            made.title, made.label, made.opening = provision.title, provision.label, provision.opening
            made.children = [node(child, made) for child in provision.children]
            return made

        self.root = Node(Provision(Kind.UNNUMBERED, ""), "", (), [])
        self.root.children = [node(provision, self.root) for provision in old.outline.provisions]
        self.before = list(self.root.walk())
        for each in self.before:
            each.home = self.home(each)

    # What is done

    def pick(self, test: Callable[[Node], bool]) -> Node:
        fit = [node for node in self.root.walk() if not node.done and test(node)]
        if not fit:
            raise UnfitError
        return self.chance.choice(fit)

    def series(self, node: Node) -> list[Node]:
        """Return the provisions whose numbers follow one another with this one's, in order."""
        assert node.above is not None
        local = [each for each in node.above.children if each.kind is node.kind and each.label]
        if node.kind in {Kind.ITEM, Kind.CLAUSE}:
            return local
        every = [each for each in self.root.walk() if each.kind is node.kind and each.label]
        labels = [each.label.casefold() for each in every]
        return every if len(set(labels)) == len(labels) else local

    def renumber(self, labels: Sequence[str], nodes: Sequence[Node]) -> None:
        """Give to provisions, in order, the numbers that there were, then those that follow."""
        wanted = list(labels[: len(nodes)])
        while len(wanted) < len(nodes):
            wanted.append(_following(wanted))
        if len(set(wanted)) < len(wanted):
            raise UnfitError
        for node, label in zip(nodes, wanted, strict=True):
            rename(node, label)

    def blank(self, like: Node, text: str, title: str = "") -> Node:
        """Return a new provision in the manner of another."""
        plain = replace(like.written, closing=(), line=0)
        made = Node(plain, "", (), [], like.above, done=True)
        made.paragraphs, made.label, made.opening = [Paragraph(text)], like.label, like.opening
        made.title = title
        return made

    def text(self) -> str:
        if not self.new_texts:
            raise UnfitError
        return self.new_texts.pop()

    # What must be found

    def outline(self) -> Outline:
        return Outline(self.old.outline.cover, tuple(node.provision() for node in self.root.children))

    def markdown(self) -> str:
        return write_markdown(self.outline())

    def version(self) -> Version:
        return articles.parse(self.markdown(), policy=self.old.policy, adopted=ADOPTED)

    def home(self, node: Node) -> Node | None:
        """Return the article or container that a clause stands in, itself left out."""
        inside = node.above
        while inside and inside is not self.root:
            if inside.kind not in {Kind.CLAUSE, Kind.ITEM, Kind.UNNUMBERED} or inside.above is self.root:
                return inside
            inside = inside.above
        return None

    def truth(self, new: Version) -> tuple[set[Fact], set[HeadingFact]]:
        """Return what must be found in the revision, once read."""
        places = {id(place.provision): place.number for place in addresses.places(new.outline)}
        walked = zip(self._citable(), (p for p in new.outline.walk() if id(p) in places), strict=True)
        numbers = {id(node): places[id(provision)] for node, provision in walked}
        facts: set[Fact] = set()
        headings: set[HeadingFact] = set()
        came: set[str] = set()
        for node in self._citable():
            number = numbers[id(node)]
            is_clause = new.clause(Number(number)) is not None
            came.update(node.origin)
            if is_clause and (node.origin or not node.place):
                facts |= self._fact(node, number, numbers)
            if node.group and node is not node.group[0]:
                continue
            carried = not is_clause or not node.origin
            if (node.place, node.title) != (number, node.written.title) and (node.place or not is_clause):
                retitled = node.title != node.written.title
                if retitled or (carried and node.place != number):
                    before = node.written.title if node.place else ""
                    headings.add(HeadingFact(node.place, number, before, node.title))
        gone = {str(clause.number) for clause in self.old.clauses()} - came
        facts |= {Fact(ChangeKind.REMOVED, (number,), ()) for number in gone}
        left = {node.place for node in self.root.walk()}
        for node in self.before:
            if node.kind is not Kind.ITEM and node.place not in left and not node.origin:
                headings.add(HeadingFact(node.place, "", node.written.title, ""))
        return facts, headings

    def items(self, new: Version) -> set[tuple[str, str]]:
        """Return the numbers, old and new, of the items of which something must be said, "" for none."""
        places = {id(place.provision): place.number for place in addresses.places(new.outline)}
        walked = zip(self._citable(), (p for p in new.outline.walk() if id(p) in places), strict=True)
        numbers = {id(node): places[id(provision)] for node, provision in walked}
        changed: set[tuple[str, str]] = set()
        for node in self.root.walk():
            if id(node) not in numbers:
                numbers[id(node)] = f"{numbers[id(node.above)]} {addresses.item_suffix(node.provision())}"
                if not node.place or node.opening != node.written.opening:
                    changed.add((node.place, numbers[id(node)]))
        left = {id(node) for node in self.root.walk()}
        holders = {id(node): node for node in self.before if id(node) in left}
        gone = (node for node in self.before if id(node) not in left and node.kind is Kind.ITEM)
        return changed | {(node.place, "") for node in gone if id(node.above) in holders}

    def _citable(self) -> Iterator[Node]:
        return (node for node in self.root.walk() if node.kind is not Kind.ITEM or node.above is self.root)

    def _fact(self, node: Node, number: str, numbers: dict[int, str]) -> set[Fact]:
        if node.group:
            pieces = tuple(numbers[id(piece)] for piece in node.group)
            return {Fact(ChangeKind.SPLIT, node.origin, pieces)} if node is node.group[0] else set()
        if not node.origin:
            return {Fact(ChangeKind.ADDED, (), (number,))}
        if len(node.origin) > 1:
            return {Fact(ChangeKind.MERGED, node.origin, (number,))}
        if self.home(node) is not node.home:
            return {Fact(ChangeKind.MOVED, node.origin, (number,))}
        if number != node.origin[0]:
            return {Fact(ChangeKind.RENUMBERED, node.origin, (number,))}
        return {Fact(ChangeKind.CHANGED, node.origin, (number,))} if node.edited else set()


def _following(labels: Sequence[str]) -> str:
    """Return the number after the last of a series."""
    last = labels[-1]
    if figures := re.search(r"(\d+)(?:er|re|e)?$", last):
        return f"{last[: figures.start()]}{int(figures[1]) + 1:0{len(figures[1])}d}"
    if multiple := re.fullmatch(r"(\d+) ?(?:bis|ter|quater)", last):
        return str(int(multiple[1]) + 1)
    values = {roman: value for value, roman in _ROMANS.items()}
    roman = last.upper().removesuffix(" BIS")
    if roman in values and labels[0].upper() == "I":
        after = _ROMANS[values[roman] + 1]
        return after if last.isupper() or "bis" in last else after.lower()
    if re.fullmatch(r"[A-Ya-y]", last):
        return chr(ord(last) + 1)
    raise UnfitError


def rename(node: Node, label: str) -> None:
    """Give a provision another number, and to those in it whose numbers begin with its own."""
    if label == node.label:
        return
    if _UNEVEN.search(node.label) or _UNEVEN.search(label):
        raise UnfitError
    former = node.label
    head, former_label, tail = node.opening.rpartition(former)
    if not former_label:
        raise UnfitError
    node.opening, node.label = f"{head}{label}{tail}", label
    for child in node.children:
        if (
            child.kind is Kind.CLAUSE
            and len(child.label) > len(former)
            and addresses.extends(child.label, former)
        ):
            rename(child, label + child.label[len(former) :])


def _numbered(node: Node) -> bool:
    return bool(node.label) and node.kind in {Kind.ARTICLE, Kind.CLAUSE}


def _plain(node: Node) -> bool:
    """Return whether a provision is a clause by its paragraphs alone."""
    return _numbered(node) and bool(node.origin) and not node.children and not node.written.closing


def _own(node: Node) -> bool:
    return bool(node.origin) and len(node.words()) >= _LONG and bool(node.paragraphs)


def insert(draft: Draft) -> None:
    """Insert a provision in the middle of others, which have new numbers."""
    after = draft.pick(lambda node: _numbered(node) and not (node.children and node.kind is Kind.CLAUSE))
    series, above = draft.series(after), after.above
    assert above is not None
    labels = [node.label for node in series]
    new = draft.blank(after, draft.text(), "Objet nouveau" if after.title else "")
    above.children.insert(above.children.index(after) + 1, new)
    series.insert(series.index(after) + 1, new)
    draft.renumber(labels, series)


def shift(draft: Draft) -> None:
    """Renumber those that follow a number: one is left out."""
    first = draft.pick(lambda node: _numbered(node) and len(draft.series(node)) > 2)
    series = draft.series(first)
    at = max(series.index(first), 1)
    labels = [node.label for node in series]
    rest = series[at:]
    for node, label in reversed(list(zip(rest, [*labels[at + 1 :], _following(labels)], strict=True))):
        rename(node, label)


def remove(draft: Draft) -> None:
    """Take a clause out; those that follow have new numbers."""
    node = draft.pick(_plain)
    series, labels = draft.series(node), [each.label for each in draft.series(node)]
    assert node.above is not None
    if len(node.above.children) == 1:
        raise UnfitError
    node.above.children.remove(node)
    series.remove(node)
    draft.renumber(labels, series)


def _halves(node: Node) -> tuple[list[Paragraph], list[Paragraph]]:
    """Return a provision's words in two."""
    if any(paragraph.layout is not Layout.TEXT for paragraph in node.paragraphs):
        raise UnfitError
    if len(node.paragraphs) > 1:
        at = len(node.paragraphs) // 2
        parts = node.paragraphs[:at], node.paragraphs[at:]
    else:
        words = node.paragraphs[0].text.split(" ")
        ends = [at for at in range(5, len(words) - 5) if words[at - 1].endswith((".", ";", ","))]
        if not ends:
            raise UnfitError
        at = min(ends, key=lambda end: abs(end - len(words) // 2))
        parts = [Paragraph(" ".join(words[:at]))], [Paragraph(" ".join(words[at:]))]
    if any(len(" ".join(p.text for p in part).split()) < 5 for part in parts):
        raise UnfitError
    return parts


def split(draft: Draft) -> None:
    """Make two provisions of one; those that follow have new numbers."""
    node = draft.pick(lambda node: _plain(node) and len(node.words()) >= _SHARED)
    first, second = _halves(node)
    series, labels = draft.series(node), [each.label for each in draft.series(node)]
    new = draft.blank(node, "", "Suite" if node.title else "")
    new.origin, new.paragraphs, node.paragraphs, node.done = node.origin, second, first, True
    node.group = new.group = (node, new)
    assert node.above is not None
    node.above.children.insert(node.above.children.index(node) + 1, new)
    series.insert(series.index(node) + 1, new)
    draft.renumber(labels, series)


def merge(draft: Draft) -> None:
    """Make one provision of two that follow one another; those that follow have new numbers."""

    def follower(node: Node) -> Node | None:
        assert node.above is not None
        rest = node.above.children[node.above.children.index(node) + 1 :][:1]
        fits = rest and _plain(rest[0]) and rest[0].kind is node.kind and not rest[0].done
        return rest[0] if fits and min(len(node.words()), len(rest[0].words())) >= _LONG else None

    node = draft.pick(lambda node: _plain(node) and follower(node) is not None)
    other = follower(node)
    assert node.above is not None
    assert other is not None
    series, labels = draft.series(node), [each.label for each in draft.series(node)]
    node.origin, node.paragraphs = (*node.origin, *other.origin), [*node.paragraphs, *other.paragraphs]
    node.done = True
    node.above.children.remove(other)
    series.remove(other)
    draft.renumber(labels, series)


def _say(node: Node, text: str, at: int) -> None:
    node.paragraphs[at] = replace(node.paragraphs[at], text=text)
    node.edited = node.done = True


def correct(draft: Draft) -> None:
    """Correct the typing of a clause: a letter in a long word."""
    node = draft.pick(_own)
    spots = [
        (at, word)
        for at, paragraph in enumerate(node.paragraphs)
        for word in paragraph.text.split(" ")
        if len(word) > 6 and word.isalpha() and word.islower()
    ]
    if not spots:
        raise UnfitError
    at, word = draft.chance.choice(spots)
    cut = draft.chance.randint(2, len(word) - 3)
    _say(node, node.paragraphs[at].text.replace(word, word[:cut] + word[cut + 1 :], 1), at)


def reword(draft: Draft) -> None:
    """Add a sentence to a clause."""
    node = draft.pick(_own)
    ended = [at for at, part in enumerate(node.paragraphs) if part.text.endswith(".")]
    if not ended:
        raise UnfitError
    at = draft.chance.choice(ended)
    _say(node, f"{node.paragraphs[at].text} {draft.chance.choice(_SENTENCES)}", at)


def cell(draft: Draft) -> None:
    """Change the last cell of a table's row."""
    node = draft.pick(lambda node: _own(node) and any(part.layout is Layout.ROW for part in node.paragraphs))
    rows = [at for at, part in enumerate(node.paragraphs) if part.layout is Layout.ROW]
    at = draft.chance.choice(rows)
    _say(node, f"{node.paragraphs[at].text} modifié", at)


def _holder(item: Node) -> Node:
    """Return the clause that an item is in. Raises `UnfitError` when something happened to it."""
    while item.kind is Kind.ITEM and item.above is not None:
        item = item.above
    if item.done or not item.origin:
        raise UnfitError
    return item


def insert_item(draft: Draft) -> None:
    """Insert an item among others, which have new letters."""
    after = draft.pick(
        lambda node: node.kind is Kind.ITEM and bool(node.label) and bool(node.origin) is False
    )
    holder, above = _holder(after), after.above
    assert above is not None
    series, labels = draft.series(after), [each.label for each in draft.series(after)]
    new = draft.blank(after, draft.text())
    above.children.insert(above.children.index(after) + 1, new)
    series.insert(series.index(after) + 1, new)
    draft.renumber(labels, series)
    holder.edited = holder.done = True


def remove_item(draft: Draft) -> None:
    """Take an item out; those that follow have new letters."""
    item = draft.pick(lambda node: node.kind is Kind.ITEM and not node.children and bool(node.label))
    holder, above = _holder(item), item.above
    assert above is not None
    series, labels = draft.series(item), [each.label for each in draft.series(item)]
    total = sum(len(node.words()) for node in (holder, *holder.walk()))
    if len(series) < 3 or len(item.words()) > total // 3:
        raise UnfitError
    above.children.remove(item)
    series.remove(item)
    draft.renumber(labels, series)
    holder.edited = holder.done = True


def move(draft: Draft) -> None:
    """Send a clause elsewhere, among others of its kind: beside them, or in another container."""
    node = draft.pick(lambda node: _plain(node) and len(node.words()) >= _LONG)
    target = draft.pick(
        lambda other: (
            _numbered(other)
            and other.kind is node.kind
            and other is not node
            and bool(other.title) == bool(node.title)
        )
    )
    assert node.above is not None
    assert target.above is not None
    if len(node.above.children) == 1:
        raise UnfitError
    sources, targets = draft.series(node), draft.series(target)
    before, after = [each.label for each in sources], [each.label for each in targets]
    node.above.children.remove(node)
    node.above = target.above
    target.above.children.insert(target.above.children.index(target) + 1, node)
    node.done = True
    if node in targets:
        targets.remove(node)
        targets.insert(targets.index(target) + 1, node)
        draft.renumber(after, targets)
    else:
        sources.remove(node)
        draft.renumber(before, sources)
        targets.insert(targets.index(target) + 1, node)
        draft.renumber(after, targets)


def exchange(draft: Draft) -> None:
    """Exchange two neighbours, which exchange their numbers."""
    node = draft.pick(lambda node: _plain(node) and len(draft.series(node)) > 1)
    assert node.above is not None
    at = node.above.children.index(node)
    rest = node.above.children[at + 1 : at + 2]
    if not rest or rest[0].kind is not node.kind or rest[0].done or not rest[0].label:
        raise UnfitError
    labels = [each.label for each in draft.series(node)]
    node.above.children[at : at + 2] = [rest[0], node]
    series = draft.series(node)
    node.done = rest[0].done = True
    draft.renumber(labels, series)


def insert_container(draft: Draft) -> None:
    """Insert a container that holds one new article; those that follow have new numbers."""
    after = draft.pick(lambda node: node.kind in CONTAINERS and bool(node.label) and bool(node.children))
    example = next((node for node in after.walk() if _numbered(node)), None)
    assert after.above is not None
    if example is None or example.above is not after:
        raise UnfitError
    series, inner = draft.series(after), draft.series(example)
    labels, numbers = [node.label for node in series], [node.label for node in inner]
    new = draft.blank(after, "", "Partie nouvelle")
    new.paragraphs = []
    clause = draft.blank(example, draft.text(), "Objet nouveau" if example.title else "")
    clause.above, new.children = new, [clause]
    after.above.children.insert(after.above.children.index(after) + 1, new)
    series.insert(series.index(after) + 1, new)
    draft.renumber(labels, series)
    if draft.series(clause) == [clause]:
        rename(clause, numbers[0])
    else:
        draft.renumber(numbers, [node for node in draft.root.walk() if node in inner or node is clause])


def retitle(draft: Draft) -> None:
    """Change a title, and nothing else."""
    node = draft.pick(
        lambda node: bool(node.title) and bool(node.label) and bool(node.children or node.paragraphs)
    )
    words, colon, _ = node.title.partition(" :")  # a colon says that what follows are items
    node.title, node.done = f"{words} et potager{colon}", True


KINDS: Final[dict[str, Sequence[Callable[[Draft], None]]]] = {
    "insertion": (insert,),
    "renumérotation": (shift,),
    "scission": (split,),
    "fusion": (merge,),
    "correction": (correct,),
    "modification": (reword, cell),
    "retrait": (remove,),
    "déplacement": (move, exchange),
    "alinéas": (insert_item, remove_item),
    "parties et titres": (insert_container, retitle),
    "mélange": (insert, split, merge, correct, remove, move, reword, insert_item),
}
_MANY: Final = 4  # operations in a mixture


def revised(old: Version, kind: str, seed: int) -> Draft | None:
    """Return a revision of this kind, None when nothing in the text bears it."""
    draft = Draft(old, seed)
    operations, wanted = KINDS[kind], _MANY if kind == "mélange" else 1
    for _ in range(_TRIES):
        attempt = Draft(old, draft.chance.randrange(1 << 30))
        try:
            for operation in attempt.chance.sample(operations, min(wanted, len(operations))):
                operation(attempt)
        except UnfitError:
            continue
        return attempt
    return None
