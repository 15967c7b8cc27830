"""A group of commands that lists the most wanted first."""

from __future__ import annotations

import click


class InReadingOrder(click.Group):
    """Commands in the order in which they were added."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)
