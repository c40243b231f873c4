"""Recommendations as pages that are printed, signed, or shown to the vendor.

Everything is escaped and stands in one file: no script, no font, no picture from elsewhere.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from typing import Final

from api.pages.memo import Memo
from api.pages.templating import render
from forecast.errors import InputError
from forecast.records.base import Provenance
from forecast.records.dossier import DossierClaim
from forecast.records.recommendation import Recommendation, WorkloadResult
from forecast.short_form import Told, told_once

_NAME_LENGTH: Final = 60


INDEX: Final = "index.html"


def workload_pages(result: Recommendation) -> dict[str, str]:
    """Write one page per owned workload, by file name, the largest first, and their index.

    Each says what would change, what the guard checked, what it saves and what happens when a
    result is late, and has a place to accept or decline with a reason. The index lists them by
    owner, so that each can be sent theirs.
    """
    pages = {f"{name}.html": _workload_page(result, w) for name, w in owned_workloads(result)}
    return {INDEX: _index(result), **pages}


def workload_page(result: Recommendation, name: str) -> str | None:
    """Write the page of one owned workload, by its name in `owned_workloads`; None without it."""
    found = dict(owned_workloads(result)).get(name)
    return None if found is None else _workload_page(result, found)


def _workload_page(result: Recommendation, workload: WorkloadResult) -> str:
    evidence = next(e for e in result.workload_evidence if e.workload == workload.name)
    step = next((s for s in result.migration if s.workload == workload.name), None)
    values = {"workload": workload, "evidence": evidence, "step": step, "result": result}
    return render("workload.html", values)


def _index(result: Recommendation) -> str:
    owners = {e.workload: e.acceptance.owner or "" for e in result.workload_evidence}
    by_owner: dict[str, list[tuple[str, WorkloadResult, Decimal]]] = {}
    for name, w in owned_workloads(result):
        saving = sum((lever.list_saving_usd for lever in w.levers), Decimal(0))
        by_owner.setdefault(owners[w.name], []).append((f"{name}.html", w, saving))
    return render("workloads_index.html", {"by_owner": by_owner, "result": result})


def owned_workloads(result: Recommendation) -> list[tuple[str, WorkloadResult]]:
    """Give the workloads that have an owner's page, the largest first, with the page's name."""
    evidenced = {e.workload for e in result.workload_evidence}
    owned = [w for w in result.workloads if w.name in evidenced]
    owned.sort(key=lambda w: (-w.as_is_usd, w.name))
    width = max(2, len(str(len(owned))))
    return [
        (f"{number:0{width}}-{file_name(w.name)}", w) for number, w in enumerate(owned, start=1)
    ]


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
