"""Revisions made at random whose truth is known: a text, what is done to it, and what must be found."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from bot.policy import articles
from bot.policy.articles import Version
from bot.policy.changes.comparison import ChangeKind, Nature

ADOPTED: Final = date(2026, 12, 13)
E, S = Nature.EDITORIAL, Nature.SUBSTANTIVE


@dataclass(eq=False)
class Item:
    """A clause while a revision is written: where it comes from, and how deep its number is."""

    paragraphs: list[str]
    origin: tuple[str, ...]
    depth: int = 2
    heading: str = ""
    nature: Nature = E
    edited: bool = False
    done: bool = False  # one thing happens to a clause, no more, so that the truth is certain
    group: tuple[Item, ...] = ()  # the pieces of a split, this one included

    @property
    def text(self) -> str:
        """The words."""
        return "\n\n".join(self.paragraphs)


@dataclass(eq=False)
class Part:
    """An article while a revision is written."""

    title: str
    origin: str
    items: list[Item]


@dataclass(frozen=True)
class Fact:
    """What must be found."""

    kind: ChangeKind
    old: tuple[str, ...]
    new: tuple[str, ...]
    nature: Nature


@dataclass
class Draft:
    """A revision being written by chance."""

    parts: list[Part]
    chance: random.Random
    used: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, version: Version, seed: int) -> Draft:
        """Return a copy of a version, to be revised."""
        parts = [
            Part(
                article.title,
                str(article.number),
                [
                    Item(list(c.paragraphs), (str(c.number),), str(c.number).count(".") + 1, c.heading)
                    for c in article.clauses
                ],
            )
            for article in version.articles
        ]
        return cls(parts, random.Random(seed))  # noqa: S311 — tests, not secrets

    def free(self, test: Callable[[Item], bool] = lambda _: True) -> list[tuple[Part, Item]]:
        """Return the numbered clauses to which nothing happened yet."""
        return [
            (part, item)
            for part in self.parts
            for item in part.items
            if not item.done and item.depth > 1 and test(item)
        ]

    def pick(self, test: Callable[[Item], bool] = lambda _: True) -> tuple[Part, Item] | None:
        """Return one of them."""
        found = self.free(test)
        return self.chance.choice(found) if found else None

    def numbered(self) -> list[tuple[Part, str, list[tuple[str, Item]]]]:
        """Return the articles with their numbers, and the clauses with theirs."""
        found = []
        for at, part in enumerate(self.parts, 1):
            counters = [at, 0, 0, 0]
            lines: list[tuple[str, Item]] = []
            for item in part.items:
                depth = min(item.depth, 2 if counters[1] == 0 else item.depth)
                if depth > 1:
                    counters[depth - 1] += 1
                    counters[depth:] = [0] * (4 - depth)
                lines.append((".".join(map(str, counters[:depth])), item))
            found.append((part, str(at), lines))
        return found

    def markdown(self) -> str:
        """Return the text of the revision."""
        lines = ["# POLITIQUE D'ESSAI", ""]
        for part, number, items in self.numbered():
            lines += [f"## ARTICLE {number}\u00a0: {part.title}", ""]
            heading = ""
            for label, item in items:
                if item.heading and item.heading != heading:
                    heading = item.heading
                    lines += [f"### {heading}", ""]
                first, *rest = item.paragraphs
                lines += [first if item.depth == 1 else f"- {label} {first}", ""]
                lines += [line for one in rest for line in (one, "")]
        return "\n".join(lines)

    def version(self, policy: str = "pa20") -> Version:
        """Return the revision as it is read."""
        return articles.parse(self.markdown(), policy=policy, adopted=ADOPTED)

    def truth(self, old: Version) -> set[Fact]:
        """Return what must be found."""
        facts = set()
        numbers_kept: set[str] = set()
        for part, _, lines in self.numbered():
            labels = {id(item): label for label, item in lines}
            for label, item in lines:
                numbers_kept.update(item.origin)
                if item.group:
                    if item is item.group[0]:
                        new = tuple(labels[id(one)] for one in item.group)
                        facts.add(Fact(ChangeKind.SPLIT, item.origin, new, item.nature))
                elif not item.origin:
                    facts.add(Fact(ChangeKind.ADDED, (), (label,), S))
                elif len(item.origin) > 1:
                    facts.add(Fact(ChangeKind.MERGED, item.origin, (label,), item.nature))
                elif part.origin != item.origin[0].partition(".")[0]:
                    facts.add(Fact(ChangeKind.MOVED, item.origin, (label,), item.nature))
                elif label != item.origin[0]:
                    facts.add(Fact(ChangeKind.RENUMBERED, item.origin, (label,), item.nature))
                elif item.edited:
                    facts.add(Fact(ChangeKind.CHANGED, item.origin, (label,), item.nature))
        gone = {str(clause.number) for clause in old.clauses()} - numbers_kept
        return facts | {Fact(ChangeKind.REMOVED, (one,), (), S) for one in gone}


# --- What can be done to a text ------------------------------------------------------------------

_NEW = [
    "Un registre des accès est tenu par la personne responsable de l'informatique, puis vérifié.",
    "Les mots de passe comptent au moins quatorze caractères et ne sont jamais partagés par courriel.",
    "Toute création de compte au nom d'un comité est annoncée au secrétariat général dans les dix jours.",
    "Les images produites par un logiciel génératif portent une mention visible.",
    "Le bilan annuel des publications est déposé à l'assemblée générale d'automne.",
    "Avant une campagne payée, la trésorerie confirme que le budget le permet.",
    "Une sauvegarde des pages est conservée hors site durant cinq ans.",
    "Les enregistrements audio des réunions sont détruits après l'adoption du procès-verbal.",
    "La traduction en anglais d'une annonce est relue par deux personnes bilingues.",
    "Le délai de réponse à une question du public est de trois jours ouvrables.",
    "Une formation d'une heure est offerte chaque session aux nouvelles recrues.",
    "Les concours tenus en ligne respectent le règlement de la Régie et leur tirage est filmé.",
    "Tout lien commandité est accompagné du mot-clic prévu par le guide graphique.",
    "En période électorale, les candidatures disposent d'un espace égal sur nos pages.",
    "Les photographies de personnes mineures exigent la signature d'un parent.",
    "La liste des abonnés n'est vendue ni prêtée à quiconque.",
    "Un pictogramme accessible accompagne chaque vidéo sous-titrée.",
    "Le calendrier éditorial est affiché au local et mis à jour le lundi.",
    "Les achats d'abonnements numériques passent par le bon de commande électronique.",
    "Une panne de plus de deux heures est signalée sur la page d'état.",
]

_SENTENCES = [
    "Un avis écrit est requis.",
    "Cette règle est révisée tous les deux ans.",
    "Le secrétariat en tient le compte.",
    "Une exception peut être accordée par l'assemblée.",
]


def add(draft: Draft) -> None:
    """Insert a clause that says something new."""
    left = [text for text in _NEW if text not in draft.used]
    if left:
        text = draft.chance.choice(left)
        draft.used.add(text)
        part = draft.chance.choice([part for part in draft.parts if part.items[-1].depth > 1])
        at = draft.chance.randint(1 if part.items[0].depth == 1 else 0, len(part.items))
        item = Item([text], (), done=True)
        part.items.insert(at, item)
        _settle_heading(part, at)


def _settle_heading(part: Part, at: int) -> None:
    near = (
        part.items[at + 1] if at + 1 < len(part.items) and part.items[at + 1].heading else part.items[at - 1]
    )
    part.items[at].heading = near.heading


def remove(draft: Draft) -> None:
    """Take a clause out."""
    found = draft.pick()
    if found and len(found[0].items) > 1:
        found[0].items.remove(found[1])


def reword(draft: Draft) -> None:
    """Change what a clause says; one of a few words would be another."""
    found = draft.pick(lambda item: len(item.text.split()) > 7)
    if found:
        item = found[1]
        _say(item, draft.chance.choice(_CHANGES)(draft, item.text), S)


def _say(item: Item, text: str, nature: Nature) -> None:
    if text != item.text:
        item.paragraphs = text.split("\n\n")
        item.nature, item.edited, item.done = nature, True, True


def _append(draft: Draft, text: str) -> str:
    return f"{text} {draft.chance.choice(_SENTENCES)}"


def _prefix(_: Draft, text: str) -> str:
    return f"Sauf avis contraire du conseil, {text[0].lower()}{text[1:]}"


def _drop(draft: Draft, text: str) -> str:
    words = text.split(" ")
    at = draft.chance.randrange(1, max(len(words) - 3, 2))
    return " ".join(words[:at] + words[at + 2 :])


def _replace(draft: Draft, text: str) -> str:
    words = text.split(" ")
    long = [at for at, word in enumerate(words) if len(re.sub(r"\W", "", word)) > 5]
    for at in draft.chance.sample(long, min(2, len(long))):
        words[at] = draft.chance.choice(
            ["trimestriel", "secrétariat", "informatique", "assemblée", "budgétaire"]
        )
    return " ".join(words) if long else _append(draft, text)


_CHANGES = [_append, _prefix, _drop, _replace]


def correct(draft: Draft) -> None:
    """Correct the typing of a clause."""
    found = draft.pick(lambda item: len(item.text.split()) > 5)
    if found:
        item = found[1]
        _say(item, mistyped(item.text, draft.chance), E)


def mistyped(text: str, chance: random.Random) -> str:
    """Return a text with one to three mistakes of typing."""
    words = re.split(r"(\s+)", text)
    long = [at for at, word in enumerate(words) if len(word) > 6 and word.isalpha()]
    for at in chance.sample(long, min(chance.randint(1, 3), len(long))):
        words[at] = chance.choice(_SLIPS)(words[at], chance.randint(2, len(words[at]) - 3))
    mistaken = "".join(words)
    return mistaken if chance.random() < 0.7 else mistaken.replace(",", "", 1)


_SLIPS: list[Callable[[str, int], str]] = [
    lambda word, at: word[:at] + word[at + 1 :],
    lambda word, at: word[:at] + word[at] * 2 + word[at + 1 :],
    lambda word, at: word[:at] + word[at + 1] + word[at] + word[at + 2 :],
    lambda word, at: word[:at] + ("w" if word[at] != "w" else "k") + word[at + 1 :],
    lambda word, _: word.capitalize() if word[0].islower() else word.lower(),
    lambda word, _: unicodedata.normalize("NFD", word).encode("ascii", "ignore").decode(),
]


def move(draft: Draft) -> None:
    """Send a clause to another article, sometimes changed on the way."""
    found = draft.pick(lambda item: len(item.text.split()) > 5)
    others = [part for part in draft.parts if found and part is not found[0] and part.items[-1].depth > 1]
    if found and others and len(found[0].items) > 1:
        home, item = found
        target = draft.chance.choice(others)
        home.items.remove(item)
        at = draft.chance.randint(1 if target.items[0].depth == 1 else 0, len(target.items))
        item.depth, item.done = 2, True
        target.items.insert(at, item)
        _settle_heading(target, at)
        if draft.chance.random() < 0.4:
            _say(item, _append(draft, item.text), S)


def shuffle(draft: Draft) -> None:
    """Exchange two clauses of one article."""
    part = draft.chance.choice(draft.parts)
    free = [at for at, item in enumerate(part.items) if not item.done and item.depth > 1]
    if len(free) > 1:
        i, j = draft.chance.sample(free, 2)
        one, other = part.items[i], part.items[j]
        one.heading, other.heading = other.heading, one.heading
        one.depth, other.depth = other.depth, one.depth
        one.done = other.done = True
        part.items[i], part.items[j] = other, one


def split(draft: Draft) -> None:
    """Make two clauses of one, between sentences or in the middle, sometimes with a word changed."""
    found = draft.pick(lambda item: len(item.text.split()) >= 14)
    if found:
        part, item = found
        words = item.text.split(" ")
        ends = [
            at + 1
            for at, word in enumerate(words)
            if word.endswith((".", ";", ",")) and 4 < at < len(words) - 5
        ]
        middle = len(words) // 2
        middle += words[middle] == "ans"  # « 1.4 ans » would be a length of time, not a number
        cut = draft.chance.choice(ends or [middle])
        texts = [" ".join(words[:cut]).strip(), " ".join(words[cut:]).strip()]
        nature = E
        if draft.chance.random() < 0.4:
            texts[1], nature = f"{texts[1]} Le secrétariat en tient le compte.", S
        at = part.items.index(item)
        pieces = [
            Item(
                [p for p in text.split("\n\n") if p.strip()],
                item.origin,
                item.depth,
                item.heading,
                nature,
                done=True,
            )
            for text in texts
        ]
        for piece in pieces:
            piece.group = tuple(pieces)
        part.items[at : at + 1] = pieces


def merge(draft: Draft) -> None:
    """Make one clause of two that follow one another."""
    found = [
        (part, one, other)
        for part in draft.parts
        for one, other in zip(part.items, part.items[1:], strict=False)
        if not one.done and not other.done and one.depth == other.depth > 1
    ]
    if found:
        part, one, other = draft.chance.choice(found)
        joined = Item(
            [*one.paragraphs[:-1], f"{one.paragraphs[-1]} {other.paragraphs[0]}", *other.paragraphs[1:]],
            (*one.origin, *other.origin),
            one.depth,
            one.heading,
            done=True,
        )
        if draft.chance.random() < 0.4:
            joined.paragraphs[-1] += " Un avis écrit est requis."
            joined.nature = S
        part.items[part.items.index(one) : part.items.index(other) + 1] = [joined]


def insert_article(draft: Draft) -> None:
    """Insert an article, so that those after it have a new number."""
    left = [text for text in _NEW if text not in draft.used]
    if len(left) > 2:
        texts = draft.chance.sample(left, 2)
        draft.used.update(texts)
        items = [Item([text], (), done=True) for text in texts]
        draft.parts.insert(draft.chance.randint(0, len(draft.parts)), Part("OBJET NOUVEAU", "", items))


def reorder_articles(draft: Draft) -> None:
    """Exchange two articles."""
    i, j = draft.chance.sample(range(len(draft.parts)), 2)
    draft.parts[i], draft.parts[j] = draft.parts[j], draft.parts[i]


def carry_paragraph(draft: Draft) -> None:
    """Move the last paragraph of a clause to another."""
    source = draft.pick(lambda item: len(item.paragraphs) > 1)
    if source:
        source[1].done = True
        target = draft.pick(lambda item: len(item.text.split()) > 10)
        if target:
            moved = source[1].paragraphs.pop()
            target[1].paragraphs.append(moved)
            for item in (source[1], target[1]):
                item.edited, item.nature, item.done = True, S, True


_FORMS: list[Callable[[str], str]] = [
    lambda text: unicodedata.normalize("NFD", text),
    lambda text: text.replace(" ", "\u00a0", 3),
    lambda text: text.replace(" ", "  ", 3),
    lambda text: text.replace("'", "\u2019"),
]


def respace(draft: Draft) -> None:
    """Write a clause with other spaces, another form of its characters: it says the same."""
    found = draft.pick()
    if found:
        item = found[1]
        item.done = True
        how = draft.chance.choice(_FORMS)
        item.paragraphs = [how(text) for text in item.paragraphs]


COMMON = (add, remove, reword, correct, move, shuffle, split, merge, carry_paragraph, respace)
RARE = (insert_article, reorder_articles)


def revised(version: Version, seed: int) -> Draft:
    """Return a revision of a version: one to eight things done to it."""
    draft = Draft.of(version, seed)
    for _ in range(draft.chance.randint(1, 8)):
        draft.chance.choice(COMMON)(draft)
    if draft.chance.random() < 0.25:
        draft.chance.choice(RARE)(draft)
    return draft


def mistyped_pair(version: Version, seed: int) -> Draft:
    """Return a version with mistakes of typing in up to half of its clauses, and nothing else."""
    draft = Draft.of(version, seed)
    for _ in range(draft.chance.randint(1, len(version.clauses()) // 2)):
        correct(draft)
    return draft


def many(count: int) -> Iterator[int]:
    """Yield seeds."""
    yield from range(1, count + 1)
