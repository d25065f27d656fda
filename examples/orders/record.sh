#!/usr/bin/env bash
# Record the snapshot anew: the fake upstreams, then the service behind ci-gate, driven by drive.py;
# then learn what varies. usage: record.sh [FOLDER]   (default snapshots/orders)
set -euo pipefail
cd "$(dirname "$0")"
python=../../.venv/bin/python
out=${1:-snapshots/orders}

work=$(mktemp -d)
touch "$work/log"
"$python" upstreams.py "$work/payments.pem" >"$work/log" &
upstreams=$!
trap 'kill "$upstreams" 2>/dev/null || true; rm -rf "$work"' EXIT
until grep -q ready "$work/log"; do
  kill -0 "$upstreams" # ends the script when they could not start
  sleep 0.05
done

# The recorder calls payments in the service's place, so it is the one that must trust the certificate.
SSL_CERT_FILE="$work/payments.pem" \
  "$python" -m ci_gate record --app-port 8089 --replace --out "$out" --drive "$python drive.py"

# What varies, from replays under mocks: the upstreams are not needed for it.
"$python" -m ci_gate learn --in "$out"
