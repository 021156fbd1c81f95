/** Settings of models whose values must be of a form, since installers take what they cannot read for nothing, or for more than one word. */
import { ownFile } from '../installers/own-files.ts';
import { CLOUD_SETTINGS } from '../installers/answers.ts';
import { installerOf } from '../installers/registry.ts';
import { familyOf } from '../installers/templates.ts';
import type { LabCore } from '../lab-core.ts';
import { Refusal } from './request.ts';

type Metadata = Readonly<Record<string, string>>;

const PATH = /^(?!\/)(?!.*(^|\/)\.\.(\/|$))[\w./@+:-]{1,500}$/;

/** The form of a value, and what it is called. */
const FORMS: Readonly<Record<string, readonly [RegExp, string]>> = {
  hostname_prefix: [/^[a-z0-9]([a-z0-9-]{0,40})$/i, 'letters, digits and hyphens, as node'],
  domainname: [/^[a-z0-9]([a-z0-9.-]{0,200})$/i, 'a domain name, as example.org'],
  root_password_hash: [/^\$[\w$./=,+-]{8,250}$/, 'a hash as openssl passwd -6 prints it'],
  ssh_key: [/^(ssh|ecdsa|sk)-[\w@.-]+ [A-Za-z0-9+/=]{20,}( [\w@. +:-]*)?$/, 'a line of a .pub file'],
  timezone: [/^[A-Za-z0-9_+-]+(\/[A-Za-z0-9_+-]+)*$/, 'a name of the time zone database, as Europe/Berlin'],
  packages: [/^[\w.+:@^~*/ -]*$/, 'names of packages, separated by blanks'],
  tasks: [/^[\w.+-]+( [\w.+-]+)*$/, 'names of tasks, separated by blanks, or none'],
  security_mirror: [/^(none|[\w.:[\]-]+)$/, 'a host, as security.debian.org, or none'],
  mirror: [/^(https?:\/\/[\w.:[\]-]+|\/\/[\w.-]+)\/[\w./~%$-]*$/, 'an address, as http://deb.example.org/debian'],
  install_device: [/^(\/dev\/[\w/:.+-]+|[\w:.-]+)$/, 'a disk, as /dev/nvme0n1'],
  product: [/^[\w .()-]{1,100}$/, 'a name of letters, digits, blanks, dots and hyphens'],
  product_key: [/^[A-Z0-9]{5}(-[A-Z0-9]{5}){4}$/, 'five groups of five characters'],
  root_device: [
    /^(smallest|[a-z_]+=[^,]+(,[a-z_]+=[^,]+)*)$/,
    'hints as serial=S1 or size=>=400,rotational=false, or smallest',
  ],
  image_url: [
    /^https?:\/\/[\w.:[\]-]+\/[\w./~%$?&=+@,-]*$/,
    'an address, as https://cloud.example.org/debian-13.qcow2',
  ],
  image_checksum: [/^([0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128})$/, 'SHA-256, SHA-384 or SHA-512 in lower-case hex'],
  kernel: [PATH, 'a path in the image'],
  initrd: [PATH, 'a path in the image'],
  iso: [PATH, 'a path in the image'],
};

/** Throws a Refusal for a value that no installer could read as it is meant. */
export function refuseWrongSettings(metadata: Metadata): void {
  for (const [name, [form, what]] of Object.entries(FORMS)) {
    const value = metadata[name];
    // a secret is not repeated
    if (value !== undefined && !form.test(value)) throw new Refusal(422, `metadata: ${name} must be ${what}`);
  }
}

/** cloud-init's files of a model. */
interface CloudFiles {
  readonly userData: string | undefined;
  readonly networkConfig: string | undefined;
}

/** Throws a Refusal for what only an image has, and for a model of an image that names none, or two. */
export function refuseWrongImage(
  {
    template,
    image,
    metadata,
  }: { readonly template: string; readonly image?: string | undefined; readonly metadata: Metadata },
  files: CloudFiles,
): void {
  const { image_url: url, image_checksum: checksum } = metadata;
  if (familyOf(template) !== 'image') {
    const given = [
      ...['root_device', 'image_url', 'image_checksum'].filter((name) => metadata[name] !== undefined),
      ...Object.keys(CLOUD_SETTINGS).filter((name) => files[name as keyof CloudFiles] !== undefined),
    ];
    if (given.length > 0) throw new Refusal(422, `${given.join(', ')}: only the template image has that`);
    return;
  }
  if (image !== undefined && url !== undefined) throw new Refusal(422, 'give an image or image_url, not both');
  if (image === undefined && url === undefined) {
    throw new Refusal(
      422,
      `image: ${template} needs one of the lab’s (lab image add FILE), or image_url and image_checksum`,
    );
  }
  if (url !== undefined && checksum === undefined) throw new Refusal(422, 'metadata: image_url needs image_checksum');
}

/** cloud-init's files as settings of the model. */
export function cloudSettings(files: CloudFiles): Record<string, string> {
  const given = Object.entries(CLOUD_SETTINGS).map(([name, setting]) => [setting, files[name as keyof CloudFiles]]);
  return Object.fromEntries(given.filter(([, text]) => text !== undefined)) as Record<string, string>;
}

/** Throws a Refusal where a template needs what neither the model nor a file of one's own gives. */
export async function refuseMissing(core: LabCore, template: string, metadata: Metadata): Promise<void> {
  const installer = installerOf(template);
  const [plain, hash] = [metadata['root_password'], metadata['root_password_hash']];
  if (installer?.needsPassword === 'plain' && plain === undefined) {
    throw new Refusal(422, `metadata: ${template} cannot be installed without root_password`);
  }
  if (installer?.needsPassword !== undefined && plain === undefined && hash === undefined) {
    throw new Refusal(422, `metadata: ${template} cannot be installed without root_password or root_password_hash`);
  }
  const own = installer?.ownFile;
  if (own === undefined || (await ownFile(core.settings.taskFiles, [template, own], ['common', own])) !== undefined)
    return;
  const where = core.settings.taskFiles ?? 'DIRECTORY';
  const start = core.settings.taskFiles === undefined ? ', and start the lab with --task-files DIRECTORY' : '';
  throw new Refusal(
    422,
    `template: ${template} installs from a file of yours: write ${where}/${template}/${own}${start}`,
  );
}
