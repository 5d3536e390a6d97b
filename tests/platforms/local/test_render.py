"""The sandbox's rendering: everything that can be said, and hostile words shown as they are."""

from __future__ import annotations

from html.parser import HTMLParser

import htpy as h
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.forms import Form, TextField
from bot.conversation.messages import (
    Button,
    Buttons,
    Divider,
    File,
    Heading,
    Link,
    Message,
    Note,
    Quotation,
    Quote,
    Span,
    Text,
    bold,
    code,
)
from bot.platforms.local.render import render, render_fields, render_words, serialize_html

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "'><b>",
    "&lt;b&gt; &amp;",
    "</textarea><script>",
    "<!channel> @everyone <@U1>",
    "{{7*7}} ${7*7}",
]
CLAUSE = Quote("pa20", "2015-12-13", "5.10")


def quoted(_: Quote) -> Quotation:
    return Quotation("PA20, 5.10", ((Span("« Un "), bold("deux")), (Span("trois »"),)))


class Reader(HTMLParser):
    """Reads markup as a browser would: its tags, its attributes, and the words one sees."""

    def __init__(self, markup: h.Renderable) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words = ""
        self.feed(serialize_html(markup))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        self.words += "\n" if tag == "br" else ""

    def handle_data(self, data: str) -> None:
        self.words += data


def shown(*elements: Heading | Text | Note | Quote | Divider | Buttons) -> str:
    return serialize_html(render(Message(*elements), quoted))


def test_each_element_has_its_own_markup() -> None:
    assert shown(Heading("Titre")) == "<h4>Titre</h4>"
    assert shown(Text("Un ", bold("deux"), "\ntrois ", code("/x"))) == (
        '<p dir="auto">Un <strong>deux</strong><br>trois <code>/x</code></p>'
    )
    assert shown(Note("Petit")) == '<p class="note" dir="auto">Petit</p>'
    assert shown(Divider()) == "<hr>"


def test_a_quotation_says_where_it_is_from_and_keeps_its_paragraphs() -> None:
    assert shown(CLAUSE) == (
        '<figure class="quote"><figcaption>PA20, 5.10</figcaption>'
        "<blockquote><p>« Un <strong>deux</strong></p><p>trois »</p></blockquote></figure>"
    )


def test_a_button_carries_its_command_and_a_link_its_address() -> None:
    markup = shown(
        Buttons(Button("Lire", "politique 5.10", "primary"), Link("Site", "https://example.org/?a=1&b=2"))
    )
    assert (
        '<button type="button" class="button primary" data-command="politique 5.10">Lire</button>' in markup
    )
    assert (
        'href="https://example.org/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer">Site</a>' in markup
    )


@pytest.mark.parametrize("url", ["javascript:alert(1)", " javascript:alert(1)", "data:text/html,x", "//evil"])
def test_a_link_that_is_not_to_the_web_leads_nowhere(url: str) -> None:
    assert "href" not in shown(Buttons(Link("Site", url)))


def test_a_file_is_a_link_that_holds_it_and_a_picture_is_also_seen() -> None:
    pdf = Reader(render(Message(File("recu.pdf", b"%PDF", "Votre reçu")), quoted))
    assert "img" not in pdf.tags
    assert ("download", "recu.pdf") in pdf.attributes
    header = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x04\x10\0\0\x01\xf4"
    png = Reader(render(Message(File("accueils.png", header, "La progression")), quoted))
    assert {("width", "1040"), ("height", "500")} <= set(png.attributes)
    assert ("alt", "La progression") in png.attributes
    assert any(value and value.startswith("data:image/png;base64,iVBOR") for _, value in png.attributes)
    assert ("download", "accueils.png") in png.attributes


def test_in_the_gallery_buttons_are_pictures_of_themselves() -> None:
    message = Message(
        Text("Un"), Buttons(Button("Lire", "politique", "danger"), Link("Site", "https://example.org"))
    )
    reader = Reader(render(message, quoted, live=False))
    assert not {"button", "a"} & set(reader.tags)
    assert "LireSite" in reader.words


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_are_shown_and_do_nothing(words: str) -> None:
    form = Form(
        "x",
        "Titre",
        (TextField("a", words[:40], hint=words, value=words), TextField("b", "B", value=words, lines=3)),
    )
    message = Message(
        Heading(words),
        Text(words, bold(words)),
        Note(code(words)),
        Buttons(Button(words, words), Button("Un", "x")),
    )
    for markup in (
        render(message, quoted),
        render_words(words),
        render_words(f"@Vigie {words}"),
        render_words(f"/{words}"),
        render_fields(form),
    ):
        reader = Reader(markup)
        assert words in reader.words or words in [value for _, value in reader.attributes]
        assert set(reader.tags) <= {
            "h4",
            "p",
            "strong",
            "code",
            "div",
            "button",
            "span",
            "label",
            "input",
            "textarea",
            "br",
        }
        assert not [name for name, _ in reader.attributes if name.startswith("on") or name == "style"]


@given(st.text(max_size=300))
def test_any_words_come_out_as_they_went_in_but_for_what_deceives(words: str) -> None:
    reader = Reader(render_words(words))
    assert set(reader.tags) <= {"p", "span", "code", "br"}
    for deceptive in "\u202e\u2066\x00\x1b":
        assert deceptive not in reader.words


def test_the_marks_of_an_answer_have_a_colour_without_any_coloured_font() -> None:
    markup = serialize_html(render(Message(Heading("✅ Bonne réponse"), Text("❌ ", bold("A. Non"))), quoted))
    assert '<h4><span class="mark good">✓</span> Bonne réponse</h4>' in markup
    assert '<span class="mark bad">✗</span> <strong>A. Non</strong>' in markup


def test_words_keep_their_order_whatever_their_script() -> None:
    assert Reader(render_words("abc\u202edef")).words == "abcdef"
    assert 'dir="auto"' in serialize_html(render_words("שלום"))


def test_a_mention_and_a_command_stand_out() -> None:
    mention = serialize_html(render_words("Bonjour @vigie, 5.10"))
    assert mention == '<p dir="auto">Bonjour <span class="mention">@vigie</span>, 5.10</p>'
    assert serialize_html(render_words("/politique 5.10")) == '<p dir="auto"><code>/politique</code> 5.10</p>'


def test_a_field_has_a_label_a_hint_and_a_place_for_its_error() -> None:
    form = Form(
        "x", "Titre", (TextField("mots", "Vos mots", hint="Un ou deux", required=False, max_length=40),)
    )
    markup = serialize_html(render_fields(form, "f"))
    assert '<label for="f-0">Vos mots<span class="optional"> (facultatif)</span></label>' in markup
    assert '<p class="hint" id="f-0-aide">Un ou deux</p>' in markup
    assert 'name="mots" aria-describedby="f-0-aide f-0-erreur" type="text" value="" maxlength="40"' in markup
    assert '<p class="error" id="f-0-erreur" hidden></p>' in markup
    assert "required" not in markup


def test_a_long_field_keeps_the_newlines_of_its_value() -> None:
    form = Form("x", "Titre", (TextField("mots", "Vos mots", value="\nUn\n\nDeux", lines=4),))
    markup = serialize_html(render_fields(form))
    assert '<textarea id="form-0" name="mots" required' in markup
    assert ">\n\nUn\n\nDeux</textarea>" in markup
