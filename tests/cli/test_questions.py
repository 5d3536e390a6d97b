"""Questions from the command line: an answer with its words, or an honest no."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from bot.answers.bank import BANK
from bot.answers.engine import model_files, store
from bot.answers.engine.scores import ModelError
from bot.answers.engine.shelf import FixedModel, ModelShelf
from bot.cli import main, questions
from bot.policy import loading
from bot.settings import SEED
from tests.conftest import TEST_DATA, TODAY
from tests.kits.cli import command_group, invoke, parts_over
from tests.kits.questions import MODELS, SHAPES, Small, learn, small
from tests.policy.test_identities import NEW, read, shifted

__all__ = ["small"]

Vigie = Callable[..., Result]
SHAPE = ["outcome", "sure", "clauses", "suggestions", "topic", "intent"]


@pytest.fixture
def vigie(small: Small, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Vigie:
    monkeypatch.chdir(tmp_path)
    bot = parts_over(tmp_path / "vigie.db")
    bot.library = loading.load_library(small.folders, "petite", lambda: TODAY)
    bot.folders, bot.guidance = small.folders, {}
    bot.shelf = ModelShelf(small.folders, small.models)
    store.learn(small.sources, small.models)
    return lambda *words, given="": invoke(bot, command_group(*questions.COMMANDS), *words, given=given)


def test_a_question_is_answered_with_the_policys_own_words(vigie: Vigie) -> None:
    done = vigie("question", "le", "museau", "du", "chiot")
    assert (done.exit_code, done.stdout) == (0, "PETITE, 2.2\n«\u00a0Le chien reste en laisse.\u00a0»\n")


def test_what_is_not_sure_is_said_not_to_be(tmp_path: Path) -> None:
    learn()
    bot = parts_over(tmp_path / "vigie.db")
    bot.shelf = ModelShelf([SEED], MODELS)
    sure, unsure = "est-ce que je peux utiliser le logo?", "peux-tu m'dire si j'peux texter du bureau"
    asked = {
        text: invoke(bot, command_group(*questions.COMMANDS), "question", text) for text in (sure, unsure)
    }
    assert "Peut-être" not in asked[sure].stdout
    assert asked[unsure].stdout.startswith("Peut-être, sans certitude, dans la PA20\u00a0:\n")


def test_todays_words_are_not_sure_for_a_year_that_had_others(tmp_path: Path) -> None:
    library = read(tmp_path / "textes", ("2026-01-15", lambda text: shifted(text, 5, 10, NEW)))
    bot = parts_over(tmp_path / "vigie.db")
    bot.library, bot.shelf = library, FixedModel(None)

    def asked(*words: str) -> Result:
        return invoke(bot, command_group(*questions.COMMANDS, main.politique_), *words)

    line = "Que disait 5.13 en 2016?"
    warning = (
        "La PA20 avait d'autres mots en 2016. "
        "Pour les lire\u00a0: vigie politique pa20:5.13 --date 2016-01-01.\n\n"
    )
    assert asked("question", line).stdout.startswith(f"{warning}Peut-être, sans certitude")
    assert json.loads(asked("question", line, "--json").stdout)["sure"] is False
    assert json.loads(asked("question", "Que dit 5.13 en 2027?", "--json").stdout)["sure"] is True
    assert asked("politique", line).stdout.startswith(warning)
    assert "d'autres mots" not in asked("politique", "5.13").stdout


def test_who_asks_never_waits_for_a_bank_to_be_learnt_and_is_told_how_to(vigie: Vigie, small: Small) -> None:
    small.write(small.own_bank, Small.lines(("Alors, {}?",)))
    done = vigie("question", "le museau du chiot")
    assert (done.exit_code, done.stdout) == (0, "PETITE, 2.2\n«\u00a0Le chien reste en laisse.\u00a0»\n")
    assert done.stderr.endswith("Pour l'apprendre\u00a0: vigie apprendre.\n")
    assert not store.is_learnt(small.sources, small.models)
    learnt = vigie("apprendre")
    assert (learnt.exit_code, learnt.stdout) == (0, "La banque de la PETITE est apprise.\n")
    assert learnt.stderr == "", "only a terminal is told how long it takes"
    assert store.is_learnt(small.sources, small.models)
    assert vigie("question", "le museau du chiot").stderr == ""
    assert vigie("apprendre").stderr == ""


def test_an_installation_prepares_what_all_bots_share_and_lets_every_account_read_it(
    vigie: Vigie, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learn()
    folder = tmp_path / "livre" / model_files.SHIPPED
    shutil.copytree(MODELS, folder, ignore=shutil.ignore_patterns("*.lecture", ".*"))
    monkeypatch.setattr(model_files, "SHIPPED", str(folder))
    for _ in range(2):  # at each update too
        assert vigie("apprendre", "--livrer").stderr == ""
        names = {path.name.rpartition("-")[0] for path in folder.iterdir()}
        assert names == {"encodeur", "pa20", "verifications"}
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o644}


def test_a_bank_too_short_to_be_learnt_helps_the_text_that_is_read(vigie: Vigie, small: Small) -> None:
    small.write(small.policy_folder / BANK, Small.lines(("Alors, {}?",))[:8])
    for model in small.models.iterdir():
        model.unlink()
    learnt = vigie("apprendre")
    assert (learnt.exit_code, learnt.stderr) == (0, "")
    assert learnt.stdout.startswith("La banque de la PETITE est encore trop courte")
    done = vigie("question", "Comment réserver le gymnase pour un tournoi de hockey?")
    assert "apprendre" not in done.stderr, "nothing is to be learnt"
    assert list(small.models.glob("*.lecture")), "the text was read"


def test_a_policy_without_a_bank_says_that_its_text_answers(vigie: Vigie, small: Small) -> None:
    (small.policy_folder / BANK).unlink()
    learnt = vigie("apprendre")
    assert (learnt.exit_code, learnt.stdout) == (
        0,
        "Aucune banque pour la PETITE\u00a0: je réponds d'après le texte.\n",
    )


def test_a_bank_that_cannot_be_learnt_is_said_in_a_line(
    vigie: Vigie, small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ModelError("l'entraînement a été trop long.")

    small.write(small.own_bank, Small.lines(("Alors, {}?",)))
    monkeypatch.setattr(store, "learn", fail)
    done = vigie("apprendre")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.endswith(
        "La banque de la PETITE n'est pas apprise\u00a0: l'entraînement a été trop long.\n"
    )


def test_json_has_its_shape_for_an_answer(vigie: Vigie) -> None:
    report = json.loads(vigie("question", "le museau du chiot", "--json").stdout)
    assert list(report) == SHAPE
    assert (report["outcome"], report["topic"]) == ("answer", "question")
    assert report["clauses"][0] == {
        "id": "2.2",
        "score": pytest.approx(1, abs=0.2),
        "text": "Le chien reste en laisse.",
    }


def test_json_has_the_same_shape_for_a_no_and_the_exit_code_says_so(vigie: Vigie) -> None:
    done = vigie("question", "--json", "une question sur la comète et la galaxie")
    report = json.loads(done.stdout)
    assert done.exit_code == 1
    assert list(report) == SHAPE
    assert (report["outcome"], report["clauses"]) == ("out_of_scope", [])


@pytest.mark.parametrize(
    ("question", "outcome", "clauses", "sure"),
    [
        ("2.2", "lookup", ["2.2"], True),
        ("que dit l'article 1?", "lookup", ["1.1", "1.2"], True),
        ("quiz", "help", [], False),
        ("/vigie mes données", "help", [], False),
        ("", "help", [], False),
        ("la PETITE", "lookup", [], False),
        ("2.7", "not_found", [], False),
        ("camion rouge", "out_of_scope", [], False),
    ],
)
def test_what_chat_would_do_is_said_and_not_done(
    vigie: Vigie, question: str, outcome: str, clauses: list[str], *, sure: bool
) -> None:
    report = json.loads(vigie("question", "--json", question).stdout)
    assert (report["outcome"], report["sure"]) == (outcome, sure)
    assert [clause["id"] for clause in report["clauses"]] == clauses


def test_many_questions_are_answered_a_line_each_and_a_list_is_a_conversation(vigie: Vigie) -> None:
    given = [
        '"le museau du chiot"',
        '["le museau du chiot", "et le soir?"]',
        "{",
        '{"a": 1}',
        "[1]",
        "[" * 100_000,
        "",
        "[]",
    ]
    done = vigie("question", "--lot", "--json", given="\n".join(given))
    one, two, *wrong, none = map(json.loads, done.stdout.splitlines())
    assert done.exit_code == 0
    assert list(one) == SHAPE
    assert [list(answer) for answer in two] == [SHAPE, SHAPE]
    assert [clause["id"] for clause in two[1]["clauses"]][:1] == ["2.2"]
    assert [list(answer) for answer in wrong] == [["error"]] * 4
    assert none == []


def test_a_line_that_chat_would_not_read_says_so_and_the_next_are_read(vigie: Vigie) -> None:
    done = vigie("question", "--lot", given=f'{json.dumps("chien " * 1_000)}\n\ufeff"2.2"')
    refused, looked_up = map(json.loads, done.stdout.splitlines())
    assert "2\u00a0000 caractères" in refused["error"]
    assert looked_up["outcome"] == "lookup"


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("une question sur la comète et la galaxie", "Ce n'est pas le sujet de la PETITE."),
        ("article 7", "Je n'ai pas trouvé de réponse fiable"),
        ("¿Qué pasa con el perro?", "Je comprends seulement le français et l'anglais."),
    ],
)
def test_a_no_is_one_line_that_says_which(vigie: Vigie, question: str, said: str) -> None:
    done = vigie("question", question)
    assert done.exit_code == 1
    assert done.stdout == ""
    assert said in done.stderr


def test_a_policy_that_is_not_known_is_wrong_usage(vigie: Vigie) -> None:
    done = vigie("question", "--politique", "autre", "le chien")
    assert (done.exit_code, done.stdout) == (2, "")


def test_evaluating_prints_the_measures_and_draws_the_matrix(
    vigie: Vigie, small: Small, tmp_path: Path
) -> None:
    small.write(tmp_path / "q.jsonl", Small.lines(SHAPES[3:]))
    done = vigie("evaluer", "q.jsonl")
    assert done.exit_code == 0
    assert done.stdout.startswith("25 questions\u00a0: top1 ")
    assert "Matrice de confusion\u00a0: confusion.png" in done.stdout
    assert (tmp_path / "confusion.png").read_bytes().startswith(b"\x89PNG")


def test_evaluating_in_json_has_its_shape_and_writes_nothing(
    vigie: Vigie, small: Small, tmp_path: Path
) -> None:
    small.write(tmp_path / "q.jsonl", Small.lines(SHAPES[3:]))
    report = json.loads(vigie("evaluer", "q.jsonl", "--json").stdout)
    measures = ["n", "top1", "top3", "joint", "announced", "wrong", "told", "later"]
    assert list(report) == [*measures, "by_kind", "by_clause", "latency_ms"]
    assert set(report["by_kind"]) == {"direct", "off_topic"}
    assert set(report["latency_ms"]) == {"p50", "p99"}
    assert not list(tmp_path.glob("*.png"))


def test_a_file_to_measure_may_begin_with_the_mark_of_some_editors(vigie: Vigie, tmp_path: Path) -> None:
    line = {"question": "le museau du chiot", "kind": "direct", "gold": ["2.2"], "also_ok": []}
    (tmp_path / "q.jsonl").write_text(json.dumps(line), "utf-8-sig")
    assert json.loads(vigie("evaluer", "q.jsonl", "--json").stdout)["top1"] == 1


def test_what_failed_is_listed(vigie: Vigie, tmp_path: Path) -> None:
    wrong = {"question": "le museau du chiot", "kind": "direct", "gold": ["1.1"], "also_ok": []}
    (tmp_path / "q.jsonl").write_text(json.dumps(wrong), "utf-8")
    assert (
        "- le museau du chiot\n  attendue\u00a0: 1.1; trouvées\u00a0: 2.2"
        in vigie("evaluer", "q.jsonl").stdout
    )


@pytest.mark.parametrize("content", [b"{", b"\xff", b""])
def test_a_file_that_cannot_be_measured_is_one_line(vigie: Vigie, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "q.jsonl").write_bytes(content)
    done = vigie("evaluer", "q.jsonl")
    assert (done.exit_code, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert "q.jsonl" in done.stderr


def test_a_picture_that_cannot_be_written_is_said(vigie: Vigie, small: Small, tmp_path: Path) -> None:
    small.write(tmp_path / "q.jsonl", Small.lines(SHAPES[3:]))
    done = vigie("evaluer", "q.jsonl", "--json", "--image", "nulle/part.png")
    assert done.exit_code == 2
    assert "nulle/part.png" in done.stderr


@pytest.fixture
def several(tmp_path: Path) -> Vigie:
    """Ask PA20, the default, and CR3, both by their text alone."""
    bot = parts_over(tmp_path / "vigie.db")
    bot.library = loading.load_library([SEED, TEST_DATA], "pa20", lambda: TODAY)
    bot.shelf = FixedModel(None)
    return lambda *words, given="": invoke(bot, command_group(*questions.COMMANDS), *words, given=given)


@pytest.mark.parametrize(
    "question",
    ["CR3: où est le siège?", "CR3\u00a0: où est le siège?", "CR3 où est le siège?", "où est le siège?"],
)
def test_another_policy_answers_when_it_is_named_or_when_the_default_does_not(
    several: Vigie, question: str
) -> None:
    report = json.loads(several("question", "--json", question).stdout)
    assert (report["clauses"][0]["id"], report["clauses"][0]["policy"]) == ("1.2", "cr3")
    assert "CR3, 1.2\n«\u00a0Son siège est au local 3.14" in several("question", question).stdout


def test_a_policy_that_an_option_names_is_asked_alone(several: Vigie) -> None:
    report = json.loads(several("question", "--json", "--politique", "cr3", "où est le siège?").stdout)
    assert (report["clauses"][0]["id"], "policy" in report["clauses"][0]) == ("1.2", False)
    declined = several("question", "--json", "--politique", "pa20", "où est le siège?")
    assert all("policy" not in clause for clause in json.loads(declined.stdout)["clauses"])
