/** Small device classes: TPM and InfiniBand. */
import { structuresOf } from '../../smbios/smbios.ts';
import { oncePer } from '../../sources/recording.ts';
import { readDmi } from '../system/dmi.ts';
import { factName } from '../format.ts';
import type { Group } from '../group.ts';

const TPM = '/sys/class/tpm';
const INFINIBAND = '/sys/class/infiniband';

export interface Tpm {
  /** `1.2` or `2.0`. */
  readonly version: string | undefined;
  readonly vendor: string | undefined;
  readonly source: string;
}

/** The kernel's device first; a table entry alone says that firmware has one which no driver claimed. */
export const readTpm = oncePer((sources): Tpm | undefined => {
  const [record] = structuresOf(readDmi(sources).structures, 'tpm');
  const name = sources.list(TPM).find((entry) => /^tpm\d+$/.test(entry));
  if (name === undefined) {
    return (
      record && {
        version: record.specificationVersion,
        vendor: record.vendorId,
        source: '/sys/firmware/dmi/tables/DMI',
      }
    );
  }
  const major = sources.line(`${TPM}/${name}/tpm_version_major`);
  const version = major === '2' ? '2.0' : major === '1' ? '1.2' : record?.specificationVersion;
  return { version, vendor: record?.vendorId, source: `${TPM}/${name}/tpm_version_major` };
});

interface InfinibandPort {
  readonly number: number;
  readonly state: string | undefined;
  readonly rate: string | undefined;
  readonly linkLayer: string | undefined;
}

export interface InfinibandCard {
  readonly name: string;
  readonly firmware: string | undefined;
  readonly type: string | undefined;
  readonly board: string | undefined;
  readonly nodeGuid: string | undefined;
  readonly ports: readonly InfinibandPort[];
}

export const readInfiniband = oncePer((sources): readonly InfinibandCard[] =>
  sources
    .list(INFINIBAND)
    // the Phi's driver shows its PCIe link as one
    .filter((name) => !/^scif\d/.test(name))
    .slice(0, 256)
    .map((name) => {
      const base = `${INFINIBAND}/${name}`;
      return {
        name,
        firmware: sources.line(`${base}/fw_ver`),
        type: sources.line(`${base}/hca_type`),
        board: sources.line(`${base}/board_id`),
        nodeGuid: sources.line(`${base}/node_guid`),
        ports: sources
          .list(`${base}/ports`)
          .filter((port) => /^\d{1,3}$/.test(port))
          .map((port) => ({
            number: Number(port),
            // `4: ACTIVE`
            state: sources.line(`${base}/ports/${port}/state`)?.replace(/^\d+:\s*/, ''),
            rate: sources.line(`${base}/ports/${port}/rate`),
            linkLayer: sources.line(`${base}/ports/${port}/link_layer`),
          })),
      };
    }),
);

export const deviceGroup: Group = {
  name: 'devices',
  collect({ sources, add }) {
    const tpm = readTpm(sources);
    add('mk_tpm', tpm !== undefined, tpm?.source ?? TPM);
    add('mk_tpm_version', tpm?.version, tpm?.source ?? TPM);
    const cards = readInfiniband(sources);
    if (!sources.exists(INFINIBAND)) return;
    add('mk_infiniband_count', cards.length, INFINIBAND);
    for (const card of cards) {
      const name = `mk_ib_${factName(card.name)}`;
      add(`${name}_firmware`, card.firmware, `${INFINIBAND}/${card.name}/fw_ver`);
      add(`${name}_board`, card.board, `${INFINIBAND}/${card.name}/board_id`);
      add(`${name}_guid`, card.nodeGuid, `${INFINIBAND}/${card.name}/node_guid`);
      for (const port of card.ports) {
        const base = `${INFINIBAND}/${card.name}/ports/${port.number}`;
        add(`${name}_port${port.number}_state`, port.state, `${base}/state`, { volatile: true });
        add(`${name}_port${port.number}_rate`, port.rate, `${base}/rate`, { volatile: true });
        add(`${name}_port${port.number}_layer`, port.linkLayer, `${base}/link_layer`);
      }
    }
  },
};
