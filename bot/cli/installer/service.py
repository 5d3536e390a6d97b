"""The ways to start Vigie once it is installed: by systemd, for the machine or one person, or by hand."""

import os
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.configuration import places

UNIT: Final = "vigie.service"
# The systemd unit that runs as the person who installs. `deploiement/vigie.service` has an account of its
# own.
_UNIT: Final = """\
# Vigie, lancée par systemd pour une personne. Écrite par «\u00a0vigie installer\u00a0», qui la refait.

[Unit]
Description=Vigie
StartLimitIntervalSec=0

[Service]
Type=notify
ExecStart={program}
WorkingDirectory={folder}
UMask=0077
Restart=on-failure
RestartSec=10
RestartSteps=8
RestartMaxDelaySec=10min
RestartPreventExitStatus=2 77
TimeoutStartSec=120
TimeoutStopSec=15
WatchdogSec=120
LimitCORE=0
NoNewPrivileges=yes

[Install]
WantedBy=default.target
"""


@dataclass(frozen=True, slots=True)
class Launch:
    """How Vigie is started. `typed`: the words to type before a command. `words`: the same, with full paths.

    `service`: the name of the machine's systemd unit, "" without one. `units`: the folder of the person's own
    units, None where systemd runs no such unit.
    """

    typed: str = "vigie"
    words: tuple[str, ...] = ("vigie",)
    service: str = ""
    units: Path | None = None

    def commands(self, *, by_service: bool, running: bool) -> list[str]:
        """Return the commands that start Vigie, or that make a running Vigie read its new settings."""
        verb = "restart" if running else "enable --now"
        if self.service:
            return [f"sudo systemctl {verb} {self.service}"]
        if by_service:
            user = "systemctl --user"
            return [f"{user} daemon-reload", f"{user} {verb} {UNIT}", "loginctl enable-linger"]
        return [] if running else [f"{self.typed} servir"]

    def unit(self, folder: Path) -> str:
        """Return the text of the person's systemd unit. `folder`: its working folder."""
        program = " ".join(_quoted(word) for word in (*self.words, "servir"))
        return _UNIT.format(program=program, folder=str(folder).replace("%", "%%"))


def find_launch(file: Path, service: str) -> Launch:
    """Return how to start Vigie on this machine with a settings file.

    `service`: the name of the machine's systemd unit, "" when Vigie is installed only for the current user.
    """
    if service:
        _, _, name = service.partition("@")
        return Launch("sudo vigie-systeme" + (f" --nom {name}" if name else ""), service=service)
    program = Path(sys.argv[0])
    options = ("--reglages", str(file.absolute()))
    installed = program.name == "vigie"
    typed = "vigie" if shutil.which("vigie") or not installed else str(program)
    if file != places.settings_file():
        typed += f" --reglages {shlex.quote(str(file))}"
    command = (str(program.absolute()),) if installed else (sys.executable, "-m", "bot")
    configuration = Path(os.environ.get("XDG_CONFIG_HOME") or Path("~/.config").expanduser())
    managed = Path("/run/systemd/system").is_dir() and os.geteuid() != 0
    return Launch(typed, (*command, *options), units=configuration / "systemd/user" if managed else None)


def _quoted(word: str) -> str:
    """Return a word quoted for systemd's command lines (systemd.service(5), « Command lines »)."""
    for special, escaped in (("\\", "\\\\"), ('"', '\\"'), ("%", "%%"), ("$", "$$")):
        word = word.replace(special, escaped)
    return f'"{word}"'
