"""What Discord is sent, read back the way Discord reads it.

`read` is a small reader of Discord's formatting, written from its description (support.discord.com,
"Markdown Text 101", and the grammar that Discord publishes as SimpleAST). It knows nothing of the
renderer: what it finds formatted, a person would see formatted.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any, TypeAlias

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st
from simcord.components import validate_components, validate_modal

from bot.conversation.forms import FORM_FIELDS, Form, Reply, TextField
from bot.conversation.messages import (
    MESSAGE_COMPONENTS,
    Button,
    Buttons,
    Divider,
    Heading,
    Link,
    Message,
    Note,
    Quotation,
    Quote,
    Quoter,
    Span,
    Style,
    Text,
    TooLong,
    clean,
    weight,
)
from bot.platforms.discord.render import CUSTOM_ID_PREFIX, MESSAGE_TEXT, render, render_form
from tests.wire.discord_schema import needs_schema, problems

Read: TypeAlias = list[tuple[tuple[str, ...], str]]

# In the order in which Discord tries them; the first group is what is shown.
ANYWHERE: dict[str, str] = {
    "escape": r"\\([^0-9A-Za-z\s])",
    "bold": r"\*\*([\s\S]+?)\*\*(?!\*)",
    "underline": r"__([\s\S]+?)__(?!_)",
    "italic": r"\b_((?:__|\\[\s\S]|[^\\_])+?)_\b",
    "italic too": r"\*(?=\S)((?:\*\*|\s+(?:[^*\s]|\*\*)|[^\s*])+?)\*(?!\*)",
    "removed": r"~~([\s\S]+?)~~(?!_)",
    "spoiler": r"\|\|([\s\S]+?)\|\|",
    "code block": r"```([\s\S]+?)```",
    "code": r"`([^`]+?)`(?!`)",
    "code too": r"``([\s\S]+?)``(?!`)",
    "masked link": r"\[([^\]\n]+)\]\([^)\n]+\)",
    "address": r"(<?(?:https?|steam|mailto|tel):\S+)",
    "mention": r"(<(?:@[!&]?|#|/[^\n:]+:|id:|t:-?|a?:\w+:|\+)\w+[^>\s]*>)",
    "everyone": r"(@(?:everyone|here))",
    "emoji": r"(:[\w+-]+(?:::skin-tone-\d)?:)",
}
AT_LINE_START: dict[str, str] = {
    "quote": r" *> ([^\n]*\n?)",
    "quote all": r" *>>> ([\s\S]+)",
    "small": r"-# *([^\n]+\n?)",
    "heading": r"#{1,3} +(?!#)([^\n]+\n?)",
    "list": r" *(?:[+*-]|\d+\.) +([^\n]+\n?)",
}
RULES = [
    (kind, re.compile(pattern, re.ASCII), kind in AT_LINE_START)
    for kind, pattern in (AT_LINE_START | ANYWHERE).items()
]
LITERAL = frozenset({"code", "code too", "code block", "address", "mention", "everyone", "emoji", "escape"})


def read(
    source: str, kinds: tuple[str, ...] = (), line_start: bool = True
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield what a person sees, each piece with the names of the formats it is in."""
    while source:
        for kind, pattern, needs_start in RULES:
            found = pattern.match(source) if line_start or not needs_start else None
            if found:
                inner = kinds if kind == "escape" else (*kinds, kind.removesuffix(" too"))
                yield from [(inner, found[1])] if kind in LITERAL else read(found[1], inner, line_start)
                line_start = found[0].endswith("\n")
                source = source[found.end() :]
                break
        else:
            yield kinds, source[0]
            line_start = source[0] == "\n" or (line_start and source[0].isspace())
            source = source[1:]


def seen(source: str) -> Read:
    """Return `read` with neighbours of one format put together, what shows nothing left out."""
    pieces = groupby(read(source), key=lambda piece: piece[0])
    joined = [(kinds, "".join(text for _, text in group).replace("\u200b", "")) for kinds, group in pieces]
    return [(kinds, text) for kinds, text in joined if text]


def parts(message: Message, quote: Callable[[Quote], Quotation]) -> list[dict[str, Any]]:
    return render(message, quote).to_components()


def texts(message: Message, quote: Callable[[Quote], Quotation] | None = None) -> list[str]:
    """Return the content of each text display, in order."""
    found = parts(message, quote or no_quote)
    inside = found[0].get("components", found) if found[0]["type"] == CONTAINER else found
    return [part["content"] for part in inside if "content" in part]


def no_quote(_: Quote) -> Quotation:
    raise AssertionError("this message holds no quotation")


CONTAINER = discord.ComponentType.container.value
REFERENCE = Quote("pa20", "2015-12-13", "5.10")
# Pieces of everything that Discord reads as something, and what makes trouble around them.
TROUBLE = st.one_of(
    st.sampled_from(["*", "**", "_", "__", "~~", "||", "`", "```", "\\", ":", "@", "<", ">", "(", ")"]),
    st.sampled_from(
        ["\n", "\n\n", " ", "\u00a0", "\u202e", "\0", "\ud800", "é", "«", "a", "mot", "5.10", "😀"]
    ),
    st.sampled_from(["> ", ">>> ", "# ", "## ", "-# ", "- ", "* ", "+ ", "1. ", "12."]),
    st.sampled_from(
        ["[a](https://x.ca)", "https://x.ca", "<https://x.ca>", "mailto:a@b.ca", ":smile:", "<:a:1>"]
    ),
    st.sampled_from(
        ["<@123>", "<@!123>", "<@&123>", "<#123>", "<t:1>", "</a:1>", "<id:home>", "@everyone", "@here"]
    ),
)
HOSTILE = st.lists(TROUBLE | st.text(max_size=4), max_size=24).map("".join)
STYLES: dict[Style, str] = {"bold": "bold", "italic": "italic", "removed": "removed", "code": "code"}


def shown(text: str) -> str:
    """Return what of `text` can be seen: Discord leaves out what has no width."""
    return clean(text).replace("\u200b", "")


@given(HOSTILE)
def test_a_text_is_seen_as_it_was_written_whatever_is_in_it(text: str) -> None:
    [content] = texts(Message(Text(text)))
    assert {kinds for kinds, _ in seen(content)} <= {()}
    assert "".join(piece for _, piece in seen(content)) == (shown(text) if shown(text).strip() else "")


@given(HOSTILE)
def test_a_heading_is_a_heading_and_nothing_else(text: str) -> None:
    title = text[:150] or "x"
    [content] = texts(Message(Heading(title)))
    assert {kinds for kinds, _ in seen(content)} == {("heading",)}
    expected = shown(title).replace("\n", " ").strip(" ")
    assert "".join(piece for _, piece in seen(content)).strip() == (expected.strip() or "…")


@given(HOSTILE)
def test_a_note_is_small_on_every_line_and_nothing_else(text: str) -> None:
    [content] = texts(Message(Note("Note. ", text)))
    kinds = {kinds for kinds, piece in seen(content) if piece.strip()}
    assert kinds == {("small",)}


@given(HOSTILE, HOSTILE)
def test_a_quotation_is_its_caption_in_bold_then_its_words_in_a_block_quote(caption: str, words: str) -> None:
    quotation = Quotation(f"PA20 {caption}", ((Span(f"Texte {words}"),), (Span("# 2. fin"),)))
    [content] = texts(Message(REFERENCE), lambda _: quotation)
    kinds = {kinds for kinds, piece in seen(content) if piece.strip()}
    assert kinds == {("bold",), ("quote",)}
    quoted = "".join(piece for kinds, piece in seen(content) if kinds == ("quote",))
    assert "".join(quoted.split()) == "".join(shown(f"Texte {words} # 2. fin").split())


@given(st.lists(st.tuples(st.sampled_from(["plain", *STYLES]), HOSTILE), max_size=6))
def test_styles_are_seen_on_their_own_words_and_no_others(spans: list[tuple[Style, str]]) -> None:
    [content] = texts(Message(Text(*(Span(text, style) for style, text in spans))))
    expected = "".join(shown(text) for _, text in spans)
    assert "".join(piece for _, piece in seen(content)) == (expected if content.strip("\u200b") else "")
    for kinds, _ in seen(content):
        assert kinds in {(), *((name,) for name in STYLES)}


@pytest.mark.parametrize(("style", "kind"), STYLES.items())
@pytest.mark.parametrize(
    "text", ["mot", "# mot", "1. mot", "mot*", "mot_", "mot~", "~mot", "*mot", "_mot", "mot\\", "é"]
)
@pytest.mark.parametrize("after", ["", "a", "é", "_", "*", "~", " "])
def test_a_styled_word_keeps_its_style_whatever_is_around_it(
    style: Style, kind: str, text: str, after: str
) -> None:
    [content] = texts(Message(Text("avant", Span(text, style), after)))
    assert ((kind,), text) in seen(content)


@pytest.mark.parametrize("text", ["@everyone", "@here", "<@123>", "<@!123>", "<@&123>"])
@pytest.mark.parametrize("style", ["plain", *STYLES])
def test_no_mention_is_spelled_out_in_what_is_sent(text: str, style: Style) -> None:
    [content] = texts(Message(Text(Span(f"oui {text} non", style))))
    assert not re.search(r"@(everyone|here|[!&]?\d)", content)


@given(HOSTILE, HOSTILE, HOSTILE)
def test_whatever_could_be_built_is_accepted_or_too_long(text: str, label: str, words: str) -> None:
    message = Message(
        Heading(text[:150] or "x"),
        Text(text),
        REFERENCE,
        Divider(),
        Note(text),
        Buttons(
            Button(label[:75] or "x", f"politique {label}"[:96].strip(), "danger"), Link("x", "https://x.ca")
        ),
    )
    components = parts(message, lambda _: Quotation(words or "x", ((Span(words),),)))
    flags = discord.MessageFlags.components_v2.flag
    assert validate_components(components, flags=flags)


@given(HOSTILE)
def test_escaping_never_takes_more_than_the_weight_that_the_builders_count(text: str) -> None:
    [content] = texts(Message(Text(text)))
    assert len(content.encode("utf-16-le", "surrogatepass")) // 2 <= max(1, weight(text))


def test_one_sentence_is_bare_and_anything_more_is_a_card() -> None:
    [alone] = parts(Message(Text("Bonjour")), no_quote)
    [card] = parts(Message(Text("Bonjour"), Note("Note")), no_quote)
    assert alone == {"type": discord.ComponentType.text_display.value, "content": "Bonjour"}
    assert card["type"] == CONTAINER
    assert card["accent_color"] is None


def test_a_card_that_quotes_the_policy_has_a_bar_of_its_own_colour() -> None:
    [card] = parts(Message(Text("Voici"), REFERENCE), lambda _: Quotation("PA20", ((Span("mot"),),)))
    assert card["accent_color"]


def test_a_button_says_in_its_identifier_what_it_stands_for() -> None:
    row = Buttons(Button("Suivante", "politique 5.11", "primary"), Link("Site", "https://x.ca"))
    [shown_row] = parts(Message(row), no_quote)
    assert shown_row["components"] == [
        {"type": 2, "style": 1, "label": "Suivante", "custom_id": CUSTOM_ID_PREFIX + "politique 5.11"},
        {"type": 2, "style": 5, "label": "Site", "url": "https://x.ca"},
    ]


async def test_a_view_is_finished_so_that_the_library_keeps_nothing_of_it() -> None:
    assert render(Message(Buttons(Button("x", "y"))), no_quote).is_finished()
    assert render_form(Form("x", "X", (TextField("a", "A"),))).is_finished()


def test_what_a_message_says_is_kept_only_when_it_is_of_the_policy_alone() -> None:
    own, lasting = Message(Text("Je m'appelle Zoé.")), Message(REFERENCE, lasting=True)
    before = sys.getrefcount(own)
    parts(own, no_quote)
    assert sys.getrefcount(own) == before

    def saying(words: str) -> Callable[[Quote], Quotation]:
        return lambda _: Quotation("PA20", ((Span(words),),))

    for words in ("avant", "après", "avant"):  # a revision changes what a quotation says
        assert words in texts(lasting, saying(words))[0]


def test_the_fullest_message_is_accepted() -> None:
    rows = [Buttons(*(Button(f"{row} {n}", f"c {row} {n}") for n in range(5))) for row in range(6)]
    texts_left = MESSAGE_COMPONENTS - sum(1 + len(row.items) for row in rows)
    message = Message(*(Text("t") for _ in range(texts_left)), *rows)
    assert validate_components(parts(message, no_quote), flags=discord.MessageFlags.components_v2.flag)


def test_quotations_fill_a_message_to_the_last_character_and_no_further() -> None:
    def quote(length: int) -> Callable[[Quote], Quotation]:
        return lambda _: Quotation("c", ((Span("m" * length),),))

    framing = len("**c**\n> ")
    assert len(texts(Message(REFERENCE), quote(MESSAGE_TEXT - framing))[0]) == MESSAGE_TEXT
    with pytest.raises(TooLong):
        render(Message(REFERENCE), quote(MESSAGE_TEXT - framing + 1))
    with pytest.raises(TooLong):
        render(Message(Text("a" * 2_000), REFERENCE), quote(2_000))


@given(HOSTILE, HOSTILE)
def test_a_form_has_a_label_for_each_field(label: str, hint: str) -> None:
    fields = tuple(
        TextField(f"champ{n}", label[:45] or "x", hint=hint[:100], value=hint[:300], lines=n, required=n == 1)
        for n in range(1, FORM_FIELDS + 1)
    )
    modal = render_form(Form("chercher mot", "Chercher", fields)).to_dict()
    assert validate_modal(modal)
    assert modal["custom_id"] == CUSTOM_ID_PREFIX + "chercher mot"
    inputs = [part["component"] for part in modal["components"]]
    assert [(part["custom_id"], part["style"], part["required"]) for part in inputs] == [
        (f"champ{n}", 1 if n == 1 else 2, n == 1) for n in range(1, FORM_FIELDS + 1)
    ]


def test_every_reply_that_the_bot_can_give_is_accepted_and_quotes_the_policy_to_the_letter(
    replies: dict[str, Reply], quote: Quoter
) -> None:
    for name, reply in replies.items():
        if isinstance(reply, Form):
            assert validate_modal(render_form(reply).to_dict()), name
            continue
        assert validate_components(parts(reply, quote), flags=discord.MessageFlags.components_v2.flag), name
        seen_words = "".join(piece for content in texts(reply, quote) for _, piece in seen(content))
        for reference in reply.quotes():
            for paragraph in quote(reference).paragraphs:
                assert "".join(span.text for span in paragraph) in seen_words, name


@needs_schema
def test_every_reply_that_the_bot_can_give_has_the_shape_that_discord_describes(
    replies: dict[str, Reply], quote: Quoter
) -> None:
    for name, reply in replies.items():
        if isinstance(reply, Form):
            assert problems("ModalInteractionCallbackRequestData", render_form(reply).to_dict()) == [], name
        else:
            assert problems("MessageCreateRequest", {"components": parts(reply, quote)}) == [], name


@pytest.mark.parametrize(
    "marks", ["**a**", "_a_", "*a*", "~~a~~", "||a||", "`a`", "# a", "-# a", "> a", "- a", "1. a"]
)
def test_the_reader_of_these_tests_sees_formats(marks: str) -> None:
    assert all(kinds for kinds, _ in seen(marks))


@pytest.mark.parametrize(
    "live", ["<@1>", "@here", ":smile:", "https://x.ca", "[a](https://x.ca)", "<t:1>", "</a:1>"]
)
def test_the_reader_of_these_tests_sees_mentions_emojis_and_links(live: str) -> None:
    assert all(kinds for kinds, _ in seen(live))


@needs_schema
def test_what_is_sent_has_the_shape_that_discord_describes() -> None:
    message = Message(
        Heading("Titre"),
        Text("Texte"),
        REFERENCE,
        Divider(),
        Note("Note"),
        Buttons(Button("a", "b"), Link("c", "https://x.ca")),
    )
    components = parts(message, lambda _: Quotation("PA20", ((Span("mot", "bold"),), (Span("fin"),))))
    form = Form(
        "chercher",
        "Chercher",
        (TextField("a", "A", hint="Indice", lines=3), TextField("b", "B", required=False)),
    )
    assert problems("MessageCreateRequest", {"components": components}) == []
    assert problems("ModalInteractionCallbackRequestData", render_form(form).to_dict()) == []
