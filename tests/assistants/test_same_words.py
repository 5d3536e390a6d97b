"""One clause reached from chat, page, feed, JSON, Akoma Ntoso and an assistant: the same everywhere."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date
from os.path import normpath
from pathlib import Path

import pytest
from lxml import etree
from lxml import html as lxml_html

from bot.app.publication import quoter
from bot.conversation.messages import Message, Quote
from bot.conversation.requests import Actor
from bot.times import in_words
from tests.assistants.client import call, client_of
from tests.kits.people import NOW
from tests.publication.publisher import ADDRESS, FIRST, SECOND, Publisher, association
from tests.publication.test_akoma_ntoso import AKN

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


def feed(club: Publisher, version: str, number: str) -> Reached:
    """Follow the feed's entry of a version, then the link of a number there."""
    [entry] = [
        entry
        for entry in etree.fromstring(club.files()["revisions.atom"]).iter(f"{ATOM}entry")
        if in_words(date.fromisoformat(version)) in entry.findtext(f"{ATOM}title")
    ]
    path = entry.find(f"{ATOM}link").get("href").removeprefix(f"{ADDRESS}/")
    path += "index.html" if path.endswith("/") else ""
    links = lxml_html.fromstring(club.files()[path]).find(".//main").iter("a")
    [link] = [each.get("href") for each in links if each.text_content() == number]
    _, reached, file = normpath(Path(path).parent / link).split("/")
    return page(club, reached, file.removesuffix(".html"))


async def chat(club: Publisher, version: str, number: str, folder: Path) -> Reached:
    """Ask in a private message, and read the quotation as a platform shows it."""
    own, day = str(club.folder / "donnees"), date.fromisoformat(version)
    bot = association(folder, vigie_data=own, vigie_adresse_site=ADDRESS)
    try:
        asked = bot.dispatcher.from_text(f"{number} --date {version}", actor=Actor("local", "", "membre"))
        reply = await bot.dispatcher.handle(asked)
        assert isinstance(reply, Message)
        [quoted] = [element for element in reply.elements if isinstance(element, Quote)]
        quotation = quoter(bot)(quoted)
    finally:
        bot.storage.close()
    assert quotation.address == f"{ADDRESS}/club/{version}/{number}.html"
    shown = re.fullmatch(r"Code, (\S+) \((.+)\)(?:, version du (.+))?", quotation.caption)
    assert shown
    assert shown[3] in {None, in_words(day)}
    assert shown[3] or version == max(club.texts["club"]), "only the one in force is not dated"
    words = "".join(span.text for span in quotation.paragraphs[0])
    return Reached(words.removeprefix("«\u00a0").removesuffix("\u00a0»"), shown[1], shown[2], version)


async def assistant(club: Publisher, version: str, number: str, folder: Path) -> Reached:
    async with client_of(folder, vigie_data=str(club.folder / "donnees")) as client:
        [given] = (await call(client, "lire", numero=number, date=version))["provisions"]
    return Reached(given["text"], given["number"], given["force"], given["version"])


@pytest.mark.parametrize(("version", "number"), [("2015-05-04", "2.2"), ("2018-09-10", "2.3")])
async def test_every_door_to_a_clause_gives_the_same_words_number_force_and_version(
    club: Publisher, version: str, number: str, tmp_path: Path
) -> None:
    reached = {
        "chat": await chat(club, version, number, tmp_path / "chat"),
        "page": page(club, version, number),
        "feed": feed(club, version, number),
        "JSON": data(club, version, number),
        "Akoma Ntoso": akoma_ntoso(club, version, number),
        "MCP": await assistant(club, version, number, tmp_path),
    }
    assert reached == dict.fromkeys(reached, Reached(WORDS, number, FORCE, version))


async def test_the_permanent_address_of_a_provision_to_come_is_read(tmp_path: Path) -> None:
    made = Publisher(tmp_path)
    made.publish()
    async with client_of(tmp_path, vigie_data=str(tmp_path / "donnees")) as client:
        [given] = (await call(client, "lire", numero="3.2", date="2027-03-01"))["provisions"]
        contents = (await client.read_resource(given["permanent_uri"])).contents[0]
    assert given["status"] == "à venir"
    assert json.loads(str(getattr(contents, "text", "")))["provisions"] == [given]
