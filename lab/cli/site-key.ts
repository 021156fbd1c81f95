/** The verbs `lab key` and `lab sign`: the key of a site, and files that are signed with it beforehand. */
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { messageOf, RazorMkError } from '../../platform/errors/errors.ts';
import { replaceFile } from '../../platform/files.ts';
import { defineVerb } from '../../platform/process/verb.ts';
import { readSigningKey } from '../listeners/reply-signing.ts';

/** Makes FILE, the private key, and FILE.pub. */
export const key = defineVerb({
  examples: [
    ['lab key site.key', 'then: lab --site-key site.key, image build --site-key site.key.pub'],
    ['lab key /etc/razor-mk/site.key', 'site.key.pub beside it'],
  ],
  usage: '<file>',
  options: (yargs) =>
    yargs.positional('file', {
      type: 'string',
      demandOption: true,
      describe: 'The private key; FILE.pub is its public half',
    }),
  run: ({ file }, host) => {
    for (const path of [file, `${file}.pub`]) {
      if (!existsSync(path)) continue;
      throw new RazorMkError(
        'RAZOR_MK_USAGE',
        `${path} is there already: images that have its key would lose their lab`,
        {
          remedy: 'Name another file, or remove it yourself.',
        },
      );
    }
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    replaceFile(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), 0o600);
    replaceFile(`${file}.pub`, publicKey.export({ type: 'spki', format: 'pem' }));
    host.out(`${file}\n${file}.pub\n`);
    return Promise.resolve(0);
  },
});

/** Writes FILE.sig beside each file. */
export const signFiles = defineVerb({
  examples: [
    ['lab sign tce-install-list --site-key site.key', 'writes tce-install-list.sig'],
    ['lab sign *.tcz debian.raw --site-key site.key', 'each with its signature beside it'],
  ],
  usage: '<file..>',
  options: (yargs) =>
    yargs
      .positional('file', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'Lists of extensions and modules, images',
      })
      .option('site-key', { type: 'string', demandOption: true, describe: 'Private key that lab key made' }),
  run: async ({ file, 'site-key': path }, host) => {
    const signing = readSigningKey(read(path));
    for (const each of file) {
      const [sha256, sha512] = await digestsOf(each);
      const counter = Math.max(Date.now(), counterOf(`${each}.sig`) + 1);
      const name = basename(each);
      const text = ['razor-mk file 1', name, sha256, sha512, String(counter), ''].join('\n');
      const signature = sign(null, Buffer.from(text), signing).toString('base64');
      replaceFile(`${each}.sig`, `${JSON.stringify({ file: name, sha256, sha512, counter, signature })}\n`);
      host.out(`${each}.sig\n`);
    }
    return 0;
  },
});

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new RazorMkError('RAZOR_MK_FILE_UNREADABLE', `cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
}

async function digestsOf(path: string): Promise<[string, string]> {
  const [sha256, sha512] = [createHash('sha256'), createHash('sha512')];
  try {
    for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
      sha256.update(piece);
      sha512.update(piece);
    }
  } catch (error) {
    throw new RazorMkError('RAZOR_MK_FILE_UNREADABLE', `cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
  return [sha256.digest('hex'), sha512.digest('hex')];
}

/** That of the signature before, so that no clock that was set makes the new one the older one. */
function counterOf(path: string): number {
  try {
    const { counter } = JSON.parse(readFileSync(path, 'utf8')) as { counter?: unknown };
    return typeof counter === 'number' && Number.isSafeInteger(counter) ? counter : 0;
  } catch {
    return 0;
  }
}
