/** The checks of the machine itself: driver, firmware, link, lease, route. Pure: the state is handed in. */
import { assessNetwork, candidateNics } from '../network/assess.ts';
import { routeTo, type Route } from '../network/routes.ts';
import type { NetworkState } from '../network/network-state.ts';
import type { CheckResult } from './check.ts';

/** Whether a driver took a network card. */
export function checkDriver(state: NetworkState): CheckResult {
  const nics = candidateNics(state);
  if (nics.length === 0) {
    const { missing, check } = assessNetwork(state);
    return { name: 'driver', state: 'broken', found: missing, remedy: `Check: ${check}.` };
  }
  const found = nics
    .map((nic) => `${nic.name} ${nic.mac}${nic.driver === undefined ? '' : ` (${nic.driver})`}`)
    .join(', ');
  if (state.undriven.length === 0) return { name: 'driver', state: 'ok', found, remedy: '' };
  return {
    name: 'driver',
    state: 'note',
    found: `${found}; without a driver: ${state.undriven.join(', ')}`,
    remedy: 'Add the driver of that PCI id to the image, if its cable is the one that counts.',
  };
}

/** Whether the kernel log misses a firmware file. */
export function checkFirmware(state: NetworkState): CheckResult {
  const last = state.firmwareErrors.at(-1);
  if (last === undefined)
    return { name: 'firmware', state: 'ok', found: 'no missing firmware reported by the kernel', remedy: '' };
  // a NIC that has its link has its firmware: the line is about something else, or it was loaded later
  const harmless = candidateNics(state).some((nic) => nic.carrier);
  return {
    name: 'firmware',
    state: harmless ? 'note' : 'broken',
    found: last,
    remedy: 'Put the file into the image (flavours and --extension of image build), or load it and reload the driver.',
  };
}

/** Whether a card has a link. */
export function checkLink(state: NetworkState): CheckResult {
  const linked = state.nics.filter((nic) => nic.carrier && (nic.physical || candidateNics(state).includes(nic)));
  if (linked.length > 0)
    return { name: 'link', state: 'ok', found: linked.map((nic) => nic.name).join(', '), remedy: '' };
  const { missing } = assessNetwork(state);
  return {
    name: 'link',
    state: 'broken',
    found: missing === '' ? 'no NIC has a link' : missing,
    remedy:
      'Check cable, transceiver and switch port; a NIC that is (down) has to be switched on: ip link set dev NIC up.',
  };
}

/** Whether there is an address to speak from; `addressGiven`: the kernel line has an `ip=` with one. */
export function checkLease(state: NetworkState, addressGiven: boolean): CheckResult {
  const { usable, missing } = assessNetwork(state);
  if (usable.length > 0) {
    return {
      name: 'lease',
      state: 'ok',
      found: usable.map(({ nic, address }) => `${nic} ${address}`).join(', '),
      remedy: '',
    };
  }
  return {
    name: 'lease',
    state: 'broken',
    found: missing,
    remedy: addressGiven
      ? 'Correct ip= on the kernel line (docs/node.md): it is given, and gives no address that can be used.'
      : 'Check the DHCP server, its relay for this VLAN and its free leases; or give ip= on the kernel line (docs/node.md).',
  };
}

/** `server` is the address that must be reached, when it is known as a number; `addressGiven`: the kernel line has an `ip=` with one. */
export function checkRoute(routes: readonly Route[], server: string | undefined, addressGiven: boolean): CheckResult {
  const remedy = addressGiven
    ? 'Check the gateway of ip= on the kernel line, or the router that DHCP gives (option 3).'
    : 'Check the router that DHCP gives (option 3).';
  const byDefault = routes.find((route) => route.prefix === 0);
  if (server !== undefined) {
    const route = routeTo(server, routes);
    if (route === undefined) {
      return {
        name: 'route',
        state: 'broken',
        found: `no route to the server ${server}${byDefault === undefined ? ', and no default route' : ''}`,
        remedy,
      };
    }
    const by = route.gateway === undefined ? 'on the link' : `by ${route.gateway}`;
    return { name: 'route', state: 'ok', found: `to ${server} through ${route.nic}, ${by}`, remedy: '' };
  }
  if (byDefault !== undefined) {
    return {
      name: 'route',
      state: 'ok',
      found: `default through ${byDefault.nic} by ${byDefault.gateway ?? 'the link'}`,
      remedy: '',
    };
  }
  const local = routes.filter((route) => route.prefix > 0).map((route) => `${route.network}/${route.prefix}`);
  return {
    name: 'route',
    state: local.length === 0 ? 'broken' : 'note',
    found:
      local.length === 0
        ? 'there is no route at all'
        : `no default route, only to ${[...new Set(local)].slice(0, 4).join(', ')}`,
    remedy,
  };
}
