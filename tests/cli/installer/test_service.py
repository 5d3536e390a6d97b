"""How Vigie starts once it is installed: the person's own unit, the machine's, or by hand."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from bot.cli.installer import checks, service
from bot.cli.installer.answers import Answers
from bot.cli.installer.interview import Accepted, Refused
from bot.cli.installer.service import Launch, find_launch
from tests.cli.installer.typist import MANIFEST, text_of
from tests.deployment.tools import DEPLOYMENT, tool

PROGRAM = ("/home/a b/100%/$vigie", "--reglages", '/home/a "b"/.env')


def answers_with(units: Path | None, file: Path, **environment: str) -> Answers:
    launch = Launch("vigie", PROGRAM, units=units)
    answers = Answers(file, lambda _: MANIFEST, environment, launch=launch)
    answers.open()
    return answers


def test_a_person_s_unit_is_written_where_their_systemd_looks(file: Path) -> None:
    answers = answers_with(file.parent / "units", file)
    verdict = checks.check_service("oui", answers)
    assert isinstance(verdict, Accepted)
    assert (verdict.values, verdict.notes) == ({"service": "oui"}, [])
    unit = text_of(file.parent / "units" / service.UNIT)
    assert r'ExecStart="/home/a b/100%%/$$vigie" "--reglages" "/home/a \"b\"/.env" "servir"' in unit
    assert f"WorkingDirectory={file.parent}" in unit
    assert isinstance(checks.check_service("non", answers), Accepted)


def test_what_the_service_will_not_see_is_said(file: Path) -> None:
    answers = answers_with(file.parent, file, VIGIE_DB="/ailleurs/vigie.db", SLACK_BOT_TOKEN="x", HOME="/")
    verdict = checks.check_service("oui", answers)
    assert isinstance(verdict, Accepted)
    [note] = verdict.notes
    assert "SLACK_BOT_TOKEN, VIGIE_DB." in note


def test_a_unit_that_cannot_be_written_is_said(file: Path) -> None:
    verdict = checks.check_service("oui", answers_with(Path("/dev/null/units"), file))
    assert isinstance(verdict, Refused)
    assert "répondez non" in verdict.text


def test_systemd_has_nothing_to_say_about_a_person_s_unit(tmp_path: Path) -> None:
    program = tmp_path / "vigie 100%"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    unit = tmp_path / "vigie.service"
    unit.write_text(Launch(words=(str(program),)).unit(tmp_path), "utf-8")
    done = subprocess.run(
        [tool("systemd-analyze"), "--no-pager", "--user", "verify", str(unit)],
        capture_output=True, text=True, check=False, env={"XDG_RUNTIME_DIR": str(tmp_path), "HOME": "/"},
    )  # fmt: skip
    assert str(unit.name) not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "name",
    [
        "Type", "UMask", "Restart", "RestartSec", "RestartPreventExitStatus", "TimeoutStartSec",
        "TimeoutStopSec", "WatchdogSec", "LimitCORE", "NoNewPrivileges", "StartLimitIntervalSec",
        "RestartSteps", "RestartMaxDelaySec",
    ],
)  # fmt: skip
def test_it_is_supervised_as_the_machine_s_is(name: str) -> None:
    units = (service._UNIT, (DEPLOYMENT / "vigie.service").read_text("utf-8"))
    own, machine = (re.findall(rf"^{name}=.*$", unit, re.MULTILINE) for unit in units)
    assert own == machine
    assert len(own) == 1


@pytest.mark.parametrize(
    ("launch", "by_service", "running", "lines"),
    [
        (Launch("vigie"), False, False, ["vigie servir"]),
        (Launch("vigie"), False, True, []),
        (Launch(service="vigie"), False, False, ["sudo systemctl enable --now vigie"]),
        (Launch(service="vigie@cafe"), False, True, ["sudo systemctl restart vigie@cafe"]),
        (
            Launch(),
            True,
            False,
            [
                "systemctl --user daemon-reload",
                "systemctl --user enable --now vigie.service",
                "loginctl enable-linger",
            ],
        ),
    ],
)
def test_the_commands_that_start_it_are_those_of_the_place(
    launch: Launch, lines: list[str], *, by_service: bool, running: bool
) -> None:
    assert launch.commands(by_service=by_service, running=running) == lines


def test_a_command_names_the_settings_file_only_where_it_must(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", [".venv/bin/vigie"])
    monkeypatch.setattr("shutil.which", lambda _: None)
    assert find_launch(Path(".env"), "").typed == ".venv/bin/vigie"
    assert find_launch(Path("/a b/.env"), "").typed == ".venv/bin/vigie --reglages '/a b/.env'"
    assert find_launch(Path("/x"), "vigie").typed == "sudo vigie-systeme"
    assert find_launch(Path("/x"), "vigie@cafe").typed == "sudo vigie-systeme --nom cafe"
