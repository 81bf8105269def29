"""The checker of annotations in test runs; like type checkers, it takes an int for a float."""

import beartype

typechecked = beartype.beartype(conf=beartype.BeartypeConf(is_pep484_tower=True))
