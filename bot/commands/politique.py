"""`/politique`: look up the policy by number, by word, or in its table of contents.

All free text arrives here first. A text that names no clause is a question, for `bot.commands.question`, even
a single word: its words are looked for in the policy only if the question has no sure answer.

A button carries « pa20:5.10 », with the clause numbers of the version that the policy's annotations
describe. A button sent under another version names it: « pa20@2026-12-13:5.11 ». Each opens its original
clause, even if the number has changed since.
"""

# ruff: noqa: PLC0415 — what most look-ups do not need is imported at its first use

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import groupby
from typing import Final

from bot.commands.passages import PAGE_WEIGHT, page_of, part_around, split_text
from bot.conversation.messages import (
    COMMAND_LENGTH,
    HEADING_LENGTH,
    LABEL_LENGTH,
    Button,
    Buttons,
    Element,
    Heading,
    Link,
    Mark,
    Message,
    Note,
    Quote,
    Text,
    bold,
    code,
    distinct,
    excerpt,
    thousands,
    turn_buttons,
    weight,
)
from bot.conversation.requests import Place, Request, UserError
from bot.language.other_words import other_words, say_other_words
from bot.language.voice import FRENCH, Voice
from bot.policy import addresses, moves, references
from bot.policy.articles import Clause, ClauseItem, Number, Version
from bot.policy.changes import identities
from bot.policy.library import Library, Policy, Reading, version_on
from bot.policy.provisions import Kind
from bot.policy.references import NumberSpan, Reference, reference_in
from bot.policy.search import Hit, fold_accents, search_words
from bot.policy.standing import removal_day
from bot.reports import codes
from bot.times import in_words

# characters; reading ten thousand would block everyone for two thirds of a second
QUESTION_LENGTH: Final = 2_000
LOOKED_UP_WORDS: Final = 3  # « altérer sa valeur » is a look-up; a longer text is a question
SHOWN_HITS: Final = 3
SHOWN_MARKS: Final = 12  # maximum bold words in one quotation; each costs a hundred characters on Slack
CONTENTS_ARTICLES: Final = 20  # articles on one page of the table of contents: five rows of four buttons
SUCCESSORS: Final = 4  # maximum buttons to the clauses that replaced an old clause
# « --date 2016 ». Phones replace two hyphens with one dash.
_DATE = re.compile(r"(?:^|\s)(?:--|[—–])\s?date[\s=]+(\S+)", re.IGNORECASE)
_VERSION = re.compile(r"@(?P<key>\d{4}-\d{2}-\d{2}):\s*")
_CONTENTS_PAGE = re.compile(r"page (\d{1,3})")
_WORD = re.compile(r"[^\W_]+")
_DIGIT = re.compile(r"\d")
_EMOJI = re.compile(
    r"(?:\s|[+-]1(?!\w)|:[a-z0-9_+'-]+:|[\u200d\u2190-\u2bff\ufe0f\U0001f000-\U0001faff])+|\?+"
)
# The small words that a look-up may contain. Any other small word makes it a question.
_ARTICLES = frozenset(["l", "la", "le", "les", "d", "de", "du", "des", "sa", "son", "ses", "un", "une", "au"])


def look_up(library: Library, request: Request) -> Message | None:
    """Answer free text, or the text after `/politique`. Return None for a question.

    A look-up takes under a millisecond and does not use the database. Raises `UserError` as `open_reading`
    does.
    """
    if is_report_code(request.text):
        from bot.commands.signalement.follow_messages import CODE_SEEN

        return CODE_SEEN
    reading, rest = open_reading(library, request.text, pressed=request.pressed)
    text = without_name(request, rest)
    reference = reference_in(text, reading.version)
    if not is_look_up(reading, text, reference):
        return None
    return _answer(reading, rest, reference if rest == text else None, request)


def show(library: Library, request: Request) -> Message:
    """Answer like `look_up`, except that a question is answered by a search for its words."""
    reading, text = open_reading(library, request.text, pressed=request.pressed)
    return _answer(reading, text, reference_in(text, reading.version), request)


# --- Parsing a request ------------------------------------------------------------------------


def is_report_code(text: str) -> bool:
    """Return whether a text is the code of a report: the bot must neither answer it nor store it."""
    return len(text.split()) >= codes.WORDS and codes.read_code(text) is not None


def without_name(request: Request, rest: str) -> str:
    """Return `rest`, which is the request's text without the policy's name.

    If `rest` is "", return the whole text of a question, such as « C'est quoi, la PA20? », else "".
    """
    return rest or (request.text if "?" in request.text else "")


def open_reading(library: Library, text: str, *, pressed: bool = False) -> tuple[Reading, str]:
    """Return the policy that `text` names, as of the day that it names or else today, and the other words.

    `pressed`: the text is from a button, and may use the clause numbers of an old version.
    Raises `UserError` for a text that is too long, an unknown policy, or a day before the first version.
    """
    if len(text) > QUESTION_LENGTH:
        raise UserError(
            f"C'est un peu long pour moi\u00a0: je lis {thousands(QUESTION_LENGTH)} caractères au plus "
            "à la fois. Gardez l'essentiel de votre question et posez-la de nouveau."
        )
    dated = _DATE.search(text)
    on = _read_day(library, dated[1]) if dated else None
    if dated:
        text = f"{text[: dated.start()]} {text[dated.end() :]}".strip()
    named, rest = library.naming.split(text)
    policy = library.find(named) if named else library.default
    version, moved = library.current(policy), None
    if named and not on:
        about = policy.origin if pressed else version
        if stamp := _VERSION.match(rest):
            about = next(
                (candidate for candidate in policy.versions if candidate.key == stamp["key"]), version
            )
            rest = rest[stamp.end() :]
        if about is not version:
            rest, moved = _renumbered(rest, about, version)
            if not all(moved.values()):  # a removed clause is shown in the old version
                on, moved = about.since, None
    if named and not any(search_words(rest)) and reference_in(rest, version) is None:
        rest = ""  # « la », from « la PA20 », means the whole policy, unless a part has that number
    on_day = version_on(policy, on) if on else version
    reading = Reading(policy, on_day, on, moved, policy is library.default)
    if on or named or len(library.policies) == 1:
        return reading, rest
    return holder(library, reading, rest), rest


def holder(library: Library, reading: Reading, text: str) -> Reading:
    """Return the reading of the policy that most likely has the clauses that `text` names.

    It is the first policy that has them all. If none does, it is the first policy that has the first of these
    clauses, « 2.3.5 » in « 2.3.5, 9 ». If none does, it is the first policy in which several parts have such
    a number, for the person to choose. The policy of `reading` comes first, and is the one returned if all
    else fails.
    """
    # the text has no number, and is longer than « annexe A »
    if not (_DIGIT.search(text) or len(text.split()) <= LOOKED_UP_WORDS):
        return reading

    def ends_in(version: Version) -> list[Number]:
        reference = reference_in(text, version)
        return [end for span in reference.spans for end in (span.first, span.last)] if reference else []

    def has_them(version: Version) -> bool:
        ends = ends_in(version)
        return bool(ends) and all(map(version.within, ends))

    def has_the_first(version: Version) -> bool:
        return any(map(version.within, ends_in(version)[:1]))

    def repeats_them(version: Version) -> bool:
        return any(
            str(number).endswith(f", {end}") for end in ends_in(version) for number in version.numbers()
        )

    readings = [reading, *map(library.reading, library.policies.values())]
    tests = (has_them, has_the_first, repeats_them)
    holders = (candidate for has in tests for candidate in readings if has(candidate.version))
    return next(holders, reading)


def _read_day(library: Library, text: str) -> date:
    from bot.language.dates import DateError, read_date

    try:
        return read_date(text, library.today(), past=True).day
    except DateError as error:
        raise UserError(str(error)) from error


def _renumbered(
    text: str, about: Version, current: Version
) -> tuple[str, Mapping[Number, tuple[Number, ...]]]:
    """Return `text` with its clauses renumbered from `about` to `current`, and the changed numbers.

    The number of a removed clause stays in the text, and maps to ().
    """
    reference = references.parse_reference(text, about)
    if reference is None or not reference.exact:
        return text, {}
    fates = identities.fates(about, current)
    ends = [end for span in reference.spans for end in (span.first, span.last)]
    moved = {end: fates[end].now for end in ends if end in fates and fates[end].now != (end,)}
    if not moved:
        return text, {}
    renumbered = [
        " à ".join(_and(moved.get(end, ())) or str(end) for end in dict.fromkeys((span.first, span.last)))
        for span in reference.spans
    ]
    return " et ".join(renumbered) + (f" page {reference.page}" if reference.page > 1 else ""), moved


def is_look_up(reading: Reading, text: str, reference: Reference | None) -> bool:
    """Return whether a text asks to read clauses by number. `reference`: the clauses that it names.

    These texts do:

    - an empty text, « page 2 » (of the table of contents), or clause numbers alone
    - a sentence that names only single clauses, or has only one other word, such as « article »

    Emoji alone, such as « 👍 » or Slack's « :+1: », do not. Neither does « le deuxième point ».
    """
    if _EMOJI.fullmatch(text):
        return False
    if reference is None:
        return not _WORD.search(text) or _CONTENTS_PAGE.fullmatch(text) is not None
    if not reference.marked and moves.asked(text):
        return False
    if reference.exact:
        return True
    ends = (end for span in reference.spans for end in (span.first, span.last))
    only = [match for match in search_words(text) if not match[0].isdigit()]  # « article » or « clause »
    return len(only) <= 1 or all(len(reading.version.within(end)) == 1 for end in ends)


def search_few(reading: Reading, text: str) -> list[Hit] | None:
    """Return the clauses that match a text of one to three words, best first.

    Return [] for a single word that the policy does not have. Return None if it lacks one of several words,
    for a longer text, and for a text with a question mark or a grammatical word such as « est ».
    """
    words = _WORD.findall(text)
    meant = [fold_accents(match[0]) for match in search_words(text)]
    if not meant or "?" in text or len(words) > LOOKED_UP_WORDS:
        return None
    if set(map(fold_accents, words)) - set(meant) - _ARTICLES:
        return None
    index = reading.policy.index(reading.version)
    return index.search(text) if len(words) == 1 or all(map(index.search, meant)) else None


# --- The message ------------------------------------------------------------------------------


def _answer(reading: Reading, text: str, reference: Reference | None, request: Request) -> Message:
    """Return the table of contents, the clauses that `text` names, or the results of a search for it.

    `reference`: the clauses that `text` names, None if it names none.
    """
    page = _CONTENTS_PAGE.fullmatch(text)
    if not text or page:
        return contents(reading, int(page[1]) if page else 1)
    shareable = request.place == "channel"
    absent = None
    if reference:
        found_parts = [reading.version.within(span.last) for span in reference.spans]
        if not (reference.exact and all(found_parts)):
            absent = references.absent_item(text, reading.version)
        if absent and reference.exact:  # « 2.3.5, 9 », if the clause has only four items
            spans = zip(
                reference.spans, found_parts, strict=True
            )  # the other clauses asked for are still shown
            others = tuple(span for span, has in spans if has or str(span) != absent[1])
            reference = Reference(others, exact=False, marked=True)
    message = (
        _clauses(reading, reference, shareable=shareable)
        if reference
        else results(reading, text, shareable=shareable)
    )
    if len(reading.policy.versions) > 1 and (other := other_words(reading, text)):
        numbers = addresses.listed(reference.spans) if reference else ""
        message = with_other_words(message, reading, other, numbers, place=request.place)
    if reference is None:
        return message
    if absent:
        clause, item = absent
        named = reading.version.named(clause)
        it = "la" if named.gender == "féminin" else "le"
        whole = reading.version.clause(clause)
        if whole and item.isdecimal() and 0 < int(item) <= len(whole.paragraphs):
            lacks = "ne numérote pas ses alinéas"  # the person may mean « 5.3, 2 » as the second paragraph
        else:
            lacks = f"n'a pas d'alinéa {item}" + ("" if item.isdecimal() else ")")
        note = Note(f"{named.The} {lacks}\u00a0: {it} voici au complet.")
        return Message(note, *message.elements)
    if reading.moved:
        return Message(moved_notes(reading), *message.elements)
    former = reading.version.former
    notes = tuple(_formerly(reading, reference, former, message)) if former else ()
    return Message(*message.elements, *notes) if notes else message


def with_other_words(
    message: Message, reading: Reading, other: Reading, numbers: str, *, place: Place, voice: Voice = FRENCH
) -> Message:
    """Add to a message a line and a button about a day on which the policy has other words.

    `other`: the policy as of that day. `numbers`: the numbers to read in it, "" for the table of contents.
    Where everyone can read, only the line is shown, since the quotations would look like the answer.
    """
    warning = Text(say_other_words(reading, other, voice))
    if place == "open":
        return Message(warning)
    year = (other.on or other.version.since).year
    label = "Lire {clauses} en {year}" if numbers else "Lire la version de {year}"
    read = Button(excerpt(voice(label, clauses=numbers, year=year), LABEL_LENGTH), other.command(numbers))
    return Message(warning, *message.elements, Buttons(read))


def _clauses(reading: Reading, reference: Reference, *, shareable: bool) -> Message:
    clauses: dict[Number, Clause] = {}
    for span in reference.spans:
        for end in (span.first, span.last):
            if not reading.version.within(end):
                return unknown(reading, end)
        clauses.update({clause.number: clause for clause in reading.version.between(span.first, span.last)})
    only = next(iter(clauses.values()))
    number = reference.spans[0].first
    item = reading.version.item(number) if len(clauses) == 1 and number != only.number else None
    quoted = only.text[item[1].start : item[1].end] if item else only.text
    if len(clauses) == 1 and _fits(quoted):
        return one_clause(reading, only, shareable=shareable, item=item[1] if item else None)
    return several(reading, reference, tuple(clauses.values()), shareable=shareable)


def moved_notes(reading: Reading) -> Note:
    """Return a note that gives the new number of each clause that a button named by an old number."""
    lines = []
    for number, now in (reading.moved or {}).items():
        name = reading.version.named(number)
        former = str(number) if name.startswith("clause ") else name
        lines.append(f"L'ancien{'ne' * bool(name.e)} {former} est devenu{name.e} {_and(now)}.")
    return Note("\n".join(lines))


def _formerly(reading: Reading, reference: Reference, former: Version, message: Message) -> Iterator[Element]:
    """Yield links to the clause that had this number in the previous version, if it moved.

    Yield nothing if several numbers were asked for, for a reading as of another day, or for a button sent
    under an older version.
    """
    number = reference.spans[0].first
    if reading.on or reading.moved is not None or former.clause(number) is None:
        return
    if reference.exact and reference.spans == (NumberSpan(number, number),):
        now = identities.fates(former, reading.version)[number].now
        if now != (number,):
            days = reading.version.since, former.since
            yield from successor_notes(reading, number, now, *days, beside=message.buttons())


def successor_notes(
    reading: Reading,
    number: Number,
    now: Sequence[Number],
    since: date,
    formerly: date,
    *,
    beside: Iterable[Button | Link] = (),
) -> Iterator[Element]:
    """Yield a note and buttons to `now`, the new numbers of the clause that was `number` before `since`.

    If the clause was removed, yield a button to its old text instead, as of the day `formerly`. `beside`: the
    message's other buttons, which are not repeated.
    """
    before = f"Avant le {in_words(since)}, {number} était"
    if now:
        yield Note(f"{before} ce qui est aujourd'hui {_and(now)}.")
        read = (Button(f"Lire {number}", reading.command(number)) for number in now[:SUCCESSORS])
        if buttons := distinct(read, beside):
            yield Buttons(*buttons)
    else:
        if reading.version.within(number):  # else the sentence of `missing` says it already
            yield Note(f"{before} une clause qui a été retirée.")
        old = f"politique {reading.policy.id}:{number} --date {formerly}"
        yield Buttons(Button("Lire l'ancien texte", old))


def _and(numbers: Sequence[Number]) -> str:
    return " et ".join(map(str, numbers))


@lru_cache(maxsize=256)  # depends on the text alone, and is called often
def _fits(text: str) -> bool:
    """Return whether the text of a clause, or of one of its items, fits on one page."""
    return weight(text) <= PAGE_WEIGHT


@lru_cache(maxsize=256)  # depends on its arguments alone, and is called often
def one_clause(
    reading: Reading, clause: Clause, *, shareable: bool, item: ClauseItem | None = None
) -> Message:
    """Show one clause, or one of its items, with its words, its place and buttons to its neighbours."""
    number = clause.number
    before, after = reading.version.neighbours(number)
    together = reading.policy.notes(reading.version).read_with(number)
    buttons = []
    if before:
        buttons.append(Button(f"← {before.number}", reading.command(before.number)))
    if after:
        buttons.append(Button(f"{after.number} →", reading.command(after.number)))
    if item:
        whole = excerpt(f"Lire {reading.named(number)}", LABEL_LENGTH)
        buttons.append(Button(whole, reading.command(number)))
    if number != clause.article and (article := reading.version.article(number)):
        buttons.append(Button(article.name, reading.command(article.number)))
    if together:
        companions = _and([companion for companion in together.clauses if companion != number])
        buttons.append(Button(f"Lire avec {companions}", reading.command(_and(together.clauses))))
    if shareable:
        buttons.append(Button("Partager ici", reading.command(number, "partager")))
    quote = reading.quote(number, start=item.start, end=item.end) if item else reading.quote(number)
    return Message(
        quote,
        Note(f"{reading.place(number)}\n{reading.revised()}"),
        *([Buttons(*distinct(buttons))] if buttons else []),
        lasting=True,
    )


def several(reading: Reading, reference: Reference, clauses: Sequence[Clause], *, shareable: bool) -> Message:
    """Show one page of several clauses, or of a long one, with buttons to the other pages.

    Raises `UserError` for more numbers than a button can carry.
    """
    pages = list(paged(reading, clauses))
    page = min(max(reference.page, 1), len(pages))
    numbers = addresses.listed(reference.spans)
    if len(reading.command(f"{numbers} page {len(pages)}")) > COMMAND_LENGTH:
        run = f"{clauses[0].number} à {clauses[-1].number}"
        raise UserError(f"C'est beaucoup de numéros à la fois. Demandez-en moins, ou une suite\u00a0: {run}.")
    buttons = turn_buttons(page, len(pages), lambda target: reading.command(f"{numbers} page {target}"))
    if shareable and len(pages) == 1:
        buttons.append(Button("Partager ici", reading.command(numbers, "partager")))
    note = reading.revised() + (f" · page {page} sur {len(pages)}" if len(pages) > 1 else "")
    return Message(
        *_title(reading, clauses, reference),
        *pages[page - 1],
        Note(note),
        Buttons(*buttons, Button("Table des matières", reading.command(""))),
    )


def first_page(reading: Reading, text: str) -> tuple[Number, ...]:
    """Return the clauses that a look-up shows, for a text that names some: those of one page."""
    reference = reference_in(text, reading.version)
    pages = list(paged(reading, reading.policy.select(reading.version, text))) if reference else []
    page = pages[min(max(reference.page, 1), len(pages)) - 1] if reference and pages else []
    return tuple(dict.fromkeys(Number(e.clause) for e in page if isinstance(e, Quote)))


def _title(reading: Reading, clauses: Sequence[Clause], reference: Reference) -> Iterator[Element]:
    """Yield the title of an article that is shown whole, or the reason to read these clauses together."""
    named = [str(span) for span in reference.spans]
    part = next((part for part in reading.version.divisions if [str(part.number)] == named), None)
    if part:
        yield Heading(excerpt(reading.place(part.number), HEADING_LENGTH))
        return
    together = reading.policy.notes(reading.version).read_with(clauses[0].number)
    if together and {clause.number for clause in clauses} == set(together.clauses):
        yield Text(bold("À lire ensemble."), f" {together.reason}")


def paged(reading: Reading, clauses: Sequence[Clause]) -> Iterator[list[Element]]:
    """Yield pages of quotations, in order, each under its article or subheading.

    A clause longer than a page is split (see `split_text`).
    """
    page: list[Element] = []
    room = PAGE_WEIGHT
    above = ""
    one_article = len({clause.article for clause in clauses}) == 1
    for clause in clauses:
        place = clause.heading if one_article else reading.place(clause.number)
        for start, end in split_text(clause.text):
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


def unknown(reading: Reading, number: Number, voice: Voice = FRENCH) -> Message:
    """Reply that a number does not exist, with buttons for the nearest ones and the contents."""
    near = references.nearest(number, reading.version)
    return Message(
        Text(missing(reading.policy, reading.version, number, voice)),
        Buttons(
            *(Button(str(neighbour), reading.command(neighbour)) for neighbour in near),
            Button(voice("Table des matières"), reading.command("")),
        ),
    )


def at_end(reading: Reading, number: Number) -> Message:
    """Reply that `number` is the policy's last clause, or its first one."""
    name = reading.version.named(number)
    last, first = ("la dernière", "la première") if name.e else ("le dernier", "le premier")
    place = last if reading.version.neighbours(number)[0] else first
    return Message(
        Text(f"{name.The} est {place} {reading.policy.name.of}."),
        Buttons(Button("Table des matières", reading.command(""))),
    )


def missing(policy: Policy, version: Version, number: Number, voice: Voice = FRENCH) -> str:
    """Return a sentence for a missing number: the nearest numbers or, if none, the range of articles.

    For a number that an earlier version had, the sentence says when it was removed.
    """
    noun = version.named(number)
    near = references.nearest(number, version)
    what = {
        "clause": "La clause {number} n'existe pas dans {name.the}.",
        "article": "L'article\u00a0{number} n'existe pas dans {name.the}.",
    }.get(noun.split()[0], "{noun.The} n'existe pas dans {name.the}.")
    removed = removal_day(policy, version, number)
    if len(near) > 1 and all(str(candidate).endswith(f", {number}") for candidate in near):
        what = "Plusieurs parties {name.of} portent le numéro {number}."
    elif removed:
        what = "{noun.The} n'existe plus dans {name.the} depuis le {day}."
    day = in_words(removed) if removed else ""
    missing = voice(what, number=number, noun=noun, name=policy.name, day=day, iso=removed)
    if near:
        meant = voice(" ou ").join(map(str, near))
        return f"{missing} {voice('Cherchiez-vous {near}?', near=meant)}"
    articles = [article.number for article in version.articles if article.kind is Kind.ARTICLE]
    if not articles:
        return missing
    ends = voice("Ses articles vont de {first} à {last}.", first=articles[0], last=articles[-1])
    return f"{missing} {ends}"


def results(
    reading: Reading,
    query: str,
    *,
    shareable: bool,
    voice: Voice = FRENCH,
    beside: Sequence[tuple[Reading, Sequence[Hit]]] = (),
) -> Message:
    """Show the best clauses of a search, shortened if they are long, with the search terms in bold.

    `beside`: other policies that have the query's words, each with its clauses, best first. They get buttons.
    """
    hits = reading.policy.index(reading.version).search(query)
    if not hits:
        return not_found(reading, query, voice)
    if len(hits) == 1 and not hits[0].spans and _fits(hits[0].clause.text):
        return one_clause(reading, hits[0].clause, shareable=shareable)
    elements: list[Element] = []
    for hit in hits[:SHOWN_HITS]:
        start, end = part_around(hit, PAGE_WEIGHT // min(len(hits), SHOWN_HITS) - 250)
        marks = tuple(Mark(*span) for span in hit.spans if start <= span[0] < end)[:SHOWN_MARKS]
        part = None if end == len(hit.clause.text) else end
        number = hit.clause.number
        elements += [reading.quote(number, marks, start, part), Note(reading.place(number))]
    rest = hits[SHOWN_HITS:]
    passages = (
        "{count} passages pour «\u00a0{query}\u00a0»\u00a0:"
        if len(hits) > 1
        else "Un passage pour «\u00a0{query}\u00a0»\u00a0:"
    )
    others = addresses.listed(hit.clause.number for hit in rest)
    more = [Text(voice("Aussi\u00a0: {others}.", others=others))] if rest else []
    buttons = [Button(str(hit.clause.number), reading.command(hit.clause.number)) for hit in hits[:5]]
    elsewhere = [
        Button(excerpt(f"{other.policy.name}, {hit.clause.number}", 75), other.command(hit.clause.number))
        for other, matches in beside
        for hit in matches[:2]
    ]
    return Message(
        Text(voice(passages, count=len(hits), query=excerpt(query, 60))),
        *elements,
        *more,
        Note(reading.revised()),
        Buttons(*buttons),
        *((Note(voice("Dans une autre politique\u00a0:")), Buttons(*elsewhere[:5])) if elsewhere else ()),
    )


def why_none(policy: Policy, day: date, text: str) -> str:
    """Return a sentence that says why a policy has no clause to show for a text, as of a given day."""
    try:
        version = version_on(policy, day)
    except UserError as error:
        return str(error)
    reference = reference_in(text, version)
    if reference:
        ends = (end for span in reference.spans for end in (span.first, span.last))
        absent = next((end for end in ends if not version.within(end)), reference.spans[0].first)
        return missing(policy, version, absent)
    return nothing_found(policy, text)


def nothing_found(policy: Policy, query: str, voice: Voice = FRENCH) -> str:
    """Return the sentence that reports a search without results and names the person to ask."""
    from bot.answers.refusals import whom_to_ask

    nothing = "Je n'ai rien trouvé pour «\u00a0{query}\u00a0» dans {name.the}."
    found_nothing = voice(nothing, query=excerpt(query, 60), name=policy.name)
    return f"{found_nothing} {whom_to_ask(policy, voice)}".strip()


def not_found(reading: Reading, query: str, voice: Voice) -> Message:
    """Reply that nothing was found, name the person to ask, and suggest another spelling."""
    meant = reading.policy.index(reading.version).did_you_mean(query[:200])
    buttons = [Button(voice("Table des matières"), reading.command(""))]
    lines = [nothing_found(reading.policy, query, voice)]
    if meant and len(meant) <= 60:  # noqa: PLR2004 — a longer text is a sentence, and would not fit a button
        lines.append(voice("Vouliez-vous dire «\u00a0{meant}\u00a0»?", meant=meant))
        label = excerpt(voice("Chercher «\u00a0{meant}\u00a0»", meant=meant), 75)
        buttons.insert(0, Button(label, reading.command(meant), "primary"))
    return Message(Text("\n".join(lines)), Buttons(*buttons))


def contents(reading: Reading, page: int = 1) -> Message:
    """Show a page of the table of contents, with a button for each entry."""
    entries, page, pages = page_of(tuple(contents_entries(reading)), page, CONTENTS_ARTICLES)
    buttons = [Button(excerpt(entry.label, LABEL_LENGTH), reading.command(entry.text)) for entry in entries]
    turns = turn_buttons(page, pages, lambda target: reading.command(f"page {target}"))
    lines = (entry.line for entry in entries)
    name = "" if reading.default else f"{reading.policy.id}: "
    example = code(f"/politique {name}{reading.policy.example(reading.version)}")
    several = len(reading.policy.versions) > 1
    return Message(
        Heading(excerpt(f"{reading.policy.name}\u00a0: table des matières", 150)),
        Text("\n".join(lines)),
        Note(f"{reading.revised()}. Tapez ", example, " pour une clause, ou un mot à chercher."),
        *(Buttons(*buttons[at : at + 4]) for at in range(0, len(buttons), 4)),
        *([Buttons(*turns)] if turns else []),
        *([Buttons(Button("Autres versions", f"versions {reading.policy.id}"))] if several else []),
    )


@dataclass(frozen=True, slots=True)
class ContentsEntry:
    """A line of the table of contents, and its button. `text`: the text that the button looks up."""

    line: str
    label: str
    text: str


def contents_entries(reading: Reading) -> Iterator[ContentsEntry]:
    """Yield the entries of the table of contents. Untitled articles share one entry: « Articles 3 à 5 »."""
    version = reading.version
    names = {part.number: part.name for part in version.divisions}
    for (above, titled), group in groupby(
        version.divisions, key=lambda part: (part.above, bool(reading.policy.title(part.number, version)))
    ):
        parts = list(group)
        indent = "\u2003" * parts[0].depth
        if titled or len(parts) == 1 or any(part.kind is not Kind.ARTICLE for part in parts):
            for part in parts:
                title = reading.policy.title(part.number, version)
                is_article = part.kind is Kind.ARTICLE and bool(title)
                line = f"{part.label}. {title}" if is_article else reading.place(part.number)
                yield ContentsEntry(f"{indent}{excerpt(line, 150)}", part.name, str(part.number))
        else:
            run = f"Articles\u00a0{parts[0].label} à {parts[-1].label}"
            restarts = str(parts[0].number) != parts[0].label
            label = f"{names[above]}\u00a0: {run.lower()}" if above and restarts else run
            yield ContentsEntry(f"{indent}{run}", label, str(NumberSpan(parts[0].number, parts[-1].number)))
