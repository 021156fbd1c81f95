/**
 * Configuration that the server pushes: obeyed live, refused key by key, rolled back when it leads nowhere. It is not about
 * firmware, so kernel and initrd are booted directly. An operator changes the configuration as with the original: the
 * server is stopped, and started again with another one and the same database.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { LabProcess } from '../../../lab/vm/site-lab.ts';
import { collectSyslog } from '../inside.ts';
import { bootDirectly, readySite } from '../ready.ts';
import { checkins, factsOf, isEvent, type Scenario } from '../scenario.ts';

/** Not a fact that the original's pattern keeps back. */
const FACT = 'architecture';
const SYSLOG_PORT = 5514;
/** Priorities of RFC 5424: facility local0, severities of debug and info. */
const [DEBUG, INFO] = ['<135>', '<134>'] as const;

export const scenario: Scenario = {
  id: 'g',
  title:
    'config push: interval, fact pattern, log level obeyed; a poisonous one refused; one that leads nowhere rolled back',
  gate: true,
  minutes: 8,
  async run(world) {
    const db = join(world.dir, 'lab.db');
    const slow = ['mk_checkin_interval=6', 'mk_log_level=Logger::ERROR'];
    const image = { kernel: 'cloud', flavour: 'prod' } as const;
    const ready = await readySite(world, { image, discoverOnly: true, lab: ['--db', db, '--mk', ...slow] });
    const { site } = ready;
    const restart = async (lab: LabProcess, ...words: string[]): Promise<LabProcess> => {
      await lab.stop();
      return await site.startLab(['--db', db, '--mk', 'mk_checkin_skew=0', ...words]);
    };
    const syslog = await collectSyslog(site, SYSLOG_PORT);
    await site.lan.addTap('tap0');
    await bootDirectly(world, site, image, {
      name: 'node1',
      nics: [{ mac: '52:54:00:00:00:67', tap: 'tap0' }],
      append: `razor.syslog=udp://${site.address}:${SYSLOG_PORT}`,
    });

    world.step('it registers, and is told: every 6 s, log errors only');
    const { node = '' } = await ready.lab.waitFor('registered', isEvent('registered'), 240_000);
    assert.ok(FACT in (await factsOf(site, node)), `no fact ${FACT}`);
    await checkins(ready.lab, node, 2);
    const before = syslog.length;
    await checkins(ready.lab, node, 4);
    assert.ok(before > 0, 'nothing was logged before the level was pushed');
    assert.deepEqual(syslog.slice(before), [], 'log lines below the level that was pushed');
    const slowGap = medianGap(ready.lab, node);

    world.step(`told: every second, without the fact ${FACT}, log everything`);
    const pattern = `mk_fact_excl_pattern=(^${FACT}$)|(^uptime.*$)|(^memoryfree$)`;
    const fast = ['mk_checkin_interval=1', pattern];
    const second = await restart(ready.lab, ...fast, 'mk_log_level=Logger::DEBUG');
    await second.waitFor('registered anew', isEvent('registered', node));
    assert.ok(!(FACT in (await factsOf(site, node))), `the fact ${FACT} is still sent`);
    await checkins(second, node, 8);
    const fastGap = medianGap(second, node);
    // a loaded machine needs its time for a turn
    assert.ok(fastGap < (slowGap * 2) / 3, `check-ins every ${fastGap} ms, every ${slowGap} ms before`);
    for (const priority of [DEBUG, INFO])
      assert.ok(
        syslog.slice(before).some((line) => line.startsWith(priority)),
        `no line of priority ${priority} was logged`,
      );

    world.step('told nonsense: each nonsense is refused and reported, the rest counts');
    const nonsense = ['mk_checkin_interval=0', 'mk_fact_excl_pattern=(', 'mk_log_level=Logger::LOUD', 'mk_uri=ftp://x'];
    const third = await restart(second, ...nonsense, 'mk_rack=7');
    await third.waitFor('registered anew', isEvent('registered', node));
    const facts = await factsOf(site, node);
    for (const word of nonsense)
      assert.match(facts['razor_mk_errors'] ?? '', new RegExp(`${word.split('=')[0]} .* refused`));
    assert.ok(!(FACT in facts), 'the pattern that was good before does not count any more');
    assert.ok(
      syslog.some((line) => line.includes('mk_rack: unset -> 7')),
      'a good key beside the bad ones was not taken',
    );
    await checkins(third, node, 6);
    assert.ok(medianGap(third, node) < (slowGap * 2) / 3, 'the interval that was good before does not count any more');

    world.step('told a path that leads nowhere: rolled back after three failures, reported, and not taken again');
    const fourth = await restart(third, ...fast, 'mk_log_level=Logger::WARN', 'mk_checkin_path=/razor/api/nowhere');
    await fourth.waitFor('registered anew', isEvent('registered', node));
    assert.match((await factsOf(site, node))['razor_mk_errors'] ?? '', /rolled back/);
    const rollbacks = (): number => syslog.filter((line) => line.includes('configuration rolled back')).length;
    await checkins(fourth, node, 5);
    assert.equal(rollbacks(), 1, 'rolled back more than once');
  },
};

/** Milliseconds between check-ins, by the lab's clock; the first ones may fall into another interval. */
function medianGap(lab: LabProcess, node: string): number {
  const times = lab.events.filter(isEvent('checkin', node)).map(({ at }) => at);
  const gaps = times
    .slice(1)
    .map((at, index) => at - (times[index] ?? at))
    .sort((a, b) => a - b);
  return gaps[Math.floor(gaps.length / 2)] ?? Infinity;
}
