"""`backscroll demo`."""

from __future__ import annotations

import click
from rich.console import Console

from app.settings import load_settings


@click.command("demo")
@click.option(
    "--providers",
    type=click.Choice(["none", "stand-in", "mine"]),
    default="none",
    help="Who turns media into text: this machine alone, also a provider that is none and costs"
    " nothing, or also those that you have set up and pay.",
)
def demo_command(providers: str) -> None:
    """Run the main job on a sample chat and show everything it does.

    Works in a folder of its own (demo, in BACKSCROLL_HOME) with the embedded PostgreSQL; your
    database is not touched. Takes half a minute and leaves nothing running.
    """
    # Its chat takes long to import, and shells that complete a word are waited for.
    from app.cli.demo_run import Demo

    given = load_settings()
    home = given.home / "demo"
    settings = given.model_copy(
        update={"home": home, "database_url": None, "media_root": home / "media"}
    )
    Demo(settings, Console(highlight=False), providers).run()
