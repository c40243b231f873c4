"""The command about what can be read: formats."""

from __future__ import annotations

from api.commands.options import Json
from api.commands.output import print_json, print_page


def formats(json: Json = False) -> None:
    """List the exports that can be read, and what each of them cannot tell.

    Files are recognised by what is in them; give the name with --format where two fit.
    """
    from api.terminal.usage import known_formats
    from forecast.usage.formats.registry import FORMATS
    from forecast.usage.log_sources import LAYOUTS_ALONE

    known = (*FORMATS, *LAYOUTS_ALONE)
    if json:
        print_json(
            {
                "formats": [
                    {
                        "name": kind.name,
                        "description": kind.description,
                        "holds": list(kind.holds),
                        "seen_by": kind.seen_by,
                        "input_includes_cache": kind.input_includes_cache,
                        "amounts": kind.amounts and kind.amounts._asdict(),
                        "cannot_tell": list(kind.cannot_tell),
                    }
                    for kind in known
                ]
            }
        )
        return
    print_page(known_formats(known))
