"""The words of each number and each provision of a policy, version after version.

A span is a provision in consecutive versions where its number and its words stay the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from bot.policy import articles
from bot.policy.articles import Clause, Number, Version
from bot.policy.changes.comparison import compare
from bot.policy.changes.identities import clause_trail, name_parts
from bot.policy.library import Policy
from bot.policy.standing import LegalStanding, legal_standing
from bot.times import in_words

GIST = 70  # maximum characters of a gist: a provision's title or first words


@dataclass(frozen=True, slots=True)
class ProvisionSpan:
    """A provision in consecutive versions, oldest first, in which its number and its words stay the same."""

    identity: str
    number: Number
    versions: tuple[Version, ...]

    @property
    def first(self) -> Version:
        """The oldest version of the span. The address of the span's page contains this version's date."""
        return self.versions[0]

    @property
    def clause(self) -> Clause | None:
        """The clause, None for a provision that only contains others."""
        return self.first.clause(self.number)

    @property
    def label(self) -> str:
        """The provision's number as a heading: « 5.10 », « Article 5 »."""
        return self.first.label(self.number)


@dataclass(frozen=True, slots=True)
class CancelledText:
    """A text that was announced, then withdrawn before the day on which it was to take effect.

    `replaced`: whether another text has the same adoption date, and so takes its place among the versions.
    """

    adopted: date
    effective: date
    text: str
    announced: date
    withdrawn: date
    replaced: bool = False


@dataclass(frozen=True, slots=True)
class Chronicle:
    """The history of a policy's texts, without their words.

    `announced`: the day on which each version was announced, by version key. `withdrawals`: by the key of a
    version that restored an earlier text, the key of the version that it withdrew. `cancelled`: the texts
    withdrawn before they took effect, latest first.
    """

    announced: Mapping[str, date] = field(default_factory=dict)
    withdrawals: Mapping[str, str] = field(default_factory=dict)
    cancelled: tuple[CancelledText, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """The versions and spans of a public policy on a given day.

    `cancelled`: the chronicle's cancelled texts, parsed as versions.
    """

    policy: Policy
    today: date
    chronicle: Chronicle
    cancelled: tuple[Version, ...]
    spans: tuple[ProvisionSpan, ...]
    by_identity: Mapping[str, tuple[ProvisionSpan, ...]]
    by_number: Mapping[Number, tuple[ProvisionSpan, ...]]
    _places: Mapping[tuple[Version, Number], ProvisionSpan]

    @property
    def current(self) -> Version:
        """The version in force, or the first one when none is in force yet."""
        return self.policy.in_force(self.today) or self.policy.versions[0]

    @property
    def title_of_policy(self) -> str:
        """The policy's title: from its annotations if they set one, otherwise from its text."""
        notes = self.policy.annotations
        return notes.title if notes.title != notes.name else self.current.outline.title or notes.title

    @property
    def versions(self) -> tuple[Version, ...]:
        """The versions, oldest first."""
        return self.policy.versions

    @property
    def listed_cancelled(self) -> list[tuple[CancelledText, Version]]:
        """The cancelled texts that appear in the list of versions: those that no other text replaced."""
        pairs = zip(self.chronicle.cancelled, self.cancelled, strict=True)
        return [(text, version) for text, version in pairs if not text.replaced]

    def place(self, version: Version, number: Number) -> ProvisionSpan:
        """Return the span that has this number in a version. Raises `KeyError`."""
        return self._places[version, number]

    def until(self, version: Version) -> date | None:
        """Return the day on which the next version replaces this one, None for the last version."""
        at = self.versions.index(version)
        return self.versions[at + 1].since if at + 1 < len(self.versions) else None

    def standing(self, version: Version) -> LegalStanding:
        """Return the standing of a version today: coming, in force or replaced."""
        return legal_standing(self.policy, version, self.today)

    def span_standing(self, span: ProvisionSpan) -> LegalStanding:
        """Return the standing today of a provision's words under the span's number."""
        if span.first.since > self.today:
            return LegalStanding.COMING
        if self.current in span.versions:
            return LegalStanding.IN_FORCE
        return LegalStanding.REPLACED if self.now(span.identity) else LegalStanding.REPEALED

    def now(self, identity: str) -> ProvisionSpan | None:
        """Return the span of a provision in the version in force, None if this version lacks it."""
        return next((span for span in self.by_identity[identity] if self.current in span.versions), None)

    def bearer(self, number: Number) -> ProvisionSpan | None:
        """Return the span that has this number today, if any."""
        return next((span for span in self.by_number[number] if self.current in span.versions), None)

    def heirs(self, span: ProvisionSpan) -> tuple[ProvisionSpan, ...]:
        """Return the spans that replaced a span in the next version: several if the provision was split."""
        following = self._after(span)
        if following is None:
            return ()
        later = [
            candidate for candidate in self.by_identity[span.identity] if following in candidate.versions
        ]
        if not later:
            trail = clause_trail(compare(span.versions[-1], following))
            later = [self.place(following, Number(to)) for to in trail.get(str(span.number), ())]
        return tuple(later)

    def heirs_today(self, span: ProvisionSpan) -> tuple[ProvisionSpan, ...]:
        """Return a span's heirs in the version in force, or the span itself if that version has it.

        The heirs are found version by version, since each version may split or renumber a provision.
        """
        reached, final = [span], []
        for _ in self.versions:
            final += [each for each in reached if self.current in each.versions]
            reached = [
                heir for each in reached if self.current not in each.versions for heir in self.heirs(each)
            ]
        return tuple(dict.fromkeys(final))

    def _after(self, span: ProvisionSpan) -> Version | None:
        at = self.versions.index(span.versions[-1]) + 1
        return self.versions[at] if at < len(self.versions) else None

    def ended(self, span: ProvisionSpan) -> date | None:
        """Return the day on which the next version replaced a span, None if the last version has it."""
        return self.until(span.versions[-1])

    def title(self, span: ProvisionSpan) -> str:
        """Return the title of a span's provision, "" when it has none."""
        return part_title(self.policy, span.first, span.number)

    def gist(self, span: ProvisionSpan, longest: int = GIST) -> str:
        """Return the title of a span's provision or, when it has none, its first words."""
        if title := self.title(span):
            return title
        text = " ".join(span.clause.text.split()) if span.clause else ""
        return text if len(text) <= longest else f"{text[:longest].rpartition(' ')[0].rstrip(' ,;:')}…"


def part_title(policy: Policy, version: Version, number: Number) -> str:
    """Return a part's title for people, "" when it has none or when the title is its whole text."""
    part, clause = version.part(number), version.clause(number)
    if clause and clause.text == part.title:
        return ""
    return policy.notes(version).titles.get(number, part.title)


def timeline(policy: Policy, today: date, chronicle: Chronicle) -> Timeline:
    """Return the timeline of a policy on the day `today`.

    Raises `PolicyError` if a text of the chronicle cannot be read.
    """
    finished: dict[str, list[ProvisionSpan]] = {}
    former: Mapping[str, object] = {}
    for version in policy.versions:
        contents: dict[str, object] = {}
        for number, identity in _parts(version):
            words = contents[identity] = _words(policy, version, number)
            spans = finished.setdefault(identity, [])
            if former.get(identity) == words:
                spans[-1] = ProvisionSpan(identity, number, (*spans[-1].versions, version))
            else:
                spans.append(ProvisionSpan(identity, number, (version,)))
        former = contents
    by_identity = {identity: tuple(spans) for identity, spans in finished.items()}
    places = {
        (version, number): (at, rank)
        for at, version in enumerate(policy.versions)
        for rank, number in enumerate(version.parts())
    }
    every = (span for spans in by_identity.values() for span in spans)
    ordered = tuple(sorted(every, key=lambda span: places[span.first, span.number]))
    by_number: dict[Number, list[ProvisionSpan]] = {}
    for span in ordered:
        by_number.setdefault(span.number, []).append(span)
    return Timeline(
        policy,
        today,
        chronicle,
        tuple(_cancelled(policy, text) for text in chronicle.cancelled),
        ordered,
        by_identity,
        {number: tuple(spans) for number, spans in by_number.items()},
        {(version, span.number): span for span in ordered for version in span.versions},
    )


def _cancelled(policy: Policy, text: CancelledText) -> Version:
    """Parse a text that never took effect, as the version that it would have become."""
    version = articles.parse(
        text.text, policy=policy.id, adopted=text.adopted, effective=text.effective, source=policy.id
    )
    earlier = [other for other in policy.versions if other.adopted < text.adopted]
    return replace(version, former=earlier[-1] if earlier else None)


def _parts(version: Version) -> Iterator[tuple[Number, str]]:
    """Yield the number and the identity of each part of a version, except items."""
    identities = name_parts(version)
    for number in version.parts():
        yield number, identities[number]


def _words(policy: Policy, version: Version, number: Number) -> object:
    """Return a value that is equal in two versions if they can share a provision's page."""
    return (
        number,
        tuple(part_title(policy, version, around) for around in (number, *version.around(number))),
        tuple((c.number, c.heading, c.paragraphs, c.layouts) for c in version.within(number)),
    )


def dates(version: Version) -> str:
    """Return the dates of a version in French: « adoptée le …, en vigueur à compter du … ».

    The wording stays true after that day, since a page, a PDF or a quotation may be read later.
    """
    adopted = f"{version.adoption}e le {in_words(version.adopted)}"
    if version.effective and version.effective != version.adopted:
        return f"{adopted}, en vigueur à compter du {in_words(version.effective)}"
    return adopted


def eve(day: date) -> str:
    """Return the day before `day` in French: the last day of the text that was replaced on `day`."""
    return in_words(day - timedelta(days=1))
