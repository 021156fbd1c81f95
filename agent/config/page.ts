/** docs/configuration.md, from the table of settings. */
import { settingNames } from './names.ts';
import { OPTIONS, SETTING_NAMES } from './options/options.ts';
import type { SettingName } from './settings.ts';

/** As code of a table's cell; a bar would end the cell. */
function code(text: string | undefined): string {
  return text === undefined ? '' : `\`${text.replaceAll('|', '\\|')}\``;
}

function shownDefault(setting: SettingName): string {
  const value: unknown = OPTIONS[setting].default;
  if (Array.isArray(value)) return value.length === 0 ? '' : `\`${value.join(',')}\``;
  return value === '' || (setting === 'port' && value === 0) ? '' : `\`${String(value)}\``;
}

/** The whole page. */
export function configurationPage(): string {
  const rows = SETTING_NAMES.map((setting) => {
    const names = settingNames(setting);
    const option = names.option === undefined ? undefined : `--${names.option} ${OPTIONS[setting].value}`;
    const cells = [code(option), code(names.kernel), code(names.environment), code(names.file), code(names.pushed)];
    return `| ${[...cells, shownDefault(setting), OPTIONS[setting].meaning].join(' | ')} |`;
  });
  return `# Configuration

Every setting of the agent, and where it can be set. This page is printed from \`agent/config/options/options.ts\` by \`npm run docs\`.

Precedence, from the strongest: command-line option, kernel line, environment, \`/etc/razor-mk/config.yaml\` (\`--config FILE\` names
another), pushed by the server, built in. An invalid value is refused with a message, and the next source is used.

Lists are separated by commas; in the configuration file they may be YAML lists. Times are in seconds. On the kernel line a value with blanks needs double quotes: \`"razor.checkin_cron=*/5 * * * *"\`.

| option | kernel line | environment | configuration file | pushed as | default | meaning |
|---|---|---|---|---|---|---|
${rows.join('\n')}

## The server's address

Precedence, from the strongest: \`--server\`, \`razor.ip\` on the kernel line, \`razor.server\` on the kernel line (a name, resolved by DNS), the
environment, the configuration file, the DNS name \`razor\`, the next-server file that the DHCP client left, the DNS service
\`_razor._tcp\`. An address is \`HOST\`, \`HOST:PORT\`, \`[IPv6]:PORT\` or a URL; several are separated by commas and tried in turn.
A pushed \`mk_uri\` replaces an address that was found (DNS name, next-server, service), but never one that was configured. It may lead from http to https, never back.

Ironic and Foreman have kernel parameters of their own (\`ipa-api-url=\`, \`proxy.url=\` and others: [foreman.md](foreman.md)).

## Files and switches of \`run\`

| option | default | meaning |
|---|---|---|
| \`--cmdline FILE\` | \`/proc/cmdline\` | the kernel line |
| \`--resolv-conf FILE\` | \`/etc/resolv.conf\` | resolvers and search list |
| \`--next-server-file FILE\` | \`/tmp/nextServerIP.addr\` | the next-server, written by the DHCP client's script |
| \`--dns-port PORT\` | 53 | port of the resolvers |
| \`--config FILE\` | \`/etc/razor-mk/config.yaml\` | the configuration file |
| \`--root DIR\`, \`--from CAPTURE\` | | gather facts from a recorded tree, or from a capture |
| \`--state-dir DIR\` | \`/tmp\` with \`--live\`, else a private directory | where state is kept |
| \`--live\` | off | change this machine; without it every change is only logged |
| \`--events\` | off | each step as a JSON line on standard output |
| \`--once\`, \`--turns N\` | | exit after one turn, after N turns |
| \`--stop-after-command NAME\` | | exit after a turn with this command |

\`discover\`, \`checkin\`, \`register\` and \`doctor\` take all of these settings and files. Their help shows those that they use.

## Pushed configuration

A Razor or Hanlon server sends its \`mk_*\` settings with every check-in. The agent validates them key by key: an invalid value (an interval of 0, \`"60"\` as text, an invalid pattern, another scheme) is refused and reported in the log and in the fact \`razor_mk_errors\`, and the old value of that key stays; the other keys are applied. Changes are logged as a diff, take effect without a restart, and are on probation until \`probation\` check-ins have succeeded. If \`rediscover-after\` check-ins in a row fail before
that, the last good configuration is restored. \`mk_gem_mirror_uri\` and \`mk_gemlist_uri\` belonged to the Ruby original's gem mirror: they are accepted and ignored. Other \`mk_*\` keys with plain values are stored as they are.
`;
}
