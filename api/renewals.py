"""Renewal files on disk: what goes with the advice for the next term, beside that advice.

DIR/renewal.json            the answer
DIR/renewal.md              the same as a page of Markdown
DIR/recommendation.json …   the advice for the next term with its workbook and evidence
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from api.reforecasts import read_previous
from api.results import digest, write_outcome
from api.run import Document, Tell, placed_terms, placed_workloads
from api.whole_files import replace_files
from forecast.records.recommendation import InputDigest, Recommendation, Refusal
from forecast.records.renewal import Renewal
from forecast.records.terms import Terms
from forecast.records.workloads import Portfolio

RENEWAL = "renewal.json"
RENEWAL_PAGE = "renewal.md"


@dataclass(frozen=True)
class RenewalFiles:
    """What a renewal is made from.

    Attributes
    ----------
    last
        The last reforecast.json with its evidence beside it, or its directory.
    terms
        What is on the table for the next term.
    workloads
        The inventory as it is now; None takes that of the last forecast.
    """

    last: Path
    terms: Document[Terms]
    workloads: Document[Portfolio] | None = None
    n_scenarios: int = 1000


def renewal_into(
    out_dir: Path, files: RenewalFiles, *, bar: Callable[[], Tell | None] = lambda: None
) -> Renewal | Refusal:
    """Size the next term from the history of this one, and put the renewal file into `out_dir`.

    The usage is that which the last re-forecast kept; its track record widens the spread.

    Raises
    ------
    InputError
        Files that cannot be used; terms that begin before the running contract ends.
    """
    from forecast.pipeline.quarter_inputs import as_usage_rows
    from forecast.pipeline.recommend import recommend
    from forecast.pipeline.renewal import last_reforecast, renewal

    previous, inventory, sheets = read_previous(files.last)
    inventory = files.workloads or inventory
    with placed_terms(files.terms):
        last = last_reforecast(previous, files.terms.record)
    documents = (inventory, files.terms)
    inputs = [previous.digest]
    inputs += [InputDigest(name=d.name, sha256=digest(d.data)) for d in documents]
    inputs += [InputDigest(name=a.name, sha256=digest(a.data)) for a in inventory.attachments]
    inputs += [InputDigest(name=s.name, sha256=digest(s.data)) for s in sheets]
    with placed_terms(files.terms), placed_workloads(inventory):
        outcome = recommend(
            as_usage_rows(previous.daily),
            inventory.record,
            files.terms.record,
            as_of=last.provenance.as_of,
            seed=last.provenance.seed,
            n_scenarios=files.n_scenarios,
            inputs=inputs,
            price_sheets=sheets,
            record=last.track_record,
            progress=bar(),
        )
    stored = write_outcome(
        outcome,
        out_dir,
        portfolio_toml=inventory.data,
        terms_toml=files.terms.data,
        price_sheets=[sheet.data for sheet in sheets],
        attachments=[file.data for file in inventory.attachments],
    )
    if not isinstance(stored.result, Recommendation):
        return stored.result
    assert outcome.decisions is not None
    found = renewal(previous, stored.result, outcome.decisions)
    write_renewal(found, out_dir)
    return found


def write_renewal(found: Renewal, out_dir: Path) -> None:
    """Write a renewal file beside the advice it is about."""
    from api.terminal.renewal import markdown

    replace_files(
        out_dir,
        {
            RENEWAL_PAGE: markdown(found).encode(),
            RENEWAL: (found.model_dump_json(indent=2) + "\n").encode(),
        },
    )
