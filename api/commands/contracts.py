"""Commands about the contract itself: explain-terms, export-commitment, import-commitment."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.commands.options import Json
from api.commands.output import print_json, print_page


def explain_terms(
    terms: Annotated[
        Path | None,
        typer.Argument(
            metavar="TERMS",
            exists=True,
            dir_okay=False,
            show_default=False,
            help="A contract or an offer (TOML).",
        ),
    ] = None,
    schema: Annotated[
        bool,
        typer.Option("--schema", help="Write the JSON schema of a terms file instead."),
    ] = False,
    ics: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            dir_okay=False,
            help="Write the days to act, pay and decide as a calendar (.ics) too.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Say what a terms file says, clause by clause, in plain sentences, and its days.

    Clauses that contradict each other are refused with both named.
    """
    from api.calendar_file import calendar_text
    from api.documents import load_terms_or_offer
    from api.whole_files import write_file
    from forecast.records.terms import Terms
    from forecast.records.terms.dates import key_dates
    from forecast.records.terms.sentences import offer_sentences

    if schema:
        draft = "https://json-schema.org/draft/2020-12/schema"
        print_json({"$schema": draft} | Terms.model_json_schema())
        return
    if terms is None:
        raise typer.BadParameter("name a terms file, or ask for --schema", param_hint="TERMS")
    contract, offer = load_terms_or_offer(terms)
    said, dates = offer_sentences(contract, offer), key_dates(contract)
    if ics is not None:
        write_file(ics, calendar_text(contract.name, dates).encode())
    if json:
        days = [found.model_dump(mode="json") for found in dates]
        print_json({"name": contract.name, "sentences": list(said), "dates": days})
    else:
        days_said = [f"  {found.day}  {found.what}" for found in dates]
        print_page(contract.name, *(f"  {sentence}" for sentence in said), "", *days_said)


def export_commitment(
    recommendation: Annotated[
        Path,
        typer.Argument(metavar="RECOMMENDATION", exists=True, help="A recommendation.json."),
    ],
    out: Annotated[
        Path, typer.Option(metavar="FILE", dir_okay=False, help="Where the rows go (.csv).")
    ],
    contract_id: Annotated[
        str, typer.Option(metavar="ID", help="ContractId of the rows.")
    ] = "proposed",
) -> None:
    """Write a recommendation as rows of the FOCUS 1.4 Contract Commitment dataset.

    One row a settlement period, with lifecycle status Proposed.
    """
    import csv
    import io

    from api.results import read_result
    from api.whole_files import write_file
    from forecast.records.focus_commitment import COLUMNS, commitment_rows

    result = read_result(recommendation).recommendation()
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(
        commitment_rows(
            result.terms,
            result.commitment.schedule,
            discount_share=result.commitment.tier_discount_share,
            as_of=result.provenance.as_of,
            contract_id=contract_id,
        )
    )
    write_file(out, text.getvalue().encode())
    print_page(f"{len(result.commitment.schedule)} rows are in {out}")


def import_commitment(
    focus_file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", exists=True, dir_okay=False, help="Contract Commitment rows (.csv)."
        ),
    ],
    out: Annotated[
        Path, typer.Option(metavar="FILE", dir_okay=False, help="Where the offer goes (.toml).")
    ],
    contract_id: Annotated[
        str | None,
        typer.Option(metavar="ID", show_default=False, help="Which contract, of several."),
    ] = None,
) -> None:
    """Read a commitment in force from FOCUS Contract Commitment rows, as an offer file.

    The dataset tells the schedule and the discount, not the clauses: complete the file by hand.
    """
    import csv
    import io

    from api.documents import read_text
    from api.drafts import offer_toml
    from api.whole_files import write_file
    from forecast.records.focus_commitment import offer_from_rows

    rows = list(csv.DictReader(io.StringIO(read_text(focus_file), newline="")))
    offer = offer_from_rows(rows, contract_id=contract_id)
    write_file(out, offer_toml(offer).encode())
    print_page(f"{offer.terms.name}: {offer.total_usd:,} USD over {offer.terms.term_months} months")
