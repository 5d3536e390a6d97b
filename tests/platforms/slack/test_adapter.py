"""The Slack adapter in process, over real HTTP and WebSocket, with a small stand-in for Slack.

The catalogue is a small one of this file, so that what is tested is the adapter; the real commands
meet the adapter in tests/wire.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from http import HTTPStatus

import pytest

from bot.platforms.slack import adapter
from bot.platforms.slack.adapter import SlackAdapter, literal
from tests.kits.platforms.fake_slack import BOT_TOKEN, BOT_USER, SIGNING_SECRET, FakeSlack, SignedHttp
from tests.kits.platforms.presses import listened
from tests.kits.platforms.slack import (
    SECRET_WORDS,
    Commands,
    Json,
    buttons,
    direct,
    event,
    mention,
    press,
    press_at_home,
    shortcut,
    slash,
    submission,
)
from tests.kits.platforms.slack_checks import check_structure, shown
from tests.kits.platforms.slack_rules import ADDRESS_SECONDS, ADDRESS_USES, TRIGGER_SECONDS

pytest_plugins = ["tests.kits.platforms.slack_fixtures"]


# Slash commands


async def test_a_slash_command_is_acknowledged_then_answered_in_private(
    slack: FakeSlack, http: SignedHttp
) -> None:
    response = await http.command(slash(slack, "/politique", "5.10"))
    assert (response.status, await response.text()) == (HTTPStatus.OK, "")
    answer = await slack.said()
    assert answer.where == "hook/a"
    assert answer.body["response_type"] == "ephemeral"
    assert answer.body["replace_original"] is False
    assert answer.body["unfurl_links"] is False
    assert answer.body["unfurl_media"] is False
    assert "Texte de 5.10." in shown(answer.body["blocks"])
    assert answer.body["text"] == "PA20, 5.10"
    check_structure(answer.body["blocks"], "Blocks")


async def test_the_acknowledgement_does_not_wait_for_the_answer(
    slack: FakeSlack, http: SignedHttp, commands: Commands
) -> None:
    response = await http.command(slash(slack, "/vigie", "attendre"))
    assert response.status == HTTPStatus.OK
    assert slack.silent()
    commands.released.set()
    assert shown((await slack.said()).body["blocks"]) == "Enfin"


async def test_the_person_and_the_place_are_those_of_slack(
    slack: FakeSlack, http: SignedHttp, commands: Commands
) -> None:
    await http.command(slash(slack, "/politique", "5.10"))
    await slack.said()
    [request] = commands.requests
    assert request.actor is not None
    assert (request.actor.platform, request.actor.team, request.actor.user) == ("slack", "T1", "U1")
    assert (request.command, request.text, request.place) == ("politique", "5.10", "channel")


async def test_what_slack_escapes_or_makes_into_links_is_read_as_it_was_written(
    slack: FakeSlack, http: SignedHttp, commands: Commands
) -> None:
    await http.command(
        slash(slack, "/politique", "a &lt;b&gt; &amp;amp; <https://x.invalid|x.invalid> <#C9|ca>")
    )
    await slack.said()
    assert commands.requests[0].text == "a <b> &amp; x.invalid ca"


def test_a_text_full_of_half_open_links_is_read_at_once() -> None:
    text = "<a|" * 20_000
    assert literal(text) == text


async def test_what_an_older_manifest_still_offers_is_answered_as_words_are(
    slack: FakeSlack, http: SignedHttp, commands: Commands
) -> None:
    await http.command(slash(slack, "/ancienne", "5.10"))
    await slack.said()
    await http.interaction(shortcut(slack, "ancien", "mon logo"))
    await slack.said()
    assert [request.text for request in commands.requests] == ["ancienne 5.10", "mon logo"]


# Buttons


async def test_a_button_is_told_from_what_one_types(
    slack: FakeSlack, http: SignedHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = listened(monkeypatch)
    await http.command(slash(slack, "/politique", "5.10"))
    following, _ = buttons((await slack.said()).body["blocks"])
    await http.interaction(press(slack, following, is_ephemeral=True))
    await slack.said()
    assert seen == [False, True]


async def test_a_button_on_a_private_message_replaces_it(slack: FakeSlack, http: SignedHttp) -> None:
    await http.command(slash(slack, "/politique", "5.10"))
    following, _ = buttons((await slack.said()).body["blocks"])
    response = await http.interaction(press(slack, following, is_ephemeral=True))
    assert response.status == HTTPStatus.OK
    answer = await slack.said()
    assert answer.where == "hook/b"
    assert answer.body["replace_original"] is True
    assert "response_type" not in answer.body
    assert "Texte de 5.11." in shown(answer.body["blocks"])


async def test_a_message_shared_is_a_new_one_that_everyone_sees(slack: FakeSlack, http: SignedHttp) -> None:
    await http.command(slash(slack, "/politique", "5.10"))
    _, sharing = buttons((await slack.said()).body["blocks"])
    await http.interaction(press(slack, sharing, is_ephemeral=True))
    answer = await slack.said()
    assert answer.body["response_type"] == "in_channel"
    assert answer.body["replace_original"] is False


async def test_a_button_on_a_public_message_is_answered_in_private_beside_it(
    slack: FakeSlack, http: SignedHttp
) -> None:
    await http.interaction(press(slack, {"action_id": "x", "value": "partager 5.10"}))
    [following] = buttons((await slack.said()).body["blocks"])
    await http.interaction(press(slack, following, thread_ts="17.1"))
    answer = await slack.said()
    assert answer.body["response_type"] == "ephemeral"
    assert answer.body["replace_original"] is False
    assert answer.body["thread_ts"] == "17.1"


async def test_a_button_in_a_conversation_with_the_bot_replaces_its_message(
    slack: FakeSlack, http: SignedHttp, commands: Commands
) -> None:
    await http.event(direct("5.10"))
    following = buttons((await slack.said()).body["blocks"])[0]
    await http.interaction(press(slack, following, channel="D1", is_ephemeral=False))
    assert (await slack.said()).body["replace_original"] is True
    assert commands.requests[-1].place == "direct"


async def test_a_link_that_is_followed_needs_no_answer(slack: FakeSlack, http: SignedHttp) -> None:
    link = {"action_id": "private-1", "url": "https://exemple.invalid"}
    response = await http.interaction(press(slack, link))
    assert response.status == HTTPStatus.OK
    await http.command(slash(slack, "/politique", "5.10"))
    assert (await slack.said()).where == "hook/a"


# Forms


async def test_a_form_opens_in_a_window_and_its_answers_come_back_where_it_was_asked(
    slack: FakeSlack, http: SignedHttp, commands: Commands
) -> None:
    await http.command(slash(slack, "/vigie", "chercher"))
    window = await slack.said()
    assert window.where == "views.open"
    assert window.body["trigger_id"]
    check_structure(window.body["view"], "ModalView")
    response = await http.interaction(submission(window.body["view"], {"mots": "logo", "plus": None}))
    assert (response.status, await response.text()) == (HTTPStatus.OK, "")
    answer = await slack.said()
    assert answer.where == "hook/a"
    assert answer.body["response_type"] == "ephemeral"
    assert shown(answer.body["blocks"]) == "Cherché\u00a0: logo (encore)"
    assert commands.requests[-1].fields == {"mots": "logo", "plus": ""}


async def test_a_refused_form_stays_open_and_says_what_is_wrong_in_its_window(
    slack: FakeSlack, http: SignedHttp
) -> None:
    await http.command(slash(slack, "/vigie", "chercher"))
    view = (await slack.said()).body["view"]
    response = await http.interaction(submission(view, {"mots": "rien", "plus": "gardé"}))
    assert await response.json() == {
        "response_action": "errors",
        "errors": {"mots": "Ces mots ne disent rien."},
    }
    assert slack.silent(), "nothing else is said, in the conversation or elsewhere"
    await http.interaction(submission(view, {"mots": "logo", "plus": "gardé"}))
    assert "Cherché\u00a0: logo" in shown((await slack.said()).body["blocks"])


async def test_a_form_refused_too_late_for_its_window_opens_again_as_it_was_filled_in(
    slack: FakeSlack, http: SignedHttp, commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.platforms.slack.adapter.PATIENCE", 0.05)
    await http.command(slash(slack, "/vigie", "chercher"))
    view = (await slack.said()).body["view"]
    response = await http.interaction(submission(view, {"mots": "lent", "plus": "gardé"}))
    assert (response.status, await response.text()) == (HTTPStatus.OK, "")
    commands.released.set()
    refused = await slack.said()
    assert "Ces mots ne disent rien." in shown(refused.body["blocks"])
    [correct] = buttons(refused.body["blocks"])
    assert correct["text"]["text"] == "Corriger"
    await http.interaction(press(slack, correct, is_ephemeral=True))
    view = (await slack.said()).body["view"]
    assert [block["element"]["initial_value"] for block in view["blocks"]] == ["lent", "gardé"]


async def test_a_form_whose_command_is_gone_says_so_where_it_was_asked(
    slack: FakeSlack, http: SignedHttp, commands: Commands
) -> None:
    await http.command(slash(slack, "/vigie", "chercher"))
    view = (await slack.said()).body["view"]
    known = json.loads(view["private_metadata"]) | {"command": "disparue 5.10"}
    old = {**view, "private_metadata": json.dumps(known)}
    await http.interaction(submission(old, {"mots": "logo", "plus": None}))
    answer = await slack.said()
    assert answer.where == "hook/a"
    assert shown(answer.body["blocks"]).startswith("Ce formulaire vient d'un ancien message")
    assert [request.command for request in commands.requests] == ["chercher"]


async def test_a_window_that_can_no_longer_open_becomes_a_button_that_opens_it(
    slack: FakeSlack, http: SignedHttp
) -> None:
    slack.fail("views.open", "expired_trigger_id")
    await http.command(slash(slack, "/vigie", "chercher"))
    [opening] = buttons((await slack.said()).body["blocks"])
    await http.interaction(press(slack, opening, is_ephemeral=True))
    assert (await slack.said()).where == "views.open"


async def test_a_window_asked_for_more_than_three_seconds_ago_becomes_a_button_that_opens_it(
    slack: FakeSlack, http: SignedHttp, commands: Commands
) -> None:
    await http.command(slash(slack, "/vigie", "attendre"))
    await http.command(slash(slack, "/vigie", "chercher", hook="c"))
    slack.rules.pass_time(TRIGGER_SECONDS + 1)
    commands.released.set()
    late = {call.where: call for call in [await slack.said(), await slack.said()]}["hook/c"]
    await http.interaction(press(slack, buttons(late.body["blocks"])[0], is_ephemeral=True))
    assert (await slack.said()).where == "views.open"


async def test_a_form_filled_in_at_length_is_answered_in_private(slack: FakeSlack, http: SignedHttp) -> None:
    await http.command(slash(slack, "/vigie", "chercher"))
    window = await slack.said()
    slack.rules.pass_time(ADDRESS_SECONDS + 1)
    await http.interaction(submission(window.body["view"], {"mots": "logo", "plus": None}))
    answer = await slack.said()
    assert (answer.where, answer.body["channel"]) == ("chat.postMessage", "U1")
    assert shown(answer.body["blocks"]).startswith("Cherché\u00a0: logo")


async def test_the_sixth_answer_of_a_window_is_given_in_private(slack: FakeSlack, http: SignedHttp) -> None:
    await http.command(slash(slack, "/vigie", "chercher"))
    window = await slack.said()
    answers = []
    for _ in range(ADDRESS_USES + 1):
        await http.interaction(submission(window.body["view"], {"mots": "logo", "plus": None}))
        answers.append((await slack.said()).where)
    assert answers == [*["hook/a"] * ADDRESS_USES, "chat.postMessage"]


async def test_a_form_asked_for_in_writing_opens_with_a_button_and_is_answered_there(
    slack: FakeSlack, http: SignedHttp
) -> None:
    await http.event(direct("chercher"))
    opening = buttons((await slack.said()).body["blocks"])[0]
    await http.interaction(press(slack, opening, channel="D1", is_ephemeral=False))
    window = await slack.said()
    await http.interaction(submission(window.body["view"], {"mots": "logo", "plus": None}))
    answer = await slack.said()
    assert (answer.where, answer.body["channel"]) == ("chat.postMessage", "D1")
    assert shown(answer.body["blocks"]).startswith("Cherché\u00a0: logo (encore)")


async def test_a_shortcut_on_a_message_asks_about_its_text(slack: FakeSlack, http: SignedHttp) -> None:
    asked = shortcut(slack, "chercher", "mon logo &amp; moi\n<!here> ici")
    assert (await http.interaction(asked)).status == HTTPStatus.OK
    answer = await slack.said()
    assert answer.where == "hook/c"
    assert answer.body["response_type"] == "ephemeral"
    assert shown(answer.body["blocks"]) == "Trouvé\u00a0: mon logo & moi\n!here ici"


async def test_a_shortcut_on_one_s_own_message_may_ask_something_else(
    slack: FakeSlack, http: SignedHttp
) -> None:
    await http.interaction(shortcut(slack, "chercher", "mon logo", author="U1"))
    assert "Trouvé" not in shown((await slack.said()).body["blocks"])


# Messages and mentions


async def test_a_message_to_the_bot_is_answered_in_the_conversation(
    slack: FakeSlack, http: SignedHttp, commands: Commands
) -> None:
    response = await http.event(direct("politique 5.10"))
    assert response.status == HTTPStatus.OK
    answer = await slack.said()
    assert (answer.where, answer.body["channel"]) == ("chat.postMessage", "D1")
    assert answer.body["unfurl_links"] is False
    assert "Texte de 5.10." in shown(answer.body["blocks"])
    assert commands.requests[0].place == "direct"


@pytest.mark.parametrize(
    "more",
    [
        {"bot_id": "B9"},
        {"subtype": "message_changed"},
        {"subtype": "message_deleted", "user": None},
        {"subtype": "channel_join"},
        {"edited": {"user": "U1", "ts": "1.1"}},
        {"user": BOT_USER},
        {"channel_type": "channel"},
        {"channel_type": "mpim"},
    ],
)
async def test_what_is_not_a_person_speaking_to_the_bot_is_not_answered(
    slack: FakeSlack, http: SignedHttp, more: Json
) -> None:
    assert (await http.event(direct("5.12", **more))).status == HTTPStatus.OK
    await http.event(direct("5.10"))
    assert "5.10" in shown((await slack.said()).body["blocks"])
    assert slack.silent()


async def test_a_file_with_words_is_answered_for_its_words_in_its_thread(
    slack: FakeSlack, http: SignedHttp
) -> None:
    await http.event(direct("5.10", subtype="file_share", thread_ts="17.1"))
    answer = await slack.said()
    assert answer.body["thread_ts"] == "17.1"
    assert "Texte de 5.10." in shown(answer.body["blocks"])


@pytest.mark.parametrize("subtype", ["me_message", "thread_broadcast"])
@pytest.mark.parametrize("entry", [direct, mention])
async def test_words_are_answered_however_one_says_them(
    slack: FakeSlack, http: SignedHttp, subtype: str, entry: Callable[..., Json]
) -> None:
    await http.event(entry("5.10", subtype=subtype, thread_ts="17.1"))
    answer = await slack.said()
    assert answer.body["thread_ts"] == "17.1"
    assert "Texte de 5.10." in shown(answer.body["blocks"])


async def test_a_mention_is_answered_to_the_person_alone(
    slack: FakeSlack, http: SignedHttp, commands: Commands
) -> None:
    await http.event(mention("5.10", thread_ts="17.1"))
    answer = await slack.said()
    assert answer.where == "chat.postEphemeral"
    assert (answer.body["channel"], answer.body["user"], answer.body["thread_ts"]) == ("C1", "U1", "17.1")
    assert commands.requests[0].text == "5.10"
    assert commands.requests[0].place == "channel"


async def test_a_mention_without_a_word_shows_the_menu(slack: FakeSlack, http: SignedHttp) -> None:
    await http.event(mention(""))
    assert shown((await slack.said()).body["blocks"][0]) == "Menu"


async def test_an_event_sent_twice_is_answered_once(slack: FakeSlack, http: SignedHttp) -> None:
    once = direct("5.10")
    for _ in range(2):
        assert (await http.event(once)).status == HTTPStatus.OK
    await slack.said()
    await http.event(direct("5.11"))
    assert "5.11" in shown((await slack.said()).body["blocks"])
    assert slack.silent()


async def test_only_the_latest_events_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "EVENTS_KEPT", 3)
    heard = adapter.in_memory()
    assert [await heard(event) for event in ("1", "2", "3", "1", "4", "5")] == [
        True,
        True,
        True,
        False,
        True,
        True,
    ]
    assert await heard("1")


# The App Home tab


async def test_the_home_tab_shows_the_menu(slack: FakeSlack, http: SignedHttp) -> None:
    await http.event(event({"type": "app_home_opened", "user": "U1", "channel": "D1", "tab": "home"}))
    answer = await slack.said()
    assert (answer.where, answer.body["user_id"]) == ("views.publish", "U1")
    assert answer.body["view"]["type"] == "home"
    assert shown(answer.body["view"]) == "MenuLireSite", "the menu has no way back to itself"


async def test_the_messages_tab_says_nothing_of_itself(slack: FakeSlack, http: SignedHttp) -> None:
    await http.event(event({"type": "app_home_opened", "user": "U1", "channel": "D1", "tab": "messages"}))
    await http.event(direct("5.10"))
    assert (await slack.said()).where == "chat.postMessage"
    assert slack.silent()


async def test_a_button_on_the_home_tab_is_answered_there_with_a_way_back(
    slack: FakeSlack, http: SignedHttp
) -> None:
    await http.interaction(press_at_home(slack, {"action_id": "private-0", "value": "politique 5.10"}))
    answer = await slack.said()
    assert answer.where == "views.publish"
    assert "Texte de 5.10." in shown(answer.body["view"])
    assert buttons(answer.body["view"]["blocks"])[-1]["value"] == "vigie"


async def test_a_form_of_the_home_tab_is_answered_there(slack: FakeSlack, http: SignedHttp) -> None:
    await http.interaction(press_at_home(slack, {"action_id": "private-0", "value": "chercher"}))
    window = await slack.said()
    assert window.where == "views.open"
    await http.interaction(submission(window.body["view"], {"mots": "logo", "plus": None}))
    answer = await slack.said()
    assert answer.where == "views.publish"
    assert "Cherché\u00a0: logo" in shown(answer.body["view"])


# When Slack does not take an answer


async def test_a_rate_limit_is_waited_for(slack: FakeSlack, http: SignedHttp) -> None:
    slack.fail_with("chat.postMessage", 429, **{"Retry-After": "0"})
    slack.fail_with("hook/a", 429, **{"Retry-After": "0"})
    await http.event(direct("5.10"))
    await http.command(slash(slack, "/politique", "5.11"))
    assert {(await slack.said()).where, (await slack.said()).where} == {"chat.postMessage", "hook/a"}


async def test_where_the_bot_is_not_a_member_the_answer_comes_in_private(
    slack: FakeSlack, http: SignedHttp
) -> None:
    slack.fail("chat.postEphemeral", "not_in_channel")
    await http.event(mention("5.10"))
    answer = await slack.said()
    assert (answer.where, answer.body["channel"]) == ("chat.postMessage", "U1")


@pytest.mark.parametrize("status", [404, 410, 500])
async def test_an_address_that_has_expired_is_replaced_by_a_private_message(
    slack: FakeSlack, http: SignedHttp, status: int
) -> None:
    slack.fail_with("hook/a", status)
    await http.command(slash(slack, "/politique", "5.10"))
    answer = await slack.said()
    assert (answer.where, answer.body["channel"]) == ("chat.postMessage", "U1")


async def test_an_answer_that_the_home_tab_cannot_show_comes_in_private(
    slack: FakeSlack, http: SignedHttp
) -> None:
    slack.fail("views.publish", "internal_error", times=4)  # each is tried twice, which does no harm
    await http.event(event({"type": "app_home_opened", "user": "U1", "channel": "D1", "tab": "home"}))
    await http.interaction(press_at_home(slack, {"action_id": "private-0", "value": "politique 5.10"}))
    answer = await slack.said()
    assert (answer.where, answer.body["channel"]) == ("chat.postMessage", "U1")
    assert "Texte de 5.10." in shown(answer.body["blocks"])
    assert slack.silent()


async def test_an_answer_that_can_nowhere_be_given_does_not_stop_the_next_ones(
    slack: FakeSlack, http: SignedHttp
) -> None:
    slack.fail_with("hook/a", 404)
    slack.fail("chat.postMessage", "channel_not_found", times=2)
    slack.fail("views.publish", "internal_error", times=2)
    await http.command(slash(slack, "/politique", "5.10"))
    await http.interaction(press_at_home(slack, {"action_id": "private-0", "value": "politique 5.10"}))
    await http.command(slash(slack, "/politique", "5.11", hook="c"))
    assert (await slack.said()).where == "hook/c"


@pytest.mark.parametrize("cut", [False, True])
@pytest.mark.parametrize("text", ["5.10", "chercher", "partager 5.10"])
async def test_an_answer_in_private_that_slack_took_before_it_failed_is_shown_once(
    slack: FakeSlack, http: SignedHttp, adapter: SlackAdapter, text: str, *, cut: bool
) -> None:
    slack.act_then_fail("chat.postMessage", cut=cut)
    await http.event(direct(text))
    await slack.said()
    await adapter.close()  # once all is answered
    assert slack.silent()


@pytest.mark.parametrize("status", [500, 503])
async def test_an_answer_in_private_that_slack_failed_to_take_is_sent_again(
    slack: FakeSlack, http: SignedHttp, adapter: SlackAdapter, status: int
) -> None:
    slack.fail_with("chat.postMessage", status)
    await http.event(direct("5.10", thread_ts="17.1"))
    answer = await slack.said()
    assert (answer.body["channel"], answer.body["thread_ts"]) == ("D1", "17.1")
    await adapter.close()
    assert slack.silent()


async def test_an_answer_that_the_bot_may_not_look_for_is_rather_given_twice_than_lost(
    slack: FakeSlack, http: SignedHttp
) -> None:
    slack.lacking["conversations.history"] = "im:history"
    slack.fail_with("chat.postMessage", 500)
    await http.event(direct("5.10"))
    assert "Texte de 5.10." in shown((await slack.said()).body["blocks"])


@pytest.mark.parametrize("cut", [False, True])
async def test_a_private_message_in_place_of_another_answer_is_shown_once(
    slack: FakeSlack, http: SignedHttp, adapter: SlackAdapter, *, cut: bool
) -> None:
    slack.fail_with("hook/a", 404)
    slack.act_then_fail("chat.postMessage", cut=cut)
    await http.command(slash(slack, "/politique", "5.10"))
    answer = await slack.said()
    assert (answer.where, answer.body["channel"]) == ("chat.postMessage", "U1")
    await adapter.close()
    assert slack.silent()


@pytest.mark.parametrize("cut", [False, True])
async def test_what_replaces_a_message_is_asked_for_again_there(
    slack: FakeSlack, http: SignedHttp, adapter: SlackAdapter, *, cut: bool
) -> None:
    await http.command(slash(slack, "/politique", "5.10"))
    following, _ = buttons((await slack.said()).body["blocks"])
    slack.act_then_fail("hook/b", cut=cut)
    await http.interaction(press(slack, following, is_ephemeral=True))
    answers = [await slack.said(), await slack.said()]
    assert [(call.where, call.body["replace_original"]) for call in answers] == [("hook/b", True)] * 2
    await adapter.close()
    assert slack.silent()


@pytest.mark.parametrize("cut", [False, True])
async def test_a_window_that_opened_before_slack_failed_is_not_offered_again(
    slack: FakeSlack, http: SignedHttp, adapter: SlackAdapter, *, cut: bool
) -> None:
    slack.act_then_fail("views.open", cut=cut)
    await http.command(slash(slack, "/vigie", "chercher"))
    assert (await slack.said()).where == "views.open"
    await adapter.close()
    assert slack.silent()


async def test_what_is_shared_in_a_conversation_with_the_bot_is_looked_for_too(
    slack: FakeSlack, http: SignedHttp, adapter: SlackAdapter
) -> None:
    await http.event(direct("5.10"))
    sharing = buttons((await slack.said()).body["blocks"])[1]
    slack.act_then_fail("chat.postMessage")
    await http.interaction(press(slack, sharing, channel="D1", is_ephemeral=False))
    answer = await slack.said()
    assert (answer.where, answer.body["channel"]) == ("chat.postMessage", "D1")
    await adapter.close()
    assert slack.silent()


@pytest.mark.parametrize("where", ["slash", "direct", "mention", "home"])
async def test_an_answer_that_cannot_be_shown_is_an_apology_with_a_reference(
    slack: FakeSlack, http: SignedHttp, caplog: pytest.LogCaptureFixture, where: str
) -> None:
    if where == "slash":
        await http.command(slash(slack, "/vigie", "perdue"))
    elif where == "home":
        await http.interaction(press_at_home(slack, {"action_id": "private-0", "value": "perdue"}))
    else:
        await http.event({"direct": direct, "mention": mention}[where]("perdue"))
    shown_text = shown((await slack.said()).body)
    assert "Pardon" in shown_text
    assert any(record.getMessage()[:6] in shown_text for record in caplog.records)


# What does not come from Slack


async def test_what_is_not_signed_by_slack_is_refused_without_an_answer(
    slack: FakeSlack, http: SignedHttp
) -> None:
    payload = slash(slack, "/politique", "5.10")
    async with http.session.post(http.url, data=payload) as response:
        assert response.status == HTTPStatus.UNAUTHORIZED
    headers = {"X-Slack-Request-Timestamp": "1", "X-Slack-Signature": "v0=0"}
    async with http.session.post(http.url, data=payload, headers=headers) as response:
        assert response.status == HTTPStatus.UNAUTHORIZED
    await http.command(slash(slack, "/politique", "5.11", hook="c"))
    assert (await slack.said()).where == "hook/c"
    assert slack.silent()


@pytest.mark.parametrize("body", [b"\xff\xfe", b"{", b"payload=%7B", b"payload={"])
async def test_what_cannot_even_be_read_is_refused(http: SignedHttp, body: bytes) -> None:
    kind = "application/json" if body.startswith(b"{") else "application/x-www-form-urlencoded"
    async with http.session.post(http.url, data=body, headers={"Content-Type": kind}) as response:
        assert response.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED}


async def test_there_is_no_other_route(http: SignedHttp) -> None:
    for path in ("/", "/slack", "/slack/install", "/slack/oauth_redirect"):
        async with http.session.get(http.url.replace("/slack/events", path)) as response:
            assert response.status == HTTPStatus.NOT_FOUND
    async with http.session.get(http.url) as response:
        assert response.status == HTTPStatus.METHOD_NOT_ALLOWED


async def test_an_unknown_kind_of_interaction_breaks_nothing(slack: FakeSlack, http: SignedHttp) -> None:
    await http.interaction(
        {"type": "view_submission", "user": {"id": "U1"}, "view": {"callback_id": "autre"}}
    )
    await http.interaction(
        {"type": "block_actions", "user": {"id": "U1"}, "actions": [{"value": "politique 5.10"}]}
    )
    await http.command(slash(slack, "/politique", "5.11", hook="c"))
    assert (await slack.said()).where == "hook/c"


# Privacy


async def test_nothing_of_what_people_write_or_are_is_logged(
    slack: FakeSlack, http: SignedHttp, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="bot")
    caplog.set_level(logging.DEBUG, logger="slack_bolt")
    caplog.set_level(logging.DEBUG, logger="slack_sdk")
    slack.fail_with("hook/a", 404)
    slack.fail("chat.postMessage", "channel_not_found")
    slack.fail("views.open", "expired_trigger_id")
    await http.command(slash(slack, "/politique", SECRET_WORDS))
    await http.command(slash(slack, "/vigie", f"perdue {SECRET_WORDS}", hook="c"))
    await http.command(slash(slack, "/vigie", "chercher", hook="d"))
    await http.event(event({"type": "reaction_added", "user": "U1", "reaction": SECRET_WORDS}))
    await http.interaction(
        {"type": "block_actions", "user": {"id": "U1"}, "actions": [{"value": SECRET_WORDS}]}
    )
    await http.interaction({"type": "inconnu", "user": {"id": "U1"}, "mots": SECRET_WORDS})
    for _ in range(2):
        await slack.said()
    logged = caplog.text
    assert "Slack refused a reply: HTTP 404" in logged
    for secret in (SECRET_WORDS, BOT_TOKEN, SIGNING_SECRET, "U1", "C1", "/hook/"):
        assert secret not in logged
