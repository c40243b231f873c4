"""Where the Admin API is and the key that opens it; the key is shown to nobody."""

from __future__ import annotations

import ipaddress
import os
from typing import Final
from urllib.parse import urlsplit

from pydantic import SecretStr

from forecast.errors import InputError

KEY_VARIABLE: Final = "ANTHROPIC_ADMIN_KEY"
BASE_URL: Final = "https://api.anthropic.com"

_WHERE_KEYS_ARE_MADE: Final = (
    "an organization admin makes one in the Console under Settings, Admin keys (sk-ant-admin…)"
)


def admin_key() -> SecretStr:
    """Take the key from the environment.

    Raises
    ------
    InputError
        None is set, it is of the kind that cannot read reports, or it is damaged.
    """
    key = os.environ.get(KEY_VARIABLE, "").strip()
    if not key:
        raise InputError(f"{KEY_VARIABLE} is not set; {_WHERE_KEYS_ARE_MADE}")
    if key.startswith("sk-ant-api"):
        raise InputError(
            f"{KEY_VARIABLE} holds an ordinary API key, which cannot read usage reports; "
            f"{_WHERE_KEYS_ARE_MADE}"
        )
    if not (key.isascii() and key.isprintable() and " " not in key):
        raise InputError(f"{KEY_VARIABLE} holds blanks or characters no key has; copy it again")
    return SecretStr(key)


def checked_base_url(url: str) -> str:
    """Give the base URL without a slash at its end.

    Raises
    ------
    InputError
        Not a URL, plain HTTP to another machine, or a URL with a user, a query or a fragment.

    Examples
    --------
    >>> checked_base_url("https://proxy.example/anthropic/")
    'https://proxy.example/anthropic'
    >>> checked_base_url("http://proxy.example")
    Traceback (most recent call last):
    forecast.errors.InputError: --base-url http://proxy.example: would send the key unprotected; \
use https
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        parts, host = urlsplit(""), None
    shown = url.split("@")[-1][:80]
    if parts.scheme not in ("https", "http") or not host or parts.query or parts.fragment:
        raise InputError(
            "is not the address of an API; write https://host", file=f"--base-url {shown}"
        )
    if parts.username or parts.password:
        raise InputError("must not hold a user or password", file=f"--base-url {shown}")
    if parts.scheme == "http" and not is_loopback(host):
        raise InputError("would send the key unprotected; use https", file=f"--base-url {shown}")
    return url.rstrip("/")


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("127.0.0.1.example.com")
    (True, True, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
