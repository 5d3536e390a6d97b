"""What the public site says: the three addresses of a provision, what became of it, and what is in force."""

from __future__ import annotations

import json
import re
from datetime import date
from html import unescape
from pathlib import Path

import pytest

from bot.site import frame
from bot.site.frame import Door, Leaf, SiteFacts
from tests.publication.publisher import Publisher


@pytest.fixture(scope="module")
def club(tmp_path_factory: pytest.TempPathFactory) -> Publisher:
    made = Publisher(tmp_path_factory.mktemp("club"))
    made.annotations["club"] = (
        '[policy]\nversion = "2024-02-01"\nname = "Code"\ngender = "masculin"\n\n'
        '[force]\n"2.2" = "directive"\n\n'
        '[[together]]\nclauses = ["2.1", "2.2"]\nreason = "Les images et le logo."\n'
    )
    made.publish()
    return made


def words(html: str) -> str:
    """Return what a page says, without its markup, its head and its spaces."""
    body = html.partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", "<main" + body)).replace("\u00a0", " ").split())


def leads_to(html: str) -> str | None:
    """Return where a page leads by itself, if it does."""
    match = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', html)
    return match[1] if match else None


def test_a_number_today_shows_what_bears_it_now_and_what_it_meant_before(club: Publisher) -> None:
    page = words(club.page("club/2.2.html"))
    assert "Chaque membre garde le logo du club pour soi." in page
    assert "En vigueur, version du 1er février 2024" in page
    assert (
        "Du 10 septembre 2018 au 31 janvier 2024, 2.2 désignait : Les photos du local sont permises. "
        ", aujourd'hui 2.1" in page
    )
    assert "Jusqu'au 9 septembre 2018, 2.2 désignait la même disposition, en d'autres mots" in page


def test_a_number_that_nobody_bears_any_more_says_what_became_of_it(club: Publisher) -> None:
    page = words(club.page("club/2.3.html"))
    assert "Rien ne porte plus le numéro 2.3 depuis le 1er février 2024." in page
    assert "La disposition est aujourd'hui 2.2 ." in page


def test_the_number_at_a_date_is_what_it_said_then(club: Publisher) -> None:
    page = words(club.page("club/2015-05-04/2.2.html"))
    assert "Chaque membre garde son logo pour soi." in page
    assert "aujourd'hui sous le même numéro, en d'autres mots." in page
    assert "Il est interdit de courir" in words(club.page("club/2015-05-04/2.1.html"))


def test_what_older_words_in_force_say_does_not_name_another_version_than_the_one_in_force(
    club: Publisher,
) -> None:
    assert "En vigueur, inchangée depuis le 4 mai 2015" in words(club.page("club/1.2.html"))


def test_a_version_to_come_does_not_say_that_it_was_adopted_on_a_day_to_come(club: Publisher) -> None:
    page = words(club.page("club/versions.html"))
    assert "À venir, à compter du 1er mars 2027." in page
    assert "e le 1er mars 2027" not in page


def test_a_repealed_provision_says_since_when(club: Publisher) -> None:
    assert "Abrogée depuis le 1er février 2024" in words(club.page("club/2015-05-04/2.1.html"))
    assert "Abrogée le 1er février 2024, sans remplacement." in words(club.page("club/2015-05-04/2.1.html"))


def test_an_unchanged_provision_is_one_page_for_all_its_versions(club: Publisher) -> None:
    assert leads_to(club.page("club/2015-05-04/1.2.html")) is None
    for version in ("2018-09-10", "2024-02-01", "2027-03-01"):
        page = club.page(f"club/{version}/1.2.html")
        assert leads_to(page) == "../../club/2015-05-04/1.2.html"
        assert '<a href="../../club/2015-05-04/1.2.html">' in page
        assert 'rel="canonical" href="https://politiques.exemple.ca/club/2015-05-04/1.2.html"' in page
    assert "Texte des versions du" in words(club.page("club/2015-05-04/1.2.html"))


def test_the_address_by_identity_follows_a_provision_under_all_its_numbers(club: Publisher) -> None:
    page = club.page("club/id/2015-05-04/2.2.html")
    page_words = words(page)
    assert "Depuis le 1er février 2024 : 2.2 (était 2.3)" in page_words
    assert "Du 10 septembre 2018 au 31 janvier 2024 : 2.3 (était 2.2)" in page_words
    assert "Devenue 2.3 depuis le 10 septembre 2018" in page_words
    assert re.search(r"<ins>[^<]*le[^<]*</ins>", page)
    assert "<del>son</del>" in page


def test_an_item_has_an_address_by_identity_that_leads_to_its_place(club: Publisher) -> None:
    target = leads_to(club.page("club/id/2015-05-04/3.1-a.html"))
    assert target is not None
    path, _, anchor = target.removeprefix("../../../").partition("#")
    assert f'id="{anchor}"' in club.page(path)
    assert "a) ne paie pas;" in words(club.page(path))


def test_what_is_to_come_is_said_so_everywhere(club: Publisher) -> None:
    assert "Une version est à venir, à compter du 1er mars 2027. La lire ou voir ce qui changera" in words(
        club.page("club/index.html")
    )
    assert "À venir, à compter du 1er mars 2027" in words(club.page("index.html"))
    assert "Rien ne porte encore le numéro 3.2 : ce texte est à venir." in words(club.page("club/3.2.html"))
    assert "À venir, à compter du 1er mars 2027" in words(club.page("club/2027-03-01/index.html"))
    assert "Le conseil tranche" not in words(club.page("club/index.html"))


def test_what_was_to_come_is_in_force_on_its_day(tmp_path: Path) -> None:
    made = Publisher(tmp_path, today=date(2027, 3, 1))
    made.publish()
    assert "Le conseil tranche" in words(made.page("club/index.html"))
    assert "En vigueur" in words(made.page("club/3.2.html"))


def test_force_and_clauses_read_together_are_shown(club: Publisher) -> None:
    page = words(club.page("club/2.2.html"))
    assert "Directive" in page
    assert "À lire ensemble Les images et le logo. 2.1 : Les photos du local sont permises." in page


def test_a_defined_term_leads_to_its_definition_without_a_script(club: Publisher) -> None:
    page = club.page("club/2.2.html")
    link = re.search(r'<a class="term" href="#([^"]+)" title="([^"]+)">membre</a>', page)
    assert link
    assert "désigne une personne qui a payé sa cotisation" in unescape(link[2])
    assert f'id="{link[1]}"' in page
    assert "Chaque membre garde le logo" in words(page).replace(" , ", ", "), "the words stay whole"


def test_the_dated_address_and_the_quotation_can_be_copied(club: Publisher) -> None:
    page = club.page("club/2.2.html")
    assert "https://politiques.exemple.ca/club/2024-02-01/2.2.html" in page
    page_words = words(page)
    assert "« Chaque membre garde le logo du club pour soi. » (Code, 2.2, version révisée le" in page_words
    unchanged = words(club.page("club/1.2.html"))
    assert "(Code, 1.2, version révisée le 1er février 2024)" in unchanged, "the one in force, as in chat"


def test_the_list_of_versions_says_which_is_in_force(club: Publisher) -> None:
    page = words(club.page("club/versions.html"))
    assert page.index("À venir, à compter du 1er mars 2027") < page.index(
        "En vigueur, révisée le 1er février 2024"
    )
    assert "Remplacée depuis le 10 septembre 2018" in page


def test_a_comparison_shows_words_that_went_and_came_clause_by_clause(club: Publisher) -> None:
    page = club.page("club/comparaison/2018-09-10_2024-02-01.html")
    page_words = words(page)
    assert "2.1, retirée" in page_words
    assert "2.3, devenue 2.2 et modifiée" in page_words
    assert "Mêmes mots, autre numéro Avant Après 2.2 2.1" in page_words
    assert "<del>son</del>" in page
    assert (club.site / "club/comparaison/2015-05-04_2024-02-01.html").is_file(), "with the one in force"


def test_numbers_that_would_have_one_address_have_each_their_own(tmp_path: Path) -> None:
    text = "# Code\n\n## ARTICLE 1 : Un\n\nSeul.\n\n## INDEX\n\nUne liste.\n\n## Versions\n\nDes versions.\n"
    made = Publisher(tmp_path, {"club": {"2020-01-01": text}})
    made.publish()
    assert "Une liste." in words(made.page("club/index-2.html"))
    assert "Versions du Club" in words(made.page("club/versions.html")) or "Versions de" in words(
        made.page("club/versions.html")
    )
    assert "Des versions." in words(made.page("club/versions-2.html"))


def test_a_policy_without_a_given_title_has_that_of_its_text(tmp_path: Path) -> None:
    made = Publisher(tmp_path)
    made.publish()
    for path in ("index.html", "club/index.html", "recherche.html"):
        assert "Code du club" in words(made.page(path)), path
    assert json.loads(made.page("club/politique.json"))["title"] == "Code du club"


SLACK, FORM = Door("À Boussole, dans Slack", "https://slack.exemple"), "https://signaler.exemple"


@pytest.mark.parametrize(
    ("doors", "reports", "heading", "addresses"),
    [
        ((SLACK,), "", "Poser la question", [SLACK.address]),
        ((SLACK,), FORM, "Poser la question", [SLACK.address, FORM]),
        ((), FORM, "Signaler", [FORM]),
        ((), "", "", []),
    ],
)
def test_where_to_ask_and_to_report_is_under_one_heading(
    doors: tuple[Door, ...], reports: str, heading: str, addresses: list[str]
) -> None:
    facts = SiteFacts("Le Grand Détour", "Boussole", doors=doors, reports=reports)
    html = frame.page(facts, Leaf("index.html", "Les politiques", "")).decode()
    section = html.partition('<section aria-labelledby="poser">')[2].partition("</section>")[0]
    assert re.findall("<h2[^>]*>([^<]+)", section) == ([heading] if heading else [])
    assert re.findall('href="([^"]+)"', section) == addresses
    assert html.count("https://") == len(addresses), "and nowhere else"
