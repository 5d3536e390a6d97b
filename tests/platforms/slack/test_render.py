from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.dispatcher import Dispatcher
from bot.conversation.forms import (
    FIELD_HINT_LENGTH,
    FIELD_LABEL_LENGTH,
    FIELD_TEXT_LENGTH,
    FORM_COMMAND_LENGTH,
    FORM_FIELDS,
    FORM_TITLE_LENGTH,
    Form,
    Reply,
    TextField,
)
from bot.conversation.messages import (
    BUTTONS_PER_ROW,
    COMMAND_LENGTH,
    HEADING_LENGTH,
    LABEL_LENGTH,
    MESSAGE_WEIGHT,
    Button,
    Buttons,
    Divider,
    Element,
    Heading,
    Link,
    Message,
    Note,
    Quotation,
    Quote,
    Quoter,
    Span,
    Text,
    TooLong,
    bold,
    clean,
    code,
)
from bot.platforms.slack.render import MESSAGE_BLOCKS, escaped, fallback, form_window, home_tab, render
from tests.kits.platforms.slack_checks import check_message, check_structure, check_view, shown

CLAUSE = Quote("pa20", "2015-12-13", "5.10")
HOSTILE = (
    "<!channel> <!here> <!everyone>",
    "<@U012ABCDEF> <#C012ABCDEF|general> <!subteam^S012|@ca>",
    "<https://exemple.invalid|banque> https://exemple.invalid mailto:a@exemple.invalid",
    "*gras* _italique_ ~barré~ `code` ```bloc```\n> citation\n• liste",
    "&lt;!channel&gt; &amp;amp; <<>>",
    ":tada: :alert: :+1::skin-tone-2:",
    '{"type":"section"} "}],"blocks":[',
    "'; DROP TABLE clauses; -- NEAR(a b) \"*",
    "\u202egnol sed etxet \u2066\u200f",
    "\x00\x07\x1b[31m\r\n\u2028",
    "é" * 500,
    "👩🏽‍🚀" * 50,
)


def stub(_: Quote) -> Quotation:
    return Quotation(
        "PA20, 5.10 (invitation)",
        (
            (Span("Nous vous "), Span("invitons", "bold"), Span(" à vous abstenir.")),
            (Span("Et à communiquer avec nous."),),
        ),
    )


def empty_quote(_: Quote) -> Quotation:
    return Quotation("PA20", ((Span(""),),))


def test_a_quotation_is_its_caption_in_bold_then_its_words_in_a_quote_with_their_marks() -> None:
    [block] = render(Message(CLAUSE), stub)
    assert block == {
        "type": "rich_text",
        "elements": [
            {
                "type": "rich_text_section",
                "elements": [{"type": "text", "text": "PA20, 5.10 (invitation)", "style": {"bold": True}}],
            },
            {
                "type": "rich_text_quote",
                "elements": [
                    {"type": "text", "text": "Nous vous "},
                    {"type": "text", "text": "invitons", "style": {"bold": True}},
                    {"type": "text", "text": " à vous abstenir.\n\nEt à communiquer avec nous."},
                ],
            },
        ],
    }


def test_each_element_has_its_block_and_buttons_have_names_of_their_own() -> None:
    message = Message(
        Heading("Titre"),
        Text("Tapez ", code("/politique"), Span(" ici", "italic"), Span(" ou là", "removed")),
        Divider(),
        Note("Petit ", bold("texte")),
        Buttons(Button("Oui", "oui", "primary"), Button("Non", "non", "danger")),
        Buttons(Button("Plus tard", "plus tard"), Link("Site", "https://exemple.invalid")),
    )
    assert render(message, stub) == [
        {"type": "header", "text": plain("Titre")},
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_section",
                    "elements": [
                        {"type": "text", "text": "Tapez "},
                        {"type": "text", "text": "/politique", "style": {"code": True}},
                        {"type": "text", "text": " ici", "style": {"italic": True}},
                        {"type": "text", "text": " ou là", "style": {"strike": True}},
                    ],
                }
            ],
        },
        {"type": "divider"},
        {"type": "context", "elements": [plain("Petit texte")]},
        {
            "type": "actions",
            "elements": [button("Oui", "oui", 0, "primary"), button("Non", "non", 1, "danger")],
        },
        {
            "type": "actions",
            "elements": [
                button("Plus tard", "plus tard", 2),
                {
                    "type": "button",
                    "text": plain("Site"),
                    "action_id": "private-3",
                    "url": "https://exemple.invalid",
                },
            ],
        },
    ]


def test_the_name_of_a_button_says_whether_everyone_sees_its_message() -> None:
    row = Buttons(Button("Suivante", "politique 5.11"))
    [private] = render(Message(row), stub)
    [public] = render(Message(row, public=True), stub)
    assert private["elements"][0]["action_id"] == "private-0"
    assert public["elements"][0]["action_id"] == "public-0"


def test_an_element_without_a_character_is_left_out() -> None:
    message = Message(Text(""), Note(" "), Text(Span("", "bold"), "a"), CLAUSE)
    blocks = render(message, empty_quote)
    assert shown(blocks) == "aPA20"
    check_message(blocks)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_is_shown_as_it_is_everywhere(text: str) -> None:
    message = Message(
        Heading(text[:HEADING_LENGTH]),
        Text(text, bold(text), code(text), Span(text, "italic"), Span(text, "removed")),
        Note(text),
        Buttons(Button(text[:LABEL_LENGTH], text[:COMMAND_LENGTH])),
    )
    blocks = render(message, lambda _: Quotation(text, ((Span(text),),)))
    assert_literal(blocks)
    check_message(blocks)
    check_view(home_tab(message, stub))
    assert shown(blocks[1]) == clean(text) * 5
    assert shown(blocks[2]) == clean(text)
    assert blocks[3]["elements"][0]["value"] == text[:COMMAND_LENGTH]


@pytest.mark.parametrize("text", HOSTILE)
def test_the_line_for_notifications_cannot_mention_or_link(text: str) -> None:
    line = fallback(Message(Text(text)), stub)
    assert "<" not in line
    assert ">" not in line
    assert len(line) <= 150 * len("&amp;")


def test_escaping_is_undone_by_slack_alone() -> None:
    assert escaped("a & b <!channel> &lt;") == "a &amp; b &lt;!channel&gt; &amp;lt;"


def test_a_message_of_quotations_too_long_for_slack_is_refused_not_cut() -> None:
    def long_quote(_: Quote) -> Quotation:
        return Quotation("PA20", ((Span("mot " * 1_000),),))

    assert render(Message(CLAUSE, CLAUSE, CLAUSE), long_quote)
    with pytest.raises(TooLong, match="size"):
        render(Message(CLAUSE, CLAUSE, CLAUSE, CLAUSE), long_quote)


def test_the_longest_text_and_the_most_buttons_that_a_message_can_have_pass() -> None:
    rows = [
        Buttons(
            *(
                Button("é" * LABEL_LENGTH, f"{row}{n}{'x' * (COMMAND_LENGTH - 2)}")
                for n in range(BUTTONS_PER_ROW)
            )
        )
        for row in range(6)
    ]
    check_message(render(Message(Text("x" * MESSAGE_WEIGHT), rows[0], rows[1], rows[2], rows[3]), stub))
    check_view(home_tab(Message(Note("é" * MESSAGE_WEIGHT), *rows), stub))


def test_a_form_is_a_modal_that_carries_its_command_and_the_way_back() -> None:
    form = Form(
        "chercher logo",
        "Chercher",
        (
            TextField("mots", "Mots", hint="Un ou deux", value="logo", max_length=80),
            TextField("motif", "Motif", lines=4, required=False),
        ),
        submit="Trouver",
    )
    modal = form_window(form, {"channel": "C1"})
    assert json.loads(modal.pop("private_metadata")) == {"command": "chercher logo", "channel": "C1"}
    assert modal == {
        "type": "modal",
        "callback_id": "form",
        "title": plain("Chercher"),
        "submit": plain("Trouver"),
        "close": plain("Annuler"),
        "blocks": [
            {
                "type": "input",
                "block_id": "mots",
                "label": plain("Mots"),
                "hint": plain("Un ou deux"),
                "optional": False,
                "element": {
                    "type": "plain_text_input",
                    "action_id": "value",
                    "multiline": False,
                    "max_length": 80,
                    "initial_value": "logo",
                },
            },
            {
                "type": "input",
                "block_id": "motif",
                "label": plain("Motif"),
                "optional": True,
                "element": {
                    "type": "plain_text_input",
                    "action_id": "value",
                    "multiline": True,
                    "max_length": 300,
                },
            },
        ],
    }


def test_a_way_back_too_long_to_carry_is_refused() -> None:
    with pytest.raises(TooLong, match="metadata"):
        form_window(Form("x", "Titre", (TextField("mots", "Mots"),)), {"response_url": "x" * 3_000})


def test_the_home_tab_leads_back_unless_it_is_already_there() -> None:
    back = Button("Menu", "vigie")
    with_way_back = home_tab(Message(Text("a")), stub, back)
    assert with_way_back["blocks"][-1]["elements"][0]["value"] == "vigie"
    menu = home_tab(Message(Text("a"), Buttons(back)), stub, back)
    assert len(menu["blocks"]) == 2
    check_view(with_way_back)
    check_structure(with_way_back, "HomeView")


def test_a_home_tab_with_nothing_to_show_is_refused() -> None:
    with pytest.raises(TooLong):
        home_tab(Message(Text("")), stub)


def test_every_reply_of_the_bot_is_within_the_limits(replies: dict[str, Reply], quote: Quoter) -> None:
    for name, reply in replies.items():
        if isinstance(reply, Form):
            check_view(form_window(reply))
            check_structure(form_window(reply), "ModalView")
            continue
        blocks = render(reply, quote)
        assert blocks, name
        named = re.findall(r"compte Slack (\w+)", " ".join(reply.own_words()))
        assert_literal(blocks, people=named)
        check_message(blocks)
        check_structure(blocks, "Blocks")
        check_view(home_tab(reply, quote))
        assert 0 < len(fallback(reply, quote)) <= 150 * len("&amp;"), name


@pytest.mark.parametrize("text", HOSTILE)
async def test_a_hostile_request_is_answered_within_the_limits(
    dispatcher: Dispatcher, quote: Quoter, text: str
) -> None:
    for line in (text, f"politique {text}", f"vigie {text}", f"chercher {text}", f"partager {text}"):
        reply = await dispatcher.handle(dispatcher.from_text(line))
        assert isinstance(reply, Message)
        blocks = render(reply, quote)
        assert "Pardon" not in shown(blocks)
        assert_literal(blocks)
        check_message(blocks)


texts = st.one_of(st.text(max_size=60), st.sampled_from(HOSTILE), st.text("<>&!@#*_~`:\\\n ", max_size=30))
spans = st.builds(Span, texts, st.sampled_from(["plain", "bold", "italic", "removed", "code"]))
pieces = st.lists(st.one_of(spans, texts), max_size=4)
headings = texts.filter(bool).map(lambda text: Heading(text[:HEADING_LENGTH]))


@st.composite
def messages(draw: st.DrawFn) -> Message:
    numbers = iter(range(1_000))
    elements: list[Element] = []
    for kind in draw(
        st.lists(st.sampled_from([Heading, Text, Note, Divider, Quote, Buttons]), min_size=1, max_size=6)
    ):
        if kind is Heading:
            elements.append(draw(headings))
        elif kind in {Text, Note}:
            elements.append(kind(*draw(pieces)))
        elif kind is Buttons:
            labels = draw(st.lists(texts.filter(bool), min_size=1, max_size=BUTTONS_PER_ROW))
            row = (
                Button(label[:LABEL_LENGTH], f"{next(numbers)} {label}"[:COMMAND_LENGTH]) for label in labels
            )
            elements.append(Buttons(*row))
        else:
            elements.append(CLAUSE if kind is Quote else Divider())
    try:
        return Message(*elements, public=draw(st.booleans()))
    except TooLong:
        return Message(elements[0])


@given(messages(), texts)
def test_whatever_a_message_holds_it_is_literal_and_within_the_limits(message: Message, words: str) -> None:
    def hostile_quote(_: Quote) -> Quotation:
        return Quotation(words, ((Span(words), bold(words)), (Span(words),)))

    blocks = render(message, hostile_quote)
    assert len(blocks) <= MESSAGE_BLOCKS
    assert_literal(blocks)
    check_message(blocks)
    for element in message.elements:
        if isinstance(element, Text):
            assert "".join(span.text for span in element.spans) in shown(blocks)


@given(messages())
def test_whatever_a_message_holds_its_structure_is_slacks(message: Message) -> None:
    check_structure(render(message, stub), "Blocks")


@given(st.lists(texts.filter(bool), min_size=1, max_size=FORM_FIELDS), texts)
def test_whatever_a_form_holds_it_is_within_the_limits(labels: list[str], value: str) -> None:
    fields = tuple(
        TextField(
            f"champ{number}",
            label[:FIELD_LABEL_LENGTH],
            hint=label[:FIELD_HINT_LENGTH],
            value=value,
            lines=number + 1,
            max_length=FIELD_TEXT_LENGTH,
        )
        for number, label in enumerate(labels)
    )
    modal = form_window(Form(labels[0][:FORM_COMMAND_LENGTH], labels[0][:FORM_TITLE_LENGTH], fields))
    check_view(modal)
    check_structure(modal, "ModalView")


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}


def button(label: str, command: str, number: int, style: str = "") -> dict[str, Any]:
    shown_as = {"type": "button", "text": plain(label), "action_id": f"private-{number}", "value": command}
    return shown_as | ({"style": style} if style else {})


def assert_literal(payload: object, people: Collection[str] = ()) -> None:
    """Check that nothing in `payload` is read by Slack as a mention, a link, an emoji or a format.

    Mentions of `people` are meant.
    """
    for part in walk(payload):
        if part.get("type") == "user" and part.get("user_id") in people:
            continue
        assert part.get("type") not in {
            "mrkdwn",
            "markdown",
            "link",
            "user",
            "usergroup",
            "channel",
            "broadcast",
            "emoji",
        }
        if part.get("type") == "plain_text":
            assert part["emoji"] is False


def walk(payload: object) -> Iterator[dict[str, Any]]:
    if isinstance(payload, dict):
        yield payload
    inner = payload.values() if isinstance(payload, dict) else payload if isinstance(payload, list) else ()
    for value in inner:
        yield from walk(value)
