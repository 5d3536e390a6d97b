"""An installation from the first question to a bot that is ready to start."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

import click

from bot.app import starting
from bot.app.build import build
from bot.cli import base
from bot.cli.diagnostic import diagnose
from bot.cli.installer.answers import Answers
from bot.cli.installer.interview import InterviewStoppedError, Terminal, interview, review
from bot.cli.installer.questions import QUESTIONS
from bot.cli.installer.service import find_launch
from bot.configuration import places
from bot.configuration.settings_file import SettingsError
from bot.conversation.requests import PLATFORMS
from bot.operations import diagnostic
from bot.people import roles
from bot.platforms.slack.manifest import slack_manifest
from bot.settings import SEED, Settings, load
from bot.storage.database import Storage, StorageError

_EXAMPLE: Final = (SEED if places.INSTALLED else places.PACKAGE.parent) / ".env.example"

_ASKED: Final = {"VIGIE_SLACK_EQUIPE", *(question.name for question in QUESTIONS)}


def install(terminal: Terminal, file: Path, service: str = "") -> bool:
    """Ask every question, write `file`, prepare the database, check everything. Return whether all is well.

    `service`: the name of the systemd unit that starts Vigie for the whole machine, "" if there is none.
    Raises `StorageError` if nothing can be written, and `click.Abort` if the person stops.
    """
    answers = Answers(file, _manifest, launch=find_launch(file, service))
    if _EXAMPLE.is_file():
        answers.example = _EXAMPLE.read_text("utf-8")
    answers.open()
    answers.administered = _is_administered(answers.settings().database())
    if "plateformes" in answers:
        terminal.show("Reprenons. Ce que vous avez déjà répondu est vérifié de nouveau.")
    else:
        terminal.show(
            "Bienvenue. En une dizaine de questions, et une quinzaine de minutes, Vigie sera prête. Il "
            "faut pouvoir ajouter une application à votre espace Slack, ou à votre serveur Discord."
        )
    place = "les réglages du service" if service else file.absolute()
    terminal.show(f"Chaque réponse est vérifiée, puis gardée dans {place}.")
    terminal.show(
        "À tout moment\u00a0: «\u00a0?\u00a0» pour savoir pourquoi, «\u00a0retour\u00a0» pour la question "
        "d'avant, Ctrl-C pour arrêter. Vous reprendrez où vous étiez."
    )
    if not _begin(terminal, answers):
        return False
    try:
        interview(QUESTIONS, answers, terminal)
        review(QUESTIONS, answers, terminal)
        return _check(terminal, answers)
    # `KeyboardInterrupt` comes while an answer is being checked
    except (InterviewStoppedError, KeyboardInterrupt) as error:
        resume = "Tout est gardé jusqu'ici. Pour reprendre où vous étiez, tapez\u00a0:"
        _commands(terminal, resume, [f"{answers.launch.typed} installer"])
        raise click.Abort from error


def _begin(terminal: Terminal, answers: Answers) -> bool:
    """Return whether the settings that no question asks for are valid. Otherwise, print what to correct."""
    try:
        load(answers.file)
    except SettingsError as error:
        # A setting that a question asks for may still be missing or wrong.
        problems = [line for line in error.problems if line.partition("\u00a0")[0] not in _ASKED]
    else:
        problems = []
    if problems:
        terminal.show("Quelques réglages sont d'abord à corriger.", "title")
    for problem in problems:
        terminal.show(problem, "bad")
    if problems:
        terminal.show(f"Ils sont dans {answers.file.absolute()}, ou dans l'environnement.")
        _commands(terminal, "Ensuite, tapez de nouveau\u00a0:", [f"{answers.launch.typed} installer"])
    return not problems


def _check(terminal: Terminal, answers: Answers) -> bool:
    """Prepare the database, run the diagnostic and print what to do. Return whether Vigie can start."""
    config = load(answers.file)
    terminal.show("Vérification de l'ensemble.", "title")
    running = diagnostic.runs(config.database())
    if not running:
        with closing(base.open_storage(config, lambda line: terminal.show(line, "note"))) as storage:
            storage.executor.submit(starting.settle, build(config, storage)).result()
    with terminal.working("Un instant, tout est vérifié…"):
        findings = diagnose(config)
    fine = dict.fromkeys(finding.subject for finding in findings if finding.level == "ok")
    terminal.show(f"En ordre\u00a0: {', '.join(fine)}.", "good")
    for finding in findings:
        if finding.level == "erreur":
            terminal.show(f"{finding.subject}\u00a0: {finding.text}", "bad")
    if not diagnostic.sound(findings):
        place = "les réglages du service" if answers.launch.service else str(answers.file.absolute())
        again = (
            f"Corrigez ce qui est marqué ✗; les réglages sont dans {place}. Ensuite, tapez de nouveau\u00a0:"
        )
        _commands(terminal, again, [f"{answers.launch.typed} installer"])
        return False
    terminal.show("Vigie est prête.", "title")
    start = answers.launch.commands(by_service=answers["service"] == "oui", running=running)
    advice = "Elle est en marche\u00a0: redémarrez-la, pour qu'elle lise vos réponses."
    _commands(terminal, advice if running else "Pour la démarrer, tapez\u00a0:", start)
    where = " ou ".join(PLATFORMS[platform] for platform in answers.platforms())
    terminal.show("Ensuite\u00a0:")
    steps = (
        f"Dans {where}, écrivez /politique\u00a0: elle répond.",
        "Nommez qui tient chaque rôle avec /vigie roles, et dites qui est de l'équipe avec /vigie membres.",
        f"Gardez ailleurs un double de {config.keys().absolute()}\u00a0: sans lui, aucune copie ne s'ouvre.",
    )
    for number, step in enumerate(steps, 1):
        terminal.show(f"{number}. {step}", "step")
    everything = "Pour tout vérifier, n'importe quand, tapez\u00a0:"
    _commands(terminal, everything, [f"{answers.launch.typed} diagnostic"])
    return True


def _commands(terminal: Terminal, text: str, commands: Iterable[str]) -> None:
    """Show commands to type, each on its own line, which is never wrapped."""
    terminal.show(text)
    for command in commands:
        terminal.show(f"  {command}", "copy")


def _is_administered(database: Path) -> bool:
    """Return whether this database has ever had an administrator."""
    with suppress(StorageError, sqlite3.Error), base.read_only(database) as db:
        return roles.was_administered(db)
    return False


def _manifest(config: Settings) -> str:
    with closing(Storage()) as storage:
        bot = build(config, storage)
        return base.dump(slack_manifest(bot.dispatcher.commands, bot=config.profile.bot))
