"""`backscroll demo`: the main job on a sample chat, from nothing to searchable text."""

from __future__ import annotations

import click


@click.command("demo")
def demo_command() -> None:
    """Run the main job on a sample chat and show everything it does."""
