"""The wheel alone, away from the repository, is a working `vigie`."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from bot import __version__

ROOT = Path(__file__).resolve().parents[2]


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
    assert held == files("bot") | {f"bot/{name}" for name in files("data")}
    assert wheel.name == f"vigie-{__version__}-py3-none-any.whl"


def test_vigie_works_from_the_wheel_alone(venv: Path, tmp_path: Path) -> None:
    def run(program: str, *words: str) -> str:
        return ran(venv / "bin" / program, *words, cwd=tmp_path, HOME=str(home))

    home = venv.parent / "home"

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
