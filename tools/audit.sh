#!/bin/sh
# Known holes in the locked packages, then the licences of what is installed.
set -eu
cd "$(dirname "$0")/.."

[ -x build/audit/bin/python ] || .venv/bin/python -m venv build/audit
build/audit/bin/python -m pip install --quiet --disable-pip-version-check pip-audit pip-licenses \
    2> /dev/null ||
    { echo "audit: cannot install pip-audit and pip-licenses from the package index" >&2; exit 1; }
build/audit/bin/pip-audit --disable-pip --no-deps --requirement constraints.txt --format json \
    > build/audit/holes.json 2> build/audit/log || true  # what it found is told below
code=0
build/audit/bin/python - <<'PYTHON' || code=1
import json
import sys

try:
    found = json.load(open("build/audit/holes.json"))["dependencies"]
except ValueError:
    found = []
checked = [each for each in found if "vulns" in each]
if not checked:
    print("audit: the vulnerability service cannot be reached; nothing was checked for holes")
    sys.exit(0)
holes = [(each, hole) for each in checked for hole in each["vulns"]]
for each, hole in holes:
    fixed = ", ".join(hole["fix_versions"]) or "no version"
    print(f"audit: {each['name']} {each['version']}: {hole['id']}, mended in {fixed}")
print(f"audit: {len(checked)} of {len(found)} packages checked, {len(holes)} holes known")
sys.exit(1 if holes else 0)
PYTHON
echo "audit: licences"
build/audit/bin/pip-licenses --python .venv/bin/python --order license --format plain
build/audit/bin/pip-licenses --python .venv/bin/python --summary --order count --format plain
exit $code
