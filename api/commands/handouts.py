"""Commands that write what is handed on: the pack for the vendor, the memo for those who sign."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.commands.options import Json, Stored, day_option, usd_option
from api.commands.output import print_json, print_page

if TYPE_CHECKING:
    from forecast.records.vendor_pack import CounterProposal

MAX_NAME = 120


def _stated(text: str, panel: str = "The counter-proposal", **more: Any) -> Any:
    return typer.Option(help=text, rich_help_panel=panel, show_default=False, **more)


_CHOICE = "What of the efficiency dossier is shown"


def vendor_pack(
    recommendation: Stored,
    out: Annotated[
        Path, typer.Option(metavar="FILE", dir_okay=False, help="Where the pack goes (.xlsx).")
    ],
    proposal: Annotated[
        Path | None,
        _stated(
            "The counter-proposal as TOML, instead of the options below: term_months, "
            "commitment_usd, discount_share, and as you like title, term_start, settlement, "
            "overage, overage_discount_share, rollover_share, unused_credit_share, valid_until, "
            "[[asks]] with clause and ask.",
            metavar="FILE", exists=True, dir_okay=False,
        ),
    ] = None,
    commitment: Annotated[
        Decimal | None, _stated("Commitment over the term.", metavar="USD", parser=usd_option)
    ] = None,
    discount: Annotated[
        float | None, _stated("Discount asked for, off list: 0.15.", metavar="SHARE")
    ] = None,
    term_months: Annotated[int | None, _stated("Months of the term.", metavar="N")] = None,
    term_start: Annotated[
        date | None, _stated("First day of the term.", metavar="DAY", parser=day_option)
    ] = None,
    overage: Annotated[
        str | None,
        _stated("Price beyond it: list, committed_rate, discounted.", metavar="WORD"),
    ] = None,
    overage_discount: Annotated[
        float | None, _stated("With discounted: off list.", metavar="SHARE")
    ] = None,
    rollover: Annotated[
        float | None, _stated("Of the unused, into the next period.", metavar="SHARE")
    ] = None,
    ask: Annotated[
        list[str] | None,
        _stated('A clause you ask for, as "clause: what". Repeat it.', metavar="TEXT"),
    ] = None,
    claim: Annotated[
        list[str] | None,
        _stated(
            "Show the share before and after of batch, caching or routing. Repeat it. "
            "[default: all three]",
            _CHOICE, metavar="LEVER",
        ),
    ] = None,
    evidence: Annotated[
        list[str] | None,
        _stated(
            "Show what this workload adds to the claims, under a letter. Repeat it.",
            _CHOICE, metavar="WORKLOAD",
        ),
    ] = None,
    show_name: Annotated[
        list[str] | None,
        _stated("Show the name of this workload, not a letter. Repeat it.", _CHOICE,
                metavar="WORKLOAD"),
    ] = None,
    hide_model: Annotated[
        list[str] | None,
        _stated("Add this model up as other models. Repeat it.", _CHOICE, metavar="MODEL"),
    ] = None,
    buyer: Annotated[
        str | None, _stated("Whose proposal it is.", metavar="NAME")
    ] = None,
    json: Json = False,
) -> None:  # fmt: skip
    """Write the workbook that may be handed to the vendor.

    It shows shares before and after (batch, cache, lighter model), the model mix, the last day of
    usage, and the counter-proposal as you state it: nothing of it is taken from the
    recommendation, least of all the amount to sign for. Workloads stay out unless you choose
    them, and anonymous unless you choose their names. It holds no scenario, forecast, cost,
    percentile, other offer, formula, hidden sheet, defined name, comment or file property. What
    your own words give away is told before you send it.
    """
    from api.results import read_result
    from api.whole_files import write_file
    from excel_templates.vendor_pack import vendor_workbook
    from forecast.pipeline.vendor_pack import Chosen, disclosures
    from forecast.pipeline.vendor_pack import vendor_pack as packed

    stated = {
        "commitment_usd": commitment,
        "discount_share": discount,
        "term_months": term_months,
        "term_start": term_start,
        "overage": overage,
        "overage_discount_share": overage_discount,
        "rollover_share": rollover,
        "asks": [_ask(text) for text in ask] if ask else None,
    }
    asked = _proposal(proposal, {k: v for k, v in stated.items() if v is not None})
    chosen = Chosen(
        claims=tuple(_lever(name) for name in claim) if claim else Chosen.claims,
        evidence=frozenset(evidence or ()),
        named=frozenset(show_name or ()),
        hidden_models=frozenset(hide_model or ()),
    )
    if buyer is not None and not 0 < len(buyer.strip()) <= MAX_NAME:
        raise typer.BadParameter(f"give 1 to {MAX_NAME} characters", param_hint="--buyer")
    result = read_result(recommendation).recommendation()
    pack = packed(result, asked, chosen, buyer=buyer)
    told = disclosures(result, pack)
    write_file(out, vendor_workbook(pack))
    if json:
        print_json({"pack": str(out), "holds": pack.model_dump(mode="json"), "warnings": told})
        return
    print_page(f"The pack for the vendor is {out}", *(f"Before you send it: {t}" for t in told))


def _proposal(file: Path | None, stated: dict[str, Any]) -> CounterProposal:
    from api.documents import load_proposal
    from api.validation import validate
    from forecast.records.vendor_pack import CounterProposal

    if file is not None:
        if stated:
            raise typer.BadParameter(
                "stands beside options that state the proposal too; give one of them",
                param_hint="--proposal",
            )
        return load_proposal(file)
    needed = ("commitment_usd", "discount_share", "term_months")
    missing = [name for name in needed if name not in stated]
    if missing:
        options = {"commitment_usd": "--commitment", "discount_share": "--discount"}
        names = ", ".join(options.get(name, "--term-months") for name in missing)
        raise typer.BadParameter(
            f"state the counter-proposal: {names} (or --proposal FILE). Nothing is taken from the "
            "recommendation",
            param_hint=names,
        )
    return validate(CounterProposal, stated)


def _ask(text: str) -> dict[str, str]:
    clause, colon, what = text.partition(":")
    if not colon or not clause.strip() or not what.strip():
        raise typer.BadParameter(
            f'{text!r} is no clause; write "rollover: half of the unused"', param_hint="--ask"
        )
    return {"clause": clause.strip(), "ask": what.strip()}


def _lever(name: str) -> Any:
    levers = ("batch", "caching", "routing")
    if name not in levers:
        raise typer.BadParameter(f"{name!r} is none of {', '.join(levers)}", param_hint="--claim")
    return name


def memo(
    recommendation: Stored,
    out: Annotated[
        Path,
        typer.Option(
            metavar="FILE", dir_okay=False,
            help="Where it goes: .html is a printable page, .pptx an editable slide.",
        ),
    ],
    terms: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE", exists=True, dir_okay=False, show_default=False,
            help="An offer (TOML), scored on the same scenarios. Repeat it.",
        ),
    ] = None,
    approver: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TEXT", show_default=False,
            help='Who signs, as "role" or "role: name". Repeat it. [default: Procurement, '
            "Engineering, Finance]",
        ),
    ] = None,
    json: Json = False,
) -> None:  # fmt: skip
    """Write the approval memo: one page for those who sign.

    Decision, the four numbers, the bridge from last quarter's bill, offers, risks, whose word the
    assumptions are, and a line for each approver. It is internal: it holds what the vendor must
    not see.
    """
    from api.documents import load_offer
    from api.offers import OfferPaths
    from api.pages.memo import APPROVERS, MAX_APPROVERS, approval_memo
    from api.pages.memo_slide import memo_slide
    from api.pages.printed import memo_page
    from api.results import read_result
    from api.whole_files import write_file

    if out.suffix not in (".html", ".pptx"):
        raise typer.BadParameter(
            f"{out.name!r} ends in neither .html nor .pptx", param_hint="--out"
        )
    if len(approver or ()) > MAX_APPROVERS:
        raise typer.BadParameter(
            f"the page has room for {MAX_APPROVERS} lines", param_hint="--approver"
        )
    stored = read_result(recommendation)
    result = stored.recommendation()
    scored = OfferPaths.of(stored).score([load_offer(path) for path in terms]) if terms else ()
    signed = [_approver(text) for text in approver] if approver else APPROVERS
    page = approval_memo(result, offers=scored, approvers=signed)
    write_file(out, memo_slide(page) if out.suffix == ".pptx" else memo_page(page).encode())
    if json:
        print_json({"memo": str(out), "decision": page.decision, "not_shown": list(page.left_out)})
    else:
        print_page(f"The approval memo is {out}")


def _approver(text: str) -> tuple[str, str]:
    role, _, name = text.partition(":")
    if not role.strip() or len(text) > MAX_NAME:
        raise typer.BadParameter(f'{text!r} is no approver; write "Finance: Ana"')
    return role.strip(), name.strip()
