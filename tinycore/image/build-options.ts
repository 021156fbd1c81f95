/** What `image build` and `image bundle` are told. */
import type { Flavour } from '../../packaging/extension/overlay.ts';
import type { BaseLocation } from './base/base-source.ts';
import type { FormChoice } from './extensions/agent-form.ts';
import type { Logins } from './initrd/flavour.ts';
import type { IsoOptions } from './iso/iso.ts';
import type { ServerName } from './netboot/boot-files.ts';

type ImageFormat = 'kernel' | 'iso' | 'dir' | 'tar';
export const IMAGE_FORMATS = ['kernel', 'iso', 'dir', 'tar'] as const;

export interface BuildOptions extends BaseLocation {
  readonly out: string;
  readonly formats: readonly ImageFormat[];
  readonly flavour: Flavour;
  readonly version: string;
  readonly form: FormChoice;
  /** razor-mk.tcz; what the packager made for the base's processor by default. */
  readonly agent?: string | undefined;
  readonly extensions: readonly string[];
  /** Debian packages that become extensions, and where they are kept. */
  readonly debian: readonly string[];
  /** The programs that erase disks go in, as an extension. */
  readonly erase?: boolean;
  readonly packageCache: string;
  /** Of the builder, for apt and downloads: proxies, APT_CONFIG. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly mirrorExtensions: readonly string[];
  readonly extensionDirs: readonly string[];
  readonly mirror?: string;
  /** Names or files of modules, and directories where names are looked for. */
  readonly modules: readonly string[];
  readonly moduleDirs: readonly string[];
  readonly firmware: readonly string[];
  /** Directories of firmware out of which the files go in that the drivers of the image name. */
  readonly firmwareFrom?: readonly string[];
  readonly files: readonly string[];
  /** Programs of the builder, or directories of them, that are run against the root tree of the image. */
  readonly buildSteps?: readonly string[];
  readonly factsDirs: readonly string[];
  readonly commands: readonly string[];
  readonly logins: Logins;
  /** The kernel line may choose a login of root: razor.sshkey=, razor.rootpwd=. */
  readonly bootLogin?: boolean;
  readonly iso: IsoOptions;
  /** Whose boot files are written besides; `razor` for none. */
  readonly server?: ServerName;
  /** Its address, for those files. */
  readonly serverUrl?: string;
  /** Ironic may write images over disks of machines that boot this. */
  readonly allowDeploy?: boolean;
  /** Public half of the site key: nodes then believe what is signed with it, and nothing else. */
  readonly siteKey?: string | undefined;
  /** Addresses on plain http of which nothing but a checksum from the same place is known. */
  readonly unproven?: readonly string[];
  /** The ISO boots under Secure Boot, and what is not signed is refused. */
  readonly secureBoot?: boolean;
  readonly epoch: number;
  readonly step: (text: string) => void;
  readonly signal?: AbortSignal;
}
