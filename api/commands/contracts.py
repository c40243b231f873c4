"""The command about the contract itself: explain-terms."""

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
    json: Json = False,
) -> None:
    """Say what a terms file says, clause by clause, in plain sentences.

    Clauses that contradict each other are refused with both named.
    """
    from api.documents import load_terms_or_offer
    from forecast.records.terms import Terms
    from forecast.records.terms.sentences import offer_sentences

    if schema:
        draft = "https://json-schema.org/draft/2020-12/schema"
        print_json({"$schema": draft} | Terms.model_json_schema())
        return
    if terms is None:
        raise typer.BadParameter("name a terms file, or ask for --schema", param_hint="TERMS")
    contract, offer = load_terms_or_offer(terms)
    said = offer_sentences(contract, offer)
    if json:
        print_json({"name": contract.name, "sentences": list(said)})
    else:
        print_page(contract.name, *(f"  {sentence}" for sentence in said))
