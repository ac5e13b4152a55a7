#!/bin/sh
# Prepares the Chromium lane: a Chromium on PATH, and what single tests of it want: a screen and a keyboard (Xvfb, xdotool), a network to drop
# packets in (ip, iptables). About 100 MB to fetch, once. Then: npx vitest run --project chromium
# Exit code 0: ready. 3: this machine cannot have a Chromium (no Debian, no root, no network); the lane counts as skipped.
set -eu
cannot() { echo "chromium lane: $1" >&2; exit 3; }

wanted=''
for each in Xvfb:xvfb xdotool:xdotool ip:iproute2 iptables:iptables; do
  command -v "${each%:*}" >/dev/null || wanted="$wanted ${each#*:}"
done
if command -v chromium >/dev/null; then
  # Without one of these the tests that want it say so.
  if [ -z "$wanted" ] || [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    chromium --version 2>/dev/null
    exit 0
  fi
else
  command -v apt-get >/dev/null || cannot "no chromium here, and no apt-get to get it with"
  [ "$(id -u)" = 0 ] || cannot "no chromium here, and installing it takes root"
fi
export DEBIAN_FRONTEND=noninteractive
nice apt-get update -qq || command -v chromium >/dev/null || cannot "apt-get update failed"
command -v chromium >/dev/null || nice apt-get install -y -qq --no-install-recommends chromium >/dev/null ||
  cannot "chromium could not be installed"
# shellcheck disable=SC2086 # names of packages
[ -z "$wanted" ] || nice apt-get install -y -qq --no-install-recommends $wanted >/dev/null ||
  echo "chromium lane: not installed:$wanted" >&2
chromium --version 2>/dev/null
