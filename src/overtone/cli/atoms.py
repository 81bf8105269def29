"""`overtone atoms`: the dictionary of a spectral dictionary, as pictures and in numbers."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

import overtone
from overtone.cli.arguments import Count, Model, Output
from overtone.cli.exits import EXIT_DONE
from overtone.cli.files import STREAM
from overtone.cli.pictures import check_output, write_pictures

if TYPE_CHECKING:
    from overtone.models.spectral_dictionary.atom_table import Atom

_NUM_LISTED = 10


def atoms(
    model: Model,
    /,
    *,
    output: Output = None,
    num_atoms: Annotated[Count | None, Parameter(name=["--num-atoms", "-n"])] = None,
    as_json: Annotated[bool, Parameter(name="--json")] = False,
    force: bool = False,
) -> int:
    """Show the atoms of a spectral dictionary, those of most energy first.

    Example: overtone atoms fashion-mnist-dictionary -o atoms.png

    Args:
        model: Name of a model that comes with the package, its file, or the folder of a run.
        output: A picture file for one grid, a folder for a PNG each, .npz, or - for a grid on
            standard output instead of the table. Below each atom is its modulation: the amplitude
            over the image, or curves over time of amplitude, frequency and phase.
        num_atoms: Only the first so many; by default all are drawn and 10 listed.
        as_json: Print one JSON object an atom, of all that were asked for.
        force: Replace files that exist.
    """
    if output is not None:
        check_output(output, force=force)
    import numpy as np

    found = overtone.atoms(model, num_atoms)
    if output is not None:
        pictures = np.stack([atom.picture for atom in found])
        names = [f"{rank:03}-atom{atom.number}" for rank, atom in enumerate(found)]
        write_pictures(output, pictures, names=names, force=force)
    if output != STREAM:
        for line in _lines(found, _NUM_LISTED if num_atoms is None else len(found), as_json):
            print(line)
    return EXIT_DONE


def _lines(found: "Sequence[Atom]", num_listed: int, as_json: bool) -> list[str]:
    if as_json:
        return [json.dumps(atom.to_json()) for atom in found]
    kinds = list(found[0].modulation)
    form = "{:>5} {:>8} {:>16} {:>12} {:>10} {:>20}" + " {:>12}" * len(kinds)
    titles = ("atom", "energy", "cycles", "turns", "amplitude", "color")
    lines = [form.format(*titles, *(f"± {kind}" for kind in kinds))]
    for atom in found[:num_listed]:
        moved = (f"{value:.3f}" for value in atom.modulation.values())
        lines.append(
            form.format(
                atom.number,
                f"{atom.share:.2%}",
                _joined(atom.frequency, 2),
                _joined(atom.phase, 2),
                f"{atom.amplitude:.3f}",
                "" if atom.color is None else _joined(atom.color, 2),
                *moved,
            )
        )
    if len(found) > num_listed:
        lines.append(f"and {len(found) - num_listed} more; -n {len(found)} lists all")
    return lines


def _joined(numbers: Sequence[float], digits: int) -> str:
    return ", ".join(f"{number:.{digits}f}" for number in numbers)
