"""The run-time type checker of the tests; `pyproject.toml` names the packages it covers."""

from beartype import BeartypeConf, beartype

# An int is welcome where a float is expected, as it is to pyright.
checked = beartype(conf=BeartypeConf(is_pep484_tower=True))
