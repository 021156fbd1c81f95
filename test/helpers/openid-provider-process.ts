/**
 * A provider of OpenID Connect (oidc-provider) in a process of its own. Prints its issuer. A test says who logs in, and how its ID tokens
 * are spoilt, by `POST /test` with a Setting.
 */
import { generateKeyPairSync, sign } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider, type JWK } from 'oidc-provider';
import type { Setting } from './openid-provider.ts';

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
let setting: Setting = { account: 'ada', groups: [] };

function start(issuer: string): Provider {
  return new Provider(issuer, {
    clients: ['lab', 'public'].map((client_id) => ({
      client_id,
      ...(client_id === 'lab' && { client_secret: 'sesame' }),
      token_endpoint_auth_method: client_id === 'lab' ? ('client_secret_post' as const) : ('none' as const),
      // any port of the loopback address (RFC 8252)
      application_type: 'native' as const,
      redirect_uris: ['http://127.0.0.1/login/openid/callback'],
    })),
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256' } as JWK] },
    cookies: { keys: ['a key of the test'] },
    claims: { openid: ['sub'], profile: ['preferred_username'], groups: ['groups'] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    findAccount: (_context, accountId) => ({
      accountId,
      claims: () => ({ sub: accountId, preferred_username: accountId, groups: [...setting.groups] }),
    }),
    async loadExistingGrant({ oidc: { client, session, provider } }) {
      const about = { clientId: client?.clientId ?? '', accountId: session?.accountId ?? '' };
      const grant = new provider.Grant(about);
      grant.addOIDCScope('openid profile groups');
      await grant.save();
      return grant;
    },
  });
}

/** The ID token with other claims, signed again. */
function spoil(token: string): string {
  const [, payload = ''] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${encode({ alg: 'RS256' })}.${encode({ ...claims, ...setting.claims })}`;
  const key = setting.otherKey === true ? other : privateKey;
  return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
}

function spoilAnswer(reply: ServerResponse): void {
  const end = reply.end.bind(reply) as (body: string) => ServerResponse;
  reply.end = ((body: string) => {
    const answer = JSON.parse(body) as { id_token?: string };
    const text = JSON.stringify(
      answer.id_token === undefined ? answer : { ...answer, id_token: spoil(answer.id_token) },
    );
    reply.setHeader('content-length', Buffer.byteLength(text));
    return end(text);
  }) as ServerResponse['end'];
}

async function logIn(provider: Provider, request: IncomingMessage, reply: ServerResponse): Promise<void> {
  const refused = { error: 'access_denied', error_description: 'the account is closed' };
  const { account } = setting;
  const result = account === undefined ? refused : { login: { accountId: account }, consent: {} };
  await provider.interactionFinished(request, reply, result);
}

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = start(issuer);
  const answer = provider.callback();
  server.on('request', (request, reply) => {
    if (request.url === '/test') {
      void request
        .reduce((all, chunk: Buffer) => all + chunk.toString(), '')
        .then((text) => {
          setting = JSON.parse(text) as Setting;
          reply.end('{}');
        });
      return;
    }
    if (request.url?.startsWith('/interaction/')) return void logIn(provider, request, reply);
    if (request.url === '/token' && (setting.claims ?? setting.otherKey) !== undefined) spoilAnswer(reply);
    void answer(request, reply);
  });
  process.stdout.write(`${issuer}\n`);
});
