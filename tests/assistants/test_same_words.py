"""One clause reached from chat, page, feed, JSON, Akoma Ntoso and an assistant: the same everywhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from lxml import etree
from lxml import html as lxml_html

from bot.app.publication import quoter
from bot.conversation.messages import Quote
from bot.times import in_words
from tests.assistants.test_assistants import call, client_of
from tests.kits.people import NOW
from tests.publication.publisher import ADDRESS, FIRST, SECOND, Publisher
from tests.publication.test_akoma_ntoso import AKN
from tests.publication.test_serving import association

FORCE = "encouragement"
NOTES = f"""
[policy]
name = "Code"
gender = "masculin"
title = "Code du club"
version = "2018-09-10"

[force]
"2.2" = "permission"
"2.3" = "{FORCE}"
"""
WORDS = "Chaque membre garde son logo pour soi."
ADDED = "Les photos du local sont permises."
REVISION = date(2018, 9, 10)
ATOM = "{http://www.w3.org/2005/Atom}"


@dataclass(frozen=True)
class Reached:
    """What a door says of a clause."""

    words: str
    number: str
    force: str
    version: str


@pytest.fixture(scope="module")
def club(tmp_path_factory: pytest.TempPathFactory) -> Publisher:
    """The club's code in two versions. The second one inserts 2.2, and what was 2.2 is 2.3."""
    texts = {"club": {"2015-05-04": FIRST, "2018-09-10": SECOND}}
    made = Publisher(tmp_path_factory.mktemp("club"), texts, {"club": NOTES}, today=NOW.date())
    made.publish()
    return made


def page(club: Publisher, version: str, number: str) -> Reached:
    tree = lxml_html.fromstring(club.files()[f"club/{version}/{number}.html"])
    article = tree.find(".//article")
    assert article is not None
    assert in_words(date.fromisoformat(version)) in article.text_content()
    return Reached(
        article.find("blockquote").text_content(),
        article.find("h1").text_content(),
        article.xpath("string(.//*[@class='badge force'])").lower(),
        version,
    )


def data(club: Publisher, version: str, number: str) -> Reached:
    text = json.loads(club.page(f"club/{version}/texte.json"))
    [part] = [each for each in text["provisions"] if each["number"] == number]
    return Reached("\n\n".join(part["paragraphs"]), part["label"], part["force"], text["version"])


def akoma_ntoso(club: Publisher, version: str, number: str) -> Reached:
    root = etree.fromstring(club.files()[f"club/{version}/texte.akn.xml"])
    [clause] = [each for each in root.iter(f"{AKN}clause") if each.findtext(f"{AKN}num") == number]
    concept = clause.get("refersTo", "").removeprefix("#")
    return Reached(
        "".join(clause.find(f"{AKN}content").itertext()).strip(),
        number,
        root.xpath("string(//*[@eId=$concept]/@showAs)", concept=concept),
        root.find(f".//{AKN}FRBRExpression/{AKN}FRBRdate").get("date"),
    )


@pytest.mark.parametrize("door", [page, data, akoma_ntoso])
@pytest.mark.parametrize(("version", "number"), [("2015-05-04", "2.2"), ("2018-09-10", "2.3")])
def test_what_is_published_says_the_same_of_a_clause(
    club: Publisher, door: Callable[[Publisher, str, str], Reached], version: str, number: str
) -> None:
    assert door(club, version, number) == Reached(WORDS, number, FORCE, version)


@pytest.mark.parametrize(("version", "number"), [("2015-05-04", "2.2"), ("2018-09-10", "2.3")])
async def test_an_assistant_is_given_the_same(
    club: Publisher, version: str, number: str, tmp_path: Path
) -> None:
    own = str(club.folder / "donnees")
    async with client_of(tmp_path, vigie_data=own) as client:
        [given] = (await call(client, "lire", numero=number, date=version))["provisions"]
    assert Reached(given["text"], given["number"], given["force"], given["version"]) == Reached(
        WORDS, number, FORCE, version
    )


@pytest.mark.parametrize(("version", "number"), [("2015-05-04", "2.2"), ("2018-09-10", "2.3")])
def test_chat_quotes_the_same_and_leads_to_the_page(
    club: Publisher, version: str, number: str, tmp_path: Path
) -> None:
    own = str(club.folder / "donnees")
    bot = association(tmp_path, vigie_data=own, vigie_adresse_site=ADDRESS)
    quotation = quoter(bot)(Quote("club", version, number))
    bot.storage.close()
    assert "".join(span.text for span in quotation.paragraphs[0]) == f"«\u00a0{WORDS}\u00a0»"
    caption = f"Code, {number} ({FORCE})"
    if version != REVISION.isoformat():
        caption += f", version du {in_words(date.fromisoformat(version))}"
    assert quotation.caption == caption
    assert quotation.address == f"{ADDRESS}/club/{version}/{number}.html"


def test_the_feed_leads_to_the_same_words(club: Publisher) -> None:
    feed = ET.fromstring(club.page("revisions.atom"))  # noqa: S314 — what the test has just made
    [link] = [
        entry.find(f"{ATOM}link")
        for entry in feed.iter(f"{ATOM}entry")
        if in_words(REVISION) in (entry.findtext(f"{ATOM}title") or "")
    ]
    assert link is not None
    path = link.get("href", "").removeprefix(f"{ADDRESS}/")
    shown = lxml_html.fromstring(club.files()[path]).find(".//main").text_content()
    assert ADDED in shown
    assert "2.2, ajoutée" in shown
    assert in_words(REVISION) in shown
    assert data(club, "2018-09-10", "2.2") == Reached(ADDED, "2.2", "permission", "2018-09-10")


async def test_the_permanent_address_of_a_provision_to_come_is_read(tmp_path: Path) -> None:
    made = Publisher(tmp_path)
    made.publish()
    async with client_of(tmp_path, vigie_data=str(tmp_path / "donnees")) as client:
        [given] = (await call(client, "lire", numero="3.2", date="2027-03-01"))["provisions"]
        contents = (await client.read_resource(given["permanent_uri"])).contents[0]
    assert given["status"] == "à venir"
    assert json.loads(str(getattr(contents, "text", "")))["provisions"] == [given]
