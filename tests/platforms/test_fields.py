"""Persons and choices in forms, files and people in messages: limits, and each platform's own shape."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image
from slack_sdk.web.async_client import AsyncWebClient

from bot.conversation.forms import ChoiceField, DateField, FileField, Form, Option, PersonField
from bot.conversation.messages import (
    FILE_SIZE,
    File,
    Mark,
    Message,
    Quotation,
    Quote,
    Quoter,
    Span,
    Text,
    TooLong,
    person,
    summary,
)
from bot.platforms.contract import Destination
from bot.platforms.discord import render as discord_render
from bot.platforms.local import render as local_render
from bot.platforms.slack import render as slack_render
from bot.platforms.slack.delivery import SlackDelivery
from tests.platforms.test_hostile_text import check_everywhere

OPTIONS = (Option("Remplacer", "remplace"), Option("S'ajouter", "ajoute"))
FORM = Form(
    "roles nommer x",
    "Nommer",
    (
        PersonField("personne", "La personne", hint="Qui"),
        ChoiceField("autres", "Les autres", OPTIONS, value="ajoute", required=False),
    ),
)


@pytest.mark.parametrize(
    "build",
    [
        lambda: Option("", "x"),
        lambda: Option("a" * 76, "x"),
        lambda: Option("a", "x" * 101),
        lambda: ChoiceField("a", "A", ()),
        lambda: ChoiceField("a", "A", tuple(Option(str(n), str(n)) for n in range(26))),
        lambda: ChoiceField("a", "A" * 46, OPTIONS),
        lambda: PersonField("a", "A", hint="h" * 101),
        lambda: File("a.json", b"", "Titre"),
        lambda: File("a.json", b"x" * (FILE_SIZE + 1), "Titre"),
        lambda: File("a" * 61, b"x", "Titre"),
    ],
)
def test_what_some_platform_would_refuse_cannot_be_built(build: Callable[[], object]) -> None:
    with pytest.raises(TooLong):
        build()


@pytest.mark.parametrize(
    "build",
    [
        lambda: ChoiceField("a", "A", (OPTIONS[0], OPTIONS[0])),
        lambda: ChoiceField("a", "A", OPTIONS, value="autre"),
        lambda: Form("x", "X", (FileField("a", "A"), FileField("b", "B"))),
        lambda: File("../a.json", b"x", "Titre"),
        lambda: File("été.json", b"x", "Titre"),
        lambda: Message(File("a.json", b"x", "Titre"), public=True),
        lambda: Message(*[File("a.json", b"x", "Titre")] * 2),
    ],
)
def test_what_makes_no_sense_cannot_be_built(build: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"field|file|form"):
        build()


def test_a_form_with_a_person_and_a_choice_passes_on_every_platform(quote: Quoter) -> None:
    check_everywhere(FORM, quote)
    who, choice = slack_render.form_window(FORM)["blocks"]
    assert who["element"] == {"type": "users_select", "action_id": "value"}
    assert choice["element"]["initial_option"]["value"] == "ajoute"
    modal = discord_render.render_form(FORM).to_dict()["components"]
    assert [part["component"]["type"] for part in modal] == [5, 21]
    assert [part["component"]["required"] for part in modal] == [True, False]
    check_everywhere(FORM.filled({"personne": "1576118818114109441"}), quote)
    page = str(local_render.render_fields(FORM))
    assert '<option value="administration">Sacha</option>' in page
    assert '<option value="ajoute" selected>' in page


@pytest.mark.parametrize(("count", "kind"), [(1, 3), (2, 21), (10, 21), (11, 3), (25, 3)])
def test_on_discord_a_few_choices_are_all_in_view_and_many_are_a_list(
    quote: Quoter, count: int, kind: int
) -> None:
    options = tuple(Option(f"Choix {number}", str(number)) for number in range(count))
    form = Form("x", "X", (ChoiceField("a", "A", options, value="0"),))
    check_everywhere(form, quote)
    [label] = discord_render.render_form(form).to_dict()["components"]
    assert label["component"]["type"] == kind
    chosen = [option["value"] for option in label["component"]["options"] if option.get("default")]
    assert chosen == ["0"]


def test_what_slack_says_was_picked_is_read() -> None:
    state: dict[str, dict[str, dict[str, Any]]] = {
        "mots": {"value": {"type": "plain_text_input", "value": None}},
        "personne": {"value": {"type": "users_select", "selected_user": "U1"}},
        "autres": {"value": {"type": "static_select", "selected_option": {"value": "ajoute"}}},
        "rien": {"value": {"type": "static_select", "selected_option": None}},
    }
    assert slack_render.form_answers(state) == {"mots": "", "personne": "U1", "autres": "ajoute", "rien": ""}


def test_a_file_is_announced_where_it_cannot_be_shown(quote: Quoter) -> None:
    message = Message(Text("Voici"), File("a.json", b'{"a": "</a>"}', "Vos données"))
    [_, note] = slack_render.render(message, quote)
    assert note["elements"][0]["text"] == "Vos données (a.json)"
    container = discord_render.render(message, quote).to_components()[0]
    assert container["components"][1] == {"type": 13, "file": {"url": "attachment://a.json"}}
    assert [file.filename for file in discord_render.attached_files(message)] == ["a.json"]
    page = str(local_render.render(message, quote))
    assert 'download="a.json"' in page
    assert 'href="data:application/octet-stream;base64,eyJhIjogIjwvYT4ifQ=="' in page
    assert "href" not in str(local_render.render(message, quote, live=False))
    assert summary(Message(File("a.json", b"x", "Vos données")), quote) == "Vos données"


async def test_a_picture_says_what_it_shows_to_who_does_not_see_it(quote: Quoter) -> None:
    content = io.BytesIO()
    Image.new("RGB", (2, 2)).save(content, "PNG")
    picture = File("a.png", content.getvalue(), "Les lectures", "Lectures terminées\u00a0: 3 sur 8")
    message = Message(Text("Voici"), picture)
    container = discord_render.render(message, quote).to_components()[0]
    [item] = container["components"][1]["items"]
    assert item == {"media": {"url": "attachment://a.png"}, "description": picture.description}
    [attached] = discord_render.attached_files(message)
    assert attached.description == picture.description
    assert f'alt="{picture.description}"' in str(local_render.render(message, quote))

    uploads: list[dict[str, Any]] = []

    class Client(AsyncWebClient):
        async def files_upload_v2(self, **fields: Any) -> Any:  # noqa: ANN401 — as Slack's library has it
            uploads.append(fields)

        async def conversations_open(self, **_: Any) -> Any:  # noqa: ANN401 — as above
            return {"channel": {"id": "D1"}}

    await SlackDelivery(Client(), quote).upload(picture, Destination("slack", "T1", "U1"))
    assert uploads[0]["alt_txt"] == picture.description


def test_a_picture_that_says_nothing_of_itself_has_its_title() -> None:
    assert File("a.png", b"x", "Les lectures").alternative == "Les lectures"
    with pytest.raises(TooLong):
        File("a.png", b"x", "Les lectures", "x" * 1_001)


def test_a_person_is_named_by_their_own_platform_and_described_elsewhere(quote: Quoter) -> None:
    message = Message(
        Text("Pour ", person("slack", "U1"), person("discord", "111"), person("local", "conseil"))
    )
    [block] = slack_render.render(message, quote)
    assert {"type": "user", "user_id": "U1"} in block["elements"][0]["elements"]
    assert "compte Discord 111" in str(block)
    [text] = discord_render.render(message, quote).to_components()
    assert text["content"] == "Pour compte Slack U1<@111>compte Local conseil"
    assert '<span class="mention">@Maxime</span>' in str(local_render.render(message, quote))


def test_two_persons_side_by_side_are_two(quote: Quoter) -> None:
    message = Message(Text(person("slack", "U1"), person("slack", "U2")))
    [block] = slack_render.render(message, quote)
    assert [part["user_id"] for part in block["elements"][0]["elements"]] == ["U1", "U2"]


def test_what_is_not_an_identifier_cannot_mention_anyone(quote: Quoter) -> None:
    [text] = discord_render.render(Message(Text(person("discord", "&1> @everyone"))), quote).to_components()
    assert "@everyone" not in text["content"]
    assert "<@" not in text["content"]


def test_a_comparison_shows_by_colour_too_what_goes_and_what_comes() -> None:
    def quote(reference: Quote) -> Quotation:
        return Quotation("PA20, 5.10", ((Span("Un mot", reference.marks[0].style),),))

    message = Message(
        Quote("pa20", "2015-12-13", "5.10", marks=(Mark(0, 6, "removed"),), side="before"),
        Quote("pa20", "2026-11-20", "5.10", marks=(Mark(0, 6, "added"),), side="after"),
    )
    slack = str(slack_render.render(message, quote))
    discord = str(discord_render.render(message, quote).to_components())
    for shown in (slack, discord):
        assert "🔴 Avant" in shown
        assert "🔵 Après" in shown
    assert "~~Un mot~~" in discord
    assert "**Un mot**" in discord
    page = str(local_render.render(message, quote))
    assert '<figure class="quote before"><figcaption>Avant\u00a0: PA20, 5.10</figcaption>' in page
    assert "<del>Un mot</del>" in page
    assert '<figure class="quote after">' in page
    assert "<ins>Un mot</ins>" in page


def test_a_date_is_a_calendar_on_slack_and_a_line_elsewhere(quote: Quoter) -> None:
    form = Form("versions date", "À une date", (DateField("jour", "Le jour", value="2027-03-03"),))
    check_everywhere(form, quote)
    [block] = slack_render.form_window(form)["blocks"]
    assert block["element"] == {"type": "datepicker", "action_id": "value", "initial_date": "2027-03-03"}
    typed = form.filled({"jour": "lundi prochain"})
    [block] = slack_render.form_window(typed)["blocks"]
    assert block["element"] == {"type": "datepicker", "action_id": "value"}
    [label] = discord_render.render_form(typed).to_dict()["components"]
    assert (label["component"]["type"], label["component"]["value"]) == (4, "lundi prochain")
    assert 'value="lundi prochain"' in str(local_render.render_fields(typed))
    state = {"jour": {"value": {"type": "datepicker", "selected_date": "2027-03-03"}}}
    assert slack_render.form_answers(state) == {"jour": "2027-03-03"}


def test_a_form_with_a_file_passes_on_every_platform(quote: Quoter) -> None:
    form = Form("demande image", "Une image", (FileField("fichier", "L'image", required=False),))
    check_everywhere(form, quote)
    [block] = slack_render.form_window(form)["blocks"]
    assert (block["element"]["type"], block["optional"]) == ("file_input", True)
    [label] = discord_render.render_form(form).to_dict()["components"]
    assert (label["component"]["type"], label["component"]["required"]) == (19, False)
    assert 'type="file"' in str(local_render.render_fields(form))
    assert form.filled({"fichier": "photo.png"}) == form


def test_what_slack_tells_of_a_joined_file_is_read() -> None:
    def state(*files: dict[str, str]) -> dict[str, dict[str, dict[str, Any]]]:
        return {"fichier": {"value": {"type": "file_input", "files": list(files)}}}

    photo = {"id": "F1", "name": "photo.png", "url_private_download": "https://files.slack.com/x"}
    assert slack_render.form_answers(state()) == {"fichier": ""}
    assert slack_render.form_file(state()) is None
    assert slack_render.form_answers(state(photo)) == {"fichier": "photo.png"}
    assert slack_render.form_file(state(photo)) == photo
