"""The pack for the vendor: chosen facts of the efficiency dossier beside the buyer's own words."""

from __future__ import annotations

import re
import string
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from forecast.errors import InputError
from forecast.records.dossier import ClaimEvidence, DossierClaim, EfficiencyDossier
from forecast.records.recommendation import Recommendation
from forecast.records.vendor_pack import (
    CounterProposal,
    LeverName,
    PackClaim,
    PackEvidence,
    PackModel,
    VendorPack,
)

SHARE_DIGITS: Final = 3
"""Tenths of a per cent: what is shown is what is in the file."""
OTHER_MODELS: Final = "Other models"

_RESTS_ON: Final = {
    "assumed": "assumed",
    "piloted": "piloted",
    "proven": "proven by a paired evaluation",
    "measured": "measured in production",
}
_OPAQUE: Final = re.compile(r"arn:|[/\\:@]|\d{9,}")
"""What a model's name never needs: a path, an address, the number of an account."""


@dataclass(frozen=True)
class Chosen:
    """What a person chose to show of the dossier.

    Attributes
    ----------
    claims
        Levers whose shares before and after are shown.
    evidence
        Workloads whose evidence is shown.
    named
        Of these, the ones whose name is shown; the others get a letter.
    hidden_models
        Models that are added up as other models.
    """

    claims: tuple[LeverName, ...] = ("batch", "caching", "routing")
    evidence: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()
    hidden_models: frozenset[str] = frozenset()


def vendor_pack(
    result: Recommendation,
    proposal: CounterProposal,
    chosen: Chosen,
    *,
    buyer: str | None = None,
) -> VendorPack:
    """Put together what the vendor may see.

    Of the recommendation only its dossier and the last day of its usage are read.

    Raises
    ------
    InputError
        A result without a dossier, or a choice of something that is not in it; all are named.
    """
    dossier = result.dossier
    if dossier is None or any(claim.lever is None for claim in dossier.claims):
        raise InputError(
            "holds no efficiency dossier that can be chosen from; run `commitment recommend` again",
            column="dossier",
        )
    _check_chosen(dossier, chosen)
    letters = _letters(sorted(chosen.evidence - chosen.named))
    return VendorPack(
        buyer=buyer,
        usage_until=result.provenance.as_of,
        claims=tuple(
            _claim(claim, chosen, letters)
            for claim in dossier.claims
            if claim.lever in chosen.claims
        ),
        models=_models(dossier, chosen.hidden_models),
        proposal=proposal,
    )


def disclosures(result: Recommendation, pack: VendorPack) -> tuple[str, ...]:
    """Say what the buyer's own words give away of the recommendation, before it is sent.

    Names of workloads that nobody chose to show, amounts of the recommendation, and a commitment
    that is what would be signed for.
    """
    return tuple(_disclosures(result, pack))


def _disclosures(result: Recommendation, pack: VendorPack) -> Iterator[str]:
    proposal = pack.proposal
    words = " ".join([proposal.title, *(f"{a.clause} {a.ask}" for a in proposal.asks)])
    shown = {item.workload for claim in pack.claims for item in claim.evidence}
    for workload in result.workloads:
        pattern = rf"(?<!\w){re.escape(workload.name)}(?!\w)"
        if workload.name not in shown and re.search(pattern, words, re.IGNORECASE):
            yield f"your text names the workload {workload.name!r}, which you chose not to show"
    private = {
        "what to sign for": result.headline.sign_for_usd,
        "what to expect to pay": result.headline.expect_to_pay_usd,
        "the budget": result.headline.budget_p80_usd,
        "the worst-case unused": result.headline.worst_case_unused_usd,
    }
    digits = {re.sub(r"[,'_ ]", "", found) for found in re.findall(r"\d[\d,'_ ]*", words)}
    for meaning, amount in private.items():
        if amount >= 1 and {str(int(amount)), str(round(amount))} & digits:
            yield f"your text holds {meaning} of the recommendation"
    if proposal.commitment_usd >= result.headline.sign_for_usd > 0:
        yield (
            f"you ask for a commitment of {proposal.commitment_usd:,.2f} USD, no less than the "
            f"{result.headline.sign_for_usd:,.2f} USD you would sign for: it leaves no room"
        )


def _check_chosen(dossier: EfficiencyDossier, chosen: Chosen) -> None:
    evidenced = {item.workload for claim in dossier.claims for item in claim.evidence}
    faults = [
        f"no claim rests on the workload {name!r}" for name in sorted(chosen.evidence - evidenced)
    ]
    faults += [
        f"the name {name!r} is to be shown, but not its evidence"
        for name in sorted(chosen.named - chosen.evidence)
    ]
    models = {model.model for model in dossier.models}
    faults += [f"no usage of the model {name!r}" for name in sorted(chosen.hidden_models - models)]
    if faults:
        known = ", ".join(sorted(evidenced)) or "none"
        raise InputError(
            f"{'; '.join(faults)}. Workloads with evidence: {known}; models: "
            f"{', '.join(sorted(models)) or 'none'}"
        )


def _letters(names: Collection[str]) -> dict[str, str]:
    """Name workloads by letters, in the order of their names: an order of size would say more.

    >>> _letters(["chat", "tags"])
    {'chat': 'Workload A', 'tags': 'Workload B'}
    """
    alphabet = string.ascii_uppercase
    return {
        name: f"Workload {alphabet[i] if i < len(alphabet) else i + 1}"
        for i, name in enumerate(names)
    }


def _claim(claim: DossierClaim, chosen: Chosen, letters: dict[str, str]) -> PackClaim:
    items = [
        _evidence(item, chosen.hidden_models, letters)
        for item in claim.evidence
        if item.workload in chosen.evidence
    ]
    return PackClaim(
        claim=claim.claim,
        before_share=_rounded(claim.before_share),
        after_share=_rounded(claim.after_share),
        measured_on=claim.measured_on,
        evidence=tuple(sorted(items, key=lambda item: item.workload)),
    )


def _evidence(
    item: ClaimEvidence, hidden_models: Collection[str], letters: dict[str, str]
) -> PackEvidence:
    """Take the fixed words alone: what else was said may name files and people."""
    rests_on = _RESTS_ON[item.rests_on.value] if item.rests_on else ""
    state = item.state.value if item.state else ""
    tells = _OPAQUE.search(item.change) or any(model in item.change for model in hidden_models)
    return PackEvidence(
        workload=letters.get(item.workload, item.workload),
        change="" if tells else item.change,
        stage="; ".join(filter(None, (rests_on, state))),
    )


def _models(dossier: EfficiencyDossier, hidden: Collection[str]) -> tuple[PackModel, ...]:
    """Give the mix, with models that are hidden or have no plain name as one last row."""
    shown: list[PackModel] = []
    rest = [0.0, 0.0]
    for model in dossier.models:
        if model.model in hidden or _OPAQUE.search(model.model):
            rest = [rest[0] + model.before_share, rest[1] + model.after_share]
            continue
        before, after = _rounded(model.before_share), _rounded(model.after_share)
        assert before is not None
        assert after is not None
        shown.append(PackModel(model=model.model, before_share=before, after_share=after))
    if any(rest):
        shares = [round(min(1.0, share), SHARE_DIGITS) for share in rest]
        shown.append(PackModel(model=OTHER_MODELS, before_share=shares[0], after_share=shares[1]))
    return tuple(shown)


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, SHARE_DIGITS)
