"""HiGHS without its greeting: what a solver prints would stand in the middle of --json.

HiGHS: Huangfu and Hall 2018, doi:10.1007/s12532-017-0130-5.
"""

from __future__ import annotations

import highspy


class QuietHighs(highspy.Highs):
    """A solver that writes nothing: its own constructor greets on standard output."""

    def __init__(self) -> None:
        super(highspy.Highs, self).__init__()
        self.setOptionValue("output_flag", False)
