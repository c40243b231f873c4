"""One sample of every export format, in exactly the vendor's shape.

The key is the name of the format, with a word after a full stop where a format comes in more than
one syntax.
"""

from export_samples import samples_b

SAMPLES: dict[str, bytes] = {**samples_b.SAMPLES}
