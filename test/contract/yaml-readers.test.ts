/** Our YAML against the readers that others use: Ruby's Psych and PyYAML, both of YAML 1.1. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { yamlText } from '../../facts/cli/yaml-text.ts';
import { noRuby, ruby } from '../helpers/ruby.ts';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';

/** Texts that one reader or another takes for something else. */
const TEXTS = [
  ...[
    '0000:00:03.0',
    '1,5,9,13',
    '::1',
    ':x',
    '1:30',
    '190:20:30',
    '1_000',
    '0x1F',
    '0o17',
    '010',
    '08',
    '1e3',
    '5E12345',
    '12e345678901',
    '.5',
    '+1',
    '-1',
    '1.10',
    '0b11',
  ],
  ...[
    'yes',
    'No',
    'on',
    'OFF',
    'y',
    'N',
    'true',
    'False',
    'null',
    'Null',
    '~',
    '',
    ' ',
    'nil',
    'none',
    '.inf',
    '-.INF',
    '.nan',
    'NaN',
    'Infinity',
    '2026-11-30',
    '2026-11-30 10:00:00',
    '<<',
    '=',
    '!',
  ],
  ...[
    'a: b',
    'a:b',
    'a #b',
    '#a',
    '- a',
    '-',
    '? a',
    '[a]',
    '{a}',
    'a, b',
    '*a',
    '&a',
    '!a',
    '!!int 5',
    '%a',
    '@a',
    '`a',
    '|',
    '>',
    '"a"',
    "'a'",
    "it's",
    'a\nb',
    'a\tb',
    '\ta',
    'a ',
    ' a',
    'a\\b',
  ],
  ...[
    'Intel(R) Xeon(R) CPU E5-2680 0 @ 2.70GHz',
    '1024.00 MB',
    'x86_64',
    'eth0,lo',
    'AMD Opteron(TM) Processor 6276',
    'é',
    '日本',
    'a\u0085b',
    'a\u2028b',
    'a\u0000b',
    'a\u007fb',
    '\ufeff',
    '---',
    '...',
    'a...',
  ],
];

const VALUE = {
  texts: TEXTS,
  byKey: Object.fromEntries(TEXTS.map((text, i) => [text, `v${i}`])),
  facts: Object.fromEntries(TEXTS.map((text, i) => [`fact_${i}`, text])),
  inventory: {
    count: 2,
    ratio: 1.5,
    big: 3_200_631_791_616,
    yes: true,
    none: null,
    list: [],
    map: {},
    deep: [[1, 'a'], { b: [{ c: '1' }] }],
  },
};

test('YAML reads back as the same texts in a reader of YAML 1.2', () => {
  assert.deepEqual(parse(yamlText(VALUE)), VALUE);
  assert.equal(yamlText({ memorysize: '1024.00 MB', kernel: 'Linux' }), 'memorysize: "1024.00 MB"\nkernel: Linux\n');
  assert.deepEqual([yamlText('a'), yamlText([]), yamlText({})], ['a\n', '[]\n', '{}\n']);
});

test('Ruby’s Psych reads our YAML as the same texts', { skip: noRuby }, () => {
  const read = ruby<unknown>('print JSON.generate(YAML.load(JSON.parse(STDIN.read)))', yamlText(VALUE));
  assert.deepEqual(read, VALUE);
});

const PYTHON = 'import json, sys, yaml; json.dump(yaml.safe_load(json.load(sys.stdin)), sys.stdout)';
const python = spawnSync('python3', ['-c', 'import yaml'], { encoding: 'utf8' });
const noPython = python.status === 0 ? undefined : 'python3 with yaml is not installed';

test('PyYAML reads our YAML as the same texts', { skip: noPython }, () => {
  const result = spawnSync('python3', ['-c', PYTHON], { input: JSON.stringify(yamlText(VALUE)), encoding: 'utf8' });
  assert.equal(result.status, 0, result.stderr);
  assert.deepEqual(JSON.parse(result.stdout), VALUE);
});

/** Where Debian puts the sources of Go's packages. */
const GO_SOURCES = '/usr/share/gocode';
const noGo =
  spawnSync('go', ['version']).status !== 0
    ? 'go is not installed'
    : existsSync(join(GO_SOURCES, 'src/gopkg.in/yaml.v3'))
      ? undefined
      : 'Go’s yaml is not installed (golang-gopkg-yaml.v3-dev)';
const GO = `package main

import (
	"encoding/json"
	"os"

	"gopkg.in/yaml.v3"
)

func main() {
	var value any
	if err := yaml.NewDecoder(os.Stdin).Decode(&value); err != nil {
		panic(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(value); err != nil {
		panic(err)
	}
}
`;

test('Go’s yaml reads our YAML as the same texts', { skip: noGo }, (t) => {
  const directory = temporaryDirectory(t);
  const program = join(directory, 'read.go');
  writeFileSync(program, GO);
  const env = { PATH: process.env['PATH'], HOME: directory, GOPATH: GO_SOURCES, GO111MODULE: 'off', CGO_ENABLED: '0' };
  const options = { encoding: 'utf8', timeout: 80_000, env } as const;
  const result = spawnSync('go', ['run', program], { ...options, input: yamlText(VALUE) });
  assert.equal(result.status, 0, result.stderr);
  assert.deepEqual(JSON.parse(result.stdout), VALUE);
});
