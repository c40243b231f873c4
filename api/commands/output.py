"""Where a command's answer goes: a page for people, JSON for machines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rich.console import RenderableType


def print_json(document: object) -> None:
    """Write plain JSON values to standard output."""
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))


def print_page(*parts: RenderableType | str) -> None:
    """Write a page to standard output."""
    from api.terminal.layout import console, plain

    screen = console()
    for part in parts:
        screen.print(plain(part) if isinstance(part, str) else part)
