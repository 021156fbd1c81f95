/** How often a node takes a turn: by the settings, by the server, and by the files that an image ships. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { resolveAgentSettings, type Places } from '../../../../agent/config/resolve.ts';
import { intervalsOf, slowIntervalWarning } from '../../../../agent/loop/timing/turn-interval.ts';
import { FOREMAN } from '../../../../agent/servers/foreman/foreman-descriptor.ts';
import { RAZOR_SERVER } from '../../../../agent/servers/razor-server/razor-server-descriptor.ts';
import { RAZOR } from '../../../../agent/servers/razor/razor-descriptor.ts';
import type { TurnServer } from '../../../../agent/servers/server.ts';
import { parseCommandLine } from '../../../../platform/kernel-line.ts';

function intervalS({ turns }: TurnServer, line = '', places: Places = {}): number {
  return intervalsOf(resolveAgentSettings(places), turns.interval, parseCommandLine(line)).intervalMs / 1000;
}

test('a server has an interval of its own, its kernel parameter goes before it, and what somebody set before both', () => {
  assert.deepEqual(
    [RAZOR, RAZOR_SERVER, FOREMAN].map((server) => intervalS(server)),
    [60, 15, 900],
  );
  assert.equal(intervalS(FOREMAN, 'fdi.uploadsleep=60'), 60);
  assert.equal(intervalS(FOREMAN, 'fdi.uploadsleep=3'), 900, 'out of its bounds');
  assert.equal(intervalS(RAZOR_SERVER, 'fdi.uploadsleep=60'), 15, 'not its parameter');
  const places = { options: { 'checkin-interval': '7' } };
  assert.equal(intervalS(FOREMAN, 'fdi.uploadsleep=60', places), 7);
  assert.equal(intervalS(RAZOR_SERVER, '', { pushed: { mk_checkin_interval: 60 } }), 60);
});

test('the settings that the image ships as a file leave each server its interval', () => {
  const overlay = fileURLToPath(new URL('../../../../tinycore/overlay', import.meta.url));
  const flavours = readdirSync(overlay).filter((name) => ['prod', 'dev', 'debug'].includes(name));
  assert.equal(flavours.length, 3);
  for (const flavour of flavours) {
    const file = parse(readFileSync(join(overlay, flavour, 'tmp/mk_conf.yaml'), 'utf8')) as Record<string, unknown>;
    const { from, refused } = resolveAgentSettings({ pushed: file });
    assert.deepEqual([from.checkinInterval, from.checkinSkew, refused], ['built in', 'built in', []], flavour);
    assert.equal(from.tceMirrorUri, 'pushed', 'the file is read under the original’s names');
    assert.equal(intervalS(RAZOR_SERVER, '', { pushed: file }), 15, flavour);
    assert.equal(intervalS(FOREMAN, 'fdi.uploadsleep=300', { pushed: file }), 300, flavour);
  }
});

test('a long interval is warned of where the server forgets nodes, and only there', () => {
  const slow = resolveAgentSettings({ options: { 'checkin-interval': '300' } });
  assert.match(
    slowIntervalWarning(slow, RAZOR.turns.forgetsAfterS) ?? '',
    /longer than the 120 s after which servers forget a node/,
  );
  assert.equal(slowIntervalWarning(slow, RAZOR_SERVER.turns.forgetsAfterS), undefined);
  assert.equal(slowIntervalWarning(resolveAgentSettings({}), RAZOR.turns.forgetsAfterS), undefined);
});
