/**
 * Windows Server by wimboot: WinPE of the image, started with an answer file for the firmware at hand. The image is a directory with
 * `wimboot`, the medium's files, and its `sources`, which WinPE reads from a share (setting `mirror`: //SERVER/SHARE).
 */
import { xml, type Answers } from '../answers.ts';
import type { Installer } from '../installer.ts';

const NAMESPACES =
  'xmlns="urn:schemas-microsoft-com:unattend" xmlns:wcm="http://schemas.microsoft.com/WMIConfig/2002/State"';

export const windows: Installer = {
  word: 'windows',
  files: {
    'unattend-efi.xml': (answers) => unattend(answers, 'efi'),
    'unattend-pcbios.xml': (answers) => unattend(answers, 'pcbios'),
    'startnet.cmd': startnet,
  },
  needsPassword: 'plain',
  // WinPE has nothing to call back with: the first sign of life comes from the new system
  lastFile: 'startnet.cmd',
  load({ answers, files }) {
    const below = answers.filesBelow('windows');
    return {
      lines: [
        `kernel ${files}/wimboot || goto error`,
        `initrd --name unattend.xml ${below}unattend-\${platform}.xml unattend.xml || goto error`,
        `initrd --name boot.bcd ${files}/boot/bcd BCD || goto error`,
        `initrd --name boot.sdi ${files}/boot/boot.sdi boot.sdi || goto error`,
        `initrd --name boot.wim ${files}/sources/boot.wim boot.wim || goto error`,
        `initrd --name startnet.cmd ${below}startnet.cmd startnet.cmd || goto error`,
      ],
    };
  },
};

/** What WinPE runs: the share with the medium, then Setup. */
function startnet(answers: Answers): string {
  const share = (answers.mirror ?? '').replaceAll('/', '\\');
  return [
    '@echo off',
    'wpeinit',
    ':again',
    `net use z: ${share} && goto found`,
    'ping -n 6 127.0.0.1 >nul',
    'goto again',
    ':found',
    'z:\\sources\\setup.exe /unattend:x:\\windows\\system32\\unattend.xml',
    '',
  ].join('\r\n');
}

/** Type and size in MiB of each partition; the last one takes the rest. */
const DISKS = {
  efi: [
    ['EFI', 300, 'FAT32'],
    ['MSR', 16, ''],
    ['Primary', 0, 'NTFS'],
  ],
  pcbios: [
    ['Primary', 500, 'NTFS'],
    ['Primary', 0, 'NTFS'],
  ],
} as const;

function partitions(firmware: keyof typeof DISKS): string {
  const create = DISKS[firmware].map(([type, size], at) => {
    const room = size === 0 ? '<Extend>true</Extend>' : `<Size>${size}</Size>`;
    return `<CreatePartition wcm:action="add"><Order>${at + 1}</Order><Type>${type}</Type>${room}</CreatePartition>`;
  });
  const modify = DISKS[firmware].flatMap(([, , format], at) => {
    if (format === '') return [];
    const active = firmware === 'pcbios' && at === 0 ? '<Active>true</Active>' : '';
    return `<ModifyPartition wcm:action="add"><Order>${at + 1}</Order><PartitionID>${at + 1}</PartitionID>${active}<Format>${format}</Format></ModifyPartition>`;
  });
  return `<CreatePartitions>${create.join('')}</CreatePartitions><ModifyPartitions>${modify.join('')}</ModifyPartitions>`;
}

function component(name: string, content: string): string {
  return `<component name="${name}" processorArchitecture="amd64" publicKeyToken="31bf3856ad364e35" language="neutral" versionScope="nonSxS">${content}</component>`;
}

/** Windows keeps a password in an answer file as base64 of itself and the name of its element, in UTF-16. */
function hidden(element: 'AdministratorPassword' | 'Password', password: string): string {
  const value = Buffer.from(`${password}${element}`, 'utf16le').toString('base64');
  return `<${element}><Value>${value}</Value><PlainText>false</PlainText></${element}>`;
}

function unattend(answers: Answers, firmware: keyof typeof DISKS): string {
  const last = DISKS[firmware].length;
  const password = answers.rootPassword ?? '';
  const image = answers.product ?? 'Windows Server 2022 SERVERSTANDARD';
  const key = answers.productKey === undefined ? '' : `<ProductKey><Key>${xml(answers.productKey)}</Key></ProductKey>`;
  const report = ['boot', 'final'].map(
    (step, at) =>
      `<SynchronousCommand wcm:action="add"><Order>${at + 1}</Order><CommandLine>${xml(
        `curl.exe -fsS --retry 30 --retry-all-errors -o NUL "${answers.callback(`postinstall/${step}`)}"`,
      )}</CommandLine></SynchronousCommand>`,
  );
  return `<?xml version="1.0" encoding="utf-8"?>
<unattend ${NAMESPACES}>
  <settings pass="windowsPE">
    ${component('Microsoft-Windows-International-Core-WinPE', '<SetupUILanguage><UILanguage>en-US</UILanguage></SetupUILanguage><InputLocale>en-US</InputLocale><SystemLocale>en-US</SystemLocale><UILanguage>en-US</UILanguage><UserLocale>en-US</UserLocale>')}
    ${component(
      'Microsoft-Windows-Setup',
      `<DiskConfiguration><Disk wcm:action="add"><DiskID>0</DiskID><WillWipeDisk>true</WillWipeDisk>${partitions(firmware)}</Disk></DiskConfiguration>` +
        `<ImageInstall><OSImage><InstallFrom><MetaData wcm:action="add"><Key>/IMAGE/NAME</Key><Value>${xml(image)}</Value></MetaData></InstallFrom>` +
        `<InstallTo><DiskID>0</DiskID><PartitionID>${last}</PartitionID></InstallTo></OSImage></ImageInstall>` +
        `<UserData><AcceptEula>true</AcceptEula>${key}</UserData>`,
    )}
  </settings>
  <settings pass="specialize">
    ${component('Microsoft-Windows-Shell-Setup', `<ComputerName>${xml(answers.hostname.slice(0, 15))}</ComputerName><TimeZone>UTC</TimeZone>`)}
  </settings>
  <settings pass="oobeSystem">
    ${component(
      'Microsoft-Windows-Shell-Setup',
      `<OOBE><HideEULAPage>true</HideEULAPage></OOBE><UserAccounts>${hidden('AdministratorPassword', password)}</UserAccounts>` +
        `<AutoLogon><Username>Administrator</Username><Enabled>true</Enabled><LogonCount>1</LogonCount>${hidden('Password', password)}</AutoLogon>` +
        `<FirstLogonCommands>${report.join('')}</FirstLogonCommands>`,
    )}
  </settings>
</unattend>
`;
}
