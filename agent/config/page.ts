/** docs/configuration.md, from the table of settings. */
import { namesOf } from './names.ts';
import { OPTIONS, SETTING_NAMES } from './options.ts';
import type { SettingName } from './settings.ts';

const code = (name: string | undefined): string => (name === undefined ? '' : `\`${name}\``);

function shownDefault(setting: SettingName): string {
  const value: unknown = OPTIONS[setting].default;
  if (Array.isArray(value)) return value.length === 0 ? '' : `\`${value.join(',')}\``;
  return value === '' || (setting === 'port' && value === 0) ? '' : `\`${String(value)}\``;
}

/** The whole page. */
export function configurationPage(): string {
  const rows = SETTING_NAMES.map((setting) => {
    const names = namesOf(setting);
    const option = names.option === undefined ? '' : `\`--${names.option} ${OPTIONS[setting].value}\``;
    const cells = [option, code(names.kernel), code(names.environment), code(names.file), code(names.pushed)];
    return `| ${[...cells, shownDefault(setting), OPTIONS[setting].meaning].join(' | ')} |`;
  });
  return `# Configuration

Every setting of the agent, and where it can be set. This page is printed from \`agent/config/options.ts\` by \`npm run docs\`.

Who wins, from strongest: command-line option, kernel line, environment, \`/etc/razor-mk/config.yaml\` (\`--config FILE\` names
another), pushed by the server, built in. A value that cannot be used is refused with a message, and the next place counts.

Lists are words separated by commas; in the configuration file they may be YAML lists. Times are in seconds. On the kernel line a
value with blanks stands in double quotes: \`"razor.checkin_cron=*/5 * * * *"\`.

| option | kernel line | environment | configuration file | pushed as | default | meaning |
|---|---|---|---|---|---|---|
${rows.join('\n')}

## The server's address

From strongest: \`--server\`, \`razor.ip\` on the kernel line, \`razor.server\` on the kernel line (a name, asked of DNS), the
environment, the configuration file, the DNS name \`razor\`, the next-server file that the DHCP client left, the DNS service
\`_razor._tcp\`. An address is \`HOST\`, \`HOST:PORT\`, \`[IPv6]:PORT\` or a URL; several are separated by commas and tried in turn.
A pushed \`mk_uri\` replaces an address that was found (DNS name, next-server, service), and never one that somebody gave. It may lead
from http to https, never back.

With Ironic and Foreman the address is theirs on the kernel line (\`ipa-api-url=\`, \`proxy.url=\` and others: [foreman.md](foreman.md)).

## Files and switches of \`run\`

| option | default | meaning |
|---|---|---|
| \`--cmdline FILE\` | \`/proc/cmdline\` | the kernel line |
| \`--resolv-conf FILE\` | \`/etc/resolv.conf\` | resolvers and search list |
| \`--next-server-file FILE\` | \`/tmp/nextServerIP.addr\` | what the DHCP client's script wrote of next-server |
| \`--dns-port PORT\` | 53 | port of the resolvers |
| \`--config FILE\` | \`/etc/razor-mk/config.yaml\` | the configuration file |
| \`--root DIR\`, \`--from CAPTURE\` | | gather facts from a recorded tree, or from a capture |
| \`--state-dir DIR\` | \`/tmp\` with \`--live\`, else a private directory | where state is kept |
| \`--live\` | off | change this machine; without it every change is only told |
| \`--events\` | off | each step as a JSON line on standard output |
| \`--once\`, \`--turns N\` | | end after one turn, after N turns |
| \`--stop-after-command NAME\` | | end after a turn whose command this is |

## Pushed configuration

A Razor or Hanlon server sends its \`mk_*\` settings with every check-in. The agent looks at them key by key: a value that no sane server
sends (an interval of 0, \`"60"\` as text, a pattern that is none, another scheme) is refused, named in the log and in the fact
\`razor_mk_errors\`, and the old value of that key stays; the other keys count. Changes are in the log as a diff, take effect without a
restart, and are on probation until \`probation\` check-ins went well. If \`rediscover-after\` check-ins in a row fail before
that, the last good configuration returns. \`mk_gem_mirror_uri\` and \`mk_gemlist_uri\` belonged to the Ruby original's gem mirror: they are
accepted and have no use here. Other \`mk_*\` keys with plain values are kept as they are.
`;
}
