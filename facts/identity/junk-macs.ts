/** MAC addresses that stand on many machines, each with who lists it. */

/**
 * GLPI: the default blacklist of GLPI (src/Blacklist.php). OCS: blacklist_macaddresses of OCS Inventory (ocsbase.sql). OME:
 * COMMON_MAC_ADDRESSES of Dell OpenManage Enterprise.
 */
const SHARED: ReadonlyMap<string, string> = new Map([
  // metal3-io/metal3-docs#595, openshift/ironic-agent-image#195; inventories of five hosts of different owners
  ['be:3a:f2:b6:05:9f', 'the host interface of BMCs by Insyde and AMI: the same on all of them'],
  // Intel's tools write it into the NVM image of i210, i225 and i226; the maker of the board is to replace it
  ['00:a0:c9:00:00:00', 'an Intel card that was never programmed'],
  // Intel's default for the integrated card (Slim Bootloader, "Integrated GBE MAC address"); ASUS boards have shipped with it
  ['88:88:88:88:87:88', 'an Intel card that was never programmed'],
  ['00:a0:c6:00:00:00', 'a modem’s constant (GLPI)'],
  ['02:80:37:ec:02:00', 'a modem’s constant (GLPI)'],
  ['00:0b:ca:fe:00:00', 'a constant of USB modems (GLPI)'],
  ['02:00:4e:43:50:49', 'a constant of virtual adapters (GLPI)'],
  ['e2:e6:16:20:0a:35', 'a constant of virtual adapters (GLPI)'],
  ['d2:0a:2d:a0:04:be', 'a constant of virtual adapters (GLPI)'],
  ['d2:6b:25:2f:2c:e7', 'a constant of virtual adapters (GLPI)'],
  ['0a:00:27:00:00:00', 'VirtualBox’s host-only adapter (GLPI)'],
  ['20:41:53:59:4e:ff', 'a constant of dial-up adapters (GLPI, OME)'],
  ['24:b6:20:52:41:53', 'a constant of dial-up adapters (GLPI)'],
  ['50:50:54:50:30:30', 'a constant of PPTP adapters (GLPI, OME)'],
  ['00:53:45:00:00:00', 'a constant of dial-up adapters (OME)'],
  ['00:00:ff:ff:ff:ff', 'a filler (OME)'],
  ['fe:ff:ff:ff:ff:ff', 'a bridge’s filler (GLPI)'],
  ['44:45:53:54:00:00', 'a constant of dial-up adapters (OCS)'],
  ['44:45:53:54:00:01', 'a constant of dial-up adapters (OCS)'],
  ['44:45:53:54:61:6f', 'a constant of dial-up adapters (OCS)'],
  ['10:11:11:11:11:11', 'a filler (OCS)'],
  ['00:01:02:7d:9b:1c', 'one address on many cards (OCS)'],
  ['00:08:a1:46:06:35', 'one address on many cards (OCS)'],
  ['00:08:a1:66:e2:1a', 'one address on many cards (OCS)'],
  ['00:09:dd:10:37:68', 'one address on many cards (OCS)'],
  ['00:0f:ea:9a:e2:f0', 'one address on many cards (OCS)'],
  ['00:10:5a:72:71:f3', 'one address on many cards (OCS)'],
  ['00:11:11:85:08:8b', 'one address on many cards (OCS)'],
]);

/** Why a MAC address (any case, with colons) identifies nothing, in words; undefined for one that can. */
export function whyJunkMac(mac: string): string | undefined {
  const address = mac.toLowerCase();
  if (/^0+$/.test(address.replaceAll(':', ''))) return 'only zeros';
  if (/^ff(:ff)+$/.test(address)) return 'the broadcast address';
  if ((parseInt(address.slice(0, 2), 16) & 1) === 1) return 'a group address';
  if (/^(..)(:\1)+$/.test(address)) return 'one byte repeated';
  // GLPI has the range: VMware Workstation numbers its own host adapters
  if (address.startsWith('00:50:56:c0:')) return 'a host adapter of VMware Workstation (GLPI)';
  return SHARED.get(address);
}
