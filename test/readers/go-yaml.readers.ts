/** Our YAML in Go's reader, which is built for it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { yamlText } from '../../facts/cli/yaml-text.ts';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';
import { YAML_VALUE } from '../helpers/yaml-value.ts';

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
  const result = spawnSync('go', ['run', program], { ...options, input: yamlText(YAML_VALUE) });
  assert.equal(result.status, 0, result.stderr);
  assert.deepEqual(JSON.parse(result.stdout), YAML_VALUE);
});
