#!/usr/bin/env bash
# node-cron 4.6.0 (Node 20 and 24): where an hour comes twice, the rest of its first half is left out.
#
# 2027-10-31 02:10:30 CEST in Europe/Berlin. At 03:00 CEST the clocks go back to 02:00 CET. Expression: every minute.
# Expected: the next run in 30 s, as in a zone whose clocks stay (and as cron(8) of Debian does for expressions with `*`).
# Seen:     the next run is 02:11 CET, 3,630 s later. In a zone of a fixed offset (`+02:00`), which the option `timezone` takes,
#           it comes in 30 s.
#
# Exits 0 while it behaves so, 1 when it changed.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm install --silent --no-save --no-audit --no-fund --prefix "$dir" node-cron@4.6.0 >/dev/null
cat >look.cjs <<'JS'
const RealDate = Date;
const off = RealDate.parse('2027-10-31T00:10:30Z') - RealDate.now();
globalThis.Date = class extends RealDate {
  constructor(...args) {
    if (args.length > 0) super(...args);
    else super(RealDate.now() + off);
  }
  static now() {
    return RealDate.now() + off;
  }
};
const { createTask } = require('node-cron');
const nextIn = (timezone) => {
  const task = createTask('* * * * *', () => undefined, { timezone });
  const [next] = task.getNextRuns(1);
  task.destroy();
  return Math.round((next.getTime() - Date.now()) / 1000);
};
const seen = [nextIn('Europe/Berlin'), nextIn('+02:00')];
console.log(`Europe/Berlin: ${seen[0]} s\n+02:00: ${seen[1]} s`);
process.exit(seen[0] > 3600 && seen[1] <= 31 ? 0 : 1);
JS
node look.cjs
