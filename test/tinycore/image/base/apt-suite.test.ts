/** Which archives and which processor apt is asked for: by a stand-in of apt-get that writes down how it was called. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { aptSuite } from '../../../../tinycore/image/base/apt-suite.ts';
import { temporaryDirectory } from '../../../helpers/temporary-directory.ts';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const TARGETS = [
  'Debian|Debian|main|http://deb.example/debian/|bookworm',
  'Debian|Debian|contrib|http://deb.example/debian/|bookworm',
  'Debian|Debian|main|http://deb.example/debian/|bookworm-updates',
  'Debian|Debian-Security|main|http://deb.example/debian-security/|bookworm-security',
  'Somebody|Somebody|main|http://other.example/|stable',
].join('\n');

test('another processor’s packages come from all archives of the machine’s own sources, another release’s from one', async (t) => {
  if (!existsSync(KEYRING)) return t.skip('debian-archive-keyring is not installed');
  const directory = temporaryDirectory(t);
  const log = join(directory, 'log');
  writeFileSync(
    join(directory, 'apt-get'),
    `#!/bin/sh\ncase $1 in indextargets) cat <<'END'\n${TARGETS}\nEND\n;; *) echo "$@" >>${log} ;; esac\n`,
    { mode: 0o755 },
  );
  const options = { cache: directory, run: { env: { PATH: `${directory}:/usr/bin:/bin` } } };
  const foreign = await aptSuite({ ...options, foreign: 'arm64' });
  for (const word of ['APT::Architecture=arm64', 'APT::Architectures=arm64']) assert.ok(foreign.includes(word), word);
  assert.match(readFileSync(log, 'utf8'), /APT::Architecture=arm64 .*update\n$/);
  const sources = (name: string): string[] =>
    readFileSync(join(directory, name, 'sources.list'), 'utf8')
      .trim()
      .split('\n');
  assert.deepEqual(sources('apt-own-arm64'), [
    `deb [signed-by=${KEYRING}] http://deb.example/debian/ bookworm main`,
    `deb [signed-by=${KEYRING}] http://deb.example/debian/ bookworm-updates main`,
    `deb [signed-by=${KEYRING}] http://deb.example/debian-security/ bookworm-security main`,
  ]);
  const other = await aptSuite({ ...options, suite: 'trixie' });
  assert.ok(!other.some((word) => word.includes('APT::Architecture')));
  assert.deepEqual(sources('apt-trixie'), [`deb [signed-by=${KEYRING}] http://deb.example/debian/ trixie main`]);
  await aptSuite({ ...options, suite: 'trixie', foreign: 'arm64' });
  assert.deepEqual(sources('apt-trixie-arm64'), sources('apt-trixie'));
});
