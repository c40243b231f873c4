"""What every error over HTTP has to look like."""

from __future__ import annotations

import json
from typing import Any

from werkzeug.test import TestResponse


def problem_of(response: TestResponse, status: int) -> dict[str, Any]:
    """Check that a response is a problem of this status, and give it."""
    assert response.status_code == status, response.get_data(as_text=True)
    assert response.content_type == "application/problem+json"
    found = json.loads(response.data)
    assert {"type", "title", "status", "detail", "instance"} <= set(found)
    assert found["status"] == status
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    return found
