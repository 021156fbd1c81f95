/** Boot scripts of razor-server: the microkernel's with the two parameters that lead the agent home, and the local disk's. */
import type { FastifyRequest } from 'fastify';
import { bootable } from '../../engine/boot-script.ts';
import type { LabCore } from '../../lab-core.ts';
import { installerScript } from '../../installers/scripts.ts';
import { stateEntry } from '../../engine/models.ts';
import { noteBoot } from '../../engine/tries.ts';
import { familyOf } from '../../installers/templates.ts';
import { razorServerRoutes } from '../../listeners/routes.ts';
import type { NodeRecord } from '../../store/records.ts';
import { diskBoot, END_FOR_LOCAL_BOOT } from '../../../platform/netboot/scripts.ts';

/** Seconds that the boot loader waits before it starts over; the original's checkin_interval, which nothing else reads. */
const RETRY_SECONDS = 15;

const ON_ERROR = `:error\nprompt --key s --timeout ${RETRY_SECONDS * 1000} ERROR, hit 's' for a shell; rebooting in ${RETRY_SECONDS} seconds && shell || reboot\n`;

/** The script for a node: its installer while a policy is at work, its disk when it is done, the microkernel otherwise. */
export async function razorServerBoot(core: LabCore, node: NodeRecord, request: FastifyRequest): Promise<string> {
  const bound = core.store.activeModels.ofNode(node.id);
  const local = (why: string): string => {
    core.events.emit({
      type: 'boot',
      dialect: 'razor-server',
      node: node.uuid,
      message: `boots its local disk: ${why}`,
      details: { boot: 'local', hwIds: core.store.nodes.hwIds(node.id) },
    });
    return localBoot(core, node);
  };
  // installed, but its facts were never seen: the microkernel comes first
  if (node.installed !== undefined && node.registered !== undefined) return local(`${node.installed} is installed`);
  if (bound) {
    const active = await noteBoot(core, bound);
    const { boot, meaning } = stateEntry(active.state, familyOf(active.model.template));
    if (boot === 'local') return local(`state ${active.state}, ${meaning}`);
    if (boot === 'installer') {
      const message = `boots the installer of ${active.model.label}: state ${active.state}, ${meaning}`;
      const details = { boot, hwIds: core.store.nodes.hwIds(node.id) };
      core.events.emit({ type: 'boot', dialect: 'razor-server', node: node.uuid, message, details });
      return installerScript({
        node,
        active,
        dialect: 'razor-server',
        loader: 'ipxe',
        routes: razorServerRoutes(ownAddress(core, request), core.settings.faithful),
        core,
      });
    }
  } else if (core.settings.protectNewNodes && !node.allowed && node.registered !== undefined) {
    return local('new nodes are protected until somebody allows them');
  }
  return await microkernel(core, node, request);
}

/** Virtual machines boot by sanboot; firmware of real ones is handed the machine back. */
function localBoot(core: LabCore, node: NodeRecord): string {
  const isVirtual = core.store.nodes.facts(node.id)['is_virtual'];
  const real = isVirtual === 'false' || isVirtual === false;
  return `#!ipxe\necho Razor: booting from the local disk\n${real ? 'exit' : diskBoot(core.settings.faithful)}\n`;
}

async function microkernel(core: LabCore, node: NodeRecord, request: FastifyRequest): Promise<string> {
  const image = await bootable(core);
  const message = image ? `boots the microkernel ${image.version}` : 'there is no microkernel image to boot';
  const details = { boot: image ? 'mk' : 'none', hwIds: core.store.nodes.hwIds(node.id) };
  core.events.emit({ type: 'boot', dialect: 'razor-server', node: node.uuid, message, details });
  if (!image) return `#!ipxe\necho The lab has no microkernel image: razor-mk lab image add FILE\n${ON_ERROR}`;
  const service = `${ownAddress(core, request)}/svc`;
  const files = `${service}/repo/microkernel`;
  const words = [
    'rootflags=loop',
    'initrd=initrd0.img',
    'root=live:/microkernel.iso rootfstype=auto ro rd.live.image',
    core.settings.microkernel.debugLevel,
    'acpi=force rd.luks=0 rd.md=0 rd.dm=0',
    `razor.register=${service}/checkin/${node.id}`,
    `razor.extend=${service}/mk/extension.zip`,
    core.settings.microkernel.kernelArgs,
  ];
  const line = words.filter((word) => word !== '').join(' ');
  const kernel = `kernel ${files}/vmlinuz0 ${line} || goto error`;
  const initrd = `initrd ${files}/initrd0.img || goto error`;
  return (
    `#!ipxe\necho Razor: booting the microkernel for node ${node.id}\n` +
    `${(core.settings.faithful ? [initrd, kernel] : [kernel, initrd]).join('\n')}\nboot || goto error\n${ON_ERROR}`
  );
}

/** Host and port are those that the boot loader itself used, as in the original. */
export function ownAddress(core: LabCore, request: FastifyRequest): string {
  const host = request.headers.host ?? '';
  const usable = /^(\[[0-9a-f:.]{2,45}\]|[a-z0-9][a-z0-9.-]{0,252})(:\d{1,5})?$/i.test(host);
  return core.settings.advertise === undefined && usable
    ? `http://${host}`
    : (core.addresses(request).razorServer ?? '');
}

/** The script that a DHCP server hands out: every interface is tried, then /svc/boot decides. Always http. */
export function bootstrapScript(host: string, nics: number): string {
  const safe = /^(\$\{next-server\}:\d{1,5}|[\w.:[\]-]{1,300})$/.test(host) ? host : 'razor:8150';
  const each = (make: (index: number) => string): string[] => Array.from({ length: nics }, (_, index) => make(index));
  const macs = each((index) => `net${index}=\${net${index}/mac:hexhyp}`).join('&');
  const rest = 'dhcp_mac=${dhcp_mac}&serial=${serial}&asset=${asset}&uuid=${uuid}&fact_boot_type=${platform}';
  return `${[
    '#!ipxe',
    'set tries:int32 0',
    ':try',
    ...each((index) =>
      [
        `isset \${net${index}/mac} || goto after${index}`,
        `isset \${net${index}/ip} || dhcp net${index} || goto after${index}`,
        `set dhcp_mac \${net${index}/mac:hexhyp}`,
        'goto chain_razor',
        `:after${index}`,
      ].join('\n'),
    ),
    'inc tries',
    `iseq \${tries} ${DHCP_TRIES} || goto try`,
    'goto error',
    ':chain_razor',
    `chain http://${safe}/svc/boot?${macs}&${rest} || goto error`,
    // a script that ends means the local disk, and the firmware goes on to that
    'exit',
    ':error',
    END_FOR_LOCAL_BOOT,
    'sleep 15',
    'reboot',
  ].join('\n')}\n`;
}

/** Switches may take a minute until they forward. */
const DHCP_TRIES = 60;
