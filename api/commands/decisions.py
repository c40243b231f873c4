"""Commands about the decision: recommend, size, compare-offers, workbook."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.options import (
    AsOf,
    ForceProgress,
    Format,
    Invoices,
    Json,
    Prefer,
    PriceSheets,
    RefusalShare,
    Stored,
    Template,
    TermsFile,
    ToleranceShare,
    limits_of,
    usd_option,
)
from api.commands.output import print_json, print_page
from api.limits import MAX_PATHS, MIN_PATHS

if TYPE_CHECKING:
    from forecast.records.sizing_result import Headline

EVIDENCE_REFUSED = 3
THRESHOLD_BREACHED = 4


def _threshold(name: str, explained: str) -> typer.models.OptionInfo:
    """Give an option for an amount that ends the command with 4 when it is passed."""
    return typer.Option(
        name,
        metavar="USD",
        parser=usd_option,
        help=f"Exit with 4 when {explained}.",
        show_default=False,
    )


MaxWaste = Annotated[
    Decimal | None, _threshold("--max-waste-p95-usd", "the P95 of unused commitment is above")
]
MaxBudget = Annotated[
    Decimal | None, _threshold("--max-budget-p80-usd", "the P80 of the total paid is above")
]


WasteWeight = Annotated[
    float,
    typer.Option(
        metavar="X",
        min=0,
        max=1000,
        help="Dollars that one of waste CVaR95 weighs.",
    ),
]
BudgetWeight = Annotated[
    float,
    typer.Option(metavar="X", min=0, max=1000, help="Dollars that one of cost CVaR95 weighs."),
]
WasteCap = Annotated[
    Decimal | None,
    typer.Option(metavar="USD", parser=usd_option, help="The most that waste may be at its P95."),
]
BudgetCap = Annotated[
    Decimal | None,
    typer.Option(metavar="USD", parser=usd_option, help="The most that may be paid at the P80."),
]


def recommend(
    usage: Annotated[
        list[Path],
        typer.Option(
            metavar="FILE...",
            exists=True,
            help="Usage exports; more files may follow, or repeat the option.",
        ),
    ],
    workloads: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="The inventory (TOML); draft it with commitment init.",
        ),
    ],
    terms: TermsFile,
    out: Annotated[
        Path,
        typer.Option(
            metavar="DIR",
            file_okay=False,
            help="The directory for recommendation.json, negotiation.xlsx and evidence/.",
        ),
    ],
    more_usage: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE", exists=True, hidden=True),
    ] = None,
    as_of: AsOf = None,
    invoice: Invoices = None,
    tolerance_share: ToleranceShare = None,
    refusal_share: RefusalShare = None,
    format_name: Format = None,
    prefer: Prefer = None,
    seed: Annotated[
        int, typer.Option(metavar="N", min=0, help="The same seed and inputs give the same bytes.")
    ] = 0,
    paths: Annotated[
        int,
        typer.Option(
            metavar="N",
            min=MIN_PATHS,
            max=MAX_PATHS,
            help=f"Scenarios in the decision set, {MIN_PATHS} to {MAX_PATHS}; the workbook holds "
            "them too.",
        ),
    ] = 1000,
    _jobs: Annotated[
        int,
        typer.Option(
            "--jobs",
            metavar="N",
            min=1,
            help="Accepted for scripts that give it; one process fits everything at once.",
        ),
    ] = 1,
    price_sheets: PriceSheets = None,
    template: Template = None,
    track_record: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            exists=True,
            help="The last reforecast.json of an earlier contract: misses that go on widen the "
            "spread of this advice.",
            show_default=False,
        ),
    ] = None,
    max_waste_p95_usd: MaxWaste = None,
    max_budget_p80_usd: MaxBudget = None,
    json: Json = False,
    progress: ForceProgress = False,
) -> None:
    """Recommend the commitment to sign, and write its workbook.

    Four numbers come together: what to sign for, what to expect to pay, what to budget, and what
    may stay unused in the worst case. A commitment is not a budget.

    Exits with 3 when the history cannot carry a number, because it is too short or does not
    reprice to the bills; a safe amount is written all the same.
    """
    from api.commands.progress import progress as progress_on
    from api.results import answer_json
    from api.run import Settings, portfolio_file, recommend_into, terms_file
    from api.terminal.decision import written
    from forecast.pricing.sheets import read_sheet
    from forecast.records.recommendation import Recommendation

    inventory, contract = portfolio_file(workloads), terms_file(terms)
    sheets = [read_sheet(path) for path in price_sheets or ()]
    settings = Settings(
        as_of=as_of,
        seed=seed,
        n_scenarios=paths,
        limits=limits_of(tolerance_share, refusal_share),
    )
    with progress_on(progress) as bar:
        stored, reports = recommend_into(
            out,
            [*usage, *(more_usage or ())],
            inventory,
            contract,
            settings,
            price_sheets=sheets,
            invoices=invoice or (),
            format_name=format_name,
            prefer=prefer or (),
            template=template,
            track_record=track_record,
            bar=bar,
        )
    if json:
        typer.echo(answer_json(stored.result), nl=False)
    else:
        print_page(written(stored, reports))
    if not isinstance(stored.result, Recommendation):
        raise typer.Exit(EVIDENCE_REFUSED)
    hold_thresholds(stored.result.headline, max_waste_p95_usd, max_budget_p80_usd)


def hold_thresholds(
    headline: Headline, max_waste_p95: Decimal | None, max_budget_p80: Decimal | None
) -> None:
    """Exit with a code of its own when a threshold of the command line is breached."""
    checks = (
        ("P95 of unused commitment", headline.worst_case_unused_usd, max_waste_p95),
        ("P80 of the total paid", headline.budget_p80_usd, max_budget_p80),
    )
    breached = [
        (name, is_, limit) for name, is_, limit in checks if limit is not None and is_ > limit
    ]
    for name, found, limit in breached:
        typer.echo(f"commitment: the {name} is {found} USD, above {limit} USD", err=True)
    if breached:
        raise typer.Exit(THRESHOLD_BREACHED)


def size(
    paths: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="Your own forecast, CSV or Parquet: one row a path, one column a month of the "
            "term, list-price USD.",
        ),
    ],
    terms: TermsFile,
    waste_weight: WasteWeight = 0.0,
    budget_weight: BudgetWeight = 0.0,
    cap_waste_p95_usd: WasteCap = None,
    cap_budget_p80_usd: BudgetCap = None,
    json: Json = False,
) -> None:
    """Size a commitment on your own sample paths.

    The rows of the file are the decision set: the answer is exact for them, and nothing is
    forecast or resampled. Waste (committed and not used) and the budget (the total paid in bad
    outcomes) may be weighed or capped, each by its name; the choice is shown beside the cheapest.
    """
    from api.paths_file import read_paths
    from api.run import terms_file
    from api.terminal.decision import sizing
    from forecast.records.negotiation import RiskPreference
    from forecast.sizing.decision import size as size_paths

    contract = terms_file(terms).record
    preference = RiskPreference(
        waste_weight=waste_weight,
        budget_weight=budget_weight,
        max_waste_p95_usd=cap_waste_p95_usd,
        max_budget_p80_usd=cap_budget_p80_usd,
    )
    list_usd = read_paths(paths, first_month=contract.term_start)
    found = size_paths(contract, list_usd, preference=preference)
    if json:
        typer.echo(found.model_dump_json(indent=2))
    else:
        print_page(sizing(found))


def compare_offers(
    recommendation: Stored,
    terms: Annotated[
        list[Path],
        typer.Option(
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="An offer (TOML): terms with commitment_usd or schedule_usd. Repeat it.",
        ),
    ],
    json: Json = False,
) -> None:
    """Settle offers on the paths of a recommendation.

    Every offer meets the same scenarios as the recommended commitment, so that differences are
    differences between contracts.
    """
    from api.documents import load_offer
    from api.offers import OfferPaths
    from api.results import read_result
    from api.terminal.decision import offers

    scores = OfferPaths.of(read_result(recommendation)).score([load_offer(path) for path in terms])
    if json:
        print_json({"offers": [score.model_dump(mode="json") for score in scores]})
    else:
        print_page(offers(scores))


def workbook(
    recommendation: Stored,
    out: Annotated[
        Path, typer.Option(metavar="FILE", dir_okay=False, help="Where the workbook goes (.xlsx).")
    ],
    template: Template = None,
    terms: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="An offer (TOML) to put beside our number on the sheet Offers. Repeat it.",
        ),
    ] = None,
    previous: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            exists=True,
            help="An earlier recommendation.json: the sheet Changes compares with it.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Write the negotiation workbook of a recommendation again.

    Its formulas work on the same scenarios: type a counter-offer into the Inputs sheet and read
    the decision.
    """
    from api.documents import load_offer
    from api.offers import OfferPaths
    from api.results import digest, read_result
    from api.whole_files import write_file
    from excel_templates.fill import build_workbook

    stored = read_result(recommendation)
    offers = [load_offer(path) for path in terms or ()]
    scored = OfferPaths.of(stored).score(offers) if offers else ()
    answer = stored.recommendation()
    data = build_workbook(
        answer.model_copy(update={"offers": (*answer.offers, *scored)}),
        stored.decisions(),
        template=template,
        previous=read_result(previous).recommendation() if previous is not None else None,
    )
    write_file(out, data)
    if json:
        print_json({"workbook": str(out), "sha256": digest(data)})
    else:
        print_page(f"The workbook is {out}")
