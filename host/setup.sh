#!/usr/bin/env bash
# Install the gate from this action's own checkout into an environment in RUNNER_TEMP, and say in
# the output `python` where it is. A second use in the same job finds it there.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
venv=${RUNNER_TEMP:?is set by the runner}/ci-gate-venv

python=
for name in python3 python python3.14 python3.13 python3.12 python3.11; do
  if command -v "$name" >/dev/null && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python=$name
    break
  fi
done
if [ -z "$python" ]; then
  echo "::error title=ci-gate::needs Python 3.11 or newer on the runner: add actions/setup-python before this step, or use the container action"
  exit 3
fi

inside=$venv/bin/python
if [ "${RUNNER_OS:-}" = Windows ]; then
  inside=$venv/Scripts/python.exe
fi
if [ ! -e "$venv/.ready" ]; then
  "$python" -m venv "$venv"
  # Both names: from pip 25.3 on, what builds a package has constraints of its own.
  PIP_CONSTRAINT=$top/constraints.txt PIP_BUILD_CONSTRAINT=$top/constraints.txt \
    "$inside" -m pip install --quiet --disable-pip-version-check "$top"
  : >"$venv/.ready"
fi
echo "python=$inside" >>"$GITHUB_OUTPUT"
