/**
 * The real agent on machines whose /var/log, /etc or state directory is missing, read-only or full. Each runs with --live in
 * mount, UTS and network namespaces of its own, so that the host name and the log are written where an image has them; what
 * is written to is covered by file systems of these namespaces first, and nothing of this machine is changed.
 */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { AgentEvent } from '../../agent/loop/events.ts';
import { startDaemon } from '../../platform/process/daemon.ts';
import { run } from '../../platform/process/run.ts';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';

const AGENT = new URL('../helpers/disks-run.ts', import.meta.url).pathname;
const root = temporaryDirectory();
const namespaces = await run(['unshare', '-m', '-u', '-n', 'true']);
const skip = namespaces.status === 0 ? false : 'no namespaces here';

/** Why a case that covers this directory cannot run: what is tested would be covered too. */
const inside = (directory: string): string | false =>
  AGENT.startsWith(`${directory}/`) || process.execPath.startsWith(`${directory}/`)
    ? `this clone lies in ${directory}`
    : false;

interface Case {
  readonly what: string;
  /** A shell script that makes the machine odd; $1 is the state directory. */
  readonly setUp: string;
  /** What must be said, on the console or as a warning. */
  readonly said?: RegExp;
  /** A directory that is covered: then this project must not lie in it. */
  readonly covers?: string;
}

/** Covers all that the agent writes to. */
const COVER = 'for d in /etc /var/log "$1"; do mount -t tmpfs none "$d"; done';
const full = (place: string): string =>
  `mount -t tmpfs -o size=4k none ${place} && head -c 4096 /dev/zero > ${place}/other`;
const readOnly = (place: string): string => `mount -o remount,ro ${place}`;

const CASES: readonly Case[] = [
  { what: 'a sound machine', setUp: ':' },
  {
    what: '/var/log is missing, and cannot be made',
    setUp: `mount -t tmpfs none /var && ${readOnly('/var')}`,
    said: /log file \/var\/log\/.* cannot be written: (EROFS|ENOENT)/,
    covers: '/var',
  },
  { what: '/var/log is missing, and is made', setUp: 'mount -t tmpfs none /var', covers: '/var' },
  {
    what: '/var/log is read-only',
    setUp: readOnly('/var/log'),
    said: /log file \/var\/log\/.* cannot be written: EROFS/,
  },
  { what: '/var/log is full', setUp: full('/var/log') },
  { what: '/etc is empty', setUp: ':' },
  { what: '/etc is read-only', setUp: readOnly('/etc'), said: /host name: .*\/etc\/hostname.*(EROFS|read-only)/ },
  { what: '/etc is full', setUp: full('/etc'), said: /host name: .*\/etc\/host.*(ENOSPC|no space)/ },
  {
    what: 'the state directory is read-only',
    setUp: readOnly('"$1"'),
    said: /cannot write .*\/first_checkin\.yaml: EROFS/,
  },
  { what: 'the state directory is full', setUp: full('"$1"'), said: /cannot write .*: ENOSPC/ },
  {
    what: 'the state directory is missing, and cannot be made',
    setUp: `${readOnly('"$1"')}; set -- "$1/missing/below" "$2" "$3"`,
    said: /the state directory .*\/missing\/below cannot be made: (EROFS|ENOENT)/,
  },
  {
    what: '/tmp, where a node keeps its state, is read-only',
    setUp: `mount -t tmpfs none /tmp; ${readOnly('/tmp')}; set -- /tmp "$2" "$3"`,
    covers: '/tmp',
    said: /cannot write \/tmp\/first_checkin\.yaml: EROFS/,
  },
  {
    what: 'there is no /tmp, and it cannot be made',
    // a root of everything but /tmp
    setUp: `for d in /*; do if [ -L $d ]; then cp -P $d "$1"; elif [ -d $d ] && [ $d != /tmp ]; then mkdir "$1$d"; mount --rbind $d "$1$d"; fi; done; ${readOnly('"$1"')}; exec chroot "$1" "$2" "$3" /tmp`,
    covers: '/tmp',
    said: /the state directory \/tmp cannot be made: (EROFS|ENOENT)/,
  },
  {
    what: 'everything is read-only',
    setUp: `for d in "$1" /var/log /etc; do ${readOnly('$d')}; done`,
    said: /cannot write .*\/first_checkin\.yaml: EROFS/,
  },
];

for (const { what, setUp, said, covers } of CASES) {
  test(
    `${what}: the agent registers, goes on, and ends when it is told to`,
    { skip: skip || (covers !== undefined && inside(covers)) },
    async (t) => {
      const place = join(root, what.replaceAll(/\W+/g, '-'));
      mkdirSync(place);
      const events: AgentEvent[] = [];
      const lines: string[] = [];
      // sysfs anew: the old one shows the NICs of the machine
      const script = `set -e; mount -t sysfs none /sys; ip link set lo up; ${COVER}; ${setUp}; exec "$2" "$3" "$1"`;
      const shell = ['sh', '-c', script, 'sh', place, process.execPath, AGENT];
      const daemon = await startDaemon(['unshare', '-m', '-u', '-n', '--propagation', 'private', ...shell], {
        onLine: (line, stream) => {
          if (stream === 'stdout' && line.startsWith('{')) events.push(JSON.parse(line) as AgentEvent);
          else lines.push(line);
        },
      });
      t.after(() => daemon.stop());
      const until = Date.now() + 60_000;
      const count = (name: string): number => events.filter(({ event }) => event === name).length;
      while (count('checkin') < 5 && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 50));
      await daemon.stop(8000);
      const { status } = await daemon.exited;
      const tail = `${JSON.stringify(events.slice(-3))}\n${lines.slice(-20).join('\n')}`;
      assert.ok(count('checkin') >= 5 && count('registered') >= 1, tail);
      assert.equal(count('stopped'), 1, tail);
      assert.equal(status, 0, tail);
      if (said !== undefined) {
        const warnings = events.map((event) => (event.event === 'warning' ? event.message : ''));
        assert.match([...lines, ...warnings].join('\n'), said);
      }
    },
  );
}
