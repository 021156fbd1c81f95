/** The verb `lab install-units`: a systemd service for the lab, which may do no more than it needs. */
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { errnoOf, messageOf, RazorMkError } from '../../../platform/errors/errors.ts';
import { defineVerb } from '../../../platform/process/verb.ts';

/** The unit's name, the user's, and that of its directories. */
const NAME = 'razor-mk-lab';

/** Written where there is none. */
const CONFIG = `# Options of razor-mk lab, one a line: razor-mk lab --help lists them.
# razor-mk lab check --config FILE says whether this file holds.
host: 0.0.0.0
protect-new-nodes: true
db: /var/lib/${NAME}/lab.db
# For a page and API that other machines reach; add an operator first, while they are on loopback.
# people-host: 0.0.0.0
# tls-cert: /etc/razor-mk/lab.pem
# tls-key: /etc/razor-mk/lab.key
`;

/** `%` is systemd's, and blanks separate words. */
function quoted(word: string): string {
  const text = word.replaceAll('%', '%%').replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('$', '$$$$');
  return /[\s"';]/.test(text) ? `"${text}"` : text;
}

/** The service. `self` is how the program is started; systemd.exec(5) says what each line takes away. */
export function unitText(self: readonly string[], config: string): string {
  return `[Unit]
Description=razor-mk lab, the provisioning server
Documentation=https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html
Wants=network-online.target
After=network-online.target

[Service]
ExecStart=${[...self, 'lab', '--config', config].map(quoted).join(' ')}
User=${NAME}
Group=${NAME}
StateDirectory=${NAME}
StateDirectoryMode=0700
WorkingDirectory=/var/lib/${NAME}
UMask=0077
Restart=on-failure
RestartSec=2
# it answers what it has begun, then ends by itself
TimeoutStopSec=30
LimitNOFILE=65536
# ports below 1024, where they are asked for
AmbientCapabilities=CAP_NET_BIND_SERVICE
CapabilityBoundingSet=CAP_NET_BIND_SERVICE
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
DevicePolicy=closed
ProtectProc=invisible
ProcSubset=pid
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
# no MemoryDenyWriteExecute: V8 makes machine code as it runs

[Install]
WantedBy=multi-user.target
`;
}

const SYSUSERS = `u ${NAME} - "razor-mk lab" /var/lib/${NAME}\n`;

function put(path: string, text: string, mode: number): string {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { mode });
    chmodSync(path, mode);
  } catch (error) {
    throw new RazorMkError('RAZOR_MK_FILE_UNWRITABLE', `cannot write ${path}: ${messageOf(error)}`, {
      cause: error,
      ...(errnoOf(error) === 'EACCES' && { remedy: 'Run it as root, or with --root DIR to look at the files.' }),
    });
  }
  return path;
}

/** Where a service that sees no home directories (ProtectHome) would not find the program. */
function refuseHome(self: readonly string[], root: string): void {
  const hidden = self.find((word) => /^\/(home|root|run\/user)\//.test(word));
  if (hidden === undefined || root !== '/') return;
  throw new RazorMkError('RAZOR_MK_USAGE', `the service could not start ${hidden}: it sees no home directories`, {
    remedy: 'Put the clone into /opt/razor-mk, and run the verb from there.',
  });
}

export const installUnits = defineVerb({
  examples: [
    ['lab install-units', 'as root: the service, its user and a first configuration'],
    ['lab install-units --root /tmp/look', 'writes the files below another directory, to be looked at'],
  ],
  options: (yargs) =>
    yargs
      .option('root', { type: 'string', default: '/', describe: 'directory that takes the place of /' })
      .option('config', {
        type: 'string',
        default: '/etc/razor-mk/lab.yaml',
        describe: 'the lab’s configuration; written where there is none',
      }),
  run: async (args, host) => {
    const root = resolve(args.root);
    refuseHome(host.self, root);
    const config = resolve('/', args.config);
    const written = [
      put(join(root, `etc/systemd/system/${NAME}.service`), unitText(host.self, config), 0o644),
      put(join(root, `etc/sysusers.d/${NAME}.conf`), SYSUSERS, 0o644),
    ];
    const there = join(root, config);
    if (!existsSync(there)) written.push(put(there, CONFIG, 0o644));
    for (const path of written) host.out(`wrote ${path}\n`);
    host.out('next: systemd-sysusers && systemctl daemon-reload && systemctl enable --now razor-mk-lab\n');
    return await Promise.resolve(0);
  },
});
