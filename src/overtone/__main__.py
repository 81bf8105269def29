"""`python -m overtone` is the command `overtone`, for launchers that start modules."""

import sys

from overtone.cli.start import main

if __name__ == "__main__":
    sys.exit(main())
