"""Making, keeping and swapping models, on a policy of four clauses."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
import psutil
import pytest

from bot.answers.bank import BANK
from bot.answers.engine import model, model_files, store, training
from bot.answers.engine.scores import ModelError
from bot.answers.engine.shelf import ModelShelf
from bot.answers.engine.store import ModelScore, Sources
from bot.answers.questions import Engine
from bot.policy import articles
from bot.policy.library import Library
from bot.settings import SEED
from tests.kits.effort import PATIENCE
from tests.kits.questions import SHAPES, Small, named, numbers, small, small_apart

__all__ = ["small", "small_apart"]


def trained(sources: Sources) -> model.Model:
    return training.fit(sources.lines(), sources.version, sources.table, sources.follow_ups())


def test_a_bank_is_learned_in_a_process_of_its_own_and_once_only(small_apart: Small) -> None:
    first = store.learn(small_apart.sources, small_apart.models)
    assert first.swapped
    assert first.before is first.after is None
    written = (small_apart.models / first.model).stat().st_ino
    assert store.learn(small_apart.sources, small_apart.models) == first
    assert (small_apart.models / first.model).stat().st_ino == written


def test_the_same_bank_always_makes_the_same_model(small: Small) -> None:
    one, other = (trained(small.sources) for _ in range(2))
    for name in ("rows", "weights"):
        assert np.array_equal(getattr(one.postings, name), getattr(other.postings, name))
    for name in ("dual", "seen", "rarity"):
        assert np.array_equal(getattr(one, name), getattr(other, name))
    assert (one.threshold, one.sharpness, one.sure) == (other.threshold, other.sharpness, other.sure)


def test_a_follow_up_is_read_with_the_clause_shown_before_once_follow_ups_are_learnt(small: Small) -> None:
    untaught = small.sources.key()
    small.follow_up("même la nuit?", "aussi en hiver?", "pour combien de temps?")
    assert small.sources.key() != untaught
    store.learn(small.sources, small.models)
    shelf = ModelShelf(small.folders, small.models)
    assert shelf.prepare(small.version)
    engine = Engine(small.folders, shelf)
    for number, subject in (("1.1", "Bicyclette"), ("2.2", "Chien")):
        answer = engine.answer(small.policy, small.version, "même en hiver?", named(number), subject)
        assert answer.follows
        assert numbers(answer)[0] == number
    assert not engine.answer(small.policy, small.version, "même en hiver?").follows


def test_a_model_reads_back_as_it_was_saved(small: Small, tmp_path: Path) -> None:
    made = trained(small.sources)
    model.save_model(made, tmp_path / "petite-0123.npz", "0123")
    read = model.load_model(tmp_path / "petite-0123.npz")
    assert read.clauses == made.clauses == ("1.1", "1.2", "2.1", "2.2")
    assert read.speller == made.speller
    assert np.allclose(
        read.columns(["le chiot et sa niche"]), made.columns(["le chiot et sa niche"]), atol=0.01
    )


def lower_triangle(kernel: training.Table) -> training.Triangle:
    return [kernel[block, : block.stop].astype(np.float32) for block in training.blocks(len(kernel))]


def test_the_inverse_of_a_kernel_is_made_in_its_place_in_blocks_too() -> None:
    points = np.random.default_rng(3).normal(size=(600, 5))  # more than two blocks
    kernel = lower_triangle(points @ points.T)
    assert sum(panel.size for panel in kernel) < 0.75 * 600**2
    factor = training.invert_factor(kernel)
    assert factor is kernel
    whole = np.vstack([np.pad(panel, [(0, 0), (0, 600 - panel.shape[1])]) for panel in factor])
    assert np.allclose(whole.T @ whole, np.linalg.inv(points @ points.T + np.eye(600)), atol=1e-4)
    first = whole[:400, :400]
    assert np.allclose(first.T @ first, np.linalg.inv(points[:400] @ points[:400].T + np.eye(400)), atol=1e-4)


def test_what_others_would_have_taught_follows_from_one_solution() -> None:
    random = np.random.default_rng(3)
    points, targets = random.normal(size=(60, 5)), random.normal(size=(60, 2))
    kernel = points @ points.T
    groups = [np.arange(0, 20), np.arange(20, 60)]
    _, apart = training.solve(training.invert_factor(lower_triangle(kernel)), targets, groups)
    for group in groups:
        rest = np.setdiff1d(np.arange(60), group)
        dual = np.linalg.solve(kernel[np.ix_(rest, rest)] + np.eye(len(rest)), targets[rest])
        assert np.allclose(apart[group], kernel[np.ix_(group, rest)] @ dual, atol=1e-4)


def test_what_a_question_is_about_is_learnt_from_answered_questions_alone() -> None:
    random = np.random.default_rng(3)
    points, targets = random.normal(size=(60, 5)), random.normal(size=(60, 2))
    kernel, learnt = points @ points.T, 40
    groups = [np.arange(0, 60, 2), np.arange(1, 60, 2)]
    factor = training.invert_factor(lower_triangle(kernel))
    dual, apart, bias = training.solve_subjects(
        factor, learnt, lambda rows: kernel[rows, :learnt].astype(np.float32), targets, groups
    )
    assert not dual[learnt:].any()
    for group in groups:
        rest = np.setdiff1d(np.arange(learnt), group)
        alone = np.linalg.solve(kernel[np.ix_(rest, rest)] + np.eye(len(rest)), targets[rest] - bias)
        assert np.allclose(apart[group], kernel[np.ix_(group, rest)] @ alone + bias, atol=1e-4)


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 not much", None])
def test_a_damaged_model_is_made_again(small: Small, damage: bytes | None) -> None:
    made = store.learn(small.sources, small.models)
    path = small.models / made.model
    path.unlink() if damage is None else path.write_bytes(damage)
    assert store.find_model(small.sources, small.models) == (None, False)
    shelf = ModelShelf(small.folders, small.models)
    engine = Engine(small.folders, shelf)
    assert shelf.prepare(small.version)
    assert numbers(engine.answer(small.policy, small.version, "le museau du chiot")) == ["2.2"]


def test_a_model_that_is_not_what_its_name_says_is_refused_in_a_line_and_made_again(
    small: Small, caplog: pytest.LogCaptureFixture
) -> None:
    former = store.learn(small.sources, small.models)
    small.write(small.own_bank, Small.lines(("Alors, {}?",)))
    made = store.learn(small.sources, small.models)
    (small.models / former.model).replace(small.models / made.model)
    assert store.find_model(small.sources, small.models)[1] is False
    assert caplog.messages == [
        f"le modèle {made.model} est fait d'autre chose que ce que dit son nom. Its bank is learnt again."
    ]
    assert store.learn(small.sources, small.models) == replace(made, before=None, after=None)
    assert store.find_model(small.sources, small.models)[1]


def test_a_shipped_model_answers_at_once_and_is_never_written(small: Small) -> None:
    shipped = small.shipped / model_files.SHIPPED
    made = store.learn(small.sources, shipped)
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in shipped.iterdir()}
    assert store.is_learnt(small.sources, small.models)
    assert store.learn(small.sources, small.models) == made
    shelf = ModelShelf(small.folders, small.models)
    assert shelf.ready(small.version)
    assert shelf.model(small.version)
    assert not small.models.exists()
    small.write(small.own_bank, Small.lines(("Alors, {}?",)))
    model, current = store.find_model(small.sources, small.models)
    assert model, "which answers while the bank is learnt"
    assert not current
    after = store.learn(small.sources, small.models)
    assert after.before, "which is compared with what it replaces"
    assert store.find_model(small.sources, small.models)[1]
    assert {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in shipped.iterdir()} == before


def test_half_of_a_file_is_never_read(small: Small) -> None:
    made = store.learn(small.sources, small.models)
    path = small.models / made.model
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ModelError):
        model.load_model(path)


def test_a_damaged_verdict_is_given_again(small: Small) -> None:
    made = store.learn(small.sources, small.models)
    (small.models / f"petite-{made.base}.json").write_text('{"bank": 3}')
    assert store.load_verdict(small.sources, small.models) is None
    assert store.learn(small.sources, small.models) == made


def test_two_processes_at_once_do_no_harm(small_apart: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "_making", nullcontext())  # as between two bots
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(lambda _: store.learn(small_apart.sources, small_apart.models), range(2))
    assert one.model == other.model
    assert store.find_model(small_apart.sources, small_apart.models)[1]
    assert {path.name for path in small_apart.models.iterdir()} == {one.model, f"petite-{one.base}.json"}


def test_a_better_bank_takes_over_and_its_scores_are_told(small: Small) -> None:
    store.learn(small.sources, small.models)
    small.write(small.own_bank, [*Small.lines(("Dites, {}?",))])
    verdict = store.learn(small.sources, small.models)
    assert verdict.swapped
    assert verdict.before
    assert verdict.after
    assert verdict.after.joint >= verdict.before.joint
    assert verdict.lines == len(small.sources.lines())


def test_a_bank_that_answers_worse_does_not_take_over(small: Small) -> None:
    shelf = ModelShelf(small.folders, small.models)
    engine = Engine(small.folders, shelf)
    assert shelf.prepare(small.version)
    question = SHAPES[3].format("piano")
    assert numbers(engine.answer(small.policy, small.version, question)) == ["1.2"]
    turned = {"1.1": "2.2", "1.2": "2.1", "2.1": "1.2", "2.2": "1.1"}
    lies = [
        replace(line, gold=named(turned[str(line.gold[0])]), question=shape + line.question)
        for shape in ("Ah! ", "Oh! ", "Hé! ", "Bon. ", "Euh… ")
        for line in Small.lines(SHAPES[3:])
        if line.gold
    ]
    small.write(small.own_bank, lies)
    assert shelf.prepare(small.version)
    verdict = store.load_verdict(small.sources, small.models)
    assert verdict
    assert not verdict.swapped
    assert verdict.before
    assert verdict.after
    assert verdict.after.joint < verdict.before.joint
    assert numbers(engine.answer(small.policy, small.version, question)) == ["1.2"]
    assert store.learn(small.sources, small.models) == verdict  # not tried again


def test_fewer_right_answers_are_worse_and_then_fewer_right_first_clauses() -> None:
    better = ModelScore(joint=0.9, top1=0.8)
    assert ModelScore(joint=0.8, top1=0.9) < better
    assert ModelScore(joint=0.9, top1=0.7) < better
    assert not better < ModelScore(joint=0.9, top1=0.8)


def test_the_bank_before_serves_while_a_new_one_is_learned(small: Small) -> None:
    shelf = ModelShelf(small.folders, small.models)
    engine = Engine(small.folders, shelf)
    assert shelf.prepare(small.version)
    small.write(small.own_bank, Small.lines(("Alors, {}?",)))
    assert numbers(engine.answer(small.policy, small.version, "un concert de piano")) == ["1.2"]
    assert shelf.prepare(small.version)
    verdict = store.load_verdict(small.sources, small.models)
    assert verdict
    assert verdict.bank == small.sources.key()


def test_while_nothing_is_learned_text_alone_answers(small: Small) -> None:
    shelf = ModelShelf(small.folders, small.models)
    engine = Engine(small.folders, shelf)
    assert numbers(engine.answer(small.policy, small.version, "jardin")) == ["2.1"]
    assert engine.answer(small.policy, small.version, "arrosoir").outcome == "not_found"
    assert shelf.prepare(small.version)
    assert numbers(engine.answer(small.policy, small.version, "arrosoir")) == ["2.1"]


def test_a_wrong_line_leaves_the_model_that_serves_and_is_said(
    small: Small, caplog: pytest.LogCaptureFixture
) -> None:
    shelf = ModelShelf(small.folders, small.models)
    engine = Engine(small.folders, shelf)
    assert shelf.prepare(small.version)
    small.own_bank.write_text('{"question": "secret"}\n', "utf-8")
    with caplog.at_level(logging.WARNING):
        assert shelf.prepare(small.version)
    assert "ligne 1" in caplog.text
    assert "secret" not in caplog.text
    assert numbers(engine.answer(small.policy, small.version, "un concert de piano")) == ["1.2"]


def test_a_bank_that_is_too_small_trains_nothing_and_keeps_no_text_from_being_read(
    small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    small.write(small.policy_folder / BANK, Small.lines(SHAPES[:1])[:10])

    def run(*_: object, **__: object) -> None:
        raise AssertionError("a program was run")

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(ModelError, match="pas encore assez de questions"):
        store.learn(small.sources, small.models)
    assert store.is_learnt(small.sources, small.models), "there is nothing to learn for now"
    shelf = ModelShelf(small.folders, small.models)
    engine = Engine(small.folders, shelf)
    assert shelf.ready(small.version)
    assert not shelf.prepare(small.version)
    asked = "le chien et sa laisse"
    while (answer := engine.answer(small.policy, small.version, asked)).learning:  # said while it is read
        shelf.read(small.version)
    assert answer.textual, "the text was read, with the bank"


def test_a_folder_that_cannot_be_written_is_said_in_french(small_apart: Small, tmp_path: Path) -> None:
    (tmp_path / "fichier").write_text("")
    with pytest.raises(ModelError, match=r"\u00a0: "):
        store.learn(small_apart.sources, tmp_path / "fichier")


def _age(model: Path, second: int) -> None:
    """Have a model be of that second of 1970."""
    os.utime(model, (second, second))


def test_only_a_few_models_are_kept(small: Small) -> None:
    for count in range(1, 6):
        small.write(small.own_bank, Small.lines(("Alors, {}?",))[:count])
        _age(small.models / store.learn(small.sources, small.models).model, count)
    verdict = store.load_verdict(small.sources, small.models)
    assert verdict
    model_names = {path.name for path in small.models.glob("*.npz")}
    assert len(model_names) == store.KEPT
    assert verdict.model in model_names


def test_each_text_keeps_its_own_model(small: Small) -> None:
    before, former = store.learn(small.sources, small.models), small.sources
    text = (small.policy_folder / "2024-01-01.md").read_text("utf-8")
    (small.policy_folder / "2025-01-01.md").write_text(text.replace("en laisse", "chez lui"), "utf-8")
    after = store.learn(small.sources, small.models)
    assert after.model != before.model
    assert store.is_learnt(small.sources, small.models)
    assert store.is_learnt(former, small.models), "which is still in force"
    for count in range(1, store.KEPT + 2):  # of what is used, nothing is removed
        small.write(small.own_bank, Small.lines(("Alors, {}?",))[:count])
        _age(small.models / store.learn(small.sources, small.models).model, count)
        store.find_model(former, small.models)
    assert (small.models / before.model).is_file()


def test_what_is_asked_for_twice_at_once_is_made_once(small: Small) -> None:
    with patch.object(training, "fit", wraps=training.fit) as fit, ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: store.learn(small.sources, small.models), range(2)))
    assert fit.call_count == 1


def test_a_new_text_makes_a_new_model_without_comparing(small: Small) -> None:
    before = store.learn(small.sources, small.models)
    text = (small.policy_folder / "2024-01-01.md").read_text("utf-8")
    (small.policy_folder / "2025-01-01.md").write_text(text.replace("en laisse", "chez lui"), "utf-8")
    assert store.find_model(small.sources, small.models) == (None, False)
    after = store.learn(small.sources, small.models)
    assert after.base != before.base
    assert after.before is None


def test_many_threads_may_ask_at_once(small: Small) -> None:
    shelf = ModelShelf(small.folders, small.models)
    engine = Engine(small.folders, shelf)
    shelf.prepare(small.version)
    policy, version = small.policy, small.version
    asked = [line for line in Small.lines(SHAPES[:3]) if line.gold] * 3
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda line: engine.answer(policy, version, line.question), asked))
    assert all(line.accepts(answer.ranked[0].number) for line, answer in zip(asked, found, strict=True))


def test_a_policy_without_a_bank_has_no_model(small: Small) -> None:
    (small.policy_folder / BANK).unlink()
    shelf = ModelShelf(small.folders, small.models)
    assert not shelf.prepare(small.version)
    assert not small.models.exists()
    assert Sources(small.folders, small.version).banks() == ()


def test_another_text_is_another_model(library: Library) -> None:
    version = library.default.versions[-1]
    other = articles.parse(f"{version.markdown}\n", policy=version.policy, adopted=version.adopted)
    stamps = [store.Sources((SEED,), one).stamp() for one in (version, other)]
    assert stamps[0] != stamps[1]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a program with its parent")
def test_what_trains_ends_with_the_bot_that_is_killed(tmp_path: Path) -> None:
    asks = (
        "from datetime import date; from pathlib import Path\n"
        "from bot.answers.engine import store; from bot.policy import loading\n"
        "from bot.settings import SEED\n"
        "version = loading.load_library([SEED], 'pa20', date.today).default.versions[-1]\n"
        f"store.learn(store.Sources((SEED,), version), Path({str(tmp_path)!r}))"
    )
    with subprocess.Popen([sys.executable, "-c", asks]) as bot:
        trains = _begun(psutil.Process(bot.pid))
        bot.kill()
    _, alive = psutil.wait_procs([trains], timeout=PATIENCE)
    assert not alive


def _begun(bot: psutil.Process) -> psutil.Process:
    """Return the program that a bot trains with, once it has made way for others."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        for child in bot.children():
            if child.nice() > bot.nice():
                return child
        time.sleep(0.05)  # another process begins: there is no event
    raise AssertionError("no training began")
