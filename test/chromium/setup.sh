#!/bin/sh
# Prepares the Chromium lane: a Chromium on PATH. About 100 MB to fetch, once. Then: npx vitest run --project chromium
# Exit code 0: ready. 3: this machine cannot have one (no Debian, no root, no network); the lane counts as skipped.
set -eu
cannot() { echo "chromium lane: $1" >&2; exit 3; }

if ! command -v chromium >/dev/null; then
  command -v apt-get >/dev/null || cannot "no chromium here, and no apt-get to get it with"
  [ "$(id -u)" = 0 ] || cannot "no chromium here, and installing it takes root"
  export DEBIAN_FRONTEND=noninteractive
  nice apt-get update -qq || cannot "apt-get update failed"
  nice apt-get install -y -qq --no-install-recommends chromium >/dev/null || cannot "chromium could not be installed"
fi
chromium --version
