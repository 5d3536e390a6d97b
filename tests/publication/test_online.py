"""« Lire en ligne »: each quotation in chat leads to the published page of its clause and version."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.app.publication import quoter
from bot.conversation.messages import Message, Quote, Text
from bot.platforms.discord import render as discord
from bot.platforms.email import render as email
from bot.platforms.local import render as local
from bot.platforms.slack import render as slack
from tests.publication.publisher import ADDRESS, Publisher, association

URL = f"{ADDRESS}/club/2018-09-10/2.3.html"
MESSAGE = Message(Text("Voici."), Quote("club", "2018-09-10", "2.3"))


@pytest.mark.parametrize(
    "drawn",
    [
        lambda quote: str(discord.render(MESSAGE, quote).to_components()),
        lambda quote: str(slack.render(MESSAGE, quote)),
        lambda quote: str(local.render(MESSAGE, quote)),
        lambda quote: str(email.plain_text(MESSAGE, quote)),
    ],
    ids=["discord", "slack", "local", "email"],
)
def test_a_quotation_leads_to_the_page_of_its_clause(tmp_path: Path, drawn: object) -> None:
    assert callable(drawn)
    bot = association(tmp_path, vigie_adresse_site=ADDRESS)
    assert URL in drawn(quoter(bot))
    assert "lire en ligne" in drawn(quoter(bot)).lower()
    assert "en ligne" not in drawn(bot.library.quote).lower()
    bot.storage.close()


def test_the_page_is_there_with_the_same_words(tmp_path: Path) -> None:
    bot, made = association(tmp_path, vigie_adresse_site=ADDRESS), Publisher(tmp_path / "site")
    made.publish()
    quotation = quoter(bot)(Quote("club", "2018-09-10", "2.3"))
    page = made.page(quotation.address.removeprefix(f"{ADDRESS}/"))
    page = made.page(page.partition("url=../../")[2].partition('"')[0]) if "url=" in page else page
    assert "".join(span.text for span in quotation.paragraphs[0])[-25:-2] in page
    bot.storage.close()


def test_without_an_address_nothing_is_added(tmp_path: Path) -> None:
    bot = association(tmp_path)
    assert quoter(bot)(Quote("club", "2018-09-10", "2.3")).address == ""
    bot.storage.close()


def test_a_policy_that_is_not_public_has_no_link(tmp_path: Path) -> None:
    bot = association(tmp_path, vigie_adresse_site=ADDRESS, vigie_politique="pa20")
    assert quoter(bot)(Quote("pa20", "2015-12-13", "5.10")).address == ""
    bot.storage.close()


def test_where_links_would_not_fit_the_words_are_sent_without(tmp_path: Path) -> None:
    bot = association(tmp_path, vigie_adresse_site=ADDRESS)
    quotes = (Quote("club", "2018-09-10", "2.3", start, start + 4) for start in range(8))
    many = Message(Text("x" * 3_000), *quotes)
    payload = str(discord.render(many, quoter(bot)).to_components())
    assert "en ligne" not in payload
    bot.storage.close()
