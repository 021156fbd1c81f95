/** The microkernel that `lab vm` boots when none is named: the one of this clone, made by its own verbs where it is not there. */
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { RazorMkError } from '../../platform/errors/errors.ts';
import { runOwnVerb } from '../own-verb.ts';
import type { Host } from '../../platform/process/verb.ts';

const BUILD = new URL('../../build', import.meta.url).pathname;

/** Path of an ISO. Says on stderr what it takes or makes. Throws RAZOR_MK_RUN when one of the verbs fails. */
export async function defaultImage(host: Host): Promise<string> {
  const agent = join(BUILD, 'razor-mk.tcz');
  const base = join(BUILD, 'vm/base');
  const image = join(BUILD, 'vm/image');
  const known = isoIn(image);
  if (known !== undefined && existsSync(agent) && statSync(known).mtimeMs > statSync(agent).mtimeMs) {
    host.err(`no --image: this clone's own, ${known} (remove it to have it built anew)\n`);
    return known;
  }
  host.err(
    'no --image: one for virtual machines is built below build/vm now, which takes a minute or two\n' +
      '(an image of your own: --image build/image/NAME.iso)\n',
  );
  if (!existsSync(agent)) await verb(host, 'package', '--no-budget');
  if (!existsSync(join(base, 'core.gz'))) {
    mkdirSync(base, { recursive: true });
    await verb(host, 'image', 'base', '--from-debian', '--kernel', 'cloud', '--out', base);
  }
  mkdirSync(image, { recursive: true });
  await verb(host, 'image', 'build', '--base', base, '--out', image, '--flavour', 'debug', '--format', 'iso');
  const made = isoIn(image);
  if (made === undefined) throw new RazorMkError('RAZOR_MK_RUN', `image build left no ISO in ${image}`);
  return made;
}

function isoIn(dir: string): string | undefined {
  const names = existsSync(dir) ? readdirSync(dir).filter((name) => name.endsWith('.iso')) : [];
  const byAge = names.map((name) => join(dir, name)).sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  return byAge[0];
}

async function verb(host: Host, ...words: string[]): Promise<void> {
  host.err(`razor-mk ${words.join(' ')}\n`);
  await runOwnVerb(host, ...words);
}
