"""Commands about levers: evaluations, questionnaires, pages to sign, and the dossier."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from api.commands.options import Json, Stored, day_option
from api.commands.output import print_json, print_page


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


def workload_pages(
    recommendation: Stored,
    out: Annotated[
        Path, typer.Option(metavar="DIR", file_okay=False, help="The directory for the pages.")
    ],
    json: Json = False,
) -> None:
    """Write one page per workload that its engineer accepts or declines, and an index by owner.

    Each page (HTML, made to be printed) says what would change, what was checked, what it saves,
    what a late result costs, and asks for a service level and a trigger to go back.
    """
    from api.pages.printed import INDEX
    from api.pages.printed import workload_pages as pages_of
    from api.results import read_result
    from api.whole_files import write_file

    pages = pages_of(read_result(recommendation).recommendation())
    out.mkdir(parents=True, exist_ok=True)
    for name, text in pages.items():
        write_file(out / name, text.encode())
    if json:
        listed = [str(out / name) for name in pages if name != INDEX]
        print_json({"index": str(out / INDEX), "pages": listed})
    else:
        print_page(f"{len(pages) - 1} pages are in {out}; {INDEX} lists them by owner")


def dossier(
    recommendation: Stored,
    out: Annotated[
        Path, typer.Option(metavar="FILE", dir_okay=False, help="Where the page goes (.html).")
    ],
    json: Json = False,
) -> None:
    """Write the efficiency dossier, the page a buyer shows the vendor.

    Share of asynchronous work at batch rates, cache reads and model mix, before and after, with
    the evidence of each claim. It holds no commitment, no forecast and nothing that is only
    proposed.
    """
    from api.pages.printed import dossier_page
    from api.results import read_result
    from api.whole_files import write_file

    result = read_result(recommendation).recommendation()
    write_file(out, dossier_page(result).encode())
    if json and result.dossier is not None:
        typer.echo(result.dossier.model_dump_json(indent=2))
    else:
        print_page(f"The efficiency dossier is {out}")


Inventory = Annotated[
    Path,
    typer.Option(metavar="FILE", exists=True, dir_okay=False, help="The inventory (TOML)."),
]


def questionnaire(
    workloads: Annotated[
        Path,
        typer.Argument(
            metavar="WORKLOADS", exists=True, dir_okay=False, help="The inventory (TOML)."
        ),
    ],
    out: Annotated[
        Path, typer.Option(metavar="FILE", dir_okay=False, help="Where it goes (.xlsx).")
    ],
    json: Json = False,
) -> None:
    """Write a questionnaire for the owners of the workloads (Excel).

    One row per workload, with what the inventory says already; the answers come back with
    commitment import-questionnaire.
    """
    from api.documents import load_portfolio
    from api.whole_files import write_file
    from excel_templates.questionnaire import questionnaire as written

    portfolio = load_portfolio(workloads)
    write_file(out, written(portfolio))
    if json:
        print_json({"questionnaire": str(out), "workloads": len(portfolio.workloads)})
    else:
        print_page(f"The questionnaire of {len(portfolio.workloads)} workloads is {out}")


def import_questionnaire(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", exists=True, dir_okay=False, help="A filled-in questionnaire (.xlsx)."
        ),
    ],
    workloads: Inventory,
    out: Annotated[
        Path,
        typer.Option(metavar="FILE", dir_okay=False, help="Where the answered inventory goes."),
    ],
    json: Json = False,
) -> None:
    """Put the answers of a questionnaire into the inventory.

    Every fault is named by its cell, and then nothing is written. An empty cell changes nothing.
    Comments of the inventory are not kept.
    """
    from api.documents import load_portfolio
    from api.drafts import portfolio_toml
    from api.whole_files import write_file
    from excel_templates.questionnaire import answered_portfolio

    before = load_portfolio(workloads)
    after = answered_portfolio(file, before)
    changed = [a.name for a, b in zip(after.workloads, before.workloads, strict=True) if a != b]
    write_file(out, portfolio_toml(after).encode())
    if json:
        print_json({"workloads": str(out), "changed": changed})
    else:
        print_page(f"{len(changed)} workloads were answered; the inventory is {out}")


def split_workload(
    workloads: Annotated[
        Path,
        typer.Argument(
            metavar="WORKLOADS", exists=True, dir_okay=False, help="The inventory (TOML)."
        ),
    ],
    name: Annotated[str, typer.Option(metavar="NAME", help="The workload that is divided.")],
    asynchronous_share: Annotated[
        float, typer.Option(metavar="SHARE", help="Share of its traffic that may wait: 0.4.")
    ],
    evidence: Annotated[str, typer.Option(metavar="TEXT", help="What the share rests on.")],
    answered_by: Annotated[str, typer.Option(metavar="NAME", help="Whose word it is.")],
    answered_on: Annotated[
        date, typer.Option(metavar="DAY", parser=day_option, help="And since when.")
    ],
    out: Annotated[
        Path, typer.Option(metavar="FILE", dir_okay=False, help="Where the inventory goes.")
    ],
    json: Json = False,
) -> None:
    """Divide a workload into what somebody waits for and what is consumed later.

    Both parts keep the rules and levers, each with its share of the usage, and both are proposed
    again: an owner said yes to the whole. Comments of the inventory are not kept.
    """
    from api.documents import load_portfolio
    from api.drafts import portfolio_toml
    from api.whole_files import write_file
    from forecast.levers.splitting import split_workload as divided

    after = divided(
        load_portfolio(workloads),
        name,
        asynchronous_share,
        evidence=evidence,
        answered_by=answered_by,
        answered_on=answered_on,
    )
    write_file(out, portfolio_toml(after).encode())
    if json:
        print_json({"workloads": str(out), "names": [w.name for w in after.workloads]})
    else:
        print_page(f"{name} is two workloads now; the inventory is {out}")
