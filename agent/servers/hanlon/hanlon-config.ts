/**
 * Hanlon's pushed configuration under the agent's names, which are Razor's (docs/contracts/hanlon.md#pushed-configuration):
 * its mirror key has no `_uri` at the end, and its lists are paths, which its microkernel appends to the mirror. Pure.
 */
import type { PushedMap } from '../../config/pushed.ts';

const LISTS = ['mk_tce_install_list_uri', 'mk_kmod_install_list_uri'];
/** Of the Ruby original's gem mirror, without use here. */
const GEM_KEYS = ['mk_gem_mirror', 'mk_gemlist_uri'];

/** Keys that are alike stay as they are; a list that is a whole URL does too. */
export function agentConfig(pushed: PushedMap): PushedMap {
  const { mk_tce_mirror: mirror, ...others } = pushed;
  const config: Record<string, unknown> = { ...others };
  for (const key of GEM_KEYS) delete config[key];
  if (mirror === undefined) return config;
  config['mk_tce_mirror_uri'] ??= mirror;
  if (typeof mirror !== 'string') return config;
  for (const key of LISTS) {
    const list = config[key];
    if (typeof list === 'string' && list.startsWith('/')) config[key] = `${mirror.replace(/\/+$/, '')}${list}`;
  }
  return config;
}
