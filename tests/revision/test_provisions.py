"""The identity of each part of a text: stored with each version in force, exported, and never changed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from bot.cli.main import politique_
from bot.policy import articles
from bot.policy.changes import identities
from tests.kits.cli import invoke, parts_over
from tests.kits.revision_commands import TEXT, World, world
from tests.policy.test_identities import NEW, shifted
from tests.policy.test_summary import LEAVING, OPENING, STATUTES

FIRST = "pa20@2015-12-13"
LONGER = shifted(TEXT, 5, 3, NEW)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made


async def stored(desk: World) -> dict[str, dict[str, str]]:
    """Return what the database holds: by version, the identity of each number."""

    def read(db: Database) -> dict[str, dict[str, str]]:
        identities: dict[str, dict[str, str]] = {}
        for adopted, number, identity in db.conn.execute(
            "SELECT adopted, number, identity FROM provisions JOIN revisions ON revisions.id = revision_id"
        ):
            identities.setdefault(adopted, {})[number] = identity
        return identities

    return await desk.run(read)


async def in_force(desk: World, text: str, adopted: str) -> dict[str, str]:
    """Put a text in force; return the identities that are stored with it."""
    await desk.approve(text, adopted, desk.today.isoformat())
    await desk.beat()
    return (await stored(desk))[adopted]


async def test_each_part_of_the_first_text_is_stored_under_where_it_first_was(desk: World) -> None:
    [(adopted, first)] = (await stored(desk)).items()
    version = desk.services.library.default.versions[0]
    assert adopted == "2015-12-13"
    assert first == {str(number): f"{FIRST}:{number}" for number in version.numbers()}
    assert {"5", "5.10", "Ne pas agir à titre de…"} <= first.keys()


async def test_a_clause_keeps_its_identity_under_its_new_number(desk: World) -> None:
    now = await in_force(desk, LONGER, "2026-11-20")
    assert now["5.11"] == f"{FIRST}:5.10"
    assert now["5.2"] == f"{FIRST}:5.2"
    assert now["5.3"] == "pa20@2026-11-20:5.3"
    assert now["5"] == f"{FIRST}:5"
    assert len(set(now.values())) == len(now)


async def test_what_comes_back_word_for_word_is_what_it_was(desk: World) -> None:
    without = "\n".join(line for line in TEXT.split("\n") if not line.startswith("- 5.18 "))
    assert f"{FIRST}:5.18" not in (await in_force(desk, without, "2026-11-20")).values()
    back = await in_force(desk, shifted(TEXT, 5, 3, NEW), "2026-11-21")
    assert back["5.19"] == f"{FIRST}:5.18"


async def test_a_text_that_is_withdrawn_before_its_day_gives_no_identity(desk: World) -> None:
    await desk.approve(LONGER, "2026-11-20", "2027-01-20")
    waiting = await desk.last()
    await desk.press(await desk.ask(f"revision retirer {waiting.id}"), "Retirer")
    await desk.beat()
    assert list(await stored(desk)) == ["2015-12-13"]


async def test_what_is_stored_is_never_computed_again(desk: World) -> None:
    def other(db: Database) -> None:
        db.conn.execute("UPDATE provisions SET identity = 'pa20@1990-01-01:3' WHERE number = '5.10'")

    await desk.run(other)
    now = await in_force(desk, LONGER, "2026-11-20")
    assert now["5.11"] == "pa20@1990-01-01:3"
    assert (await stored(desk))["2015-12-13"]["5.10"] == "pa20@1990-01-01:3"


def exported(database: Path, *words: str) -> dict[str, Any]:
    done = invoke(parts_over(database), politique_, *words, "--json")
    assert done.exit_code == 0, done.output
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_the_command_line_exports_them_without_a_database_and_with_one(tmp_path: Path) -> None:
    answer = exported(tmp_path / "vigie.db", "5.10")
    assert [clause["identity"] for clause in answer["clauses"]] == [f"{FIRST}:5.10"]
    assert answer["around"][0] == {
        "id": "5",
        "kind": "article",
        "title": "LIGNES DIRECTRICES VISANT L'UTILISATION EN DEHORS DES HEURES DE TRAVAIL",
        "identity": f"{FIRST}:5",
    }


async def test_a_database_that_has_none_is_given_them_at_its_next_start(tmp_path: Path) -> None:
    database = tmp_path / "vigie.db"
    with world(tmp_path, database=database) as desk:
        expected = await in_force(desk, LONGER, "2026-11-20")
        asked = await desk.said("politique pa20:5.10")
    every = "SELECT id, state, sha256 FROM revisions"
    with closing(sqlite3.connect(database)) as conn, conn:
        texts = conn.execute(every).fetchall()
        conn.execute("DELETE FROM provisions")
    with world(tmp_path, database=database) as desk:
        assert (await stored(desk))["2026-11-20"] == expected
        assert await desk.said("politique pa20:5.10") == asked, "an old button means what it did"
        [*rows] = await desk.run(
            lambda db: db.conn.execute("SELECT id, state, sha256 FROM revisions").fetchall()
        )
    assert rows == texts


# --- Containers, articles and items ---------------------------------------------------------------


def carried(*edits: tuple[str, str]) -> dict[str, str]:
    """Return the former number of each part of the edited statutes, by its number, "" for a new one."""
    text = STATUTES
    for before, after in edits:
        assert text.count(before) == 1
        text = text.replace(before, after)
    former = articles.parse(STATUTES, policy="x", adopted=date(2020, 1, 1))
    version = replace(articles.parse(text, policy="x", adopted=date(2021, 1, 1)), former=former)
    named = identities.name_parts(version)
    assert len(set(named.values())) == len(named)
    return {
        str(number): identity.removeprefix("x@2020-01-01:") if "2020" in identity else ""
        for number, identity in named.items()
    }


def test_a_title_an_article_and_an_item_keep_theirs_under_new_numbers() -> None:
    now = carried(
        ("TITRE II – Membres", f"TITRE II – Lieux\n\n{OPENING}## TITRE III – Membres"),
        ("Article 3 – Cot", "Article 4 – Cot"),
        ("Article 4\n\nUn", "Article 5\n\nUn"),
        ("Article 5\n\nLes", "Article 6\n\nLes"),
        ("b) le revenu", "b) la taille du lot;\n\nc) le revenu"),
        ("c) la distance", "d) la distance"),
    )
    assert now == {
        "titre I": "titre I",
        "1": "1",
        "2": "2",
        "titre II": "",
        "3": "",
        "titre III": "titre II",
        "4": "3",
        "4 a)": "3 a)",
        "4 b)": "",
        "4 c)": "3 b)",
        "4 d)": "3 c)",
        "5": "4",
        "6": "5",
    }


def test_the_first_of_a_split_and_of_a_merger_goes_on() -> None:
    merged = carried((LEAVING, LEAVING.removeprefix("### Article 4\n\n")), ("Article 5", "Article 4"))
    assert (merged["3"], merged["4"]) == ("3", "5")
    split = carried(
        ("fleuve, fondé", "fleuve.\n\n### Article 2\n\nLe club a été fondé"),
        ("Article 2\n\nLe siège", "Article 2 bis\n\nLe siège"),
    )
    assert (split["1"], split["2"], split["2 bis"]) == ("1", "", "2")
