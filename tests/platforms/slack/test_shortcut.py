"""The shortcut that Slack offers everywhere, threads included: a window to ask, the menu, the answers in it.

Slack tells nothing of the place: there is no channel and no address to answer at, only a trigger.
"""

from __future__ import annotations

import pytest

from bot.platforms.slack import adapter
from tests.kits.platforms.fake_slack import FakeSlack, SignedHttp
from tests.kits.platforms.slack import (
    Commands,
    Json,
    anywhere,
    buttons,
    press_in_window,
    submission,
)
from tests.kits.platforms.slack_checks import check_structure, check_view, shown
from tests.kits.platforms.slack_rules import TRIGGER_SECONDS

pytest_plugins = ["tests.kits.platforms.slack_fixtures"]


async def opened(slack: FakeSlack, http: SignedHttp) -> Json:
    """Return the window that the shortcut opens."""
    await http.interaction(anywhere(slack, "chercher"))
    window = await slack.said()
    assert window.where == "views.open"
    view: Json = window.body["view"]
    return view


ANSWERS: dict[str, str | None] = {"mots": "logo", "plus": None}


async def test_it_opens_a_window_to_ask_which_then_shows_the_answer(
    slack: FakeSlack, http: SignedHttp, commands: Commands
) -> None:
    view = await opened(slack, http)
    check_structure(view, "ModalView")
    response = await http.interaction(submission(view, ANSWERS, slack.trigger()))
    shows = await response.json()
    assert shows["response_action"] == "update"
    check_view(shows["view"])
    check_structure(shows["view"], "ModalView")
    assert "Cherché\u00a0: logo (encore)" in shown(shows["view"])
    assert shown(buttons(shows["view"]["blocks"])[-1]) == "Menu"
    assert [request.place for request in commands.requests] == ["home", "home"]
    assert slack.silent(), "nothing is written in a conversation"


async def test_an_answer_that_takes_a_while_comes_in_a_window_of_its_own(
    slack: FakeSlack, http: SignedHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "PATIENCE", 0)
    view = await opened(slack, http)
    response = await http.interaction(submission(view, ANSWERS, slack.trigger()))
    assert await response.text() == "", "the window closes"
    answer = await slack.said()
    assert answer.where == "views.open"
    assert "Cherché\u00a0: logo (encore)" in shown(answer.body["view"])


async def test_an_answer_that_cannot_be_shown_is_an_apology(slack: FakeSlack, http: SignedHttp) -> None:
    view = await opened(slack, http)
    broken = {**view, "private_metadata": view["private_metadata"].replace("chercher encore", "perdue")}
    await http.interaction(submission(broken, ANSWERS, slack.trigger()))
    answer = await slack.said()
    assert answer.where == "views.open"
    assert "Pardon" in shown(answer.body["view"])


async def test_the_menu_is_a_press_away_and_what_it_leads_to_shows_in_the_same_window(
    slack: FakeSlack, http: SignedHttp
) -> None:
    [menu] = buttons((await opened(slack, http))["blocks"])
    await http.interaction(press_in_window(slack, menu))
    shows_menu = await slack.said()
    assert (shows_menu.where, shows_menu.body["view_id"]) == ("views.update", "V2")
    read, _ = buttons(shows_menu.body["view"]["blocks"])
    await http.interaction(press_in_window(slack, read))
    clause = await slack.said()
    assert (clause.where, clause.body["view_id"]) == ("views.update", "V2")
    assert "Texte de 5.10." in shown(clause.body["view"])
    assert shown(buttons(clause.body["view"]["blocks"])[-1]) == "Menu"


async def test_a_form_asked_for_in_a_window_opens_over_it_and_is_answered_in_it(
    slack: FakeSlack, http: SignedHttp
) -> None:
    ask = {"action_id": "private-0", "value": "chercher"}
    await http.interaction(press_in_window(slack, ask))
    pushed = await slack.said()
    assert pushed.where == "views.push"
    assert buttons(pushed.body["view"]["blocks"]) == [], "Slack has an arrow that leads back"
    await http.interaction(submission(pushed.body["view"], {"mots": "logo", "plus": None}))
    answer = await slack.said()
    assert (answer.where, answer.body["view_id"]) == ("views.update", "V2")
    assert "Cherché\u00a0: logo" in shown(answer.body["view"])


async def test_what_comes_after_three_seconds_becomes_a_private_message_that_opens_it(
    slack: FakeSlack, http: SignedHttp
) -> None:
    late = anywhere(slack, "chercher")
    slack.rules.pass_time(TRIGGER_SECONDS + 1)
    await http.interaction(late)
    offer = await slack.said()
    assert (offer.where, offer.body["channel"]) == ("chat.postMessage", "U1")
    assert shown(buttons(offer.body["blocks"])[0]) == "Ouvrir"


async def test_an_answer_that_takes_more_than_three_seconds_comes_in_private(
    slack: FakeSlack, http: SignedHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "PATIENCE", 0)
    view = await opened(slack, http)
    trigger = slack.trigger()
    slack.rules.pass_time(TRIGGER_SECONDS + 1)
    await http.interaction(submission(view, ANSWERS, trigger))
    answer = await slack.said()
    assert (answer.where, answer.body["channel"]) == ("chat.postMessage", "U1")
    assert shown(answer.body["blocks"]).startswith("Cherché\u00a0: logo")


async def test_the_answer_to_a_window_that_was_closed_meanwhile_comes_in_private(
    slack: FakeSlack, http: SignedHttp
) -> None:
    slack.fail("views.update", "not_found")
    await http.interaction(press_in_window(slack, {"action_id": "private-0", "value": "politique 5.10"}))
    answer = await slack.said()
    assert (answer.where, answer.body["channel"]) == ("chat.postMessage", "U1")
    assert "Texte de 5.10." in shown(answer.body["blocks"])


@pytest.mark.parametrize("callback", ["vigie", "ancien"])
async def test_one_whose_command_is_gone_opens_the_menu(
    slack: FakeSlack, http: SignedHttp, callback: str
) -> None:
    await http.interaction(anywhere(slack, callback))
    menu = await slack.said()
    assert menu.where == "views.open"
    assert shown(menu.body["view"]["blocks"]).startswith("Menu")


async def test_what_must_not_stay_is_shown_in_a_window_without_the_menu(
    slack: FakeSlack, http: SignedHttp
) -> None:
    await http.interaction(anywhere(slack, "taire"))
    window = await slack.said()
    assert window.where == "views.open"
    assert [shown(button) for button in buttons(window.body["view"]["blocks"])] == ["Remplir"]
    assert slack.silent()
