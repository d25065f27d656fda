#!/usr/bin/env bash
# Record the snapshot anew: httpbin behind ci-gate, driven by drive.py. usage: record.sh [FOLDER]
set -euo pipefail
cd "$(dirname "$0")"
python=../../.venv/bin/python
"$python" -m ci_gate record --app-port 8089 --replace --out "${1:-snapshots/httpbin}" --drive "$python drive.py"
