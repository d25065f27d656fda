#!/usr/bin/env bash
# Fetch the commits that another workflow has tested into the clone that is here, as objects: nothing
# is checked out and nothing is run. What cannot be fetched is not compared, and the comment says so.
set -euo pipefail
[[ "$CI_GATE_HEAD" =~ ^[0-9a-f]{40,64}$ ]] || exit 0
git rev-parse --git-dir >/dev/null 2>&1 || exit 0
# By environment, because arguments can be seen; first empty, to replace what a checkout has left.
key=http.${GITHUB_SERVER_URL:?is set by the runner}/.extraHeader
export GIT_CONFIG_COUNT=2 GIT_CONFIG_KEY_0=$key GIT_CONFIG_VALUE_0= GIT_CONFIG_KEY_1=$key GIT_TERMINAL_PROMPT=0
GIT_CONFIG_VALUE_1="Authorization: Basic $(printf 'x-access-token:%s' "$CI_GATE_TOKEN" | base64 | tr -d '\n')"
export GIT_CONFIG_VALUE_1
git fetch --quiet --no-tags --no-recurse-submodules origin "$CI_GATE_HEAD" ||
  echo "::notice title=ci-gate::the change's commits could not be fetched; what it edits is told as its own job has reported it"
