"""The policies that the bot knows, their versions, and the exact words of each.

`data/politique/<id>/<AAAA-MM-JJ>.md` is one adopted version; `annotations.toml` beside it is what
interprets the latest. A folder that the association adds is layered over what is shipped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TypeAlias

from bot.conversation.messages import Mark, Quotation, Quote, Span
from bot.policy import articles
from bot.policy.annotations import Annotations, annotated_version, carry_annotations, read_annotations
from bot.policy.articles import Clause, Number, PolicyError, Version
from bot.policy.changes import identities
from bot.policy.references import Naming
from bot.policy.search import Index

_MONTHS = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
]


def in_words(day: date) -> str:
    """Return a date as one reads it in French: « 13 décembre 2015 », « 1er mai 2026 »."""
    return f"{'1er' if day.day == 1 else day.day} {_MONTHS[day.month - 1]} {day.year}"


@dataclass(frozen=True, eq=False)  # compared by identity, so that what is made of it can be cached
class Policy:
    """A policy: the versions that are or were in force, oldest first, and what interprets the latest.

    `written`: what interprets it as it was written, and about which version, when that is not the latest.
    """

    id: str
    versions: tuple[Version, ...]
    annotations: Annotations
    written: tuple[Version, Annotations] | None = None
    _notes: dict[Version, Annotations] = field(default_factory=dict, init=False, repr=False)
    _indexes: dict[Version, Index] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def _by_words(self) -> Sequence[tuple[Annotations, Mapping[tuple[str, ...], tuple[Number, ...]]]]:
        """The numbers of the clauses by their words, in each version that is annotated."""
        found = []
        for version, notes in ((self.versions[-1], self.annotations), *filter(None, (self.written,))):
            numbers: dict[tuple[str, ...], tuple[Number, ...]] = {}
            for clause in version.clauses():
                numbers[clause.paragraphs] = (*numbers.get(clause.paragraphs, ()), clause.number)
            found.append((notes, numbers))
        return found

    @property
    def name(self) -> str:
        """The name that people say, « PA20 »."""
        return self.annotations.name

    def names(self) -> tuple[str, ...]:
        """Return what people may write to name it."""
        return (self.id, self.name, *self.annotations.aliases)

    def in_force(self, on: date) -> Version | None:
        """Return the version that was in force at a date, None before the first."""
        return next((version for version in reversed(self.versions) if version.since <= on), None)

    def version(self, adopted: str) -> Version:
        """Return the version adopted at an ISO date. Raises KeyError."""
        for version in self.versions:
            if version.key == adopted:
                return version
        raise KeyError(adopted)

    def title(self, number: Number, version: Version) -> str:
        """Return the title of the article that `number` is in, for reading."""
        article = version.article(number)
        return self.notes(version).titles.get(number.article, article.title if article else "")

    def notes(self, version: Version) -> Annotations:
        """Return what interprets a version, of this policy or proposed for it."""
        latest = self.versions[-1]
        if version is latest:
            return self.annotations
        if version not in self._notes:
            about, written = self.written or (latest, self.annotations)
            self._notes[version] = carry_annotations(
                written, identities.fates(about, version), about, version
            )
        return self._notes[version]

    def force(self, clause: Clause) -> str:
        """Return the label of a clause's force, "" when its words are not those that were annotated."""
        return next((notes.force(number) for notes, number in self._annotated(clause)), "")

    def label(self, clause: Clause) -> str:
        """Return the force with its nuance, "" when the clause's words are not those annotated."""
        return next((notes.label(number) for notes, number in self._annotated(clause)), "")

    def _annotated(self, clause: Clause) -> Iterator[tuple[Annotations, Number]]:
        """Yield what was said of a clause's words, and of which number: today, else when it was written."""
        for notes, numbers in self._by_words:
            same = numbers.get(clause.paragraphs, ())
            number = clause.number if clause.number in same else next(iter(same), None)
            if number is not None and number not in notes.stale:
                yield notes, number

    def address(self, version: Version) -> str:
        """Return how a button names this policy, so that the numbers after it stay those of `version`.

        « pa20 » stands for the version that what is beside the text was written about, which is the first one
        that buttons were sent under; any other is named, « pa20@2026-12-13 ».
        """
        return self.id if version is self.origin else f"{self.id}@{version.key}"

    @property
    def origin(self) -> Version:
        """The version that the annotations were written about."""
        return self.written[0] if self.written else self.versions[-1]

    def index(self, version: Version) -> Index:
        """Return the words of a version, made once."""
        if version not in self._indexes:
            known = {clause.number for clause in version.clauses()}
            topics = {
                topic: [number for number in numbers if number in known]
                for topic, numbers in self.notes(version).topics.items()
            }
            self._indexes[version] = Index(version.clauses(), topics)
        return self._indexes[version]

    def example(self, version: Version) -> Number:
        """Return a number that shows how one asks: the tenth clause of the longest article, or its last."""
        longest = max(version.articles, key=lambda article: len(article.clauses))
        return longest.clauses[:10][-1].number


@dataclass(frozen=True, slots=True)
class Reading:
    """A policy, in the version that someone reads. `on`: the day they asked for, if they did.

    `moved`: when an older button asked, the numbers that changed since its version, and the new ones.
    """

    policy: Policy
    version: Version
    on: date | None = None
    moved: Mapping[Number, tuple[Number, ...]] | None = field(default=None, compare=False)

    def quote(
        self, number: Number, marks: tuple[Mark, ...] = (), start: int = 0, end: int | None = None
    ) -> Quote:
        """Return the quotation of a clause, or of its characters `start` to `end`."""
        return Quote(self.policy.id, self.version.key, str(number), start, end, marks)

    def command(self, text: object, name: str = "politique") -> str:
        """Return the command line of a button that asks for `text` in this reading."""
        if self.on:
            return f"{name} {self.policy.id}:{text} --date {self.on}"
        return f"{name} {self.policy.address(self.version)}:{text}"

    def revised(self) -> str:
        """Say when this version was adopted."""
        revised = f"Version révisée le {in_words(self.version.adopted)}"
        return f"{revised}, en vigueur le {in_words(self.on)}" if self.on else revised

    def place(self, number: Number) -> str:
        """Say where a clause stands: article, title, subheading."""
        clause = self.version.clause(number)
        title = f"Article {number.article}\u00a0: {self.policy.title(number, self.version)}"
        return title + (f" › {clause.heading}" if clause and clause.heading else "")


class Library:
    """Every policy, by id; `default` is the one that is meant when none is named.

    What a `Policy` is never changes: where a version is adopted, another takes its place (see `replace`).
    """

    def __init__(self, policies: Mapping[str, Policy], default: str, today: Callable[[], date]) -> None:
        self._default = default
        self._today = today
        self._proposed: dict[str, Version] = {}
        # A stored version never changes, nor on the same day does a quotation of it, as long as what
        # interprets it stays.
        self._quoted = lru_cache(maxsize=1_024)(self._quotation)
        self.replace(policies)

    @property
    def default(self) -> Policy:
        """The policy that is meant when none is named."""
        return self.policies[self._default]

    def replace(self, policies: Mapping[str, Policy]) -> None:
        """Take other policies in the place of these, at once and for all who use this library."""
        self.naming = Naming({name: policy.id for policy in policies.values() for name in policy.names()})
        self.policies = policies
        self._quoted.cache_clear()

    def propose(self, version: Version) -> None:
        """Let a version that is not adopted be quoted, under its key."""
        self._proposed[f"{version.policy}:{version.key}"] = version

    def version(self, policy: str, key: str) -> Version:
        """Return a version, adopted or proposed, by its key. Raises KeyError."""
        try:
            return self.policies[policy].version(key)
        except KeyError:
            return self._proposed[f"{policy}:{key}"]

    def current(self, policy: Policy) -> Version:
        """Return the version in force today, or the first when none is yet."""
        return policy.in_force(self._today()) or policy.versions[0]

    def quote(self, quote: Quote) -> Quotation:
        """Resolve a quotation against the stored version; this is the one source of the policy's words.

        Raises KeyError when the policy, version or clause is not stored.
        """
        return self._quoted(quote, self._today())

    def _quotation(self, quote: Quote, _today: date) -> Quotation:
        policy = self.policies[quote.policy]
        version = self.version(quote.policy, quote.version)
        clause = version.clause(Number.parse(quote.clause))
        if clause is None:
            raise KeyError(quote.clause)
        caption = _caption(policy, clause) + self._standing(policy, version)
        return Quotation(caption, tuple(_paragraphs(quote, clause.text)))

    def _standing(self, policy: Policy, version: Version) -> str:
        """Say that a text is not the one in force, so that nobody takes it for what is asked of them."""
        if version is self._proposed.get(f"{policy.id}:{version.key}"):
            return ", texte proposé"
        former = version.key != self.current(policy).key
        return f", version du {in_words(version.adopted)}" if former else ""


def _caption(policy: Policy, clause: Clause) -> str:
    number = str(clause.number)
    label = policy.label(clause)
    place = f"article {number}" if len(clause.number.parts) == 1 else number
    return f"{policy.name}, {place}" + (f" ({label})" if label else "")


def _paragraphs(quote: Quote, text: str) -> Iterator[tuple[Span, ...]]:
    """Yield the quoted paragraphs between « » , with an ellipsis in brackets where it is partial."""
    end = len(text) if quote.end is None else quote.end
    start = quote.start
    opening = "«\u00a0" + ("[…] " if start > 0 else "")
    closing = (" […]" if end < len(text) else "") + "\u00a0»"
    while start < end:
        stop = text.find("\n\n", start, end)
        stop = end if stop == -1 else stop
        spans = list(_styled(text, start, stop, quote.marks))
        if opening:
            spans.insert(0, Span(opening))
            opening = ""
        if stop == end:
            spans.append(Span(closing))
        yield tuple(spans)
        start = stop + 2


def _styled(text: str, start: int, end: int, marks: Sequence[Mark]) -> Iterator[Span]:
    at = start
    for mark in sorted(marks, key=lambda mark: mark.start):
        first, last = max(mark.start, at), min(mark.end, end)
        if first < last:
            if at < first:
                yield Span(text[at:first])
            yield Span(text[first:last], mark.style)
            at = last
    if at < end:
        yield Span(text[at:end])


@dataclass(frozen=True, slots=True)
class Adopted:
    """The text of an adopted version, as it was approved; `effective` is as in `Version`."""

    adopted: date
    effective: date | None
    text: str


# By policy, the texts that were approved; where there are any, they stand for the files.
Approved: TypeAlias = Mapping[str, Sequence[Adopted]]


def load_library(
    folders: Iterable[Path], default: str, today: Callable[[], date], approved: Approved | None = None
) -> Library:
    """Read every policy of `folders`, later folders adding to earlier ones.

    Raises `PolicyError` when a file cannot be read, or when there is no policy `default`.
    """
    policies = read_policies(folders, approved or {})
    if default not in policies:
        known = ", ".join(policies) or "aucune"
        raise PolicyError(
            "VIGIE_POLITIQUE",
            0,
            f"la politique «\u00a0{default}\u00a0» n'existe pas (connues\u00a0: {known}).",
        )
    return Library(policies, default, today)


def read_policies(folders: Iterable[Path], approved: Approved) -> dict[str, Policy]:
    """Return every policy of `folders` and of what was approved, by id. Raises `PolicyError`."""
    folders = tuple(folders)
    names = {path.name for folder in folders for path in (folder / "politique").glob("*") if path.is_dir()}
    policies = {
        name: _policy(name, [folder / "politique" / name for folder in folders], approved.get(name, ()))
        for name in sorted(names | set(approved))
    }
    _check_names(policies.values())
    return policies


def read_texts(folders: Iterable[Path], policy: str) -> dict[str, str]:
    """Return the text of each version that `folders` hold, by the name of its file, the date of adoption.

    Raises `PolicyError` for a file that is not in UTF-8.
    """
    return {path.stem: read_utf8(path) for path in _files([one / "politique" / policy for one in folders])}


def _files(folders: Sequence[Path]) -> list[Path]:
    files = {path.stem: path for folder in folders for path in sorted(folder.glob("*.md"))}
    return [path for _, path in sorted(files.items())]


def _check_names(policies: Iterable[Policy]) -> None:
    """Raise `PolicyError` when what one policy is called is what another is called too."""
    policies = tuple(policies)
    taken = {policy.id.lower(): policy.id for policy in policies}
    for policy in policies:
        for name in policy.names():
            other = taken.setdefault(name.lower(), policy.id)
            if other != policy.id:
                raise PolicyError(
                    f"{policy.id}/annotations.toml",
                    0,
                    f"le nom «\u00a0{name}\u00a0» est déjà celui de la politique {other}.",
                )


def _policy(name: str, folders: Sequence[Path], approved: Sequence[Adopted]) -> Policy:
    versions = tuple(_approved(name, one) for one in approved) or tuple(
        _version(name, path) for path in _files(folders)
    )
    if not versions:
        raise PolicyError(name, 0, "ce dossier de politique ne contient aucune version (AAAA-MM-JJ.md).")
    notes = [path for folder in folders if (path := folder / "annotations.toml").is_file()]
    toml, source = (read_utf8(notes[-1]), _short(notes[-1])) if notes else ("", name)
    versions = _linked(versions, annotated_version(toml))
    about, latest = identities.origin(versions[-1]), versions[-1]
    annotations = read_annotations(toml, about, source)
    if annotations.version and annotations.version != about.key:
        raise PolicyError(
            source, 0, f"[policy] version\u00a0: il n'y a pas de version du {annotations.version}."
        )
    if about is latest:
        return Policy(name, versions, annotations)
    now = carry_annotations(annotations, identities.fates(about, latest), about, latest)
    return Policy(name, versions, now, (about, annotations))


def _linked(versions: Iterable[Version], interpreted: str) -> tuple[Version, ...]:
    """Return versions in the order in which they are in force, each with the one before it."""
    found: list[Version] = []
    for version in sorted(versions, key=lambda version: (version.since, version.adopted)):
        former = found[-1] if found else None
        found.append(replace(version, former=former, interpreted=interpreted))
    return tuple(found)


def _approved(name: str, one: Adopted) -> Version:
    source = f"{name}/{one.adopted}.md"
    return articles.parse(one.text, policy=name, adopted=one.adopted, source=source, effective=one.effective)


def _version(name: str, path: Path) -> Version:
    try:
        adopted = date.fromisoformat(path.stem)
    except ValueError as error:
        raise PolicyError(
            _short(path), 0, "le nom doit être la date d'adoption\u00a0: AAAA-MM-JJ.md."
        ) from error
    return articles.parse(read_utf8(path), policy=name, adopted=adopted, source=_short(path))


def read_utf8(path: Path) -> str:
    """Return a file's text. Raises `PolicyError`, with the line, when it is not in UTF-8."""
    content = path.read_bytes()
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise PolicyError(_short(path), line, "le fichier n'est pas en UTF-8.") from error


def _short(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"
