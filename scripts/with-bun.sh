#!/bin/sh
# Runs `bun "$@"` with exactly the pinned Bun: the one on PATH if its version matches, else the npm
# package, installed into .tools/. Dependencies are installed when bun.lock is newer than they are.
set -eu
cd "$(dirname "$0")/.."
version=$(cat .bun-version)

matches() { [ "$("$1" --version 2>/dev/null || true)" = "$version" ]; }

if command -v bun >/dev/null 2>&1 && matches bun; then
  bun=$(command -v bun)
else
  bun=$PWD/.tools/node_modules/bun/bin/bun.exe
  if ! matches "$bun"; then
    command -v npm >/dev/null 2>&1 || {
      echo "cannot set up bun $version: neither bun $version nor npm is on PATH" >&2
      exit 1
    }
    echo "setting up bun $version in .tools/ ..." >&2
    mkdir -p .tools
    echo '{"private":true}' >.tools/package.json
    # The package's own install step puts the right binary in place; newer npm asks for consent.
    npm install --prefix .tools --no-audit --no-fund --save-exact --loglevel=error \
      --ignore-scripts "bun@$version" >&2
    matches "$bun" || node .tools/node_modules/bun/install.js >&2
    matches "$bun" || { echo "cannot set up bun $version: $bun does not run" >&2; exit 1; }
  fi
fi
PATH=$(dirname "$bun"):$PWD/.tools/bin:$PATH
export PATH

if [ ! -e node_modules/.installed ] || [ bun.lock -nt node_modules/.installed ]; then
  echo "installing pinned dependencies ..." >&2
  "$bun" install --frozen-lockfile --silent >&2
  touch node_modules/.installed
fi
exec "$bun" "$@"
