"""What routing rests on that no price list says."""

from __future__ import annotations

from forecast.records.base import Provenance
from forecast.records.evidence_states import Evidence
from forecast.records.recommendation import Assumption
from forecast.records.routing import RoutingLever


def routing_assumptions(workload: str, lever: RoutingLever) -> list[Assumption]:
    """List the pass share an evaluation measured, and what is taken for granted beside it.

    Examples
    --------
    >>> for found in routing_assumptions("w", RoutingLever(to_model="small", pass_share=0.9)):
    ...     print(found.name, "|", found.value)
    w: answers of the lighter model that fail | all of them are noticed and escalated
    w: cached input written again after an escalation | 1
    """
    found = []
    name = f"{workload}: routing to {lever.to_model}"
    if (seen := lever.evaluated) is not None:
        found.append(
            Assumption(
                name=f"{name} pass share",
                value=f"{lever.pass_share:.4g}",
                provenance=Provenance.MEASURED,
                source=f"{seen.file}: {seen.n_cases} cases, drawn as if from "
                f"{seen.effective_cases:.0f} independent ones; {seen.reason}"[:2000],
                as_of=seen.evaluated_on,
            )
        )
    elif lever.evidence is Evidence.PROVEN:
        found.append(
            Assumption(
                name=f"{name} is proven",
                value="no evaluation is attached",
                provenance=Provenance.USER,
                source="workload inventory; name the CSV in routing.evaluation",
            )
        )
    if lever.pass_share < 1:
        found.append(
            Assumption(
                name=f"{workload}: answers of the lighter model that fail",
                value="all of them are noticed and escalated",
                provenance=Provenance.CLAIM,
                source="assumption of this package; a model that checks answers is priced as the "
                "router, and what it misses is a loss of quality that the evaluation measures",
            )
        )
        stated = "cache_rebuilt_share" in lever.model_fields_set
        found.append(
            Assumption(
                name=f"{workload}: cached input written again after an escalation",
                value=f"{lever.cache_rebuilt_share:g}",
                provenance=Provenance.USER if stated else Provenance.CLAIM,
                source="workload inventory"
                if stated
                else "assumption of this package: today's model has not seen the prefix lately",
            )
        )
    return found
