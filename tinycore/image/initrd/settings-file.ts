/** The agent's configuration file as it lies in the image, with what options of the builder switch on. */
import { readFileSync } from 'node:fs';
import { isMap, parseDocument } from 'yaml';
import { readOverlay, type Flavour } from '../../../packaging/extension/overlay.ts';
import { RazorMkError } from '../../../platform/errors/errors.ts';
import { cleanTarget } from './compose.ts';
import { fileEntry, type Entry } from './entry.ts';

const PATH = 'etc/razor-mk/config.yaml';
/** As agent/config/options/options.ts names it in the file; razor.allow_deploy on the kernel line. */
const KEY = 'allow_deploy';

interface SettingsFileOptions {
  readonly server?: string;
  readonly flavour: Flavour;
  readonly version: string;
  /** SRC:DST of the user, where a configuration file may be among them. */
  readonly files: readonly string[];
}

/** The flavour's or the user's configuration file with `allow_deploy: on`. Throws RAZOR_MK_USAGE, RAZOR_MK_IMAGE_CONFIG. */
export function allowDeployFile(options: SettingsFileOptions): Entry {
  if (options.server !== 'ironic') {
    throw new RazorMkError('RAZOR_MK_USAGE', '--allow-deploy is about Ironic: no other server writes disks', {
      remedy: 'Give --server ironic with it, or leave it out.',
    });
  }
  const text = usersFile(options.files) ?? flavoursFile(options);
  const document = parseDocument(text);
  if (document.errors.length > 0 || !(document.contents === null || isMap(document.contents))) {
    throw new RazorMkError('RAZOR_MK_IMAGE_CONFIG', `${PATH} of the image is not a map of settings`);
  }
  document.set(KEY, true);
  return fileEntry(PATH, document.toString());
}

function usersFile(pairs: readonly string[]): string | undefined {
  for (const pair of pairs) {
    const colon = pair.lastIndexOf(':');
    if (colon > 0 && cleanTarget(pair.slice(colon + 1), pair) === PATH)
      return readFileSync(pair.slice(0, colon), 'utf8');
  }
  return undefined;
}

function flavoursFile({ flavour, version }: SettingsFileOptions): string {
  const entry = readOverlay({ flavour, version }).entries.find(({ path }) => path === PATH);
  return entry === undefined ? '# made by razor-mk image build\n' : Buffer.from(entry.content).toString('utf8');
}
