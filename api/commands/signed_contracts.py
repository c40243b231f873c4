"""Commands about a signed contract: sign, reforecast, renewal."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from api.commands.decisions import EVIDENCE_REFUSED, MaxBudget, MaxWaste, hold_thresholds
from api.commands.options import (
    ForceProgress,
    Format,
    InventoryNow,
    Json,
    Prefer,
    TermsFile,
    day_option,
)
from api.commands.output import print_page
from api.limits import MAX_PATHS, MIN_PATHS

Recommended = Annotated[
    Path,
    typer.Option(
        "--recommendation",
        metavar="FILE",
        exists=True,
        help="The recommendation.json that was signed on, with its evidence beside it.",
    ),
]


def sign(
    recommendation: Recommended,
    terms: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="The executed contract (TOML): terms with commitment_usd or schedule_usd, and a "
            "[signature] table with signatory, signed_on and reason.",
        ),
    ],
    out: Annotated[
        Path, typer.Option(metavar="FILE", dir_okay=False, help="Where the contract goes (.json).")
    ],
    signatory: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who signed.", show_default=False)
    ] = None,
    signed_on: Annotated[
        date | None,
        typer.Option(metavar="DAY", parser=day_option, help="When.", show_default=False),
    ] = None,
    reason: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help="Why it is not what was advised; needed where it is not.",
            show_default=False,
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Keep the contract that was signed, and what departing from the advice costs.

    Advice and contract are settled on the stored scenarios of the recommendation, so the price of
    the deviation is the same whenever it is asked. A contract is never written over: an amendment
    is signed into a file of its own.
    """
    from api.contracts import contract_json, read_executed, sign_stored
    from api.terminal.reforecast import signed

    executed = read_executed(terms, signatory=signatory, signed_on=signed_on, reason=reason)
    stored = sign_stored(recommendation, executed, out)
    if json:
        typer.echo(contract_json(stored.contract).decode(), nl=False)
    else:
        print_page(signed(stored))


def reforecast(
    contract: Annotated[
        Path,
        typer.Option(
            metavar="FILE", exists=True, dir_okay=False, help="What commitment sign wrote."
        ),
    ],
    previous: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            exists=True,
            help="The last forecast: the recommendation.json of the term, or the last "
            "reforecast.json, with its evidence beside it.",
        ),
    ],
    usage: Annotated[
        list[Path],
        typer.Option(
            metavar="FILE...",
            exists=True,
            help="Usage exports: the whole history again, or what came since; more files may "
            "follow, or repeat the option.",
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            metavar="DIR",
            file_okay=False,
            help="The directory of this quarter, for reforecast.json, reforecast.md, "
            "reforecast.xlsx and evidence/.",
        ),
    ],
    more_usage: Annotated[
        list[Path] | None, typer.Argument(metavar="FILE", exists=True, hidden=True)
    ] = None,
    balance: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="The vendor's balance statement: CSV with as_of, period_start, committed_usd, "
            "drawn_usd, remaining_usd.",
            show_default=False,
        ),
    ] = None,
    workloads: InventoryNow = None,
    price_sheets: Annotated[
        list[Path] | None,
        typer.Option(
            "--price-sheet",
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="Your own prices as they are now. Repeatable. [default: those of the last "
            "forecast]",
            show_default=False,
        ),
    ] = None,
    earlier: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            exists=True,
            help="The last reforecast.json of the contract before this one: its track record "
            "goes on.",
            show_default=False,
        ),
    ] = None,
    as_of: Annotated[
        date | None,
        typer.Option(
            metavar="DAY",
            parser=day_option,
            help="The end of the last month to read. [default: the last whole month of the usage]",
            show_default=False,
        ),
    ] = None,
    format_name: Format = None,
    prefer: Prefer = None,
    max_waste_p95_usd: MaxWaste = None,
    max_budget_p80_usd: MaxBudget = None,
    json: Json = False,
    progress: ForceProgress = False,
) -> None:
    """Re-forecast a signed contract: where it lands, why that moved, and what can be done.

    The change since the last forecast is split, to the cent, into forecast error, volume, model
    and token mix, price, lever realisation, new and retired workloads, method and contract. The
    same inputs again change nothing.
    """
    from api.commands.progress import progress as progress_on
    from api.reforecasts import QuarterFiles, reforecast_into
    from api.run import portfolio_file
    from api.terminal.layout import page
    from api.terminal.reforecast import written
    from api.terminal.usage import source_notes
    from forecast.pricing.sheets import read_sheet

    files = QuarterFiles(
        contract=contract,
        previous=previous,
        usage=[*usage, *(more_usage or ())],
        balance=balance,
        workloads=portfolio_file(workloads) if workloads is not None else None,
        price_sheets=[read_sheet(path) for path in price_sheets] if price_sheets else None,
        earlier=earlier,
        as_of=as_of,
        format_name=format_name,
        prefer=prefer or (),
    )
    with progress_on(progress) as bar:
        stored, reports = reforecast_into(out, files, bar=bar)
    if json:
        typer.echo(stored.result.model_dump_json(indent=2))
    else:
        print_page(written(stored), page([source_notes(reports)]))
    hold_thresholds(stored.result.headline, max_waste_p95_usd, max_budget_p80_usd)


def renewal(
    last: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            exists=True,
            help="The last reforecast.json of the running contract, with its evidence beside it.",
        ),
    ],
    terms: TermsFile,
    out: Annotated[
        Path,
        typer.Option(
            metavar="DIR",
            file_okay=False,
            help="The directory for renewal.json, renewal.md and the advice for the next term.",
        ),
    ],
    workloads: InventoryNow = None,
    paths: Annotated[
        int,
        typer.Option(
            metavar="N", min=MIN_PATHS, max=MAX_PATHS, help="Scenarios in the decision set."
        ),
    ] = 1000,
    json: Json = False,
    progress: ForceProgress = False,
) -> None:
    """Size the next commitment from the history of this one, months before it ends.

    Beside the advice stand what was signed, what was used and what should have been signed, and
    what to rely on at the table: what the vendor may see, and what only we should know. Misses of
    past forecasts widen the spread.
    """
    from api.commands.progress import progress as progress_on
    from api.renewals import RenewalFiles, renewal_into
    from api.run import portfolio_file, terms_file
    from api.terminal.renewal import written
    from forecast.records.renewal import Renewal

    files = RenewalFiles(
        last=last,
        terms=terms_file(terms),
        workloads=portfolio_file(workloads) if workloads is not None else None,
        n_scenarios=paths,
    )
    with progress_on(progress) as bar:
        found = renewal_into(out, files, bar=bar)
    if json:
        typer.echo(found.model_dump_json(indent=2))
    elif isinstance(found, Renewal):
        print_page(written(found, out))
    if not isinstance(found, Renewal):
        typer.echo(found.reason, err=True)
        raise typer.Exit(EVIDENCE_REFUSED)
