"""A progress bar on standard error, and nothing at all where nobody looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Tell = Callable[[str, float], None]
"""Called with what is being done and the share of it that is done."""


@contextmanager
def progress(forced: bool) -> Iterator[Callable[[], Tell]]:
    """Give a maker of progress bars, one for each long piece of work.

    Parameters
    ----------
    forced
        Show bars even when standard error is no terminal.
    """
    from rich.console import Console

    console = Console(stderr=True, force_terminal=forced or None)
    if not console.is_terminal:
        yield lambda: _silent
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bars:

        def bar() -> Tell:
            task = bars.add_task("", total=1.0)

            def tell(what: str, done: float) -> None:
                bars.update(task, description=what, completed=min(max(done, 0.0), 1.0))

            return tell

        yield bar


def _silent(_what: str, _done: float) -> None:
    return None
