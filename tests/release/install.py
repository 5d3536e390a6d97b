"""`python -m tests.release.install FOLDER`: install what `make release` built, as people will, and ask it.

By pip from the wheel and from the source archive, by pipx and by uv, with each version of Python that is
here, outside any checkout, with the libraries of the registry. Then everything is built again and compared,
byte by byte. What could not be tried is said. Exit code 1 when something fails.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import click

from bot import __version__
from tests.kits.measures import table

ROOT = Path(__file__).resolve().parents[2]
UV = Path(sys.executable).parent / "uv"
VERSIONS = ("3.11", "3.13")
QUESTION = "puis-je publier une photo de mon équipe?"
ANSWER = "photos, vidéos ou autres fichiers médias"
MOST_SECONDS, MOST_MEMORY = 6.0, 350.0  # of the first question ever asked, in seconds and MB


@dataclass(frozen=True, slots=True)
class Trial:
    """How an installation went. `problem`: "" if none.

    `seconds`, `processor` (seconds), `memory` (MB): of its first question. The processor's time is judged,
    since other programs may be at work.
    """

    way: str
    python: str
    seconds: float = 0.0
    processor: float = 0.0
    memory: float = 0.0
    problem: str = ""


def environment(home: Path) -> dict[str, str]:
    """Return the environment of someone who has just arrived, with what finds the registry."""
    pip = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_", "SSL_"))}
    return {**pip, "HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}


def run(home: Path, *words: str | Path, **more: str) -> str:
    """Run a program outside any checkout. Raises `RuntimeError` with the last line of what it says."""
    done = subprocess.run(
        words, cwd=home, env=environment(home) | more, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError((done.stderr.strip() or done.stdout.strip()).splitlines()[-1])
    return done.stdout


def interpreter(version: str) -> Path | None:
    """Return this machine's own Python of a version, if there is one."""
    completed = subprocess.run(
        [UV, "python", "find", "--no-project", "--no-python-downloads", "--system", version],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return Path(completed.stdout.strip()) if not completed.returncode else None


def install(way: str, python: Path, built: Path, home: Path) -> Path:
    """Install what was built, and return the `vigie` that it gives."""
    if way.startswith("pip "):
        run(home, python, "-m", "venv", home / "venv")
        run(home, home / "venv/bin/python", "-m", "pip", "install", "--quiet", built)
        return home / "venv/bin/vigie"
    if way == "pipx":
        run(home, python, "-m", "venv", home / "outil")
        run(home, home / "outil/bin/python", "-m", "pip", "install", "--quiet", "pipx")
        run(home, home / "outil/bin/pipx", "install", "--python", python, built)
    else:
        run(home, UV, "tool", "install", "--quiet", "--python", python, built)
    return home / ".local/bin/vigie"


def first_question(vigie: Path, home: Path) -> tuple[float, float, float]:
    """Ask the first question ever, and return `seconds`, `processor` and `memory` of `Trial`.

    They are those of every program ever started from here: each trial runs in a process of its own.
    """
    start = time.monotonic()
    answer = run(home, vigie, "question", QUESTION)
    seconds = time.monotonic() - start
    if ANSWER not in answer:
        raise RuntimeError(answer)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, used.ru_utime + used.ru_stime, used.ru_maxrss * 1.024e-3


def tried(way: str, version: str, built: Path) -> Trial:
    """Install in a new home, ask, and remove everything."""
    python = interpreter(version)
    if python is None:
        return Trial(way, version, problem="pas essayé\u00a0: ce Python n'est pas sur cette machine")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        try:
            vigie = install(way, python, built, home)
            version_line, measures = run(home, vigie, "--version"), _apart(vigie, home)
        except RuntimeError as error:
            return Trial(way, version, problem=str(error))
    if __version__ not in version_line:
        return Trial(way, version, problem=f"c'est une autre version\u00a0: {version_line}")
    _, processor, memory = measures
    late = processor > MOST_SECONDS or memory > MOST_MEMORY
    return Trial(way, version, *measures, "trop long ou trop lourd" * late)


def _apart(vigie: Path, home: Path) -> tuple[float, float, float]:
    """Measure in a process of its own, whose children are not those that install."""
    words = [sys.executable, "-m", "tests.release.install", "--question", str(vigie), str(home)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    seconds, processor, memory = map(float, done.stdout.split())
    return seconds, processor, memory


def differences(folder: Path) -> Iterator[str]:
    """Yield what is not the same, byte for byte, when it is built again elsewhere."""
    with tempfile.TemporaryDirectory() as elsewhere:
        again = Path(elsewhere) / "vigie"
        shutil.copytree(
            ROOT, again, ignore=shutil.ignore_patterns(".venv", ".git", ".cache", ".*_cache", "dist")
        )
        epoch = subprocess.run(
            ["git", "log", "-1", "--format=%ct"],  # noqa: S607 — ours
            cwd=ROOT, capture_output=True, text=True, check=True,
        ).stdout.strip()  # fmt: skip
        built = again / "dist"
        hatchling = Path(sys.executable).parent / "hatchling"
        run(again, hatchling, "build", "--directory", built, SOURCE_DATE_EPOCH=epoch)
        run(again, sys.executable, "-m", "tests.release.components", built, PYTHONPATH=str(again))
        for line in (folder / "SHA256SUMS").read_text().splitlines():
            digest, name = line.split()
            if sha256((built / name).read_bytes()).hexdigest() != digest:
                yield name


@click.command(help="Installer ce que « make release » a bâti, et s'en servir.")
@click.option("--question", "asking", is_flag=True, hidden=True)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
def main(paths: tuple[Path, ...], *, asking: bool) -> None:
    """Try every way, and print how each went."""
    if asking:
        vigie, home = paths
        click.echo("{} {} {}".format(*first_question(vigie, home)))
        return
    folder = paths[0].resolve()
    [wheel], [archive] = folder.glob("*.whl"), folder.glob("*.tar.gz")
    ways = {"pip (paquet)": wheel, "pip (sources)": archive, "pipx": wheel, "uv tool": wheel}
    trials = [tried(way, version, built) for way, built in ways.items() for version in VERSIONS]
    click.echo(
        table(
            ["Installation", "Python", "Première question", "Processeur", "Mémoire", "Problème"],
            [
                [
                    trial.way,
                    trial.python,
                    f"{trial.seconds:.1f}\u00a0s".replace(".", ","),
                    f"{trial.processor:.1f}\u00a0s".replace(".", ","),
                    f"{trial.memory:.0f}\u00a0Mo",
                    trial.problem,
                ]
                for trial in trials
            ],
        )
    )
    changed = list(differences(folder))
    click.echo(f"Rebâtis différemment\u00a0: {', '.join(changed) or 'aucun'}.")
    sys.exit(1 if changed or any(trial.problem for trial in trials) else 0)


if __name__ == "__main__":
    main()
