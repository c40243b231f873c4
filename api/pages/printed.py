"""Recommendations as pages that are printed, signed, or shown to the vendor.

Everything is escaped and stands in one file: no script, no font, no picture from elsewhere.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from api.pages.memo import Memo
from api.pages.templating import environment, render
from forecast.errors import InputError
from forecast.records.base import Provenance
from forecast.records.dossier import DossierClaim
from forecast.records.recommendation import Recommendation, WorkloadResult
from forecast.short_form import Told, told_once

_NAME_LENGTH: Final = 60


def workload_pages(result: Recommendation) -> dict[str, str]:
    """Write one page per owned workload, by file name, the largest first.

    Each says what would change, what the guard checked, what it saves and what happens when a
    result is late, and has a place to accept or decline with a reason.
    """
    evidence = {e.workload: e for e in result.workload_evidence}
    steps = {step.workload: step for step in result.migration}
    template = environment().get_template("workload.html")
    return {
        f"{name}.html": template.render(
            workload=workload,
            evidence=evidence[workload.name],
            step=steps.get(workload.name),
            result=result,
        )
        for name, workload in owned_workloads(result)
    }


def owned_workloads(result: Recommendation) -> list[tuple[str, WorkloadResult]]:
    """Give the workloads that have an owner's page, the largest first, with the page's name."""
    evidenced = {e.workload for e in result.workload_evidence}
    owned = [w for w in result.workloads if w.name in evidenced]
    owned.sort(key=lambda w: (-w.as_is_usd, w.name))
    return [(f"{number:02}-{file_name(w.name)}", w) for number, w in enumerate(owned, start=1)]


def dossier_page(result: Recommendation) -> str:
    """Write the efficiency dossier: shares and their evidence, and nothing of the negotiation.

    Raises
    ------
    InputError
        A result of an older version, which holds none.
    """
    if result.dossier is None:
        raise InputError(
            "holds no efficiency dossier; run `commitment recommend` again", column="dossier"
        )
    evidence = [(claim.claim, _evidence(claim)) for claim in result.dossier.claims]
    values = {"dossier": result.dossier, "evidence": evidence}
    return render("dossier.html", values | {"as_of": result.provenance.as_of})


def _evidence(claim: DossierClaim) -> list[tuple[Told, Provenance]]:
    """Give what a claim rests on, the same of several workloads once."""
    sources = list(dict.fromkeys(item.provenance for item in claim.evidence))
    return [
        (told, source)
        for source in sources
        for told in told_once(
            (item.workload, item.said) for item in claim.evidence if item.provenance is source
        )
    ]


def memo_page(memo: Memo) -> str:
    """Write the approval memo as one page that is printed and signed."""
    return render("memo.html", {"memo": memo})


def file_name(name: str) -> str:
    """Make a name that every file system takes.

    >>> file_name("Über/../Nightly  tags"), file_name("…")
    ('uber-nightly-tags', 'workload')
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:_NAME_LENGTH] or "workload"
