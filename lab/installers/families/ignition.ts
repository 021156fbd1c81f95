/**
 * Fedora CoreOS, RHEL CoreOS and Flatcar: Ignition twice. The live system gets `live.ign`, which runs the installer with a start and
 * an end that the server hears of; the installed system gets `config.ign`.
 */
import type { Answers } from '../answers.ts';
import type { Installer } from '../installer.ts';

const WORD = 'ignition';

/** Kernel, initramfs and root file system of the live images, under these names or those of kernel and initrd. */
export const coreos: Installer = {
  word: WORD,
  files: {
    'live.ign': (answers) =>
      live(answers, [
        `coreos-installer install --offline --insecure-ignition --ignition-url '${answers.callback(`${WORD}/config.ign`)}' "$disk"`,
      ]),
    'config.ign': installed,
  },
  load: ({ answers, files, kernel, initrd, words }) => ({
    kernel,
    initrd,
    words: [
      ...[`coreos.live.rootfs_url=${files}/rootfs.img`, 'ip=dhcp', 'rd.neednet=1', 'ignition.firstboot'],
      ...['ignition.platform.id=metal', `ignition.config.url=${answers.callback(`${WORD}/live.ign`)}`, ...words],
    ],
  }),
};

/** The disk image is read from the image's files: nothing is fetched from elsewhere. */
export const flatcar: Installer = {
  word: WORD,
  files: {
    'live.ign': (answers) =>
      live(answers, [
        `curl -fsS -o /tmp/config.ign '${answers.callback(`${WORD}/config.ign`)}'`,
        `curl -fsS -o /tmp/image.bin.bz2 '${answers.files ?? ''}/flatcar_production_image.bin.bz2'`,
        'flatcar-install -d "$disk" -f /tmp/image.bin.bz2 -i /tmp/config.ign',
      ]),
    'config.ign': installed,
  },
  load: ({ answers, kernel, initrd, words }) => ({
    kernel,
    initrd,
    words: ['flatcar.first_boot=1', `ignition.config.url=${answers.callback(`${WORD}/live.ign`)}`, ...words],
  }),
};

/** A file's content as Ignition takes it. */
function content(path: string, text: string, mode: number): unknown {
  return { path, mode, contents: { source: `data:;base64,${Buffer.from(text).toString('base64')}` } };
}

function config(storage: readonly unknown[], unit: string, name: string, passwd?: unknown): string {
  const units = [{ name, enabled: true, contents: unit }];
  const spec = {
    ignition: { version: '3.3.0' },
    ...(passwd !== undefined && { passwd }),
    storage: { files: storage },
    systemd: { units },
  };
  return `${JSON.stringify(spec, undefined, 2)}\n`;
}

/** The disk of the model, or the first one that is neither removable nor empty. */
function chooseDisk(device: string | undefined): string {
  if (device !== undefined) return `disk=${device}`;
  return 'disk=$(lsblk -dnpb -o NAME,TYPE,RM,SIZE | awk \'$2 == "disk" && $3 == 0 && $4 > 0 { print $1; exit }\')';
}

function live(answers: Answers, install: readonly string[]): string {
  const get = (step: string): string => `curl -fsS -o /dev/null '${answers.callback(`${WORD}/${step}`)}'`;
  const script = [
    '#!/bin/sh',
    get('start'),
    chooseDisk(answers.installDevice),
    `if ${install.join(' && ')}; then`,
    `  until ${get('end')}; do sleep 5; done`,
    '  systemctl --no-block reboot',
    'else',
    `  ${get('error')}`,
    'fi',
    '',
  ].join('\n');
  const unit = `[Unit]
Description=Install on the first disk
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
StandardOutput=journal+console
ExecStart=/bin/sh /etc/razor-install

[Install]
WantedBy=multi-user.target
`;
  return config([content('/etc/razor-install', script, 0o755)], unit, 'razor-install.service');
}

/** The new system: its name, its login, and the report that it is there, which its first start makes once. */
function installed(answers: Answers): string {
  const { hostname, domain, rootPasswordHash, sshKey } = answers;
  const login = {
    ...(rootPasswordHash !== undefined && { passwordHash: rootPasswordHash }),
    ...(sshKey !== undefined && { sshAuthorizedKeys: [sshKey] }),
  };
  const passwd = Object.keys(login).length === 0 ? undefined : { users: [{ name: 'core', ...login }] };
  const report = ['boot', 'final'].map((step) => `curl -fsS -o /dev/null '${answers.callback(`postinstall/${step}`)}'`);
  const unit = `[Unit]
Description=Report to the provisioning server that this system is installed
Wants=network-online.target
After=network-online.target
ConditionPathExists=!/var/lib/razor-reported

[Service]
Type=oneshot
Restart=on-failure
RestartSec=10
ExecStart=/bin/sh -c "${report.join(' && ')}"
ExecStartPost=/usr/bin/touch /var/lib/razor-reported

[Install]
WantedBy=multi-user.target
`;
  return config([content('/etc/hostname', `${hostname}.${domain}\n`, 0o644)], unit, 'razor-first-boot.service', passwd);
}
