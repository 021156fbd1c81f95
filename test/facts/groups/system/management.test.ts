import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectFacts, createBmcMemory, factValues } from '../../../../facts/facts.ts';
import { madeUpSources } from '../../../helpers/memory-origin.ts';

const PROGRAMS = {
  'ipmitool mc info':
    'Device ID                 : 32\nFirmware Revision         : 7.42\nIPMI Version              : 2.0\nManufacturer Name         : Example\nAdditional Device Support :\n    Sensor Device\n',
  'ipmitool lan print':
    'Set in Progress         : Set Complete\nAuth Type Enable        : Callback : MD5\n                        : User     : MD5\nIP Address Source       : DHCP Address\nIP Address              : 192.0.2.9\nSubnet Mask             : 255.255.255.0\nMAC Address             : 02:00:00:00:00:0a\nSNMP Community String   : public\nDefault Gateway IP      : 192.0.2.1\n',
  'ipmitool fru print':
    'FRU Device Description : Builtin FRU Device (ID 0)\n Chassis Type          : Rack Mount Chassis\n Board Mfg Date        : Mon Jan  1 02:03:00 2024\n Board Mfg             : Example\n Board Serial          : BS-0042\n\nFRU Device Description : Power Supply (ID 1)\n Board Mfg             : Other\n',
};
const FILES = { '/dev/ipmi0': '' };

async function factsOf(programs: Readonly<Record<string, string>>, asked: boolean): Promise<Record<string, string>> {
  const sources = madeUpSources({ files: FILES, programs });
  return factValues(await collectFacts({ sources, ...(asked ? { bmc: createBmcMemory() } : {}) }));
}

test('the management processor’s facts have Hanlon’s names too, one FRU’s fields are not another’s, no community string', async () => {
  const facts = await factsOf(PROGRAMS, true);
  const ipmi = Object.fromEntries(Object.entries(facts).filter(([name]) => name.startsWith('mk_ipmi_')));
  assert.deepEqual(ipmi, {
    mk_ipmi_Device_ID: '32',
    mk_ipmi_Firmware_Revision: '7.42',
    mk_ipmi_IPMI_Version: '2.0',
    mk_ipmi_Manufacturer_Name: 'Example',
    mk_ipmi_IP_Address_Source: 'DHCP Address',
    mk_ipmi_IP_Address: '192.0.2.9',
    mk_ipmi_Subnet_Mask: '255.255.255.0',
    mk_ipmi_MAC_Address: '02:00:00:00:00:0a',
    mk_ipmi_Default_Gateway_IP: '192.0.2.1',
    mk_ipmi_Chassis_Type: 'Rack Mount Chassis',
    mk_ipmi_Board_Mfg_Date: 'Mon Jan  1 02:03:00 2024',
    mk_ipmi_Board_Mfg: 'Example',
    mk_ipmi_Board_Serial: 'BS-0042',
  });
  assert.deepEqual([facts['mk_bmc_address'], facts['mk_bmc_mac']], ['192.0.2.9', '02:00:00:00:00:0A']);
});

test('an address of zeros is none; nobody is asked unless somebody wants it', async () => {
  const none = { ...PROGRAMS, 'ipmitool lan print': 'IP Address              : 0.0.0.0\n' };
  assert.equal((await factsOf(none, true))['mk_ipmi_IP_Address'], undefined);
  assert.equal((await factsOf(PROGRAMS, false))['mk_ipmi_IP_Address'], undefined);
});

test('answers are kept between gatherings; a program that is not there yet is looked for again', async () => {
  const bmc = createBmcMemory();
  const address = async (programs: Readonly<Record<string, string>>): Promise<string | undefined> =>
    factValues(await collectFacts({ sources: madeUpSources({ files: FILES, programs }), bmc }))['mk_ipmi_IP_Address'];
  assert.equal(await address({}), undefined);
  assert.equal(await address(PROGRAMS), '192.0.2.9');
  assert.equal(await address({}), '192.0.2.9');
});
