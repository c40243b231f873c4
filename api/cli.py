"""The command line: `commitment`.

Exit codes: 0 done; 1 something outside broke (a disk, a permission); 2 bad input; 3 the evidence
cannot support a number (the refusal is still written); 4 a risk threshold given on the command line
is breached (the result is still written).
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from api.commands import (
    caching,
    configuration,
    contracts,
    decisions,
    exports,
    fetch,
    forecasts,
    formats,
    handouts,
    levers,
    organisations,
    rates,
    service,
    signed_contracts,
    store,
    templates,
    workbook_imports,
)
from api.store.errors import StoreError
from forecast import __version__
from forecast.errors import EvidenceError, InputError

BAD_INPUT = 2
EVIDENCE_REFUSED = 3
OUTSIDE_BROKE = 1


class Doors(typer.core.TyperGroup):
    """The outermost door: what was raised on purpose becomes a message and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except InputError as error:
            _refuse(str(error), BAD_INPUT)
        except EvidenceError as error:
            _refuse(str(error), EVIDENCE_REFUSED)
        except StoreError as error:
            _refuse(str(error), OUTSIDE_BROKE)
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            _refuse(f"{where}{error.strerror or error}", OUTSIDE_BROKE)


def _refuse(message: str, code: int) -> None:
    shown = "".join(c if c.isprintable() or c == "\n" else "�" for c in message)
    typer.echo(f"commitment: {shown}", err=True)
    raise typer.Exit(code)


app = typer.Typer(
    cls=Doors,
    name="commitment",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start with: commitment init usage.csv --out .   then answer the one question of every "
    "workload, put the vendor's tiers into terms.toml, and run commitment recommend.",
)

app.command(
    "import",
    epilog="Example: commitment import usage/*.json --out usage.parquet",
)(exports.import_exports)
app.command(
    "fetch-usage",
    epilog="Example: commitment fetch-usage --from 2026-01-01 --out reports, then commitment "
    "import reports --out usage.parquet",
)(fetch.fetch_usage)
app.command(
    "formats",
    epilog="Example: commitment formats --json",
)(formats.formats)
app.command(
    "price",
    epilog="Example: commitment price usage.parquet --invoice billed.csv, with the columns "
    "month,usd in billed.csv",
)(exports.price)
app.command(
    "rates",
    epilog="Example: commitment rates --on 2026-11-22 --platform anthropic --model opus",
)(rates.rates)
app.command(
    "init",
    epilog="Example: commitment init usage.parquet --out .",
)(exports.init)
app.command(
    "forecast",
    epilog="Example: commitment forecast usage.parquet --workloads workloads.toml --out fan.png",
)(forecasts.forecast)
app.command(
    "replay-cache",
    epilog="Example: commitment replay-cache sessions/*.json.gz --out caching.toml",
)(caching.replay_cache)
app.command(
    "recommend",
    epilog="Example: commitment recommend --usage usage.parquet --workloads workloads.toml "
    "--terms terms.toml --out result",
)(decisions.recommend)
app.command(
    "size",
    epilog="Example: commitment size --paths paths.csv --terms terms.toml",
)(decisions.size)
app.command(
    "compare-offers",
    epilog="Example: commitment compare-offers result/recommendation.json --terms offer_a.toml "
    "--terms offer_b.toml",
)(decisions.compare_offers)
app.command(
    "explain-terms",
    epilog="Example: commitment explain-terms terms.toml",
)(contracts.explain_terms)
app.command(
    "export-commitment",
    epilog="Example: commitment export-commitment result/recommendation.json --out proposed.csv",
)(contracts.export_commitment)
app.command(
    "import-commitment",
    epilog="Example: commitment import-commitment commitments.csv --out current.toml",
)(contracts.import_commitment)
app.command(
    "sign",
    epilog="Example: commitment sign --recommendation result/recommendation.json --terms "
    "executed.toml --out contract.json",
)(signed_contracts.sign)
app.command(
    "reforecast",
    epilog="Example: commitment reforecast --contract contract.json --previous "
    "result/recommendation.json --usage usage.parquet --out 2027-Q1",
)(signed_contracts.reforecast)
app.command(
    "renewal",
    epilog="Example: commitment renewal --last quarters/2027-09-30 --terms next.toml --out renewal",
)(signed_contracts.renewal)
app.command(
    "workbook",
    epilog="Example: commitment workbook result/recommendation.json --out negotiation.xlsx",
)(decisions.workbook)
app.add_typer(templates.app)
app.command(
    "evaluate-routing",
    epilog="Example: commitment evaluate-routing answers.csv --lighter claude-haiku-5-5 --margin "
    "0.03 --declared-by Ana --declared-on 2026-10-01 --evaluated-on 2026-10-09",
)(levers.evaluate_routing)
app.command(
    "questionnaire",
    epilog="Example: commitment questionnaire workloads.toml --out questions.xlsx",
)(levers.questionnaire)
app.command(
    "import-questionnaire",
    epilog="Example: commitment import-questionnaire questions.xlsx --workloads workloads.toml "
    "--out answered.toml",
)(levers.import_questionnaire)
app.command(
    "split-workload",
    epilog="Example: commitment split-workload workloads.toml --name Documents "
    '--asynchronous-share 0.4 --evidence "runs at night" --answered-by Ana '
    "--answered-on 2026-11-20 --out divided.toml",
)(levers.split_workload)
app.command(
    "workload-pages",
    epilog="Example: commitment workload-pages result/recommendation.json --out pages",
)(levers.workload_pages)
app.command(
    "dossier",
    epilog="Example: commitment dossier result/recommendation.json --out dossier.html",
)(levers.dossier)
app.command(
    "import-workbook",
    epilog="Example: commitment import-workbook draft/intake.xlsx --out typed",
)(workbook_imports.import_workbook)
app.command(
    "vendor-pack",
    epilog="Example: commitment vendor-pack result/recommendation.json --out pack.xlsx "
    '--commitment 600000 --discount 0.15 --term-months 12 --ask "rollover: half of the unused"',
)(handouts.vendor_pack)
app.command(
    "memo",
    epilog="Example: commitment memo result/recommendation.json --terms offer_a.toml "
    '--approver "Finance: Ana" --out memo.html',
)(handouts.memo)
app.command(
    "serve",
    epilog="Example: commitment serve --port 8000",
)(service.serve)
app.command(
    "worker",
    epilog="Example: commitment worker",
)(service.worker)
app.add_typer(configuration.app, name="config")
app.add_typer(store.app, name="store")
app.add_typer(organisations.app, name="organisations")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"commitment {__version__}")
        raise typer.Exit


@app.callback()
def commitment(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Name the amount to commit to under an LLM token contract.

    What did we use, what could we stop paying for (batch, prompt caching, a lighter model), and
    what does the contract say: the amount to sign for, how sure it is, and what each clause is
    worth.
    """


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
