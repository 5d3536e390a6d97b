"""The gallery: every message that the bot can send, drawn from what is sent."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import htpy as h
import pytest
from markupsafe import escape

from bot.conversation.forms import Form, Reply, TextField
from bot.conversation.messages import Message, Quoter, Text
from bot.platforms.discord import render as discord_render
from bot.platforms.local.discord_preview import discord_preview, markdown
from bot.platforms.local.gallery import Gallery, Payload, gallery_page, group_page
from bot.platforms.local.render import serialize_html
from bot.platforms.local.slack_preview import slack_preview
from bot.platforms.slack import render as slack_render
from bot.settings import BOT


class Words(HTMLParser):
    """Reads the words of a page, a space between two elements; and the identifiers in it."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.ids: list[str] = []
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [value for name, value in attrs if name == "id" and value]
        self.text += " " if tag not in {"strong", "em", "code", "s", "span", "u"} else ""

    def handle_data(self, data: str) -> None:
        self.text += data


def drawn(gallery: Gallery, quote: Quoter) -> list[str]:
    """Return each group's page."""
    return [group_page(gallery, anchor, quote) for anchor in gallery.by_anchor]


def words(markup: str) -> str:
    return " ".join(Words(markup).text.replace("\u200b", "").split())


@pytest.fixture
def gallery(replies: dict[str, Reply], quote: Quoter) -> Gallery:
    def slack(reply: Reply) -> Payload:
        return (
            slack_render.render(reply, quote)
            if isinstance(reply, Message)
            else slack_render.form_window(reply)
        )

    def discord(reply: Reply) -> Payload:
        if isinstance(reply, Message):
            return discord_render.render(reply, quote).to_components()
        return discord_render.render_form(reply).to_dict()

    names, half = [*replies], len(replies) // 2
    groups = {
        "D'abord": {name: replies[name] for name in names[:half]},
        "Ensuite": {name: replies[name] for name in names[half:]},
    }
    return Gallery(groups, {"Slack": slack, "Discord": discord}, BOT)


def test_every_message_is_there_by_name_in_three_renderings(
    gallery: Gallery, replies: dict[str, Reply], quote: Quoter
) -> None:
    shown = "".join(drawn(gallery, quote))
    assert all(f"{escape(name)}</a></h2>" in shown for name in replies)
    for platform in ("Bac à sable", "Slack", "Discord"):
        assert shown.count(f"<h3>{platform}</h3>") == len(replies)
    assert "Sans aperçu" not in shown


def test_identifiers_are_unique_and_nothing_is_inline(gallery: Gallery, quote: Quoter) -> None:
    for shown in (gallery_page(gallery, quote), gallery_page(gallery, quote, "un"), *drawn(gallery, quote)):
        ids = Words(shown).ids
        assert len(ids) == len(set(ids))
        assert not re.search(r"<script(?! [^>]*src=)", shown)
        assert "style=" not in shown


def test_the_first_page_names_the_groups_and_draws_no_message(gallery: Gallery, quote: Quoter) -> None:
    shown = gallery_page(gallery, quote)
    assert re.findall(r'href="/galerie/([^"#]+)"', shown) == ["d-abord", "ensuite"]
    assert "<article" not in shown


@pytest.mark.parametrize("sought", ["numero qui n'existe", "NUMÉRO n'existe pas", "cherchiez-vous 5.9"])
def test_a_message_is_found_by_its_name_or_by_what_it_shows(
    gallery: Gallery, quote: Quoter, sought: str
) -> None:
    shown = gallery_page(gallery, quote, sought)
    assert "#message-un-numero-qui-n-existe-pas" in shown
    assert "Un article entier" not in shown


def test_a_quotation_a_button_and_a_field_are_searched_too(gallery: Gallery, quote: Quoter) -> None:
    for sought, name in {
        "abstenir de commenter": "Une clause",
        "table des matières": "L&#39;aide",
        "mot ou un numéro": "Le formulaire d&#39;une question",
    }.items():
        assert f">{name}</a>" in gallery_page(gallery, quote, sought), sought


def test_what_is_nowhere_is_said_to_be(gallery: Gallery, quote: Quoter) -> None:
    shown = gallery_page(gallery, quote, '"><montgolfière')
    assert "Aucun message" in words(shown)
    assert "<montgolf" not in shown


def test_each_preview_shows_the_words_and_the_buttons_that_are_sent(
    gallery: Gallery, replies: dict[str, Reply], quote: Quoter
) -> None:
    for reply in replies.values():
        if not isinstance(reply, Message):
            continue
        expected = [*reply.own_words(), *(button.label for button in reply.buttons())]
        for each in reply.quotes():
            expected += ["".join(span.text for span in part) for part in quote(each).paragraphs]
        titles = {file.title for file in reply.files()}  # which Discord does not show
        for platform, preview in (("Slack", slack_preview), ("Discord", discord_preview)):
            shown = words(serialize_html(preview(gallery.renderers[platform](reply), BOT)))
            named = [re.sub(rf"compte {platform} (\w+)", r"@\1", text) for text in expected]
            missing = [text for text in named if " ".join(text.split()) not in shown]
            missing = [text for text in missing if platform != "Discord" or text not in titles]
            assert not missing, f"{platform}: {missing}"


def test_a_form_is_a_window_on_both_platforms(gallery: Gallery) -> None:
    form = Form(
        "x",
        "Chercher",
        (TextField("mots", "Vos mots", hint="Un ou deux", value="logo", lines=2, required=False),),
    )
    slack = slack_preview(gallery.renderers["Slack"](form), BOT)
    assert words(serialize_html(slack)) == "Chercher Vos mots (facultatif) logo Un ou deux AnnulerEnvoyer"
    discord = discord_preview(gallery.renderers["Discord"](form), BOT)
    assert words(serialize_html(discord)) == "Chercher Vos mots Un ou deux logo AnnulerEnvoyer"


def test_a_part_that_has_no_preview_says_so() -> None:
    assert "Sans aperçu" in str(slack_preview([{"type": "image", "image_url": "https://example.org"}], BOT))
    assert "Sans aperçu" in str(
        slack_preview([{"type": "header", "text": {"type": "mrkdwn", "text": "*a*"}}], BOT)
    )
    assert "Sans aperçu" in str(discord_preview([{"type": 12, "items": []}], BOT))


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (
            "**gras** _ital_ *ital* ~~barré~~ `code` __sous__",
            "<strong>gras</strong> <em>ital</em> <em>ital</em> <s>barré</s> <code>code</code> <u>sous</u>",
        ),
        (r"\*\*pas gras\*\* \_non\_", "**pas gras** _non_"),
        ("un_mot_lié", "un_mot_lié"),
        ("**gras et _les deux_**", "<strong>gras et <em>les deux</em></strong>"),
        ("[titre](https://example.org)", '<span class="discord-link">titre</span>'),
        (
            "@here <@123>",
            '<span class="discord-mention">@here</span> <span class="discord-mention">@123</span>',
        ),
        ("`**x**`", "<code>**x**</code>"),
        ("<b>&", "&lt;b&gt;&amp;"),
    ],
)
def test_markdown_in_a_line_is_read_as_discord_reads_it(written: str, shown: str) -> None:
    assert str(markdown(written)) == f'<div class="discord-text"><p>{shown}</p></div>'


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("# Un", '<h4 class="discord-h1">Un</h4>'),
        ("## Deux", '<h4 class="discord-h2">Deux</h4>'),
        ("-# petit", '<p class="discord-small">petit</p>'),
        ("- point", '<p class="discord-item">point</p>'),
        ("> cité\n> encore\naprès", "<blockquote><p>cité</p><p>encore</p></blockquote><p>après</p>"),
        (r"\# pas un titre", "<p># pas un titre</p>"),
        ("#pas un titre", "<p>#pas un titre</p>"),
        ("un\n\ndeux", "<p>un</p><p><br></p><p>deux</p>"),
    ],
)
def test_markdown_at_the_start_of_a_line_is_read_as_discord_reads_it(written: str, shown: str) -> None:
    assert str(markdown(written)) == f'<div class="discord-text">{shown}</div>'


@pytest.mark.parametrize(
    "hostile",
    [
        "**gras** _x_ ~~y~~ `z`",
        "# titre",
        "> cité",
        "@everyone <@1>",
        "[a](https://b.c)",
        r"\*a*",
        "<b>&amp;",
    ],
)
def test_hostile_words_show_as_they_were_written_in_every_rendering(
    hostile: str, gallery: Gallery, quote: Quoter
) -> None:
    message = Message(Text(hostile))
    previews: list[h.Renderable] = [
        slack_preview(gallery.renderers["Slack"](message), BOT),
        discord_preview(gallery.renderers["Discord"](message), BOT),
    ]
    for preview in previews:
        assert hostile in words(serialize_html(preview))
    hung = Gallery({hostile: {hostile: message}}, gallery.renderers, BOT)
    for page in (gallery_page(hung, quote), *drawn(hung, quote)):
        assert hostile in words(page)
