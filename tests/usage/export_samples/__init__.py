"""One small valid export of every format, in exactly the vendor's shape, by the format's name."""

from __future__ import annotations

import importlib
import pkgutil

SAMPLES: dict[str, bytes] = {
    name: sample
    for module in pkgutil.iter_modules(__path__)
    for name, sample in importlib.import_module(f"{__name__}.{module.name}").SAMPLES.items()
}
