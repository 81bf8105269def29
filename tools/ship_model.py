"""Makes a finished run a model of the package overtone-image-models, in 16-bit floats.

python tools/ship_model.py RUN NAME      writes models/overtone_models/trained/NAME.safetensors
"""

import argparse
import pathlib
import sys

from overtone.models.store import load_model, read_summary, save_model

FOLDER = pathlib.Path(__file__).parent.parent / "models" / "overtone_models" / "trained"
MAX_BYTES = 10_000_000


def main() -> None:
    """Reads the arguments, converts, checks the size."""
    parser = argparse.ArgumentParser(description="Make a run a model of the package.")
    parser.add_argument("run", help="folder of a finished run, or its model file")
    parser.add_argument("name", help="what `overtone sample` will call it")
    arguments = parser.parse_args()
    path = FOLDER / f"{arguments.name}.safetensors"
    path.parent.mkdir(exist_ok=True)
    summary = read_summary(arguments.run)["summary"]
    save_model(path, load_model(arguments.run), summary, dtype="float16")
    size = path.stat().st_size
    if size > MAX_BYTES:
        path.unlink()
        sys.exit(
            f"{arguments.name} would take {size} bytes, more than {MAX_BYTES}; fit fewer priors"
        )
    print(f"{path}: {size} bytes")


if __name__ == "__main__":
    main()
