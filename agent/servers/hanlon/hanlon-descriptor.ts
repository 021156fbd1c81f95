/** Hanlon as a descriptor. What was measured is in the contract (docs/contracts/hanlon.md). */
import type { Identity } from '../../../facts/identity/identity-types.ts';
import type { CommandLine } from '../../../platform/kernel-line.ts';
import { RAZOR_FACT_RULES, REGISTER_TIMEOUT_S } from '../razor/razor-descriptor.ts';
import type { TurnServer } from '../server.ts';

/** Left by the DHCP client's script when a lease carried Hanlon's options (docs/contracts/hanlon.md#finding-the-server). */
/** Its default (docs/contracts/hanlon.md#pushed-configuration): Razor's with memoryfree_mb and every uptime. */
const HANLON_EXCLUSION =
  '(^facter.*$)|(^id$)|(^kernel.*$)|(^memoryfree$)|(^memoryfree_mb$)|(^operating.*$)|(^osfamily$)|(^path$)|(^ps$)|(^ruby.*$)|(^selinux$)|(^ssh.*$)|(^swap.*$)|(^timezone$)|(^uniqueid$)|(^.*uptime.*$)|(.*json_str$)';

export const HANLON_LEASE_FILE = 'hanlonServerIP.addr';

export const HANLON: TurnServer = {
  name: 'hanlon',
  title: 'Hanlon',
  description: 'Hanlon (2015): check-ins, register, pushed configuration, poweroff',
  page: 'docs/dialects.md',
  offer: { kernelKeys: ['hanlon.ip', 'hanlon.server'], leaseFile: HANLON_LEASE_FILE },
  discovery: {
    kernelKeys: ['hanlon.ip', 'hanlon.server'],
    defaultPort: 8026,
    dnsName: 'hanlon',
    lease: {
      source: 'DHCP options of Hanlon',
      read: async (nextServerFile) => (await import('./hanlon-lease.ts')).readHanlonLease(nextServerFile),
    },
    nextServer: true,
    srvName: '_hanlon._tcp',
  },
  address: { key: 'hanlon.ip', form: 'HOST[:PORT]', withPort: 'HOST:PORT' },
  identity: withKernelUuid,
  loadRules: async () => (await import('./hanlon-rules.ts')).hanlonRules(),
  factRules: RAZOR_FACT_RULES,
  contract: {
    machine: 'its SMBIOS UUID, and its MACs',
    checkin: '`GET /hanlon/api/v1/node/checkin`',
    register: '`POST …/register`, JSON, answered by 201',
    success: '`errcode` is 0',
    commands: 'acknowledge, register, reboot, poweroff',
    bound: 'acknowledge now, reboot with the next check-in',
    pushed: '`mk_*` without address and paths',
    facts: 'flat texts, MACs in upper case; `mk_ipmi_*`, `mk_hw_mem_slot*`',
  },
  turns: {
    asksServer: true,
    checkinSendsFacts: false,
    exclusion: HANLON_EXCLUSION,
    asksBmc: true, // its power control reads mk_ipmi_IP_Address
    registers: true,
    acknowledgeMeansKnown: true,
    forgetsAfterS: REGISTER_TIMEOUT_S,
    interval: {},
    registerReason: 'the server asked for it',
    loadReplyReader: async () => (await import('./hanlon.ts')).parseHanlonCheckin,
  },
  openDialect: async (options) => (await import('./hanlon.ts')).createHanlon(options),
};

/**
 * The identity with the UUID of `smbios_uuid=`, given exactly once (docs/contracts/hanlon.md#identity): iPXE puts its
 * own view there, which the server knows the machine by, and which on some boards is not the kernel's.
 */
function withKernelUuid(identity: Identity, kernel: CommandLine): Identity {
  const [uuid = '', another] = kernel.all('smbios_uuid');
  return uuid === '' || another !== undefined ? identity : { ...identity, uuid };
}
