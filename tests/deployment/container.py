"""The steps of deploiement/Containerfile, one after the other, in an empty root, then the program it makes.

    python -m tests.deployment.container

As root, without podman or docker: a minimal Debian (debootstrap) is the base; RUN is a shell in a changed
root that sees nothing else of this machine; the program then runs as the same account, without any
capability, the root read-only. What an engine alone does (images, volumes, secrets, networks) is not tried.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import click

from tests.deployment.tools import ROOT, UNPACKED, tool

FILE = ROOT / "deploiement/Containerfile"
BASE = ROOT / ".cache/debian/trixie.tar"
STARTING = 60.0  # seconds for the program to say that it is ready, on a busy machine
# What a machine may need to reach its package registry, as pip knows it here.
REACH = ("PIP_CERT", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY")
_MOUNTS = """
mount --make-rprivate /
mount --bind {root} {root}
mount -t proc proc {root}/proc
for name in null zero urandom random; do
  touch {root}/dev/$name && mount --bind /dev/$name {root}/dev/$name
done
"""
_READ_ONLY = """
mount --bind {state} {root}/var/lib/vigie
mount -t tmpfs -o mode=1777 tmpfs {root}/tmp
mount -o remount,ro,bind {root}
"""


@dataclass
class Stage:
    """An image being made. `environment`, `user`, `entry`, `command`: as its instructions set them."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)
    user: str = "0:0"
    entry: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)
    network: int = 0  # the process whose network the program has, once it runs


def instructions(text: str) -> Iterator[tuple[str, str]]:
    """Yield each instruction and its argument, comments left out and lines that continue joined."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        if line.strip():
            word, _, argument = line.strip().partition(" ")
            yield word, argument.strip()


def base() -> Path:
    """Return the archive of a minimal Debian, made once."""
    if not BASE.exists():
        BASE.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            scripts = UNPACKED / "usr/share/debootstrap"
            own = {"DEBOOTSTRAP_DIR": str(scripts)} if scripts.is_dir() else {}
            command = [tool("debootstrap"), "--variant=minbase", "trixie", folder]
            _run(command, environment={**os.environ, **own})
            _run(["tar", "-C", folder, "-cf", str(BASE), "."])
    return BASE


def build(folder: Path) -> Stage:
    """Perform every instruction, and return the last stage."""
    stages: dict[str, Stage] = {}
    stage: Stage | None = None
    for word, argument in instructions(FILE.read_text("utf-8")):
        click.echo(f"{word} {argument[:100]}")
        if word == "FROM":
            _, _, name = argument.partition(" AS ")
            stage = stages[name] = Stage(folder / (name or "image"))
            stage.root.mkdir()
            _run(["tar", "-C", str(stage.root), "-xf", str(base())])
            stage.root.chmod(0o755)
        elif stage is not None:
            follow(stage, word, argument, stages)
    assert stage is not None
    return stage


def follow(stage: Stage, word: str, argument: str, stages: Mapping[str, Stage]) -> None:
    """Perform one instruction in a stage. Raises `ValueError` for one that we do not know."""
    match word:
        case "RUN":
            perform(stage, argument)
        case "COPY":
            copy(stage, argument, stages)
        case "ENV":
            stage.environment |= dict(pair.split("=", 1) for pair in shlex.split(argument))
        case "USER":
            stage.user = argument
        case "ENTRYPOINT":
            stage.entry = json.loads(argument)
        case "CMD":
            stage.command = json.loads(argument)
        case "HEALTHCHECK":
            stage.health = json.loads(argument.removeprefix("CMD "))
        case "VOLUME" | "STOPSIGNAL":
            pass  # the engine's
        case _:
            raise ValueError(f"unknown instruction: {word}")


def perform(stage: Stage, command: str) -> None:
    """Perform a RUN, as root in the stage's root; what reaches the registry from here does from there too."""
    reach = {name: os.environ[name] for name in REACH if name in os.environ}
    if certificates := os.environ.get("PIP_CERT"):
        shutil.copy(certificates, stage.root / "etc/reach.pem")
        reach["PIP_CERT"] = "/etc/reach.pem"
    shutil.copy("/etc/resolv.conf", stage.root / "etc/resolv.conf")
    known = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "HOME": "/root"}
    variables = shlex.join(f"{name}={value}" for name, value in (known | stage.environment | reach).items())
    script = _MOUNTS.format(root=stage.root)
    script += f"exec chroot {stage.root} env -i {variables} sh -c {shlex.quote(command)}"
    _run(["unshare", "--mount", "sh", "-euc", script])
    (stage.root / "etc/reach.pem").unlink(missing_ok=True)


def copy(stage: Stage, argument: str, stages: Mapping[str, Stage]) -> None:
    """Perform a COPY, from the checkout or from another stage."""
    source = stage.root.parent if argument.startswith("dist/") else ROOT
    target = stage.root
    if named := re.match(r"--from=(\S+) ", argument):
        source, argument = stages[named[1]].root, argument[named.end() :]
    pattern, destination = argument.split()
    place = target / destination.lstrip("/")
    matches = sorted(source.glob(pattern.lstrip("/")))
    assert matches, f"nothing to copy: {pattern}"
    (place if destination.endswith("/") else place.parent).mkdir(parents=True, exist_ok=True)
    for path in matches:
        _run(["cp", "-a", str(path), str(place)])


def inside(stage: Stage, state: Path, words: list[str]) -> list[str]:
    """Return the command that runs `words` as the image does: its account, no capability, a read-only root.

    `state`: the folder that stands for the volume.
    """
    user, group = stage.user.split(":")
    drop = f"--reuid={user} --regid={group} --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all"
    return as_root(stage, state, ["setpriv", *drop.split(), *words])


def as_root(stage: Stage, state: Path, words: list[str]) -> list[str]:
    """Return the command that runs `words` in the image, the root being read-only all the same."""
    script = _MOUNTS.format(root=stage.root) + _READ_ONLY.format(root=stage.root, state=state)
    variables = shlex.join(f"{name}={value}" for name, value in stage.environment.items())
    script += f"exec chroot {stage.root} env -i {variables} {shlex.join(words)}"
    return ["nsenter", f"--net=/proc/{stage.network}/ns/net", "unshare", "--mount", "sh", "-euc", script]


@contextmanager
def own_network(stage: Stage) -> Iterator[None]:
    """Give the image a network of its own, with a loopback alone, as long as the context lasts."""
    words = ["unshare", "--net", "sh", "-c", f"{tool('ip')} link set lo up && echo up && exec sleep infinity"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "up\n"
        stage.network = holder.pid
        try:
            yield
        finally:
            holder.kill()


def try_program(stage: Stage, folder: Path) -> None:
    """Run the program: a clause, an account without rights, a start, its health, a stop."""
    shutil.copy(FILE.with_name("vigie-systeme"), stage.root / "opt/vigie/bin")  # in the image's PATH
    state = folder / "state"
    state.mkdir(mode=0o700)
    user, group = map(int, stage.user.split(":"))
    os.chown(state, user, group)

    def output(*words: str) -> str:
        return _run(inside(stage, state, list(words)))

    assert "porté à votre connaissance" in output(*stage.entry, "politique", "5.10")
    assert output("id", "-u").strip() == str(user)
    rights = output("cat", "/proc/self/status")
    assert re.search(r"^CapEff:\s+0+$", rights, re.MULTILINE)
    assert re.search(r"^CapBnd:\s+0+$", rights, re.MULTILINE)
    refused = "import pathlib; pathlib.Path('/opt/vigie/essai').touch()"
    done = subprocess.run(
        inside(stage, state, ["python3", "-c", refused]), capture_output=True, text=True, check=False
    )
    assert "Read-only file system" in done.stderr, done.stderr
    findings = output(*stage.entry, "diagnostic")
    assert "base\u00a0: /var/lib/vigie/vigie-essai.db" in findings, findings
    assert "/etc/vigie/vigie.env" in findings, findings
    by_hand = _run(as_root(stage, state, ["vigie-systeme", "diagnostic"]))
    assert "base\u00a0: /var/lib/vigie/vigie-essai.db" in by_hand, by_hand
    assert (state / "vigie-essai.db").exists() is False  # it only looked
    unknown = as_root(stage, state, ["vigie-systeme", "--nom", "cafe", "diagnostic"])
    done = subprocess.run(unknown, capture_output=True, text=True, check=False)
    assert (done.returncode, "pas de compte vigie-cafe" in done.stderr) == (2, True), done.stderr
    click.echo("Le programme répond, sans droit et sans rien pouvoir écrire ailleurs.")
    began = time.monotonic()
    bot = subprocess.Popen(
        inside(stage, state, [*stage.entry, *stage.command]), text=True, stdout=subprocess.PIPE
    )
    try:
        assert bot.stdout is not None
        for line in bot.stdout:
            if line.startswith("Bac à sable"):
                break
            assert time.monotonic() - began < STARTING
        click.echo(f"Prêt en {time.monotonic() - began:.1f} s.".replace(".", ",", 1))
        _run(inside(stage, state, stage.health))
        bot.terminate()
        assert bot.wait(timeout=15) == 0
    finally:
        if bot.poll() is None:
            bot.kill()
    assert "vigie-essai.db" in {path.name for path in state.iterdir()}
    try:
        subprocess.run(inside(stage, state, stage.health), capture_output=True, check=True)
    except subprocess.CalledProcessError:
        click.echo("La vérification de santé réussit en marche, et échoue à l'arrêt.")
    else:
        raise AssertionError("the health check passes although nothing runs")


def _run(words: list[str], environment: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(words, env=environment, cwd="/", capture_output=True, text=True, check=False)
    if done.returncode:
        raise click.ClickException(f"{shlex.join(words)[-300:]}\n{(done.stdout + done.stderr)[-3_000:]}")
    return done.stdout


@click.command()
def main() -> None:
    """Build, with a wheel of this checkout for `dist/`, then try."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wheel = ["pip", "wheel", str(ROOT), "-w", str(folder / "dist"), "--no-deps", "--no-build-isolation"]
        _run([sys.executable, "-m", *wheel])
        stage = build(folder)
        size = sum(path.lstat().st_size for path in (stage.root / "opt/vigie").rglob("*") if path.is_file())
        click.echo(f"Construit en {time.monotonic() - began:.0f} s; /opt/vigie\u00a0: {size / 1e6:.0f} Mo.")
        with own_network(stage):
            try_program(stage, folder)


if __name__ == "__main__":
    main()
