"""`/politique`: read the policy by number, by word, or from its table of contents."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache

from bot.commands.passages import PAGE_WEIGHT, around, parts
from bot.conversation.messages import (
    COMMAND_LENGTH,
    Button,
    Buttons,
    Element,
    Heading,
    Mark,
    Message,
    Note,
    Text,
    bold,
    code,
    excerpt,
    weight,
)
from bot.conversation.requests import Request, UserError
from bot.policy import links, references
from bot.policy.articles import Clause, Number, Version
from bot.policy.library import Library, Policy, in_words
from bot.policy.reading import Reading
from bot.policy.references import NumberSpan, Reference
from bot.policy.search import Hit, words

SHOWN_HITS = 3
SHOWN_MARKS = 12  # words in bold in one quotation; each costs Slack a hundred characters
CONTENTS_ARTICLES = 20  # articles on one page of the table of contents: five rows of four buttons
# Telephones make one dash of two.
_DATE = re.compile(r"(?:^|\s)(?:--|[—–])\s?date[\s=]+(\S+)", re.IGNORECASE)
_CONTENTS_PAGE = re.compile(r"page (\d{1,3})")


def show(library: Library, request: Request) -> Message:
    """Answer `/politique`: a clause, several, an article, what a search finds, or the contents."""
    reading, text = open_reading(library, request.text, pressed=request.pressed)
    return shown(reading, text, reference_in(text, reading.version), request)


def shown(reading: Reading, text: str, reference: Reference | None, request: Request) -> Message:
    """Answer `/politique`: `text` is what it asks of the policy, `reference` the clauses that this names."""
    page = _CONTENTS_PAGE.fullmatch(text)
    if not text or page:
        return contents(reading, int(page[1]) if page else 1)
    if reference is None:
        return _found(reading, text, request)
    return _with_former(reading, reference, _referred(reading, reference, request))


def _with_former(reading: Reading, reference: Reference, message: Message) -> Message:
    """Return a message with what became of the numbers that were asked for, where that is worth saying."""
    only = reference.spans[0].first if len(reference.spans) == 1 and reference.exact else None
    if reading.followed and reading.followed.moved:
        return Message(*links.said(reading.followed), *message.elements)
    if reading.on or reading.followed or only is None or only != reference.spans[0].last:
        return message
    name = links.named(reading.policy, reading.version)
    former = tuple(links.formerly(reading.policy, reading.version, only, name))
    return Message(*message.elements, *former) if former else message


def select(policy: Policy, version: Version, text: str) -> tuple[Clause, ...]:
    """Return the clauses that `text` names or, when it names none, those that hold its words.

    Nothing written is the whole policy.
    """
    if not text:
        return version.clauses()
    reference = reference_in(text, version)
    if reference:
        return tuple(dict.fromkeys(c for span in reference.spans for c in _between(version, span)))
    return tuple(hit.clause for hit in policy.index(version).search(text))


def open_reading(library: Library, text: str, *, pressed: bool = False) -> tuple[Reading, str]:
    """Return the policy that `text` names, as it reads today or on the day it says, and the rest of the text.

    `pressed`: it is what a button says, which may be of a former version (see `links`).
    Raises `UserError` for a policy or a day that there is not.
    """
    text, on = _dated(text)
    named, rest = library.naming.split(text)
    policy = library.policies.get(named) if named else library.default
    if policy is None:
        known = ", ".join(policy.name for policy in library.policies.values())
        raise UserError(f"Je ne connais pas la politique «\u00a0{named}\u00a0». Je connais\u00a0: {known}.")
    current = library.current(policy)
    followed = links.read(policy, current, rest, pressed=pressed) if named and not on else None
    rest = followed.text if followed else rest
    meant = rest if not named or any(words(rest)) else ""  # « la PA20 » asks for the policy itself
    if followed and followed.gone:  # what was removed is read as it was
        return _on(policy, followed.about.since), meant
    old = followed if followed and followed.about is not current else None
    return _on(policy, on) if on else Reading(policy, current, followed=old), meant


def _dated(text: str) -> tuple[str, date | None]:
    """Return a text without the day that it asks for, « --date 2015-12-13 », and that day."""
    found = _DATE.search(text)
    if found is None:
        return text, None
    return f"{text[: found.start()]} {text[found.end() :]}".strip(), read_day(found[1])


def read_day(text: str) -> date:
    """Read a day, « 2015-12-13 ». Raises `UserError`."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise UserError(
            f"«\u00a0{excerpt(text, 20)}\u00a0» n'est pas une date. Écrivez l'année, le mois et le jour, "
            "comme 2015-12-13."
        ) from error


def _on(policy: Policy, day: date) -> Reading:
    version = policy.in_force(day)
    if version is None:
        first = in_words(policy.versions[0].adopted)
        raise UserError(
            f"Je n'ai aucune version de la {policy.name} en vigueur le {in_words(day)}. La plus ancienne que "
            f"j'ai est celle du {first}."
        )
    return Reading(policy, version, day)


def reference_in(text: str, version: Version) -> Reference | None:
    """Return the clauses that `text` names; a mere figure in a sentence names none."""
    reference = references.read(text)
    if reference is None or reference.exact:
        return reference and _pointed(reference, version)
    known = all(version.within(span.first) for span in reference.spans)
    return reference if reference.marked and known else None


def _pointed(reference: Reference, version: Version) -> Reference:
    """Read « 5 10 » or « 5-10 » as 5.10 when there is such a clause, and no article 10."""
    ends = [number for span in reference.spans for number in dict.fromkeys((span.first, span.last))]
    if len(ends) != 2 or any(len(end.parts) > 1 for end in ends) or version.within(ends[1]):  # noqa: PLR2004 — a pair
        return reference
    number = Number((*ends[0].parts, *ends[1].parts))
    return replace(reference, spans=(NumberSpan(number, number),)) if version.clause(number) else reference


# --- A number ---------------------------------------------------------------------------------


def _referred(reading: Reading, reference: Reference, request: Request) -> Message:
    clauses: dict[Number, Clause] = {}
    for span in reference.spans:
        for end in (span.first, span.last):
            if not reading.version.within(end):
                return unknown(reading, end)
        clauses.update({clause.number: clause for clause in _between(reading.version, span)})
    shareable = request.place == "channel"
    only = next(iter(clauses.values()))
    if len(clauses) == 1 and _fits(only):
        return clause(reading, only, shareable=shareable)
    return several(reading, reference, tuple(clauses.values()), shareable=shareable)


def _between(version: Version, span: NumberSpan) -> tuple[Clause, ...]:
    if span.first == span.last:
        return version.within(span.first)
    return tuple(
        clause
        for clause in version.clauses()
        if span.first <= clause.number <= span.last or clause.number.within(span.last)
    )


@lru_cache(maxsize=256)  # of the policy alone, and asked again and again
def _fits(clause: Clause) -> bool:
    """Tell whether a clause is shown on one page."""
    return weight(clause.text) <= PAGE_WEIGHT


@lru_cache(maxsize=256)  # as above
def clause(reading: Reading, clause: Clause, *, shareable: bool) -> Message:
    """Return one clause: its words, where it stands, and the way to what surrounds it."""
    number = clause.number
    before, after = reading.version.neighbours(number)
    together = reading.policy.notes(reading.version).read_with(number)
    buttons = []
    if before:
        buttons.append(Button(f"← {before.number}", reading.command(before.number)))
    if after:
        buttons.append(Button(f"{after.number} →", reading.command(after.number)))
    if number != number.article:
        buttons.append(Button(f"Article {number.article}", reading.command(number.article)))
    if together:
        others = " et ".join(str(other) for other in together.clauses if other != number)
        buttons.append(
            Button(f"Lire avec {others}", reading.command(" et ".join(map(str, together.clauses))))
        )
    if shareable:
        buttons.append(Button("Partager ici", reading.command(number, "partager")))
    return Message(
        reading.quote(number),
        Note(f"{reading.place(number)}\n{reading.revised()}"),
        *([Buttons(*buttons)] if buttons else []),
        lasting=True,
    )


def several(
    reading: Reading, reference: Reference, clauses: Sequence[Clause], *, shareable: bool = False
) -> Message:
    """Return one page of several clauses, or of a long one, and the way to the other pages."""
    pages = list(paged(reading, clauses))
    page = min(max(reference.page, 1), len(pages))
    numbers = ", ".join(map(str, reference.spans))
    if len(reading.command(f"{numbers} page {len(pages)}")) > COMMAND_LENGTH:
        run = f"{clauses[0].number} à {clauses[-1].number}"
        raise UserError(f"C'est beaucoup de numéros à la fois. Demandez-en moins, ou une suite\u00a0: {run}.")
    buttons = [
        Button(label, reading.command(f"{numbers} page {target}"))
        for label, target in (("← Page précédente", page - 1), ("Page suivante →", page + 1))
        if 1 <= target <= len(pages)
    ]
    if shareable and len(pages) == 1:
        buttons.append(Button("Partager ici", reading.command(numbers, "partager")))
    note = reading.revised() + (f" · page {page} sur {len(pages)}" if len(pages) > 1 else "")
    return Message(
        *_title(reading, clauses, reference),
        *pages[page - 1],
        Note(note),
        Buttons(*buttons, Button("Table des matières", reading.command(""))),
    )


def _title(reading: Reading, clauses: Sequence[Clause], reference: Reference) -> Iterator[Element]:
    """Head a whole article by its title, and clauses that are read together by the reason why."""
    articles = {clause.number.article for clause in clauses}
    if len(articles) == 1 and [str(span) for span in reference.spans] == [str(*articles)]:
        article = articles.pop()
        yield Heading(f"Article {article}\u00a0: {reading.policy.title(article, reading.version)}")
        return
    together = reading.policy.notes(reading.version).read_with(clauses[0].number)
    if together and {clause.number for clause in clauses} == set(together.clauses):
        yield Text(bold("À lire ensemble."), f" {together.reason}")


def paged(reading: Reading, clauses: Sequence[Clause]) -> Iterator[list[Element]]:
    """Put quotations on pages, in order, each under the article or subheading where it stands.

    A clause longer than a page is split, see `parts`.
    """
    page: list[Element] = []
    room = PAGE_WEIGHT
    above = ""
    one_article = len({clause.number.article for clause in clauses}) == 1
    for clause in clauses:
        place = clause.heading if one_article else reading.place(clause.number)
        for start, end in parts(clause.text):
            need = weight(clause.text[start:end]) + weight(place) + 100
            if page and (need > room or len(page) >= 16):  # noqa: PLR2004 — a message holds 38 components
                yield page
                page, room, above = [], PAGE_WEIGHT, ""
            if place not in {"", above} and len(clauses) > 1:
                page.append(Text(bold(place)))
            above = place
            page.append(
                reading.quote(clause.number, start=start, end=None if end == len(clause.text) else end)
            )
            room -= need
    yield page


def unknown(reading: Reading, number: Number) -> Message:
    """Say that a number does not exist, and propose those that may have been meant, or to see them all."""
    near = references.nearest(number, reading.version)
    return Message(
        Text(missing(reading.policy, reading.version, number)),
        Buttons(
            *(Button(str(other), reading.command(other)) for other in near),
            Button("Table des matières", reading.command("")),
        ),
    )


def missing(policy: Policy, version: Version, number: Number) -> str:
    """Say that a number does not exist, and which ones are near or, where none is, which there are."""
    what = "La clause" if len(number.parts) > 1 else "L'article"
    missing = f"{what} {number} n'existe pas dans la {policy.name}."
    if near := " ou ".join(map(str, references.nearest(number, version))):
        return f"{missing} Cherchiez-vous {near}?"
    return f"{missing} Ses articles vont de {version.articles[0].number} à {version.articles[-1].number}."


# --- Words ------------------------------------------------------------------------------------


def _found(reading: Reading, query: str, request: Request) -> Message:
    hits = reading.policy.index(reading.version).search(query)
    if not hits:
        return not_found(reading, query)
    if len(hits) == 1 and not hits[0].spans and _fits(hits[0].clause):
        return clause(reading, hits[0].clause, shareable=request.place == "channel")
    return results(reading, query, hits)


def results(reading: Reading, query: str, hits: Sequence[Hit]) -> Message:
    """Return the best clauses, in part when they are long, with the words found in bold."""
    shown: list[Element] = []
    for hit in hits[:SHOWN_HITS]:
        start, end = around(hit, PAGE_WEIGHT // min(len(hits), SHOWN_HITS) - 250)
        marks = tuple(Mark(*span) for span in hit.spans if start <= span[0] < end)[:SHOWN_MARKS]
        part = None if end == len(hit.clause.text) else end
        shown += [
            reading.quote(hit.clause.number, marks, start, part),
            Note(reading.place(hit.clause.number)),
        ]
    others = hits[SHOWN_HITS:]
    count = f"{len(hits)} passages" if len(hits) > 1 else "Un passage"
    more = (
        [Text("Aussi\u00a0: " + ", ".join(str(hit.clause.number) for hit in others) + ".")] if others else []
    )
    buttons = [Button(str(hit.clause.number), reading.command(hit.clause.number)) for hit in hits[:5]]
    return Message(
        Text(f"{count} pour «\u00a0{excerpt(query, 60)}\u00a0»\u00a0:"),
        *shown,
        *more,
        Note(reading.revised()),
        Buttons(*buttons),
    )


def not_found(reading: Reading, query: str) -> Message:
    """Say that nothing was found, whom to ask, and what may have been meant."""
    contact = reading.policy.annotations.contact
    ask = f" Vous pouvez vous adresser au {contact.who} (article {contact.clause})." if contact else ""
    meant = reading.policy.index(reading.version).did_you_mean(query[:200])
    buttons = [Button("Table des matières", reading.command(""))]
    lines = [
        f"Je n'ai rien trouvé pour «\u00a0{excerpt(query, 60)}\u00a0» dans la {reading.policy.name}.{ask}"
    ]
    if meant and len(meant) <= 60:  # noqa: PLR2004 — a longer one is a sentence, and would not fit a button
        lines.append(f"Vouliez-vous dire «\u00a0{meant}\u00a0»?")
        buttons.insert(
            0, Button(excerpt(f"Chercher «\u00a0{meant}\u00a0»", 75), reading.command(meant), "primary")
        )
    return Message(Text("\n".join(lines)), Buttons(*buttons))


# --- Contents ---------------------------------------------------------------------------------


def contents(reading: Reading, page: int = 1) -> Message:
    """Return a page of the table of contents: every article, with a button."""
    pages = -(-len(reading.version.articles) // CONTENTS_ARTICLES)
    page = min(max(page, 1), pages)
    articles = reading.version.articles[(page - 1) * CONTENTS_ARTICLES :][:CONTENTS_ARTICLES]
    buttons = [Button(f"Article {a.number}", reading.command(a.number)) for a in articles]
    turns = [
        Button(label, reading.command(f"page {target}"))
        for label, target in (("← Page précédente", page - 1), ("Page suivante →", page + 1))
        if 1 <= target <= pages
    ]
    lines = (f"{a.number}. {excerpt(reading.policy.title(a.number, reading.version), 120)}" for a in articles)
    example = code(f"/politique {reading.policy.example(reading.version)}")
    several = len(reading.policy.versions) > 1
    others = [Button("Autres versions", f"versions {reading.policy.id}")] if several else []
    return Message(
        Heading(excerpt(f"{reading.policy.name}\u00a0: table des matières", 150)),
        Text("\n".join(lines)),
        Note(f"{reading.revised()}. Tapez ", example, " pour une clause, ou un mot à chercher."),
        *(Buttons(*buttons[at : at + 4]) for at in range(0, len(buttons), 4)),
        *([Buttons(*turns)] if turns else []),
        *([Buttons(*others)] if others else []),
    )


def examples(library: Library) -> dict[str, Message]:
    """Return one of each message that this command can send, by name."""
    reading, _ = open_reading(library, "")
    number = reading.policy.example(reading.version)
    *above, last = reading.version.within(number.article)[-1].number.parts
    before, _ = reading.version.neighbours(number)
    together = next(iter(reading.policy.annotations.together), None)
    asked = {
        "Une clause": f"{number}",
        "Une clause, dans un canal": f"{number}",
        "Plusieurs clauses": f"{before.number if before else number} et {number}",
        "Des clauses à lire ensemble": " et ".join(map(str, together.clauses)) if together else "",
        "Un article entier": f"article {number.article}",
        "Un article entier, page suivante": f"article {number.article} page 2",
        "Un numéro qui n'existe pas": f"{Number((*above, last + 1))}",
        "Un numéro loin de tous": "article 999",
        "Des passages trouvés": "renseignements personnels",
        "Rien de trouvé": "stationnement",
        "Rien de trouvé, une faute": "harselement",
        "La table des matières": "",
    }
    return {
        name: show(library, Request("politique", text, place="channel" if "canal" in name else "direct"))
        for name, text in asked.items()
    } | links.examples(reading.policy, reading.version)
