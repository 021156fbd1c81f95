/** Our YAML against the readers that others use: Ruby's Psych and PyYAML, both of YAML 1.1. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { parse } from 'yaml';
import { yamlText } from '../../facts/cli/yaml-text.ts';
import { noRuby, ruby } from '../helpers/ruby.ts';
import { YAML_VALUE } from '../helpers/yaml-value.ts';

test('YAML reads back as the same texts in a reader of YAML 1.2', () => {
  assert.deepEqual(parse(yamlText(YAML_VALUE)), YAML_VALUE);
  assert.equal(yamlText({ memorysize: '1024.00 MB', kernel: 'Linux' }), 'memorysize: "1024.00 MB"\nkernel: Linux\n');
  assert.deepEqual([yamlText('a'), yamlText([]), yamlText({})], ['a\n', '[]\n', '{}\n']);
});

test('Ruby’s Psych reads our YAML as the same texts', { skip: noRuby }, () => {
  const read = ruby<unknown>('print JSON.generate(YAML.load(JSON.parse(STDIN.read)))', yamlText(YAML_VALUE));
  assert.deepEqual(read, YAML_VALUE);
});

const PYTHON = 'import json, sys, yaml; json.dump(yaml.safe_load(json.load(sys.stdin)), sys.stdout)';
const python = spawnSync('python3', ['-c', 'import yaml'], { encoding: 'utf8' });
const noPython = python.status === 0 ? undefined : 'python3 with yaml is not installed';

test('PyYAML reads our YAML as the same texts', { skip: noPython }, () => {
  const result = spawnSync('python3', ['-c', PYTHON], {
    input: JSON.stringify(yamlText(YAML_VALUE)),
    encoding: 'utf8',
  });
  assert.equal(result.status, 0, result.stderr);
  assert.deepEqual(JSON.parse(result.stdout), YAML_VALUE);
});
