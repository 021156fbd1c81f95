/** The management API as an OpenAPI 3.1 document, made from the schemas that read its requests. */
import * as z from 'zod/mini';
import { roleOf } from '../people/guard.ts';
import { absolutePathBody } from './manage-backups.ts';
import * as schemas from './schemas.ts';

interface Operation {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** As fastify has it: `/api/nodes/:id`. */
  readonly path: string;
  readonly does: string;
  readonly body?: z.ZodMiniType;
  readonly query?: readonly string[];
  /** The status of success; 200 by default. */
  readonly status?: 200 | 201;
}

const LISTS = 'A list.';

function shelf(path: string, what: string, add?: z.ZodMiniType, more: readonly Operation[] = []): Operation[] {
  return [
    { method: 'GET', path, does: `All ${what}s. ${LISTS}` },
    { method: 'GET', path: `${path}/:id`, does: `One ${what}, by UUID, the start of it, or a name.` },
    ...(add ? [{ method: 'POST', path, does: `Adds a ${what}.`, body: add, status: 201 } as const] : []),
    { method: 'DELETE', path: `${path}/:id`, does: `Removes a ${what}.`, query: ['force'] },
    ...more,
  ];
}

/** Every route of the API. */
const OPERATIONS: readonly Operation[] = [
  { method: 'GET', path: '/api/status', does: 'Addresses, counts, settings, and who asks.' },
  { method: 'GET', path: '/api/openapi.json', does: 'This document.' },
  {
    method: 'GET',
    path: '/api/events',
    does: 'What happened after the event of this number, oldest first; of one node alone where it is named.',
    query: ['since', 'node'],
  },
  { method: 'GET', path: '/api/inventory/ansible', does: 'Installed machines as an inventory of Ansible.' },
  ...shelf('/api/nodes', 'node', undefined, [
    { method: 'PATCH', path: '/api/nodes/:id', does: 'Changes a node.', body: schemas.nodeChangeSchema },
    { method: 'GET', path: '/api/nodes/:id/explain', does: 'Why each policy fits it or not.' },
  ]),
  ...shelf('/api/active-models', 'policy at work', undefined, [
    {
      method: 'POST',
      path: '/api/active-models/:id/retry',
      does: 'Installs again, with all tries.',
      body: schemas.forceSchema,
    },
    {
      method: 'POST',
      path: '/api/active-models/:id/handover',
      does: 'Hands over to the broker again.',
      body: schemas.forceSchema,
    },
  ]),
  ...shelf('/api/tags', 'tag rule', schemas.tagRuleSchema),
  { method: 'GET', path: '/api/templates', does: `What models can be made of. ${LISTS}` },
  ...shelf('/api/models', 'model', schemas.modelSchema, [
    { method: 'GET', path: '/api/models/:id/preview', does: 'Every file that a node would get.', query: ['node'] },
  ]),
  ...shelf('/api/brokers', 'broker', schemas.brokerSchema).filter(
    ({ method, path }) => method !== 'GET' || !path.endsWith(':id'),
  ),
  ...shelf('/api/images', 'image', schemas.imageSchema),
  ...shelf('/api/policies', 'policy', schemas.policySchema, [
    { method: 'PATCH', path: '/api/policies/:id', does: 'Changes a policy.', body: schemas.policyChangeSchema },
  ]),
  ...shelf('/api/operators', 'operator', schemas.operatorSchema, [
    {
      method: 'PATCH',
      path: '/api/operators/:id',
      does: 'Changes role or password.',
      body: schemas.operatorChangeSchema,
    },
    {
      method: 'POST',
      path: '/api/operators/:id/tokens',
      does: 'Makes a token, which this answer alone holds.',
      body: schemas.tokenSchema,
      status: 201,
    },
    { method: 'DELETE', path: '/api/operators/:id/tokens/:token', does: 'Revokes a token.' },
  ]),
  {
    method: 'GET',
    path: '/api/audit',
    does: `Who changed what, newest first. ${LISTS}`,
    query: ['limit', 'before', 'who'],
  },
  {
    method: 'POST',
    path: '/api/backup',
    does: 'Writes everything to a new file of the lab’s machine.',
    body: absolutePathBody,
    status: 201,
  },
  { method: 'POST', path: '/api/restore', does: 'Replaces everything by a backup.', body: absolutePathBody },
  { method: 'POST', path: '/api/secrets/rotate', does: 'Seals all secrets anew, with the newest key or a new one.' },
];

const REFUSED = {
  description: 'Refused: one sentence in `error`.',
  content: json({ $ref: '#/components/schemas/Error' }),
};

function json(schema: unknown): Record<string, unknown> {
  return { 'application/json': { schema } };
}

function operationObject({ method, path, does, body, query = [], status = 200 }: Operation): Record<string, unknown> {
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => name);
  const words = path.replace('/api/', '').replaceAll(/[:/.-]+(\w)/g, (_, letter: string) => letter.toUpperCase());
  const parameters = [
    ...inPath.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
    ...query.map((name) => ({ name, in: 'query', required: false, schema: { type: 'string' } })),
  ];
  return {
    operationId: method.toLowerCase() + words.charAt(0).toUpperCase() + words.slice(1),
    summary: does,
    description: `Needs the role ${roleOf(method, path)}.`,
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: { required: true, content: json(schemaOf(body)) } }),
    responses: {
      [String(status)]: { description: 'Done.', content: json(does.includes(LISTS) ? { type: 'array' } : {}) },
      default: REFUSED,
    },
  };
}

function schemaOf(body: z.ZodMiniType): unknown {
  const { $schema: _, ...schema } = z.toJSONSchema(body, { io: 'input', unrepresentable: 'any' });
  return schema;
}

/** The document. */
export function openApi(version: string): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const operation of OPERATIONS) {
    const path = operation.path.replaceAll(/:(\w+)/g, '{$1}');
    (paths[path] ??= {})[operation.method.toLowerCase()] = operationObject(operation);
  }
  return {
    openapi: '3.1.0',
    info: { title: 'razor-mk lab: management API', version, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    servers: [{ url: '/' }],
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: { Error: { type: 'object', required: ['error'], properties: { error: { type: 'string' } } } },
    },
  };
}
