"""The policies that the bot knows, and the only source of their exact words."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property, lru_cache
from typing import TypeVar

from bot.conversation.forms import Form, Reply
from bot.conversation.messages import (
    Button,
    Buttons,
    Choice,
    Element,
    Mark,
    Message,
    Quotation,
    Quote,
    Span,
)
from bot.conversation.requests import UserError
from bot.policy import references
from bot.policy.annotations import Annotations, carry_annotations, read_annotations
from bot.policy.articles import Clause, Number, PolicyError, Version
from bot.policy.changes import identities
from bot.policy.joint_search import JointIndex
from bot.policy.names import GenderedName
from bot.policy.provisions import Layout
from bot.policy.search import Index
from bot.times import in_words

CELLS = " | "  # shown between the cells of a table's row, which the text separates by tabs
# The commands that are about the default policy unless they name another: « accueil mtg: lire ».
_ABOUT_ONE = ("accueil", "quiz", "politique")
_ENOUGH = 0.4  # least share of a text's words, weighted by rarity, in a policy worth asking, among many
Answer = TypeVar("Answer", Message, Form, Reply)
# A policy's name before a colon must contain a digit: « pa99: ».
_UNKNOWN = re.compile(r"^\s*(?P<policy>(?=[a-z][a-z-]*\d)[a-z0-9-]{2,31})\s*:\s*(?=\S)", re.IGNORECASE)


@dataclass(frozen=True, eq=False)  # compared by identity, as a cache key
class Policy:
    """A policy: its adopted versions, oldest first.

    `written`: its annotations as written, for the version `origin`. `coming`: the versions announced before
    their effective day, until then shown only as coming.
    """

    id: str
    versions: tuple[Version, ...]
    origin: Version
    written: Annotations
    coming: tuple[Version, ...] = ()
    _notes: dict[Version, Annotations] = field(default_factory=dict, init=False, repr=False)
    _indexes: dict[Version, Index] = field(default_factory=dict, init=False, repr=False)

    @property
    def name(self) -> GenderedName:
        """The everyday name, « PA20 », with its gender."""
        return self.written.name

    def names(self) -> tuple[str, ...]:
        """Return the names that people may use for the policy."""
        return (self.id, self.name, *self.written.aliases)

    def in_force(self, on: date) -> Version | None:
        """Return the version in force on a given day, None before the first."""
        return next((version for version in reversed(self.versions) if version.since <= on), None)

    def version(self, adopted: str) -> Version:
        """Return the version adopted on an ISO date, even if it is not in force yet. Raises `KeyError`."""
        return {version.key: version for version in (*self.versions, *self.coming)}[adopted]

    def title(self, number: Number, version: Version) -> str:
        """Return the readable title of the article that contains `number`."""
        article = version.article(number)
        if article is None:
            return ""
        return self.notes(version).titles.get(article.number, article.title)

    @property
    def annotations(self) -> Annotations:
        """The annotations of the latest version."""
        return self.notes(self.versions[-1])

    def notes(self, version: Version) -> Annotations:
        """Return the annotations of a version, adopted or proposed."""
        if version is self.origin:
            return self.written
        if version not in self._notes:
            fates = identities.fates(self.origin, version)
            self._notes[version] = carry_annotations(self.written, fates, self.origin, version)
        return self._notes[version]

    def label(self, clause: Clause, *, nuanced: bool = True) -> str:
        """Return the label of a clause's force, or "" when its words were never annotated.

        The label comes from the latest annotations of these words, whatever the clause's number was then.
        """
        for notes, numbers in self._by_words:
            same = numbers.get(clause.paragraphs, ())
            number = clause.number if clause.number in same else next(iter(same), None)
            if number is not None and number not in notes.stale:
                return notes.label(number, nuanced=nuanced)
        return ""

    @cached_property
    def _by_words(self) -> Sequence[tuple[Annotations, Mapping[tuple[str, ...], tuple[Number, ...]]]]:
        """For the latest version and `origin`: the annotations, and the clauses' numbers by paragraphs."""
        tables = []
        for version in dict.fromkeys((self.versions[-1], self.origin)):
            numbers: dict[tuple[str, ...], tuple[Number, ...]] = {}
            for clause in version.clauses():
                numbers[clause.paragraphs] = (*numbers.get(clause.paragraphs, ()), clause.number)
            tables.append((self.notes(version), numbers))
        return tables

    def index(self, version: Version) -> Index:
        """Return the search index of a version, built at the first call."""
        if version not in self._indexes:
            self._indexes[version] = Index(
                version.clauses(), self.notes(version).topics, version.container_titles()
            )
        return self._indexes[version]

    def select(self, version: Version, text: str) -> tuple[Clause, ...]:
        """Return the clauses that `text` names or, when it names none, the clauses that contain its words.

        An empty text returns the whole policy. A text that names a missing number returns no clause.
        """
        if not text:
            return version.clauses()
        reference = references.reference_in(text, version)
        if reference:
            spans = reference.spans
            if not all(version.within(end) for span in spans for end in (span.first, span.last)):
                return ()
            return tuple(dict.fromkeys(c for span in spans for c in version.between(span.first, span.last)))
        return tuple(hit.clause for hit in self.index(version).search(text))

    def address(self, version: Version) -> str:
        """Return the policy's name for a button, which ties the numbers after it to `version`.

        « pa20 » means `origin`, the version of the first buttons. Other versions are explicit:
        « pa20@2026-12-13 ».
        """
        return self.id if version is self.origin else f"{self.id}@{version.key}"

    def example(self, version: Version) -> Number:
        """Return a number to show as an example: the longest article's tenth clause, or else its last."""
        longest = max(version.articles, key=lambda article: len(article.clauses))
        return longest.clauses[:10][-1].number


@dataclass(frozen=True, slots=True)
class SetAside:
    """A file of a policy that cannot be read. `served`: the adoption day of the text used instead."""

    policy: str
    error: PolicyError
    served: date | None

    @property
    def problem(self) -> str:
        """What is wrong with the file, and which text is used meanwhile, in French."""
        if self.served is None:
            return f"{self.error} La politique «\u00a0{self.policy}\u00a0» est mise de côté."
        return f"{self.error} En attendant, son dernier texte lu, du {in_words(self.served)}, est servi."


def version_on(policy: Policy, day: date) -> Version:
    """Return the version in force on a given day, counting future versions already announced.

    Raises `UserError` for a day before the oldest version.
    """
    announced = (version for version in reversed(policy.coming) if version.since <= day)
    version = next(announced, None) or policy.in_force(day)
    if version is None:
        raise UserError(
            f"Je n'ai aucune version {policy.name.of} en vigueur le {in_words(day)}. La plus ancienne que "
            f"j'ai est celle du {in_words(policy.versions[0].adopted)}."
        )
    return version


@dataclass(frozen=True, slots=True)
class Reading:
    """A policy in the version that someone reads. `on`: the day for which they want the text, if any.

    `moved`: for a button of an older version, the numbers that have changed, with the new numbers. `default`:
    whether it is the library's default policy.
    """

    policy: Policy
    version: Version
    on: date | None = None
    moved: Mapping[Number, tuple[Number, ...]] | None = field(default=None, compare=False)
    default: bool = True

    def quote(
        self, number: Number, marks: tuple[Mark, ...] = (), start: int = 0, end: int | None = None
    ) -> Quote:
        """Return a quotation of a clause, or of its characters from `start` to `end`."""
        return Quote(self.policy.id, self.version.key, str(number), start, end, marks)

    def command(self, text: object, name: str = "politique") -> str:
        """Return the command of a button that requests `text` in this version."""
        if self.on:
            return f"{name} {self.policy.id}:{text} --date {self.on}"
        return f"{name} {self.policy.address(self.version)}:{text}"

    def revised(self) -> str:
        """Return a caption with the adoption date and, if a day was asked for, that day."""
        revised = f"Version {self.version.adoption}e le {in_words(self.version.adopted)}"
        return f"{revised}, en vigueur le {in_words(self.on)}" if self.on else revised

    def named(self, number: Number) -> str:
        """Return a number's name in a sentence: « 5.13 », « l'article 1 », « le titre III »."""
        name = self.version.named(number)
        return str(number) if name.startswith("clause ") else name.the

    def place(self, number: Number) -> str:
        """Return the place of a clause: article, title, subheading."""
        clause = self.version.clause(number)
        article = self.version.article(number)
        title = self.policy.title(number, self.version)
        name = article.name if article else ""
        if name == f"«\u00a0{title}\u00a0»":  # a heading without a number is called by its title
            name = ""
        place = "\u00a0: ".join(filter(None, (name, title)))
        return place + (f" › {clause.heading}" if clause and clause.heading else "")


class Naming:
    """The names of policies, and how to find one in a text. `names`: maps each name to the policy's id."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._ids = {name.lower(): policy for name, policy in names.items()}
        any_name = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
        self._pattern = re.compile(rf"(?<!\w)(?P<name>{any_name})(?!\w)\s*[:,]?\s*", re.IGNORECASE)
        self._acronyms = frozenset(name for name in names if len(name) > 1 and name.isupper())

    def split(self, text: str) -> tuple[str | None, str]:
        """Return the id of the policy that `text` names, if any, and the rest of the text.

        « pa20:5.10 » and « PA20 7.2 » both name `pa20`. An unknown name before a colon is returned in lower
        case.
        """
        match = self._pattern.search(text)
        if match:
            return self._ids[match["name"].lower()], (text[: match.start()] + text[match.end() :]).strip()
        unknown = _UNKNOWN.match(text)
        return (unknown["policy"].lower(), text[unknown.end() :].strip()) if unknown else (None, text.strip())

    def is_addressed(self, text: str) -> bool:
        """Return whether `text` asks the policy that it names, and no other.

        It begins with the name and a colon or a comma, « mtg : le siège? », or names no other policy and has
        an acronym as it is written, « où est le siège de la MTG? », which is no ordinary word as « statuts »
        is.
        """
        match = self._pattern.match(text.lstrip(" \n(«\u00a0"))
        first = match is not None and match[0].rstrip()[-1] in ":,"
        names = [each["name"] for each in self._pattern.finditer(text)]
        alone = len({self._ids[name.lower()] for name in names}) == 1
        return first or (alone and not self._acronyms.isdisjoint(names))

    def neutral(self, text: str) -> str:
        """Return `text` with « politique » for each policy's name: « la PA20 » is « la politique »."""
        return self._pattern.sub("politique ", text).strip()

    def unaddressed(self, text: str) -> str:
        """Return `text` without a policy's name used as a prefix: « pa20: et le logo? ».

        Within a sentence, the name is part of the meaning: « qui doit lire la PA20? ».
        """
        match = self._pattern.match(text)
        if match and match[0].rstrip()[-1] in ":,":
            return text[match.end() :].strip()
        return text.strip() if match else _UNKNOWN.sub("", text).strip()


class Library:
    """Every policy, by id. `default`: the policy used when none is named. `today`: returns the local day.

    `aside`: the files that could not be read.

    A `Policy` never changes. When a version is adopted, a new object replaces it (see `replace`).
    """

    def __init__(
        self,
        policies: Mapping[str, Policy],
        default: str,
        today: Callable[[], date],
        aside: Sequence[SetAside] = (),
    ) -> None:
        self._default_id = default
        self.today = today
        self.aside = list(aside)
        self._proposed: dict[tuple[str, str], Version] = {}
        self._new: dict[str, Policy] = {}  # policies that have only a proposed text
        self._joint: tuple[tuple[Version, ...], JointIndex] | None = None
        # Within a day, a quotation changes only when the policies do.
        self._resolved = lru_cache(maxsize=1_024)(self._resolve)
        self.replace(policies)

    def replace(self, policies: Mapping[str, Policy]) -> None:
        """Replace all the policies at once, for everyone who uses this library."""
        self.naming = Naming({name: policy.id for policy in policies.values() for name in policy.names()})
        self.policies = policies
        self.default = policies[self._default_id]
        self._resolved.cache_clear()

    def propose(self, version: Version, name: GenderedName | None = None) -> None:
        """Allow quotations of a version that is not yet adopted, under its key.

        `name`: the name of the policy, when it is its first text.
        """
        self._proposed[version.policy, version.key] = version
        if name is not None and version.policy not in self.policies:
            notes = replace(read_annotations({}, version, version.policy), name=name, title=str(name))
            self._new[version.policy] = Policy(version.policy, (version,), version, notes)

    def reading(self, policy: Policy) -> Reading:
        """Return a reading of a policy, in the version in force today."""
        return Reading(policy, self.current(policy), default=policy is self.default)

    def known(self, policy: str) -> Policy:
        """Return a policy by its id, even if its first text is only proposed. Raises `KeyError`."""
        return self.policies.get(policy) or self._new[policy]

    def version(self, policy: str, key: str) -> Version:
        """Return a version, adopted or proposed, by its key. Raises `KeyError`."""
        found_policy = self.policies.get(policy)
        adopted = (*found_policy.versions, *found_policy.coming) if found_policy else ()
        return next((v for v in adopted if v.key == key), None) or self._proposed[policy, key]

    def find(self, name: str) -> Policy:
        """Return the policy with this identifier. Raises `UserError` when there is none."""
        if name not in self.policies:
            names = ", ".join(policy.name for policy in self.policies.values())
            raise UserError(
                f"Je ne connais pas la politique «\u00a0{name}\u00a0». Je connais\u00a0: {names}."
            )
        return self.policies[name]

    def current(self, policy: Policy) -> Version:
        """Return the version in force today, or the first one when none is in force yet."""
        return policy.in_force(self.today()) or policy.versions[0]

    def others(self, text: str, policy: Policy, most: int) -> list[Reading]:
        """Return other policies that may answer `text`, in the version in force, the most likely first.

        If there are at most `most` others, return them all. Otherwise, return at most `most` of them, each
        with a clause that has enough of the text's words.
        """
        readings = list(map(self.reading, self.policies.values()))
        closest = self._together(readings).closest(text)
        shows_all = len(readings) <= most + 1
        near = [readings[at] for at, share in closest if shows_all or share >= _ENOUGH]
        others = [
            reading
            for reading in dict.fromkeys((*near, *(readings if shows_all else ())))
            if reading.policy is not policy
        ]
        return others[:most]

    def acronyms(self) -> frozenset[str]:
        """Return the acronyms in the policies in force, folded (see `JointIndex`)."""
        return self._together(list(map(self.reading, self.policies.values()))).acronyms

    def complete(self, typed: str) -> Iterator[tuple[Reading, Clause]]:
        """Yield the clauses of every policy where each typed word begins some word, in order."""
        readings = list(map(self.reading, self.policies.values()))
        for at, clause in self._together(readings).complete(typed):
            yield readings[at], clause

    def _together(self, readings: Sequence[Reading]) -> JointIndex:
        """Return the index of all the versions in force, made again when one of them changes."""
        versions = tuple(reading.version for reading in readings)
        if self._joint is None or self._joint[0] != versions:
            texts = [
                (candidate.version, candidate.policy.notes(candidate.version).topics)
                for candidate in readings
            ]
            self._joint = versions, JointIndex(texts)
        return self._joint[1]

    def addressed(self, reply: Answer, policy: str) -> Answer:
        """Return a reply whose commands are about the policy with this id, rather than the default policy.

        The id is added to each command of `_ABOUT_ONE` that names no policy. A reply about the default policy
        is returned unchanged.
        """
        if policy == self._default_id:
            return reply

        def named(command: str) -> str:
            name, _, text = command.partition(" ")
            about = name in _ABOUT_ONE and self.naming.split(text)[0] is None
            return f"{name} {policy}: {text}".strip() if about else command

        def tied(button: Button) -> Button:
            return replace(button, command=named(button.command))

        if isinstance(reply, Form):
            return replace(reply, command=named(reply.command))
        elements: list[Element] = []
        for element in reply.elements:
            if isinstance(element, Buttons):
                items = (tied(item) if isinstance(item, Button) else item for item in element.items)
                elements.append(Buttons(*items))
            elif isinstance(element, Choice):
                elements.append(replace(element, button=tied(element.button)))
            else:
                elements.append(element)
        return Message(*elements, public=reply.public, lasting=reply.lasting, problems=reply.problems)

    def quote(self, quote: Quote) -> Quotation:
        """Return the words of a quotation from the stored version, the only source of the policy's words.

        Raises `KeyError` when the policy, version or clause is not stored.
        """
        return self._resolved(quote, self.today())

    def _resolve(self, quote: Quote, _today: date) -> Quotation:
        policy = self.policies.get(quote.policy) or self._new[quote.policy]
        version = self.version(quote.policy, quote.version)
        number = Number(quote.clause)
        clause = version.clause(number)
        if clause is None:
            raise KeyError(quote.clause)
        span = (quote.start, quote.end)
        items = (str(item.number) for item in clause.items if (item.start, item.end) == span)
        caption = f"{policy.written.name}, {next(items, clause.cited)}"
        if label := policy.label(clause):
            caption += f" ({label})"
        # No other text may be mistaken for the one in force.
        if version is self._proposed.get((policy.id, version.key)):
            caption += ", texte proposé"
        elif version in policy.coming:
            caption += f", à venir, à compter du {in_words(version.since)}"
        elif version.key != self.current(policy).key:
            caption += f", version du {in_words(version.adopted)}"
        return Quotation(caption, tuple(_paragraphs(quote, clause)))


def _paragraphs(quote: Quote, clause: Clause) -> Iterator[tuple[Span, ...]]:
    """Yield the quoted paragraphs between « », with a bracketed ellipsis where the clause is cut.

    Items of a list get a bullet, and `CELLS` separates the cells of a table's row.
    """
    text = clause.text
    layouts = dict(enumerate(clause.layouts))
    start = quote.start
    end = len(text) if quote.end is None else quote.end
    while start < end:
        stop = text.find("\n\n", start, end)
        stop = end if stop == -1 else stop
        spans = [Span("«\u00a0" + ("[…] " if start > 0 else ""))] if start == quote.start else []
        begins = text[max(start - 2, 0) : start] in {"", "\n\n"}
        if begins and layouts.get(text.count("\n\n", 0, start)) is Layout.BULLET:
            spans.append(Span("•\u00a0"))
        at = start
        for mark in sorted(quote.marks, key=lambda mark: mark.start):
            first, last = max(mark.start, at), min(mark.end, stop)
            if first < last:
                spans += [Span(text[at:first].replace("\t", CELLS))] if at < first else []
                spans.append(Span(text[first:last].replace("\t", CELLS), mark.style))
                at = last
        if at < stop:
            spans.append(Span(text[at:stop].replace("\t", CELLS)))
        if stop == end:
            spans.append(Span((" […]" if end < len(text) else "") + "\u00a0»"))
        yield tuple(spans)
        start = stop + 2
