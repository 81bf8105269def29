"""`python -m overtone`: the command line."""

import sys

from overtone.cli.start import main

sys.exit(main())
