/** The verb `lab operator`: who may use the lab, and tokens for scripts. */
import { writeFile } from 'node:fs/promises';
import { messageOf, RazorMkError } from '../../../platform/errors/errors.ts';
import { isRecord } from '../../listeners/request-body.ts';
import { ROLES } from '../../store/people.ts';
import { catalogVerb } from '../catalog/catalog-verb.ts';
import { readToken } from '../management-client.ts';

interface PasswordArgs {
  readonly 'password-file': string | undefined;
  readonly 'tokens-only': boolean;
}

/** From the file; made by the lab and shown once without one. */
async function passwordOf(args: PasswordArgs): Promise<string | true | undefined> {
  if (args['tokens-only']) return undefined;
  return args['password-file'] === undefined ? true : await readToken(args['password-file']);
}

/** Puts a token into a file that only its owner reads. Throws RAZOR_MK_FILE_UNWRITABLE. */
async function saved(answer: unknown, path: string | undefined): Promise<unknown> {
  if (path === undefined || !isRecord(answer) || typeof answer['token'] !== 'string') return answer;
  try {
    await writeFile(path, `${answer['token']}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    // it exists nowhere else
    throw new RazorMkError('RAZOR_MK_FILE_UNWRITABLE', `the token is not in ${path}: ${messageOf(error)}`, {
      cause: error,
      remedy: 'The token was made: revoke it (razor-mk lab operator revoke), and make another with a file that is new.',
    });
  }
  return { ...answer, token: `in ${path}` };
}

export const operator = catalogVerb({
  path: '/api/operators',
  examples: [
    ['lab operator add --name ada --role administer --label cli --save ada.token', 'the first one, with a token'],
    ['lab operator add --name ci --role operate --tokens-only', 'a script: it cannot log in'],
    ['lab operator token ci --label deploy --days 30', 'a token of it, shown once'],
    ['lab operator revoke ci deploy', 'ends that token'],
  ],
  columns: ['uuid', 'name', 'role', 'login', 'sessions', 'tokens', 'added'],
  options: (yargs) =>
    yargs
      .option('name', { type: 'string', describe: 'add: the name' })
      .option('role', { choices: ROLES, describe: 'add, edit: what it may do, each more than the one before' })
      .option('password-file', { type: 'string', describe: 'add, password: file with it; by default one is made' })
      .option('tokens-only', { type: 'boolean', default: false, describe: 'add: no password, so no login' })
      .option('label', { type: 'string', describe: 'token: what it is for; add: a token too, for this' })
      .option('save', { type: 'string', describe: 'add, token: write the token to this new file, not to the output' })
      .option('days', { type: 'number', describe: 'token: for how many days it is good [default: 90]' }),
  add: async (args) => ({
    name: args.name,
    role: args.role,
    password: await passwordOf(args),
    ...(args.label !== undefined && { token: { label: args.label, days: args.days } }),
  }),
  after: async (answer, args) => await saved(answer, args.save),
  actions: {
    edit: (client, path, args) => client.call('PATCH', path, { role: args.role }),
    password: async (client, path, args) => client.call('PATCH', path, { password: await passwordOf(args) }),
    token: (client, path, args) => client.call('POST', `${path}/tokens`, { label: args.label, days: args.days }),
    revoke: (client, path, args) => {
      if (args.value === undefined)
        throw new RazorMkError('RAZOR_MK_USAGE', 'revoke what? lab operator revoke NAME TOKEN (its label or UUID)');
      return client.call('DELETE', `${path}/tokens/${encodeURIComponent(args.value)}`);
    },
  },
});
