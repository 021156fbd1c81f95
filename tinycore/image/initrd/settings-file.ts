/** The agent's configuration file as it lies in the image, with what options of the builder switch on. */
import { createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isMap, parseDocument } from 'yaml';
import { readOverlay, type Flavour } from '../../../packaging/extension/overlay.ts';
import { messageOf, RazorMkError } from '../../../platform/errors/errors.ts';
import { cleanTarget } from './compose.ts';
import { fileEntry, type Entry } from './entry.ts';

const PATH = 'etc/razor-mk/config.yaml';
/** Servers that have images written: Ironic, and the lab by the others' protocols. */
const WRITERS: readonly string[] = ['ironic', 'razor', 'hanlon', 'razor-server'];
/** Where the public half of the site key lies in the image. */
const SITE_KEY = 'etc/razor-mk/site-key.pub';

interface SettingsFileOptions {
  readonly server?: string;
  readonly flavour: Flavour;
  readonly version: string;
  readonly allowDeploy?: boolean;
  /** File with the public half of the site key. */
  readonly siteKey?: string | undefined;
  /** SRC:DST of the user, where a configuration file may be among them. */
  readonly files: readonly string[];
}

/**
 * The flavour's or the user's configuration file with what the builder's options say: `allow_deploy`, and `site_key` with that file.
 * None without them. Throws RAZOR_MK_USAGE, RAZOR_MK_IMAGE_CONFIG, RAZOR_MK_FILE_UNREADABLE.
 */
export function settingsFiles(options: SettingsFileOptions): Entry[] {
  const { allowDeploy = false, siteKey } = options;
  if (!allowDeploy && siteKey === undefined) return [];
  if (allowDeploy && !WRITERS.includes(options.server ?? 'razor')) {
    throw new RazorMkError('RAZOR_MK_USAGE', `--allow-deploy: ${options.server} has no images written`, {
      remedy: `Give --server ${WRITERS.join(', or ')} with it, or leave it out.`,
    });
  }
  const text = usersFile(options.files) ?? flavoursFile(options);
  const document = parseDocument(text);
  if (document.errors.length > 0 || !(document.contents === null || isMap(document.contents))) {
    throw new RazorMkError('RAZOR_MK_IMAGE_CONFIG', `${PATH} of the image is not a map of settings`);
  }
  // as agent/config/options/options.ts names them in the file
  if (allowDeploy) document.set('allow_deploy', true);
  if (siteKey === undefined) return [fileEntry(PATH, document.toString())];
  document.set('site_key', `/${SITE_KEY}`);
  return [fileEntry(PATH, document.toString()), fileEntry(SITE_KEY, publicKey(siteKey))];
}

/** The public half, whichever is in the file: a private key never goes into an image. */
function publicKey(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new RazorMkError('RAZOR_MK_FILE_UNREADABLE', `cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
  const refuse = (why: string): RazorMkError =>
    new RazorMkError('RAZOR_MK_USAGE', `${path} is not the public half of a site key: ${why}`, {
      remedy: 'Give the file FILE.pub that razor-mk lab key made.',
    });
  if (text.includes('PRIVATE KEY')) throw refuse('it is the private one');
  try {
    const key = createPublicKey(text);
    if (key.asymmetricKeyType !== 'ed25519') throw refuse(`it is ${key.asymmetricKeyType ?? 'unknown'}, not Ed25519`);
    return key.export({ type: 'spki', format: 'pem' }).toString();
  } catch (error) {
    throw error instanceof RazorMkError ? error : refuse(messageOf(error));
  }
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
