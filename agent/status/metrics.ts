/** The snapshot as Prometheus text (exposition format 0.0.4). Pure. */
import type { StatusSnapshot } from './snapshot.ts';

type Kind = 'gauge' | 'counter';

/** The whole page, with HELP and TYPE for each metric. */
export function renderMetrics(snapshot: StatusSnapshot): string {
  const lines: string[] = [];
  const metric = (
    name: string,
    kind: Kind,
    help: string,
    samples: readonly [Record<string, string>, number | undefined][],
  ): void => {
    const known = samples.filter((sample): sample is [Record<string, string>, number] => sample[1] !== undefined);
    if (known.length === 0) return;
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${kind}`);
    for (const [labels, value] of known) lines.push(`${name}${labelText(labels)} ${value}`);
  };
  const one = (name: string, kind: Kind, help: string, value: number | undefined): void =>
    metric(name, kind, help, [[{}, value]]);
  const { turns, counters, process } = snapshot;
  const info = {
    version: snapshot.version,
    dialect: snapshot.dialect,
    live: String(snapshot.live),
    node_id: snapshot.nodeId ?? '',
  };
  metric('razor_mk_info', 'gauge', 'The agent; always 1.', [[info, 1]]);
  one('razor_mk_uptime_seconds', 'gauge', 'Seconds since the agent started.', snapshot.uptimeS);
  one('razor_mk_healthy', 'gauge', '1 while the agent gets anywhere.', snapshot.healthy ? 1 : 0);
  one('razor_mk_turns_total', 'counter', 'The number of the last turn that was answered.', turns.count);
  one('razor_mk_checkins_total', 'counter', 'Check-ins that were answered.', turns.good);
  one('razor_mk_registers_total', 'counter', 'Registrations that were accepted.', turns.registers);
  one('razor_mk_failures_in_a_row', 'gauge', 'Failures since the last answered check-in.', turns.failedInARow);
  metric('razor_mk_errors_total', 'counter', 'Errors by code (docs/errors.md).', labelled(counters.errors, 'code'));
  metric(
    'razor_mk_commands_total',
    'counter',
    'Commands of the server by name.',
    labelled(counters.commands, 'command'),
  );
  one(
    'razor_mk_unknown_commands',
    'gauge',
    'Different commands that this agent does not know.',
    snapshot.unknownCommands.length,
  );
  const { count, sum } = counters.checkinSeconds;
  lines.push(
    '# HELP razor_mk_checkin_seconds Time spent in answered check-ins.',
    '# TYPE razor_mk_checkin_seconds summary',
    `razor_mk_checkin_seconds_sum ${sum}`,
    `razor_mk_checkin_seconds_count ${count}`,
  );
  one('razor_mk_heartbeats_total', 'counter', 'Heartbeats that Ironic took.', snapshot.service?.heartbeats);
  const beatAt = snapshot.service?.heartbeatAt;
  const beat = beatAt === undefined ? undefined : Date.parse(beatAt) / 1000;
  one('razor_mk_last_heartbeat_timestamp_seconds', 'gauge', 'When the last heartbeat was taken (Unix time).', beat);
  const lastAt = turns.last === undefined ? undefined : Date.parse(turns.last.at) / 1000;
  one('razor_mk_last_checkin_timestamp_seconds', 'gauge', 'When the last check-in was answered (Unix time).', lastAt);
  const nextIn = turns.next === undefined ? undefined : turns.next.inMs / 1000;
  one('razor_mk_next_turn_seconds', 'gauge', 'Seconds until the next turn.', nextIn);
  one('razor_mk_facts', 'gauge', 'Facts of the last gathering.', snapshot.facts?.count);
  one('razor_mk_fact_probe_errors', 'gauge', 'Probes that failed in the last gathering.', snapshot.facts?.probeErrors);
  one(
    'razor_mk_command_held_back',
    'gauge',
    '1 while the loop breaker holds a command back.',
    snapshot.holding === undefined ? 0 : 1,
  );
  one('razor_mk_log_lines_lost_total', 'counter', 'Log lines that could not be written.', counters.logLinesLost);
  one(
    'razor_mk_syslog_lines_dropped_total',
    'counter',
    'Log lines dropped on the way to syslog.',
    counters.syslogLinesDropped,
  );
  one('process_resident_memory_bytes', 'gauge', 'Resident memory of the agent.', process.rssBytes);
  one('process_heap_bytes', 'gauge', 'JavaScript heap in use.', process.heapBytes);
  one('process_cpu_seconds_total', 'counter', 'CPU time of the agent.', process.cpuSeconds);
  return `${lines.join('\n')}\n`;
}

function labelled(map: Readonly<Record<string, number>>, label: string): [Record<string, string>, number][] {
  return Object.entries(map).map(([name, value]) => [{ [label]: name }, value]);
}

function labelText(labels: Record<string, string>): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return parts.length === 0 ? '' : `{${parts.join(',')}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
