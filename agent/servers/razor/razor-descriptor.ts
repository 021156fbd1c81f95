/** Razor 0.x as a descriptor. What was measured is in the contract (docs/contracts/razor-0.x.md). */
import { DEFAULT_EXCLUSION } from '../../../facts/default-exclusion.ts';
import type { FactRule, TurnServer } from '../server.ts';

/** Tags that the server makes of facts by itself; Hanlon took them over. */
export const RAZOR_FACT_RULES: readonly FactRule[] = [
  { rule: 'tag cpus_<value> when it is a number', facts: /^mk_hw_cpu_count$/ },
  { rule: 'tag <value>, the maker', facts: /^mk_hw_bus_vendor$/ },
  { rule: 'tag memsize_<value>', facts: /^mk_hw_mem_size$/ },
  { rule: 'tag nics_<value> when it is a number', facts: /^mk_hw_nic_count$/ },
  { rule: 'tag <virtual>_vm when is_virtual is the text "true"', facts: /^(is_virtual|virtual)$/ },
];

/** Servers of the Razor family take a node for a new one after so many seconds of silence (their register_timeout). */
export const REGISTER_TIMEOUT_S = 120;

export const RAZOR: TurnServer = {
  name: 'razor',
  title: 'Razor 0.x',
  description: 'Razor 0.8 to 0.9: check-ins, register, pushed configuration',
  page: 'docs/dialects.md',
  offer: { kernelKeys: ['razor.ip', 'razor.server'], byDefault: true },
  discovery: {
    kernelKeys: ['razor.ip', 'razor.server'],
    defaultPort: 8026,
    dnsName: 'razor',
    nextServer: true,
    srvName: '_razor._tcp',
  },
  address: { key: 'razor.ip', form: 'HOST[:PORT]', withPort: 'HOST:PORT' },
  loadRules: async () => (await import('../tag-rules.ts')).tagRulesOf({ server: 'Razor 0.x', language: 'matchers' }),
  factRules: RAZOR_FACT_RULES,
  contract: {
    machine: 'its MACs: upper case, no colons, joined by `_`',
    checkin: '`GET /razor/api/node/checkin`',
    register: '`POST …/register`, form field `json_hash`',
    success: '`errcode` is 0',
    commands: 'acknowledge, register, reboot',
    bound: 'acknowledge now, reboot with the next check-in',
    pushed: 'all `mk_*` keys',
    facts: 'flat texts, MACs in upper case',
  },
  turns: {
    asksServer: true,
    checkinSendsFacts: false,
    exclusion: DEFAULT_EXCLUSION,
    registers: true,
    acknowledgeMeansKnown: false,
    forgetsAfterS: REGISTER_TIMEOUT_S,
    interval: {},
    registerReason: 'the server asked for it',
    loadReplyReader: async () => (await import('./razor.ts')).readCheckinReply,
  },
  openDialect: async (options) => (await import('./razor.ts')).createRazorDialect(options),
};
