"""`vigie completion`: the shell script that completes commands and options as they are typed."""

from typing import Final

import click
from click.shell_completion import get_completion_class

VARIABLE: Final = "_VIGIE_COMPLETE"  # the environment variable in which click receives the shell's request
_SHELLS: Final = ("bash", "zsh", "fish")


@click.command(
    help="Écrire ce qui fait compléter les commandes de Vigie avec la touche Tab. Pour bash\u00a0: mkdir -p "
    "~/.local/share/bash-completion/completions && vigie completion bash > "
    "~/.local/share/bash-completion/completions/vigie",
    short_help="Compléter les commandes avec la touche Tab.",
)
@click.argument("interpreteur", type=click.Choice(_SHELLS), metavar="bash|zsh|fish")
@click.pass_context
def completion(context: click.Context, interpreteur: str) -> None:
    """Print the completion script of a shell."""
    shell = get_completion_class(interpreteur)
    assert shell is not None  # noqa: S101 — click knows every shell that the option accepts
    click.echo(shell(context.find_root().command, {}, "vigie", VARIABLE).source())


COMMANDS: Final = (completion,)
