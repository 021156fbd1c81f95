/** The snapshot as Prometheus text (exposition format 0.0.4). Pure. */
import type { StatusSnapshot } from './snapshot.ts';

type Labels = Readonly<Record<string, string>>;

interface Metric {
  readonly name: string;
  readonly kind: 'gauge' | 'counter';
  readonly help: string;
  /** One sample for each set of labels; those without a value are left out, and a metric without samples altogether. */
  readonly samples: readonly (readonly [Labels, number | undefined])[];
}

/** The whole page, with HELP and TYPE for each metric. */
export function renderMetrics(snapshot: StatusSnapshot): string {
  const metrics = [
    ...agentMetrics(snapshot),
    ...turnMetrics(snapshot),
    ...serviceMetrics(snapshot),
    ...factMetrics(snapshot),
    ...processMetrics(snapshot),
  ];
  return `${[...metrics.flatMap(metricLines), ...checkinSeconds(snapshot)].join('\n')}\n`;
}

function agentMetrics(s: StatusSnapshot): Metric[] {
  const info = { version: s.version, dialect: s.dialect, live: String(s.live), node_id: s.nodeId ?? '' };
  return [
    { name: 'razor_mk_info', kind: 'gauge', help: 'The agent; always 1.', samples: [[info, 1]] },
    gauge('razor_mk_uptime_seconds', 'Seconds since the agent started.', s.uptimeS),
    gauge('razor_mk_healthy', '1 while the agent gets anywhere.', s.healthy ? 1 : 0),
  ];
}

function turnMetrics({ turns, counters, unknownCommands, holding }: StatusSnapshot): Metric[] {
  return [
    counter('razor_mk_turns_total', 'The number of the last turn that was answered.', turns.count),
    counter('razor_mk_checkins_total', 'Check-ins that were answered.', turns.good),
    counter('razor_mk_registers_total', 'Registrations that were accepted.', turns.registers),
    gauge('razor_mk_failures_in_a_row', 'Failures since the last answered check-in.', turns.failedInARow),
    labelled('razor_mk_errors_total', 'Errors by code (docs/errors.md).', 'code', counters.errors),
    labelled('razor_mk_commands_total', 'Commands of the server by name.', 'command', counters.commands),
    gauge('razor_mk_unknown_commands', 'Different commands that this agent does not know.', unknownCommands.length),
    gauge(
      'razor_mk_last_checkin_timestamp_seconds',
      'When the last check-in was answered (Unix time).',
      unixTime(turns.last?.at),
    ),
    gauge('razor_mk_next_turn_seconds', 'Seconds until the next turn.', turns.next && turns.next.inMs / 1000),
    gauge(
      'razor_mk_command_held_back',
      '1 while the loop breaker holds a command back.',
      holding === undefined ? 0 : 1,
    ),
  ];
}

function serviceMetrics({ service }: StatusSnapshot): Metric[] {
  return [
    counter('razor_mk_heartbeats_total', 'Heartbeats that Ironic took.', service?.heartbeats),
    gauge(
      'razor_mk_last_heartbeat_timestamp_seconds',
      'When the last heartbeat was taken (Unix time).',
      unixTime(service?.heartbeatAt),
    ),
  ];
}

function factMetrics({ facts }: StatusSnapshot): Metric[] {
  return [
    gauge('razor_mk_facts', 'Facts of the last gathering.', facts?.count),
    gauge('razor_mk_fact_probe_errors', 'Probes that failed in the last gathering.', facts?.probeErrors),
  ];
}

function processMetrics({ process, counters }: StatusSnapshot): Metric[] {
  const { logLinesLost, syslogLinesDropped } = counters;
  return [
    counter('razor_mk_log_lines_lost_total', 'Log lines that could not be written.', logLinesLost),
    counter('razor_mk_syslog_lines_dropped_total', 'Log lines dropped on the way to syslog.', syslogLinesDropped),
    gauge('process_resident_memory_bytes', 'Resident memory of the agent.', process.rssBytes),
    gauge('process_heap_bytes', 'JavaScript heap in use.', process.heapBytes),
    counter('process_cpu_seconds_total', 'CPU time of the agent.', process.cpuSeconds),
  ];
}

function checkinSeconds({ counters }: StatusSnapshot): string[] {
  const { count, sum } = counters.checkinSeconds;
  return [
    '# HELP razor_mk_checkin_seconds Time spent in answered check-ins.',
    '# TYPE razor_mk_checkin_seconds summary',
    `razor_mk_checkin_seconds_sum ${sum}`,
    `razor_mk_checkin_seconds_count ${count}`,
  ];
}

function gauge(name: string, help: string, value: number | undefined): Metric {
  return { name, kind: 'gauge', help, samples: [[{}, value]] };
}

function counter(name: string, help: string, value: number | undefined): Metric {
  return { name, kind: 'counter', help, samples: [[{}, value]] };
}

function labelled(name: string, help: string, label: string, values: Readonly<Record<string, number>>): Metric {
  const samples = Object.entries(values).map(([key, value]) => [{ [label]: key }, value] as const);
  return { name, kind: 'counter', help, samples };
}

function unixTime(iso: string | undefined): number | undefined {
  return iso === undefined ? undefined : Date.parse(iso) / 1000;
}

function metricLines({ name, kind, help, samples }: Metric): string[] {
  const known = samples.filter(([, value]) => value !== undefined);
  if (known.length === 0) return [];
  const lines = known.map(([labels, value]) => `${name}${labelText(labels)} ${value}`);
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${kind}`, ...lines];
}

function labelText(labels: Labels): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return parts.length === 0 ? '' : `{${parts.join(',')}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
