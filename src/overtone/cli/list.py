"""`overtone list`: the names that other verbs take."""

import json
from typing import Annotated, Literal

from cyclopts import Parameter

from overtone.cli.exits import EXIT_DONE

Kind = Literal["codecs", "models", "presets", "metrics", "data"]


def list_(
    kind: Annotated[Kind, Parameter(name="WHAT")],
    /,
    *,
    as_json: Annotated[bool, Parameter(name="--json")] = False,
) -> int:
    """List the names that other verbs take, each with a line about it.

    Example: overtone list presets

    Args:
        kind: codecs (of --codec), models (to train, and trained ones to use as MODEL), presets (of
            --preset, with how long they take), metrics, or data (what --data can be).
        as_json: Print one JSON object a name, a line each.
    """
    from overtone.cli.catalogue import CATALOGUES

    rows = CATALOGUES[kind]()
    if as_json:
        for row in rows:
            print(json.dumps(row))
        return EXIT_DONE
    columns = [name for name in rows[0] if name not in {"about", "broken"}]
    widths = {name: max(len(row[name]) for row in rows) for name in columns}
    for row in rows:
        print("  ".join([*(f"{row[name]:<{widths[name]}}" for name in columns), row["about"]]))
    return EXIT_DONE
