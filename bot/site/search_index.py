"""The index that a browser searches without a server, made at publication with the bot's own search words.

The site must give the bot's results, with the stems, topics and weights of `bot.policy.search`. The pagefind
library has other stems and weights, corrects no typing errors, and adds two megabytes to texts of a tenth of
that size. `recherche.js` follows the steps of `Index.search`, then looks for words that are close to the
typed ones.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final

from bot.conversation.messages import clean
from bot.policy.search import EMPTY, fold_accents, indexed_keys, search_words, split_words
from bot.site.provision_pages import PolicyPages
from bot.site.timeline import eve
from bot.times import in_words

QUEUE: Final = "politiques"  # the global variable to which each policy's file adds its index


def search_index(pages: PolicyPages) -> bytes:
    """Return a script with the words of the version in force, and the clauses that contain each word."""
    time = pages.time
    version, notes = time.current, time.policy.notes(time.current)
    titles = version.container_titles()
    places: dict[str, dict[int, int]] = defaultdict(dict)  # by stem: each clause's count of words
    words: dict[str, set[str]] = defaultdict(set)  # by word without accents: its stems
    clauses: list[list[str]] = []
    at_number = {clause.number: at for at, clause in enumerate(version.clauses())}
    for at, clause in enumerate(version.clauses()):
        span = time.place(version, clause.number)
        path = pages.paths.number(clause.number)
        label = version.label(clause.number)
        clauses.append(
            [clause.number.written, label, path, time.title(span) or clause.heading, clean(clause.text)]
        )
        for match in search_words(clause.text):
            keys = indexed_keys(match[0])
            words[fold_accents(match[0])] |= keys
            for key in keys:
                places[key][at] = places[key].get(at, 0) + 1
        for match in search_words(f"{clause.heading} {titles.get(clause.number, '')}"):
            keys = indexed_keys(match[0])
            words[fold_accents(match[0])] |= keys
            for key in keys:
                places[key].setdefault(at, 0)
    topics = [
        [[fold_accents(word) for word in split_words(topic)], [at_number[number] for number in numbers]]
        for topic, numbers in sorted(notes.topics.items(), key=lambda pair: -len(pair[0]))
    ]
    for topic in notes.topics:  # typing errors in the words of a topic are corrected too
        for word in split_words(topic):
            if fold_accents(word) not in EMPTY:
                words[fold_accents(word)] |= indexed_keys(word)
    parts = [
        [str(number), version.label(number), pages.paths.number(number)]
        for number in version.parts()
        if number not in at_number
    ]
    # The earlier and later meanings of a number are on its page.
    borne = set(version.parts())
    parts += [
        [str(number), spans[-1].label, pages.paths.number(number), time.span_standing(spans[-1]).value]
        for number, spans in time.by_number.items()
        if number not in borne
    ]
    index: dict[str, Any] = {
        "name": pages.name,
        "names": sorted({name.lower() for name in time.policy.names()}),
        "title": time.title_of_policy,
        "clauses": clauses,
        "parts": parts,
        "others": list(_other_words(pages)),
        "places": {
            key: [value for pair in sorted(counts.items()) for value in pair]
            for key, counts in sorted(places.items())
        },
        "words": {word: sorted(keys) for word, keys in sorted(words.items())},
        "topics": topics,
        "empty": sorted(EMPTY),
    }
    json_text = json.dumps(index, ensure_ascii=False, separators=(",", ":"))
    return f'"use strict";\n(globalThis.{QUEUE} ??= []).push({json_text});\n'.encode("utf-8", "replace")


def _other_words(pages: PolicyPages) -> Iterator[list[str | int]]:
    """Yield the earlier and later words of each number, with the days and years when the number has them."""
    time = pages.time
    for number, spans in time.by_number.items():
        for span in spans:
            since, ended = span.first.since, time.ended(span)
            if time.current in span.versions or (ended and ended <= since):
                continue
            days = f"du {in_words(since)} au {eve(ended)}" if ended else f"à compter du {in_words(since)}"
            text = clean(span.clause.text) if span.clause else ""
            last = (ended - timedelta(days=1)).year if ended else date.max.year
            yield [str(number), span.label, pages.home(span), days, text, since.year, last]
