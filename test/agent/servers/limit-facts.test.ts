import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limitFacts } from '../../../agent/servers/limit-facts.ts';

const sizeOf = (facts: object): number => JSON.stringify(facts).length;

test('names and values that a server’s store would choke on are cleaned', () => {
  const facts = { 'a@b': '1', '@': '2', 'x!#$%^&*()=+[]{}\0y': '3', good_name: '\ud800', ['__proto__']: '4' };
  assert.deepEqual(limitFacts(facts, sizeOf, 1000), { facts: { ab: '1', xy: '3', good_name: '\ufffd' }, notes: [] });
});

test('facts are dropped until the rest fits, the largest optional ones first', () => {
  const facts = { small: 'x', large: 'x'.repeat(50), larger: 'ä'.repeat(60), uuid: 'x'.repeat(70) };
  const size = (...names: readonly (keyof typeof facts)[]): number =>
    sizeOf(Object.fromEntries(names.map((name) => [name, facts[name]])));
  const all = size('small', 'large', 'larger', 'uuid');
  assert.deepEqual(limitFacts(facts, sizeOf, all).notes, []);
  const one = limitFacts(facts, sizeOf, all - 1);
  assert.deepEqual(Object.keys(one.facts), ['small', 'large', 'uuid']);
  assert.deepEqual(one.notes, [`fact larger (120 bytes) is left out: the request may have ${all - 1} bytes`]);
  assert.deepEqual(Object.keys(limitFacts(facts, sizeOf, size('small', 'uuid')).facts), ['small', 'uuid']);
  assert.deepEqual(Object.keys(limitFacts(facts, sizeOf, size('small', 'uuid') - 1).facts), ['uuid']);
  assert.deepEqual(limitFacts(facts, sizeOf, 2).facts, {});
});

test('not one fact more is dropped than must be', () => {
  const facts = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`fact_${i}`, 'x'.repeat(100 - i)]));
  const names = Object.keys(facts);
  for (const dropped of [1, 2, 7, 39]) {
    const rest = Object.fromEntries(names.slice(dropped).map((name) => [name, facts[name]]));
    const limited = limitFacts(facts, sizeOf, sizeOf(rest));
    assert.deepEqual(limited.facts, rest);
    assert.equal(limited.notes.length, dropped);
  }
});

test('what tag rules match on goes last', () => {
  const needed = ['mk_hw_disk0_size', 'macaddress_eth0', 'hostname', 'is_virtual', 'razor_mk_errors', 'processorcount'];
  const optional = ['xhostname', 'hostnames', 'mk_hw_disk_vendor'];
  const facts = Object.fromEntries(
    [...needed, ...optional].map((name) => [name, 'x'.repeat(name.startsWith('m') ? 9 : 1)]),
  );
  const left = sizeOf(Object.fromEntries(needed.map((name) => [name, facts[name]])));
  assert.deepEqual(Object.keys(limitFacts(facts, sizeOf, left).facts), needed);
});
