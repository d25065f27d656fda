#!/usr/bin/env bash
# Record the snapshot anew, with the fake APIs of the order service; then learn. usage: record.sh
set -euo pipefail
cd "$(dirname "$0")"
python=../../.venv/bin/python

work=$(mktemp -d)
touch "$work/log"
"$python" ../orders/upstreams.py "$work/payments.pem" >"$work/log" &
upstreams=$!
trap 'kill "$upstreams" 2>/dev/null || true; rm -rf "$work"' EXIT
until grep -q ready "$work/log"; do
  kill -0 "$upstreams"
  sleep 0.05
done
SSL_CERT_FILE="$work/payments.pem" \
  "$python" -m ci_gate record --app-port 8089 --replace --drive "$python drive.py"
"$python" -m ci_gate learn
