import assert from 'node:assert/strict';
import { test } from 'node:test';
import { imageFacts } from '../../../../agent/servers/foreman/image-facts.ts';

const NIC = { mac: '52:54:00:aa:00:01', name: 'eth0', address: '192.0.2.5', why: 'BOOTIF names it' };
const NONE = { ...NIC, name: undefined, address: undefined };
const made = (
  facts: Readonly<Record<string, string>>,
  nic: Parameters<typeof imageFacts>[1] = NONE,
  lease: Record<string, string> = {},
) => imageFacts(facts, nic, (name) => lease[name] ?? '');

test('firmware and management processor', () => {
  assert.deepEqual(made({}), {});
  assert.deepEqual(made({ mk_firmware_mode: 'uefi' }), { efi: 'true' });
  assert.deepEqual(made({ mk_firmware_mode: 'bios' }), { efi: 'false' });
  const bmc = {
    mk_bmc_address: '192.0.2.9',
    mk_bmc_mac: '52:54:00:AA:00:09',
    mk_bmc_netmask: '255.255.255.0',
    mk_bmc_gateway: '',
  };
  assert.deepEqual(made({ mk_bmc: 'true', ...bmc, mk_bmc_address_source: 'dhcp' }), {
    ipmi_enabled: 'true',
    ipmi_ipaddress: '192.0.2.9',
    ipmi_macaddress: '52:54:00:aa:00:09',
    ipmi_subnet_mask: '255.255.255.0',
    ipmi_ipaddress_source: 'dhcp',
  });
  assert.deepEqual(made({ mk_bmc: 'false', ...bmc }), {});
});

test('neighbours of LLDP, by card', () => {
  const facts = (card: string, chassis: string, address: string): Record<string, string> => ({
    [`mk_lldp_${card}_protocol`]: 'lldp',
    [`mk_lldp_${card}_chassis`]: chassis,
    [`mk_lldp_${card}_address`]: address,
    [`mk_lldp_${card}_system`]: 'sw1',
    [`mk_lldp_${card}_port`]: 'p1',
    [`mk_lldp_${card}_vlan`]: '5',
    [`mk_lldp_${card}_mtu`]: '9000',
  });
  assert.deepEqual(made(facts('eth0', '52:54:00:AA:00:0F', '192.0.2.2')), {
    lldp_neighbor_chassisid_eth0: '52:54:00:aa:00:0f',
    lldp_neighbor_mngaddr_ipv4_eth0: '192.0.2.2',
    lldp_neighbor_sysname_eth0: 'sw1',
    lldp_neighbor_portid_eth0: 'p1',
    lldp_neighbor_pvid_eth0: '5',
    lldp_neighbor_mtu_eth0: '9000',
  });
  for (const chassis of ['name', 'x52:54:00:aa:00:0f', '52:54:00:aa:00:0f:00'])
    assert.equal(made(facts('eth0', chassis, 'x'))['lldp_neighbor_chassisid_eth0'], undefined, chassis);
  assert.equal(made(facts('eth0', 'x', 'fd00::1'))['lldp_neighbor_mngaddr_ipv6_eth0'], 'fd00::1');
  assert.deepEqual(
    made({ mk_lldp_eth0_protocol: 'cdp', mk_lldp_eth0_system: 'x', mk_lldp_eth0_protocols: 'lldp' }),
    {},
  );
});

test('the connection of the boot card, with what its lease said', () => {
  const name = {
    nmprimary_connection_id: 'primary',
    nmprimary_connection_interface_name: 'eth0',
    nmprimary_general_devices: 'eth0',
  };
  assert.deepEqual(made({}, NIC), name);
  assert.deepEqual(made({}, { ...NIC, address: 'fd00::5' }, { dns: '192.0.2.3' }), name);
  assert.deepEqual(made({}, { ...NIC, address: undefined }), {});
  assert.deepEqual(made({}, { ...NIC, name: undefined }), {});
  const lease = {
    address: '192.0.2.5/24|x|192.0.2.1 192.0.2.2',
    'host-name': 'node',
    domain: 'example.com',
    dns: '192.0.2.3',
    ntp: '192.0.2.4',
    'dhcp-server': '192.0.2.6',
    'next-server': '192.0.2.7',
  };
  assert.deepEqual(made({ netmask_eth0: '255.255.255.0' }, NIC, lease), {
    ...name,
    nmprimary_ip4_address: '192.0.2.5/24',
    nmprimary_ip4_gateway: '192.0.2.1',
    nmprimary_dhcp4_option_ip_address: '192.0.2.5',
    nmprimary_dhcp4_option_subnet_mask: '255.255.255.0',
    nmprimary_dhcp4_option_routers: '192.0.2.1 192.0.2.2',
    nmprimary_dhcp4_option_host_name: 'node',
    nmprimary_dhcp4_option_domain_name: 'example.com',
    nmprimary_dhcp4_option_fqdn: 'node.example.com',
    nmprimary_dhcp4_option_domain_name_servers: '192.0.2.3',
    nmprimary_dhcp4_option_ntp_servers: '192.0.2.4',
    nmprimary_dhcp4_option_dhcp_server_identifier: '192.0.2.6',
    nmprimary_dhcp4_option_next_server: '192.0.2.7',
  });
  assert.equal(made({ netmask_eth0: '255.255.255.0' }, NIC)['nmprimary_dhcp4_option_subnet_mask'], undefined);
  for (const part of ['host-name', 'domain'])
    assert.equal(made({}, NIC, { [part]: 'x' })['nmprimary_dhcp4_option_fqdn'], undefined);
});
