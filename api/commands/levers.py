"""Commands about the evidence of levers: evaluate-routing."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from api.commands.options import Json, day_option
from api.commands.output import print_page


def _margin(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 < share < 1:
        raise typer.BadParameter(f"{text!r} is no margin; write 0.03 for 3 points")
    return share


def evaluate_routing(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="A CSV with the columns case, model and pass; cluster names cases that belong "
            "together, repeat numbers the attempts.",
        ),
    ],
    lighter: Annotated[
        str, typer.Option(metavar="MODEL", help="The lighter model, as the file writes it.")
    ],
    today: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL", help="Today's model. [default: the only other one]", show_default=False
        ),
    ] = None,
    margin: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE",
            parser=_margin,
            help="How much worse it may be, as a share of the cases: 0.03 for 3 points.",
            show_default=False,
        ),
    ] = None,
    declared_by: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who declared the margin.")
    ] = None,
    declared_on: Annotated[
        date | None,
        typer.Option(metavar="DAY", parser=day_option, help="When, before the evaluation ran."),
    ] = None,
    evaluated_on: Annotated[
        date | None,
        typer.Option(metavar="DAY", parser=day_option, help="When the evaluation ran."),
    ] = None,
    seed: Annotated[
        int, typer.Option(metavar="N", min=0, help="Of the bootstrap, where cases repeat.")
    ] = 0,
    json: Json = False,
) -> None:
    """Say what a paired evaluation proves about a lighter model.

    A swap is proven when a margin was declared before the evaluation ran, by somebody, and the
    95 % interval of the difference lies above it. Anything less is a pilot, and says how many
    cases would do.
    """
    from api.documents import read_bytes
    from api.evidence_files import Attachment, evaluate_file
    from api.terminal.routing import evaluation
    from forecast.records.routing import DeclaredMargin

    signed = (declared_by, declared_on)
    if margin is None and any(signed):
        raise typer.BadParameter("is missing beside who declared it", param_hint="--margin")
    declared = None
    if margin is not None:
        if declared_by is None or declared_on is None:
            raise typer.BadParameter(
                "a margin counts with who declared it and when; give both",
                param_hint="--declared-by, --declared-on",
            )
        declared = DeclaredMargin(
            margin_share=margin, declared_by=declared_by, declared_on=declared_on
        )
    found = evaluate_file(
        Attachment(file.name, read_bytes(file)),
        lighter,
        today_model=today,
        margin=declared,
        evaluated_on=evaluated_on,
        seed=seed,
    )
    if json:
        typer.echo(found.model_dump_json(indent=2))
    else:
        print_page(evaluation(found))
