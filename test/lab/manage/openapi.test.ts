import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import Fastify, { type FastifyInstance } from 'fastify';
import { startLab } from '../../../lab/lab-server.ts';
import { managementApi } from '../../../lab/manage/management-api.ts';
import { openApi } from '../../../lab/manage/openapi.ts';
import { PORTS } from '../people/ask.ts';

test('the OpenAPI document has each route of the API and no other', async (t) => {
  const lab = await startLab({ ports: PORTS });
  t.after(() => lab.close());
  const app = Fastify({ exposeHeadRoutes: false }) as unknown as FastifyInstance;
  const routes: string[] = [];
  app.addHook('onRoute', ({ method, url }) => {
    if (url.startsWith('/api/')) routes.push(`${String(method)} ${url.replaceAll(/:(\w+)/g, '{$1}')}`);
  });
  managementApi(app, lab.core, { imageDir: () => '', access: lab.access });
  await app.ready();
  t.after(() => app.close());
  const reply = await fetch(`${lab.peopleUrl}/api/openapi.json`);
  const { paths } = (await reply.json()) as { paths: Record<string, Record<string, unknown>> };
  const documented = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  assert.deepEqual(documented.sort(), routes.sort());
  assert.ok(routes.length > 40, String(routes.length));
});

test('it says of a body what the lab checks, and which role a request needs', () => {
  const { paths } = openApi('1.0.0') as { paths: Record<string, Record<string, Record<string, never>>> };
  const add = paths['/api/policies']?.['post'] as unknown as {
    description: string;
    requestBody: { content: { 'application/json': { schema: Record<string, unknown> } } };
  };
  assert.equal(add.description, 'Needs the role administer.');
  const { schema } = add.requestBody.content['application/json'];
  assert.deepEqual(schema['required'], ['label', 'model']);
  assert.equal(schema['additionalProperties'], false);
});

const VALIDATE = `import json, sys
from openapi_spec_validator import validate
validate(json.load(sys.stdin))
print("valid")`;
const hasValidator = spawnSync('python3', ['-c', 'import openapi_spec_validator']).status === 0;

test(
  'a validator of others finds it valid',
  { skip: hasValidator ? false : 'python3 has no openapi_spec_validator' },
  () => {
    const said = spawnSync('python3', ['-c', VALIDATE], { input: JSON.stringify(openApi('1.0.0')), encoding: 'utf8' });
    assert.equal(said.stdout, 'valid\n', said.stderr);
  },
);
