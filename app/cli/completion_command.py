"""`backscroll completion`: what a shell needs to complete commands, options and ids of jobs."""

from __future__ import annotations

import click
from click.shell_completion import BashComplete, FishComplete, ZshComplete

_SCRIPTS = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}


@click.command("completion", short_help="Print the script that completes commands and ids.")
@click.argument("shell", type=click.Choice(list(_SCRIPTS)))
@click.pass_context
def completion_command(ctx: click.Context, shell: str) -> None:
    """Print the script that completes commands and ids of jobs in a shell.

    \b
    bash:  eval "$(backscroll completion bash)"   in ~/.bashrc
    zsh:   eval "$(backscroll completion zsh)"    in ~/.zshrc, behind compinit
    fish:  backscroll completion fish > ~/.config/fish/completions/backscroll.fish

    Ids are those of recent jobs, if the database is there; nothing is started for it.
    """
    script = _SCRIPTS[shell](ctx.find_root().command, {}, "backscroll", "_BACKSCROLL_COMPLETE")
    click.echo(script.source())
