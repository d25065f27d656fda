#!/usr/bin/env bash
# Record the snapshot anew: httpbin behind ci-gate, driven by drive.py;
# then learn what varies. usage: record.sh [FOLDER]
set -euo pipefail
cd "$(dirname "$0")"
python=../../.venv/bin/python
out=${1:-snapshots/httpbin}
"$python" -m ci_gate record --app-port 8089 --replace --out "$out" --drive "$python drive.py"
"$python" -m ci_gate learn --in "$out"
