"""What the store raises on purpose; none of it the caller's fault but the last.

RuntimeError
└── StoreError                     the operator can mend it (HTTP 500, exit code 1)
    ├── StoreFullError             no space is left (507)
    ├── StoreUnavailableError      it cannot be reached, opened or written (503)
    │   └── SchemaError            its tables are those of another release
    └── DamagedArtifactError       a stored file is absent or is not what was stored
LookupError
└── UnknownObjectError             nothing of this organisation has this id or name (404)
"""

from __future__ import annotations


class StoreError(RuntimeError):
    """The store cannot do what was asked; nothing the caller can mend."""


class StoreFullError(StoreError):
    """No space is left; what was being written is not kept."""


class StoreUnavailableError(StoreError):
    """The store cannot be reached, opened or written."""


class SchemaError(StoreUnavailableError):
    """The tables are those of another release."""


class DamagedArtifactError(StoreError):
    """A stored file is absent or is not what was stored."""


class UnknownObjectError(LookupError):
    """Nothing of this organisation has this id or name."""
