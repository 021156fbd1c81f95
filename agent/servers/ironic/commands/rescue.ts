/**
 * rescue.finalize_rescue: a tenant gets into the machine with a password. That needs a login in the image, which most have not: then
 * the command is FAILED, which Ironic shows as it is (an unknown command would be called an outdated agent).
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RazorMkError } from '../../../../platform/errors/errors.ts';
import { changed } from '../live.ts';
import type { IronicCommand } from '../ironic-options.ts';

const USER = 'rescue';
/** crypt(3): what `[conductor]rescue_password_hash_algorithm` makes. */
const HASH = /^\$[1-9a-z]{1,3}\$[\w./=,$-]{1,300}$/;

/** Where a password lets somebody in, in words; undefined where nothing asks for one. */
export function loginOf(root = '/'): string | undefined {
  const inittab = text(join(root, 'etc/inittab'));
  const asks = inittab
    .split('\n')
    .some((line) => /^[^#]*:(respawn|askfirst):.*(getty\b(?!.* -n)|razor-mk-serial login)/.test(line));
  if (asks) return 'the consoles';
  const programs = list(join(root, 'proc')).filter((name) => /^\d+$/.test(name));
  return programs.some((pid) => text(join(root, 'proc', pid, 'comm')) === 'dropbear') ? 'ssh' : undefined;
}

/** A file of accounts with `line` for the user, in place of one that is there. */
export function withAccount(file: string, line: string): string {
  const others = file.split('\n').filter((each) => each !== '' && !each.startsWith(`${USER}:`));
  return `${[...others, line].join('\n')}\n`;
}

export const finalizeRescue: IronicCommand = {
  name: 'rescue.finalize_rescue',
  async: false,
  changesMachine: true,
  async run({ rescue_password: hash, hashed }, { system, say, endService }) {
    const login = loginOf();
    if (login === undefined) {
      throw new RazorMkError('RAZOR_MK_COMMAND', 'nobody can log in to this image: it is no rescue system', {
        remedy:
          'Give nodes that are rescued an image of flavour dev, or one with dropbear, as rescue_ramdisk (docs/ironic.md).',
      });
    }
    if (hashed !== true || typeof hash !== 'string' || !HASH.test(hash)) {
      throw new RazorMkError('RAZOR_MK_COMMAND', 'the rescue password did not come as a crypt(3) hash', {
        remedy: 'Ironic sends one; look at [conductor]rescue_password_hash_algorithm.',
      });
    }
    await changed(system, `let the user ${USER} in, by ${login}`, () => {
      const account = `${USER}:x:0:0:rescue:/root:/bin/sh`;
      system.write(`add the user ${USER}`, '/etc/passwd', withAccount(text('/etc/passwd'), account), 0o644);
      const shadow = withAccount(text('/etc/shadow'), `${USER}:${hash}:19000:0:99999:7:::`);
      system.write(`set the password of ${USER}`, '/etc/shadow', shadow, 0o600);
    });
    say(`Ironic: rescue: the user ${USER} may log in by ${login}; no more commands are taken`);
    // the network that comes next is the tenant's
    endService('rescue');
    return null;
  },
};

function text(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
