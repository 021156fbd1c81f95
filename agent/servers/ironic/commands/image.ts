/** What a conductor asks for after the image is written: what boots it, and that it will be booted. */
import { RazorMkError } from '../../../../platform/errors/errors.ts';
import { parseSwitch } from '../../../config/switch.ts';
import type { IronicCommand } from '../ironic-options.ts';

/** Images of whole disks bring their own partitions, and nobody needs their names. */
const getPartitionUuids: IronicCommand = {
  name: 'standby.get_partition_uuids',
  async: false,
  async run(_params, { stateDir }) {
    const { readRecord } = await import('../../../disk-image/record.ts');
    const record = await readRecord(stateDir);
    return record?.diskIdentifier === undefined ? {} : { 'disk identifier': record.diskIdentifier };
  },
};

/** For an image of a whole disk that is an entry of the firmware; its boot loader is in it. */
const installBootloader: IronicCommand = {
  name: 'image.install_bootloader',
  async: true,
  changesMachine: true,
  async run(_params, { stateDir, settings, system, kernel, log }) {
    const { makeBootEntry } = await import('../../../disk-image/efi-boot.ts');
    const { readRecord } = await import('../../../disk-image/record.ts');
    if (!settings.allowDeploy) {
      throw new RazorMkError('RAZOR_MK_DEPLOY_OFF', 'this microkernel may not change what this machine boots');
    }
    try {
      const said = await makeBootEntry({ record: await readRecord(stateDir), system });
      log.info(said);
      return said;
    } catch (error) {
      const ignored = parseSwitch(kernel.value('ipa-ignore-bootloader-failure'));
      if (ignored !== true || !(error instanceof RazorMkError)) throw error;
      log.warn(`${error.message} (ipa-ignore-bootloader-failure)`);
      return `ignored, as the kernel line asks: ${error.message}`;
    }
  },
};

export const IMAGE_COMMANDS: readonly IronicCommand[] = [getPartitionUuids, installBootloader];
