"""The paths of stored recommendations, kept in memory for the meeting in which offers are typed."""

from __future__ import annotations

from functools import lru_cache

from api.offers import OfferPaths
from api.results import ANSWER
from api.store.opening import Store
from api.store.recommendations import laid_out, published_files

REMEMBERED = 16
"""Recommendations of one process. The months of 10,000 scenarios over three years take 2.9 MB."""


def offer_paths(store: Store, organisation: str, identifier: str) -> OfferPaths:
    """Give what offers are settled on.

    The database says each time whether the recommendation is still there and still the
    organisation's; reading the scenarios, which never change, is what is saved.

    Raises
    ------
    UnknownObjectError
        The organisation has published none of this id.
    InputError
        A refusal.
    DamagedArtifactError
        A file of it is absent or was changed.
    """
    found = published_files(store, organisation, identifier)
    # The answer names the digests of the evidence, so its own digest stands for all of it.
    answer = next(file.kept.sha256 for file in found if file.name == ANSWER)
    return _remembered(store, organisation, identifier, answer)


@lru_cache(maxsize=REMEMBERED)
def _remembered(store: Store, organisation: str, identifier: str, _answer: str) -> OfferPaths:
    with laid_out(store, organisation, identifier) as stored:
        return OfferPaths.of(stored)
