#!/bin/sh
# Writes requirements.lock: the versions of constraints.txt with the hashes of all their files, as
# the package index has them. `OVERTONE_HASHES=1 make setup` accepts those files only.
set -eu
cd "$(dirname "$0")/.."

[ -x build/lock/bin/python ] || .venv/bin/python -m venv build/lock
build/lock/bin/python -m pip install --quiet --disable-pip-version-check uv 2> /dev/null ||
    { echo "lock: cannot install uv from the package index; check the network" >&2; exit 1; }
build/lock/bin/uv pip compile --quiet --no-deps --generate-hashes --no-header --no-annotate \
    --python-version 3.11.7 --output-file requirements.lock.part constraints.txt
{
    echo "# Written by make lock from constraints.txt; the hashes are those of every file of a version."
    cat requirements.lock.part
} > requirements.lock
rm requirements.lock.part
echo "lock: requirements.lock has $(grep -c == requirements.lock) packages"
