"""Texts to publish, on the command line: the clauses that they touch, or why they are not read."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import Result

from bot.cli import posts
from bot.commands.verifier.messages import UNSEEN
from bot.people import roles
from bot.people.roles import Role
from bot.policy.articles import Number
from bot.posting.checks import load_checks
from bot.posting.posts import Concern, Extent
from bot.settings import SEED
from bot.storage.database import Storage
from tests.kits.cli import command_group, invoke, parts_over
from tests.posting.scripted import scripted

Vigie = Callable[..., Result]
TEXT = "Ma job est plate 😀\r\net une photo\u00a0: le logo, le logo"


@pytest.fixture
def vigie(tmp_path: Path) -> Vigie:
    bot = parts_over(tmp_path / "vigie.db")
    words = {
        "photo": ("image_of_others", 0.5, False),
        "job est plate": ("criticism", 0.7, True),
        "logo": ("logo", 0.9, True),
    }
    scripted(bot, words)
    return lambda *words, given="": invoke(bot, command_group(*posts.COMMANDS), *words, given=given)


@pytest.fixture
def unscripted(tmp_path: Path) -> Vigie:
    bot = parts_over(tmp_path / "vigie.db")
    return lambda *words, given="": invoke(bot, command_group(*posts.COMMANDS), *words, given=given)


def span(words: str, after: int = 0) -> list[int]:
    start = TEXT.index(words, after)
    return [start, start + len(words)]


def test_each_clause_has_the_extents_of_the_text_as_it_was_given_best_first(vigie: Vigie) -> None:
    done = vigie("verifier", "--json", given=TEXT)
    assert done.exit_code == 0
    assert json.loads(done.stdout) == {
        "clauses": [
            {"id": "5.13", "certain": True, "spans": [span("logo"), span("logo", -5)], "score": 0.9},
            {"id": "5.5", "certain": True, "spans": [span("job est plate"), span("photo")], "score": 0.7},
        ]
    }


def test_what_people_read_has_the_words_and_the_clause(vigie: Vigie) -> None:
    done = vigie("verifier", given="Voici le logo")
    assert done.stdout.startswith(
        "Touche\u00a0: le logo de l'association\nVos mots\u00a0: «\u00a0logo\u00a0»\nPA20, 5.13 (interdiction"
    )
    assert vigie("verifier", given="Un souper").stdout == (
        f"Je n'ai rien vu, dans ce texte, qui touche la PA20.\n\n{UNSEEN}\n"
    )


def test_whom_to_ask_is_said_as_in_chat(tmp_path: Path) -> None:
    bot = parts_over(tmp_path / "vigie.db")
    scripted(bot, {"page": ("page", 0.9, True), "photo": ("image_of_others", 0.5, False)})

    def asked(text: str) -> str:
        return invoke(bot, command_group(*posts.COMMANDS), "verifier", given=text).stdout

    assert "avant de l'ouvrir. À joindre\u00a0: Vice-présidence aux communications.\n" in asked("Une page")
    assert "À joindre" not in asked("Une photo"), "it is asked of whom one sees"
    with closing(Storage(tmp_path / "vigie.db")) as storage, storage.transaction() as db:
        roles.seed(db, bot.settings.profile)
        roles.change(db, Role("vp-communications", "Responsable des communications"))
    assert "À joindre\u00a0: Responsable des communications.\n" in asked("Une page"), "as the registry says"


def test_each_line_is_a_text_or_an_object_and_has_its_answer(vigie: Vigie) -> None:
    lines = ['"le logo"', '{"texte": "rien", "image": "un logo", "lieu": "page"}', '"rien"']
    done = vigie("verifier", "--lot", "--json", given="\n".join(lines))
    answers = [json.loads(line)["clauses"] for line in done.stdout.splitlines()]
    assert [[clause["id"] for clause in answer] for answer in answers] == [["5.13"], ["5.13"], []]
    assert answers[1][0]["spans"] == [], "the extents are those of the text"
    assert done.exit_code == 0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "il n'y a rien à relire."),
        (" \n ", "il n'y a rien à relire."),
        ("Une photo. " * 1_000, "ce texte a plus de 10"),
        (
            "Everybody should know that the president of this union is a liar",
            "ce texte n'est pas en français",
        ),
    ],
)
def test_a_text_that_cannot_be_examined_is_said_so(unscripted: Vigie, text: str, says: str) -> None:
    for options in ((), ("--json",)):
        done = unscripted("verifier", *options, given=text)
        assert (done.exit_code, done.stdout) == (1, "")
        assert done.stderr.startswith(f"vigie\u00a0: {says}")
    lines = f'{json.dumps(text)}\n"Voici notre logo tout neuf"\n'
    first, second = (
        json.loads(line) for line in unscripted("verifier", "--lot", given=lines).stdout.splitlines()
    )
    assert first["error"].lower().startswith(says)
    assert "clauses" in second, "the next are read"


def test_a_picture_s_description_alone_is_examined(vigie: Vigie) -> None:
    lines = ('{"image": "une affiche avec le logo"}', '{"texte": null, "image": "une affiche avec le logo"}')
    for line in vigie("verifier", "--lot", given="\n".join(lines)).stdout.splitlines():
        assert [clause["id"] for clause in json.loads(line)["clauses"]] == ["5.13"]


MALFORMED = (
    "pas du JSON",
    "12",
    "[]",
    "{}",
    '{"texte": 1}',
    '{"texte": "a", "image": 3}',
    '{"texte": "a", "lieu": []}',
    '{"texte": "le logo", "lieu": "la lune"}',
    "[" * 100_000,
)


@pytest.mark.parametrize("line", MALFORMED)
def test_a_malformed_line_is_said_so_and_the_next_are_read(vigie: Vigie, line: str) -> None:
    done = vigie("verifier", "--lot", given=f'{line}\n\n"le logo"\n')
    first, second = (json.loads(answer) for answer in done.stdout.splitlines())
    assert list(first) == ["error"]
    assert second["clauses"]


def test_half_a_character_stops_no_lot_and_counts_as_one(unscripted: Vigie) -> None:
    text = "Allo \ud83d la gang! Au nom de l'AGE UQTR, je dénonce la hausse."
    half = json.dumps({"texte": text, "image": "\ud83d"})
    done = unscripted("verifier", "--lot", given=f"{half}\n{half}")
    first, second = map(json.loads, done.stdout.splitlines())
    assert first == second
    assert [text.index("Au nom"), len(text)] in [
        extent for clause in first["clauses"] for extent in clause["spans"]
    ]


def test_what_is_not_utf_8_is_said_so(vigie: Vigie) -> None:
    done = vigie("verifier", given="le logo".encode("utf-16"))
    assert done.exit_code == 1
    assert "n'est pas en UTF-8" in done.stderr


def test_several_checks_of_a_clause_are_one() -> None:
    def concern(score: float, *extents: Extent, certain: bool = False) -> Concern:
        check = load_checks(SEED)["harassment"]
        return Concern(check, (Number("5.17"), Number("6.2")), score, certain, extents)

    touched = posts.touched_clauses(
        [concern(0.4, (10, 20), (30, 40)), concern(0.8, (15, 25), (0, 4), certain=True)], {}
    )
    assert [clause.as_json() for clause in touched] == [
        {"id": "5.17", "certain": True, "spans": [[0, 4], [10, 25], [30, 40]], "score": 0.8}
    ]


def test_the_clauses_that_the_same_words_touch_are_all_told(tmp_path: Path) -> None:
    bot = parts_over(tmp_path / "vigie.db")
    scripted(
        bot, {"cellulaire": ("personal_information", 0.9, True), "photo": ("image_of_others", 0.5, False)}
    )
    text = "Son cellulaire, et sa photo"
    done = invoke(bot, command_group(*posts.COMMANDS), "verifier", "--json", given=text)
    assert [(clause["id"], clause["spans"]) for clause in json.loads(done.stdout)["clauses"]] == [
        ("5.14", [[4, 14]]),
        ("5.5", [[4, 14], [22, 27]]),
    ]


def test_nothing_is_written(vigie: Vigie, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    vigie("verifier", given=TEXT)
    assert sorted(tmp_path.rglob("*")) == before
