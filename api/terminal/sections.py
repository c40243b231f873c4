"""Titled tables and remarks that are shown in the terminal and written as Markdown alike."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Group

from api.terminal.layout import notes, plain, table


@dataclass(frozen=True)
class Section:
    """A titled table, or a titled list of remarks where it has no columns."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def remarks(title: str, lines: Sequence[str]) -> Section:
    """Give a titled list."""
    return Section(title, (), tuple((line,) for line in lines))


def shown(section: Section) -> Group:
    """Show a section in the terminal."""
    if section.columns:
        return table(section.title, section.columns, section.rows)
    found = notes(section.title, [row[0] for row in section.rows])
    assert isinstance(found, Group)
    return found


def as_markdown(title: str, sections: Sequence[Section]) -> str:
    """Write a page of Markdown."""
    lines = [f"# {escaped(title)}", ""]
    for section in sections:
        lines += [f"## {escaped(section.title)}", ""]
        if section.columns:
            lines.append("| " + " | ".join(section.columns) + " |")
            lines.append("|" + "---|" * len(section.columns))
            lines += ["| " + " | ".join(map(escaped, row)) + " |" for row in section.rows]
        else:
            lines += [f"- {escaped(row[0])}" for row in section.rows]
        lines.append("")
    return "\n".join(lines)


def escaped(text: str) -> str:
    r"""Show foreign text in Markdown as it is.

    >>> escaped("a|b *c* <d>\n[e](f)")
    'a\\|b \\*c\\* \\<d\\> \\[e\\]\\(f\\)'
    """
    one_line = plain(text.replace("\n", " ")).plain
    return re.sub(r"([\\`*_{}\[\]()<>#|])", r"\\\1", one_line)
