#!/usr/bin/env bash
# Opt-in, needs Node and the npm registry: messages of libs/providers/WebPush are opened by http_ece, the library that Node servers and Mozilla's tests use.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
(cd "$work" && npm install --no-audit --no-fund --silent http_ece@1.2.1)
NODE_PATH="$work/node_modules" node "$here/receive.js" "$here/send.cs"
