"""The efficiency dossier: what a buyer shows the vendor of how well the tokens are used.

It holds shares and their evidence alone: no commitment, no forecast of consumption, no price that
is being negotiated, and nothing that an owner has not accepted.
"""

from __future__ import annotations

from typing import Literal

from forecast.records.base import Name, Note, Provenance, Record, Share
from forecast.records.workloads import Evidence, OwnerState


class ClaimEvidence(Record):
    """What one workload adds to a claim."""

    workload: str
    said: Note
    provenance: Provenance
    change: Note = ""
    """How the lever is set up."""
    rests_on: Evidence | None = None
    """None in results of older versions."""
    state: OwnerState | None = None


class DossierClaim(Record):
    """One share before and after, with its evidence."""

    claim: Name
    before_share: Share | None
    """As used in the last weeks; None where there is no such work."""
    after_share: Share | None
    """With every accepted lever in force."""
    measured_on: Note
    """What the share before was counted on."""
    evidence: tuple[ClaimEvidence, ...]
    """What the change rests on, the largest workload first."""
    lever: Literal["batch", "caching", "routing"] | None = None
    """None in results of older versions."""


class ModelShare(Record):
    """Share of one model in the list cost of the same work."""

    model: Name
    before_share: Share
    after_share: Share


class EfficiencyDossier(Record):
    """Batch, cache and model mix, before and after."""

    claims: tuple[DossierClaim, ...]
    models: tuple[ModelShare, ...]
    """Of the list cost before and after, each adding up to one; the largest first."""
    same_work_costs_share: float | None
    """List cost of the same work after, in shares of before; None without any cost. Internal: a
    vendor who holds the bill could read the optimised demand off it, so no page prints it."""
