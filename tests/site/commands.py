"""The commands as pages show them: those of the chat, from the catalogue, and those of the command line."""

from __future__ import annotations

from collections.abc import Iterator

import click

from bot.app.build import Bot
from bot.cli.main import SECTIONS, vigie
from bot.commands.catalogue import ADMINISTRATION
from bot.conversation.requests import Command
from tests.site.markdown import code, sentence, table

BY_BUTTONS = "Ce que les boutons écrivent pour vous"


def chat(bot: Bot) -> str:
    """Return the commands of the chat, by group, in the order of the help."""
    groups: dict[str, list[Command]] = {}
    for command in bot.dispatcher.commands:
        groups.setdefault(command.group, []).append(command)
    ordered = [*(group for group in groups if group), ""]
    return "\n\n".join(
        f"## {group or BY_BUTTONS}\n\n{table(('On écrit', 'Vigie répond'), map(_row, groups[group]))}"
        for group in ordered
        if group in groups
    )


def _row(command: Command) -> tuple[str, str]:
    name = f"/{command.name}" if command.slash else f"/vigie {command.name}"
    sentences = [command.summary]
    if command.refusal and command.group != ADMINISTRATION:
        sentences.append("Aux personnes qui les reçoivent, et à elles seules.")
    if examples := command.examples():
        several = "s" if len(examples) > 1 else ""
        sentences.append(f"Exemple{several} : {', '.join(code(f'{name} {text}') for text in examples)}.")
    if label := command.shortcut():
        own = f"; devant son propre message, comme {code(f'/vigie {own}')}" if (own := command.own()) else ""
        sentences.append(f"Dans le menu d'un message : « {label} »{own}.")
    if command.anywhere:
        sentences.append(f"Parmi les raccourcis de Slack : « {command.anywhere} ».")
    return code(f"{name} {command.usage}".strip()), " ".join(sentences)


def command_line() -> str:
    """Return every command of the command line, with its options, by section as in its help."""
    shared = "\n".join(_options(vigie))
    parts = [f"## Avant la commande\n\n{shared}"]
    for section, names in SECTIONS.items():
        parts.append(f"## {section}")
        parts += [part for name in names for part in _described(_under(vigie, name), f"vigie {name}", 3)]
    return "\n\n".join(filter(None, parts))


def _described(command: click.Command, line: str, level: int) -> Iterator[str]:
    yield f"{'#' * level} {line}"
    yield sentence(command.help or command.short_help or "")
    if not isinstance(command, click.Group) or command.invoke_without_command:
        usage = " ".join(command.collect_usage_pieces(click.Context(command, info_name=line)))
        yield f"```text\n{line} {usage}\n```"
        yield "\n".join(_options(command))
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            yield from _described(_under(command, name), f"{line} {name}", level + 1)


def _under(group: click.Group, name: str) -> click.Command:
    command = group.get_command(click.Context(group), name)
    assert command
    return command


def _options(command: click.Command) -> Iterator[str]:
    for option in command.params:
        if isinstance(option, click.Option) and option.help and not option.hidden:
            context = click.Context(command)
            value = "" if option.is_flag else f" {option.make_metavar(context)}"
            yield f"- `{', '.join(option.opts)}{value}` : {sentence(option.help)}"
