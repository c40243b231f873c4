"""Idempotency-Key on every POST: sent again, a request is answered again and done once."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

from flask import Response, g, request
from werkzeug.exceptions import Conflict, Gone, UnprocessableEntity

from api import access
from api.store import idempotency
from api.store.columns import is_id, new_id
from api.store.idempotency import (
    GivenAnswer,
    KeyReusedError,
    KeyUnderWayError,
    MadeAndDeletedError,
)
from api.store.opening import Store
from api.validation import DocumentError, Fault
from forecast.errors import InputError

HEADER = "Idempotency-Key"

_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_CHUNK_BYTES = 2**20
_KEPT_HEADERS = ("Content-Type", "Location", "ETag", "Preference-Applied", "Retry-After")


def made_id() -> str:
    """Give the id of what a request makes: the same one when the request is sent again."""
    found: str | None = g.get("resource_id")
    return found or new_id()


def once(do: Callable[[], Response], kept: Callable[[str], str] = lambda body: body) -> Response:
    """Answer a POST, or give the answer that its key stands for.

    Parameters
    ----------
    kept
        What is stored of a body; a secret is not.

    Raises
    ------
    DocumentError
        A key that is none.
    Conflict
        The first request is not answered yet.
    UnprocessableEntity
        The key was used for another request.
    Gone
        What the first request made or was about has been deleted.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return do()
    if not _KEY.fullmatch(key):
        raise DocumentError([Fault((HEADER,), "has to be 1 to 255 visible ASCII characters")])
    store, organisation = access.the_store(), access.organisation()
    try:
        found = idempotency.take(store, organisation, key, fingerprint(), now=access.now())
    except KeyReusedError:
        raise UnprocessableEntity(
            f"This {HEADER} was used for another request; take a new one."
        ) from None
    except KeyUnderWayError:
        raise Conflict(f"The first request with this {HEADER} is not answered yet.") from None
    except MadeAndDeletedError:
        raise Gone(
            f"What this {HEADER} made or was about has been deleted; take a new key."
        ) from None
    if isinstance(found, GivenAnswer):
        return Response(found.body, status=found.status, headers=dict(found.headers))
    g.resource_id = found.resource_id
    try:
        response = do()
        _settle(store, organisation, key, response, kept)
    except InputError:
        idempotency.give_back(store, organisation, key)
        raise
    except BaseException:
        idempotency.let_go(store, organisation, key, now=access.now())
        raise
    return response


def _settle(
    store: Store, organisation: str, key: str, response: Response, kept: Callable[[str], str]
) -> None:
    status = response.status_code
    if status < 400:
        headers = {
            name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers
        }
        given = GivenAnswer(status, headers, kept(response.get_data(as_text=True)))
        idempotency.answer(store, organisation, key, given, about=_subject(response))
    elif status < 500:
        idempotency.give_back(store, organisation, key)
    else:
        idempotency.let_go(store, organisation, key, now=access.now())


def _subject(response: Response) -> str | None:
    """Give the id of what was made, now or by an earlier request, or else was asked about."""
    for text in (response.headers.get("Location", ""), request.path):
        found = next((part for part in reversed(text.split("/")) if is_id(part)), None)
        if found is not None:
            return found
    return None


def fingerprint() -> str:
    """Give a digest of what is asked for; two multipart bodies may differ in their boundaries."""
    digest = hashlib.sha256()
    for part in (request.method, request.path, request.mimetype, *_parts()):
        data = part if isinstance(part, bytes) else part.encode()
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


def _parts() -> list[str | bytes]:
    if request.mimetype != "multipart/form-data":
        return [request.get_data(cache=True)]
    parts: list[Any] = [json.dumps(list(request.form.items(multi=True)))]
    for field, upload in request.files.items(multi=True):
        digest = hashlib.sha256()
        while chunk := upload.stream.read(_CHUNK_BYTES):
            digest.update(chunk)
        upload.stream.seek(0)
        parts += [field, upload.filename or "", digest.digest()]
    return parts
