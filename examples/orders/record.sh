#!/usr/bin/env bash
# Record the snapshot anew: PostgreSQL, Redis and the fake APIs, then the service behind ci-gate,
# driven by drive.py; then learn what varies. usage: record.sh [FOLDER]   (default snapshots/orders)
set -euo pipefail
cd "$(dirname "$0")"
python=../../.venv/bin/python
out=${1:-snapshots/orders}
PATH=$PATH:$(printf '%s:' /usr/lib/postgresql/*/bin)

work=$(mktemp -d)
started=()
finish() {
  [ ${#started[@]} -eq 0 ] || kill "${started[@]}" 2>/dev/null || true
  wait
  rm -rf "$work"
}
trap finish EXIT
serve() { # LOG COMMAND...: until the script ends
  "${@:2}" >"$work/$1" 2>&1 &
  started+=($!)
}
wait_for() { # COMMAND...: until it succeeds, while everything started lives
  until "$@" >/dev/null 2>&1; do
    kill -0 "${started[@]}" || { cat "$work"/*.log >&2; exit 1; }
    sleep 0.05
  done
}

# PostgreSQL refuses to run as root.
owner=()
if [ "$(id -u)" = 0 ]; then
  owner=(setpriv --reuid postgres --regid postgres --clear-groups)
  chown postgres "$work"
fi
"${owner[@]}" initdb -D "$work/data" -A trust -U postgres -E UTF8 --locale=C --no-sync >/dev/null
serve postgres.log "${owner[@]}" postgres -D "$work/data" -p 15432 \
  -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off
serve redis.log redis-server --bind 127.0.0.1 --port 16379 --save '' --dir "$work"
serve upstreams.log "$python" upstreams.py "$work/payments.pem"
wait_for pg_isready -q -h 127.0.0.1 -p 15432
wait_for grep -q ready "$work/upstreams.log"

# The recorder calls payments in the service's place, so it is the one that must trust the certificate.
SSL_CERT_FILE="$work/payments.pem" \
  "$python" -m ci_gate record --app-port 8089 --replace --out "$out" --drive "$python drive.py"

# What varies, from replays under mocks: none of the servers is needed for it.
"$python" -m ci_gate learn --in "$out"
