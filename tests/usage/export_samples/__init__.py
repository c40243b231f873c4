"""One small valid export of every format, in exactly the vendor's shape.

The key is the name of the format, with a word after a full stop where a format comes in more than
one syntax.
"""

from __future__ import annotations

import importlib
import pkgutil

SAMPLES: dict[str, bytes] = {
    name: sample
    for module in pkgutil.iter_modules(__path__)
    for name, sample in importlib.import_module(f"{__name__}.{module.name}").SAMPLES.items()
}
