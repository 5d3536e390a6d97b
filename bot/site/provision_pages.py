"""The pages of a provision: in a version, under its number today, and through its history. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import htpy as h

from bot.conversation.messages import capitalized
from bot.policy.articles import Number, Version
from bot.policy.changes.wording import word_diff
from bot.policy.standing import LegalStanding
from bot.site import frame
from bot.site.addresses import PolicyPaths, up
from bot.site.frame import Leaf, SiteFacts
from bot.site.timeline import ProvisionSpan, Timeline, dates, eve
from bot.site.words import TermMarker, clause_words, redlined
from bot.times import in_words

LONG: Final = 24_000  # characters of the clauses in a container, above which its page only lists them
MOST_LISTED: Final = 60  # maximum clauses listed in the history of a container
_GIST_SHOWN: Final = 160  # maximum characters of the description shown by search engines


@dataclass(frozen=True, slots=True)
class PolicyPages:
    """The data from which one policy's pages are made."""

    facts: SiteFacts
    time: Timeline
    paths: PolicyPaths

    @property
    def name(self) -> str:
        """The policy's everyday name."""
        return str(self.time.policy.name)

    def home(self, span: ProvisionSpan) -> str:
        """Return the path of the page of a span, which all the versions of the span share."""
        return self.paths.dated(span.first, span.number)

    def crumbs(self, version: Version, number: Number, *, today: bool) -> list[tuple[str, str]]:
        """Return the breadcrumbs of a provision, from the policy down to the provision."""
        above = reversed(version.around(number))
        path = self.paths.number if today else lambda holder: self.paths.dated(version, holder)
        dated = [] if today else [(f"Version du {in_words(version.adopted)}", self.paths.whole(version))]
        return [
            frame.policy_crumb(self.time.policy),
            *dated,
            *((version.label(holder), path(holder)) for holder in above),
        ]


def standing_words(time: Timeline, span: ProvisionSpan) -> str:
    """Return in French whether a provision is in force, and since when if its versions state a date."""
    standing, since = time.span_standing(span), span.first
    day = in_words(since.since)
    if standing is LegalStanding.COMING:
        return f"À venir, à compter du {day}"
    if standing is LegalStanding.IN_FORCE:
        if since.effective:
            return f"En vigueur depuis le {day}"
        # « version du » would name a version that is no longer in force.
        return f"En vigueur, {'version du' if since is time.current else 'inchangée depuis le'} {day}"
    ended = time.ended(span)
    word = "Abrogée" if standing is LegalStanding.REPEALED else "Remplacée"
    later = next(iter(time.heirs(span)), None)
    if (
        later
        and later.identity == span.identity
        and _text(later) == _text(span)
        and later.number != span.number
    ):
        word = f"Devenue {later.number}"
    return f"{word} depuis le {in_words(ended)}" if ended else word


def standing_badge(standing: LegalStanding, words: str) -> h.Renderable:
    """Return the label of a standing. `words`: its text."""
    kind = standing.name.lower().replace("_", "-")
    return h.span(f".badge.{kind}")[words]


def badges(time: Timeline, span: ProvisionSpan) -> h.Renderable:
    """Return a provision's standing and its force, as labels."""
    standing = time.span_standing(span)
    force = time.policy.label(span.clause) if span.clause else ""
    return h.p(".badges")[
        standing_badge(standing, standing_words(time, span)),
        force and h.span(".badge.force")[capitalized(force)],
    ]


def span_heading(pages: PolicyPages, span: ProvisionSpan) -> h.Renderable:
    """Return the title of a provision's page: its number and its title."""
    title = pages.time.title(span)
    return h.h1[span.label, title and [h.span(".colon")["\u00a0: "], h.span(".title")[title]]]


def body(pages: PolicyPages, span: ProvisionSpan, path: str, marker: TermMarker) -> h.Node:
    """Return the words of a provision and of its parts, or only links to its parts if the words are long."""
    version = span.first
    clauses = version.within(span.number)
    if len(clauses) == 1 and clauses[0].number == span.number:
        return h.blockquote(id="texte")[clause_words(clauses[0], marker.clause(clauses[0]))]
    root = up(path)
    whole = sum(len(clause.text) for clause in clauses) <= LONG
    parts: list[h.Node] = []
    for clause in clauses:
        place = pages.time.place(version, clause.number)
        link = h.a(href=f"{root}{pages.home(place)}")[clause.number.written]
        parts.append(
            h.section[
                h.h2[link, clause.heading and [h.span(".colon")["\u00a0: "], clause.heading]],
                h.blockquote[clause_words(clause, marker.clause(clause), anchors=False)],
            ]
            if whole
            else h.li[link, f"\u00a0: {pages.time.gist(place)}"]
        )
    return h.div(id="texte")[parts] if whole else h.ul(".contents", id="texte")[parts]


def citation(pages: PolicyPages, span: ProvisionSpan, version: Version, path: str) -> h.Node:
    """Return the block that helps to cite a provision: its dated address, its words, number and date.

    The block can be read and selected without a script. A script adds the buttons that copy.
    """
    dated = pages.home(span)
    root = up(path)
    address = pages.facts.url(dated)
    cited = version.cited(span.number)
    source = f"{pages.name}, {cited}, version {dates(version)}"
    clause = span.clause
    quotation = f"«\u00a0{clause.text}\u00a0» ({source})" if clause else source
    return h.details(".cite")[
        h.summary["Citer"],
        h.p[
            "L'adresse de ce texte à cette date, qui ne changera pas\u00a0: ",
            h.a(href=f"{root}{dated}", data_copy="Copier l'adresse")[address],
        ],
        h.p(data_copy="Copier la citation", class_="selectable")[quotation],
    ]


def together(pages: PolicyPages, span: ProvisionSpan, path: str) -> h.Node:
    """Return links to the clauses that should be read with a provision, and the reason to do so."""
    version = span.first
    group = pages.time.policy.notes(version).read_with(span.number)
    if group is None:
        return None
    others = [number for number in group.clauses if number != span.number and version.provision(number)]
    root = up(path)
    links = [
        h.li[
            h.a(href=f"{root}{pages.home(pages.time.place(version, number))}")[version.label(number)],
            f"\u00a0: {pages.time.gist(pages.time.place(version, number))}",
        ]
        for number in others
    ]
    return h.aside(aria_labelledby="ensemble")[
        h.h2(id="ensemble")["À lire ensemble"], h.p[group.reason], h.ul[links]
    ]


def legislation(version: Version, standing: LegalStanding, url: str) -> dict[str, Any]:
    """Return the JSON-LD that all the pages of a version share, as a schema.org `Legislation`."""
    force = "InForce" if standing is LegalStanding.IN_FORCE else "NotInForce"
    return {
        "@context": "https://schema.org",
        "@type": "Legislation",
        "@id": url,
        "inLanguage": "fr-CA",
        "legislationDate": version.adopted.isoformat(),
        "legislationDateVersion": version.since.isoformat(),
        "legislationLegalForce": f"https://schema.org/{force}",
    }


def linked_data(pages: PolicyPages, span: ProvisionSpan, path: str) -> dict[str, Any]:
    """Return the description of a provision in JSON-LD."""
    version, time = span.first, pages.time
    return {
        **legislation(version, time.span_standing(span), pages.facts.url(path)),
        "identifier": span.identity,
        "legislationIdentifier": f"{time.policy.id}, {span.number}",
        "name": f"{pages.name}, {version.cited(span.number)}",
        "isPartOf": {"@type": "Legislation", "name": time.title_of_policy},
        **({"text": span.clause.text} if span.clause else {}),
    }


def description(pages: PolicyPages, span: ProvisionSpan) -> str:
    """Return the description of a provision that search engines show."""
    text = " ".join(span.clause.text.split()) if span.clause else pages.time.gist(span)
    short = text if len(text) <= _GIST_SHOWN else f"{text[:_GIST_SHOWN].rpartition(' ')[0]}…"
    return f"{pages.name}, {span.first.cited(span.number)}\u00a0: {short}"


def neighbour_links(pages: PolicyPages, span: ProvisionSpan, path: str) -> h.Node:
    """Return links to the provisions just before and just after a provision, in its version."""
    version, root = span.first, up(path)
    before, after = version.neighbours(span.number)
    if not (before or after):
        return None
    links = [
        h.a(href=f"{root}{pages.home(pages.time.place(version, neighbour.number))}", rel=rel)[
            f"{word}\u00a0: {version.label(neighbour.number)}"
        ]
        for neighbour, rel, word in ((before, "prev", "Avant"), (after, "next", "Après"))
        if neighbour
    ]
    return h.nav(".around", aria_label="Clauses voisines")[links]


# --- A number in a version ---------------------------------------------------------------------


def dated_page(pages: PolicyPages, span: ProvisionSpan) -> bytes:
    """Return the page of a number, for the consecutive versions in which it has the same words."""
    time = pages.time
    path = pages.home(span)
    version = span.first
    root = up(path)
    marker = TermMarker(span.first)
    now = time.now(span.identity)
    words = body(pages, span, path, marker)
    return frame.page(
        pages.facts,
        Leaf(
            path,
            f"{span.label}, {pages.name}, version du {in_words(version.adopted)}",
            description(pages, span),
            pages.crumbs(version, span.number, today=False),
            linked=linked_data(pages, span, path),
        ),
        h.article[
            span_heading(pages, span),
            badges(time, span),
            _held_by(pages, span, root),
            words,
            _today(pages, span, now, root),
            together(pages, span, path),
            citation(pages, span, version, path),
        ],
        neighbour_links(pages, span, path),
        marker.foot(lambda number: f"{root}{pages.home(time.place(version, number))}", "texte"),
    )


def _held_by(pages: PolicyPages, span: ProvisionSpan, root: str) -> h.Renderable:
    """Return links to the versions in which a provision has these words."""
    links: list[h.Node] = []
    for at, version in enumerate(span.versions):
        links += [
            ", " if at else "",
            h.a(href=f"{root}{pages.paths.whole(version)}")[in_words(version.adopted)],
        ]
    several = len(span.versions) > 1
    return h.p(".hint")["Texte des versions du " if several else "Texte de la version du ", links, "."]


def _today(pages: PolicyPages, span: ProvisionSpan, now: ProvisionSpan | None, root: str) -> h.Node:
    """Return a link to the words in force today, or nothing if the page shows these words."""
    time = pages.time
    history = h.a(href=f"{root}{pages.paths.provision(span.identity)}")["Son histoire"]
    if now is span:
        return h.p(".next")[history, "."]
    if time.span_standing(span) is LegalStanding.COMING:
        return h.p(".next")["Ce texte n'est pas encore en vigueur. ", history, "."]
    if now:
        same = now.number == span.number
        where = "sous le même numéro" if same else f"sous le numéro {now.number}"
        if span.clause and now.clause and span.clause.text != now.clause.text:
            where += ", en d'autres mots"
        link = h.a(href=f"{root}{pages.paths.number(now.number)}")["Lire le texte d'aujourd'hui"]
        return h.p(".next")[f"Cette disposition est aujourd'hui {where}. ", link, ". ", history, "."]
    return h.p(".next")[_became(pages, span, root), " ", history, "."]


def _became(pages: PolicyPages, span: ProvisionSpan, root: str) -> h.Node:
    """Return a sentence on what became of a provision that the version in force lacks."""
    heirs = pages.time.heirs_today(span)
    ended = pages.time.ended(span)
    gone = f"Abrogée le {in_words(ended)}" if ended else "Abrogée"
    if not heirs:
        return f"{gone}, sans remplacement."
    links: list[h.Node] = []
    for at, heir in enumerate(heirs):
        links += [", " if at else "", h.a(href=f"{root}{pages.paths.number(heir.number)}")[heir.label]]
    return [f"{gone}. Ce qu'elle disait est à ", links, "."]


# --- A number today ----------------------------------------------------------------------------


def number_page(pages: PolicyPages, number: Number) -> bytes:
    """Return the page of a number: the provisions that have or had it, or why no provision has it today."""
    time, path = pages.time, pages.paths.number(number)
    root = up(path)
    spans = time.by_number[number]
    bearer = time.bearer(number)
    current = bearer or _last(time, spans)
    marker = TermMarker(current.first)
    words = body(pages, current, path, marker)
    return frame.page(
        pages.facts,
        Leaf(
            path,
            f"{current.label}, {pages.name}",
            description(pages, current),
            pages.crumbs(current.first, number, today=True) if bearer else [frame.policy_crumb(time.policy)],
            linked=linked_data(pages, current, path),
        ),
        h.article[
            span_heading(pages, current),
            badges(time, current),
            not bearer and h.p(".notice")[_vacant(pages, current, root)],
            words,
            [
                _coming(pages, span, root)
                for span in spans
                if time.span_standing(span) is LegalStanding.COMING
            ],
            together(pages, current, path),
            h.ul(".plain")[
                h.li[
                    h.a(href=f"{root}{pages.paths.provision(current.identity)}")[
                        "Histoire de cette disposition"
                    ]
                ],
                h.li[
                    h.a(href=f"{root}{pages.home(current)}")[
                        f"Ce texte, daté du {in_words(current.first.adopted)}"
                    ]
                ],
            ],
            # A number in use cites the version in force, as in chat, even if its words are older.
            citation(pages, current, time.current if bearer else current.first, path),
            _formerly(pages, number, current, root),
        ],
        neighbour_links(pages, current, path),
        marker.foot(lambda linked: f"{root}{pages.home(time.place(current.first, linked))}", "texte"),
    )


def _last(time: Timeline, spans: tuple[ProvisionSpan, ...]) -> ProvisionSpan:
    """Return the last of a number's spans to have been in force or, without one, the first to come."""
    past = [span for span in spans if span.first.since <= time.today]
    return past[-1] if past else spans[0]


def _vacant(pages: PolicyPages, span: ProvisionSpan, root: str) -> h.Node:
    """Return a sentence on what became of a number that no provision has today."""
    time, number = pages.time, span.number
    if time.span_standing(span) is LegalStanding.COMING:
        return f"Rien ne porte encore le numéro {number}\u00a0: ce texte est à venir."
    ended = time.ended(span)
    now = time.now(span.identity)
    since = f" depuis le {in_words(ended)}" if ended else ""
    if now:
        link = h.a(href=f"{root}{pages.paths.number(now.number)}")[now.label]
        return [f"Rien ne porte plus le numéro {number}{since}. La disposition est aujourd'hui ", link, "."]
    return [f"Rien ne porte plus le numéro {number}{since}. ", _became(pages, span, root)]


def _coming(pages: PolicyPages, span: ProvisionSpan, root: str) -> h.Renderable:
    day = in_words(span.first.since)
    return h.p(".notice")[
        f"À compter du {day}, {span.number} dira\u00a0: ",
        h.a(href=f"{root}{pages.home(span)}")[pages.time.gist(span)],
        " (",
        h.a(href=f"{root}{pages.paths.provision(span.identity)}")["voir ce qui changera"],
        ").",
    ]


def _formerly(pages: PolicyPages, number: Number, current: ProvisionSpan, root: str) -> h.Node:
    """Return the list of a number's earlier meanings: other provisions, or other words of the same one."""
    time = pages.time
    past = [span for span in time.by_number[number] if span.first.since <= time.today and span is not current]
    lines = []
    for span in reversed(past):
        ended = time.ended(span)
        until = f"{_until(time, span, ended)}, {number} " if ended else f"{number} "
        link = h.a(href=f"{root}{pages.home(span)}")[time.gist(span)]
        if span.identity == current.identity:
            same = _text(span) == _text(current)
            meaning = (
                "portait déjà ces mots\u00a0: "
                if same
                else "désignait la même disposition, en d'autres mots\u00a0: "
            )
            lines.append(h.li[until, meaning, link])
            continue
        now = time.now(span.identity)
        became: h.Node = [". ", _became(pages, span, root)]
        if now:
            became = [", aujourd'hui ", h.a(href=f"{root}{pages.paths.number(now.number)}")[now.label], "."]
        lines.append(h.li[until, "désignait\u00a0: ", link, became])
    return (
        lines
        and h.section(aria_labelledby="avant")[
            h.h2(id="avant")[f"Ce que {number} désignait avant"], h.ul[lines]
        ]
    )


def _until(time: Timeline, span: ProvisionSpan, ended: date) -> str:
    """Return the dates of a number's earlier meaning: « Du … au … », or « Jusqu'au … » for the first version.

    In a list of several meanings, « jusqu'au » alone would be ambiguous.
    """
    if span.first is time.versions[0]:
        return f"Jusqu'au {eve(ended)}"
    return f"Du {in_words(span.first.since)} au {eve(ended)}"


# --- A provision, whatever its number ----------------------------------------------------------


def provision_page(pages: PolicyPages, identity: str) -> bytes:
    """Return the page of a provision by its identity: its words in each version, with what changed."""
    time, path = pages.time, pages.paths.provision(identity)
    root = up(path)
    spans = time.by_identity[identity]
    span = time.now(identity) or _last(time, spans)
    where = h.a(href=f"{root}{pages.paths.number(span.number)}")[f"Lire {span.label} aujourd'hui"]
    return frame.page(
        pages.facts,
        Leaf(
            path,
            f"Histoire de {span.label}, {pages.name}",
            f"Ce que cette disposition {time.policy.name.of} a dit, version après version.",
            [frame.policy_crumb(time.policy)],
            linked=linked_data(pages, span, path),
        ),
        h.article[
            h.h1["Histoire de ", span.label, h.span(".colon")["\u00a0: "], h.span(".title")[time.gist(span)]],
            badges(time, span),
            h.p[
                [where, "."] if time.now(identity) else _became(pages, span, root),
                " Cette page suit la disposition sous tous ses numéros\u00a0: son adresse ne changera pas.",
            ],
            h.ol(".history", reversed=True)[
                [_state(pages, spans, at, root) for at in reversed(range(len(spans)))]
            ],
        ],
    )


def _state(pages: PolicyPages, spans: tuple[ProvisionSpan, ...], at: int, root: str) -> h.Renderable:
    """Return a provision's words during one span, with the changes since the previous span."""
    span, time = spans[at], pages.time
    before = spans[at - 1] if at else None
    ended = time.ended(span)
    since = in_words(span.first.since)
    days = f"Du {since} au {eve(ended)}" if ended and ended > span.first.since else f"Depuis le {since}"
    number = h.a(href=f"{root}{pages.home(span)}")[span.label]
    renumbered = f" (était {before.number})" if before and before.number != span.number else ""
    return h.li[
        h.h2[days, "\u00a0: ", number, renumbered],
        h.p(".hint")[standing_words(time, span), "."],
        h.blockquote[_changed(before, span)],
    ]


def _changed(before: ProvisionSpan | None, span: ProvisionSpan) -> Iterator[h.Node]:
    """Yield the words of a provision, with the changes since the previous span."""
    new = _text(span)
    if before is None or (old := _text(before)) == new:
        if span.clause and len(span.first.within(span.number)) == 1:
            yield from clause_words(span.clause, anchors=False)
        else:
            yield [h.p[paragraph] for paragraph in new.split("\n\n")]
        return
    paragraphs: list[list[tuple[Any, str]]] = [[]]
    for op, run in word_diff(old, new):
        for index, piece in enumerate(run.split("\n\n")):
            if index:
                paragraphs.append([])
            if piece:
                paragraphs[-1].append((op, piece))
    yield [h.p[redlined(runs)] for runs in paragraphs if runs]


def _text(span: ProvisionSpan) -> str:
    """Return a provision's words, or the numbers and first words of the parts that it contains."""
    clauses = span.first.within(span.number)
    if len(clauses) == 1 and clauses[0].number == span.number:
        return clauses[0].text
    lines = (f"{clause.number}\u00a0: {_beginning(clause.text)}" for clause in clauses[:MOST_LISTED])
    return "\n\n".join((*lines, *(["…"] if len(clauses) > MOST_LISTED else [])))


def _beginning(text: str) -> str:
    """Return the first words of a clause. The clause's own page has all of them."""
    words = " ".join(text.split())
    return words if len(words) <= _GIST_SHOWN else f"{words[:_GIST_SHOWN].rpartition(' ')[0]}…"
