/** The lab in figures, as OpenMetrics 1.0 or, for who does not ask for that, as Prometheus text 0.0.4. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { FastifyInstance } from 'fastify';
import { sendText } from '../../listeners/replies.ts';
import type { LabCore } from '../../lab-core.ts';

interface Family {
  readonly name: string;
  readonly kind: 'gauge' | 'counter';
  readonly help: string;
  readonly samples: readonly (readonly [labels: string, value: number])[];
}

const OPEN_METRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8';
const PROMETHEUS = 'text/plain; version=0.0.4; charset=utf-8';

function label(name: string, value: string): string {
  return `{${name}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"}`;
}

function gauge(name: string, help: string, value: number): Family {
  return { name: `razor_mk_lab_${name}`, kind: 'gauge', help, samples: [['', value]] };
}

function lines({ name, kind, help, samples }: Family, open: boolean): string[] {
  // a counter's family goes by its name without _total in OpenMetrics alone
  const family = kind === 'counter' && !open ? `${name}_total` : name;
  const sample = kind === 'counter' ? `${name}_total` : name;
  return [
    `# HELP ${family} ${help}`,
    `# TYPE ${family} ${kind}`,
    ...samples.map(([labels, value]) => `${sample}${labels} ${value}`),
  ];
}

/** Adds `GET /metrics`. Counting costs an event one step in a map. */
export function metricsRoute(app: FastifyInstance, core: LabCore): void {
  const events = new Map<string, number>();
  core.events.subscribe(({ type }) => events.set(type, (events.get(type) ?? 0) + 1));
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  app.addHook('onClose', () => void delay.disable());
  app.get('/metrics', (request, reply) => {
    const open = (request.headers.accept ?? '').includes('application/openmetrics-text');
    const families = [...storeFamilies(core, events), ...processFamilies(delay)];
    delay.reset();
    const text = families.flatMap((family) => lines(family, open)).join('\n');
    return sendText(reply, 200, `${text}\n${open ? '# EOF\n' : ''}`, open ? OPEN_METRICS : PROMETHEUS);
  });
}

function storeFamilies({ store }: LabCore, events: ReadonlyMap<string, number>): Family[] {
  const states = store.activeModels.states();
  const bound = [...states.values()].reduce((sum, each) => sum + each, 0);
  return [
    gauge('nodes', 'Nodes that are known.', store.nodes.count()),
    gauge('nodes_unbound', 'Nodes that no policy has bound.', store.nodes.count() - bound),
    {
      name: 'razor_mk_lab_installations',
      kind: 'gauge',
      help: 'Bound nodes by the state of their installation.',
      samples: [...states].map(([state, count]) => [label('state', state), count] as const),
    },
    gauge('policies', 'Policies, disabled ones too.', store.policies.list().length),
    gauge('images', 'Microkernels and installers.', store.images.list().length),
    gauge('operators', 'Named operators.', store.people.operators.list().length),
    {
      name: 'razor_mk_lab_events',
      kind: 'counter',
      help: 'What happened since the start, by type; checkin counts the check-ins.',
      samples: [...events].map(([type, count]) => [label('type', type), count] as const),
    },
  ];
}

function processFamilies(delay: ReturnType<typeof monitorEventLoopDelay>): Family[] {
  const { user, system } = process.cpuUsage();
  const lag = delay.count === 0 ? 0 : delay.percentile(99) / 1e9;
  const start = Math.round(Date.now() / 1000 - process.uptime());
  const plain = (name: string, kind: Family['kind'], help: string, value: number): Family => ({
    name,
    kind,
    help,
    samples: [['', value]],
  });
  return [
    gauge('loop_delay_seconds', 'How late the 99th percentile of timers was since the last look.', lag),
    plain('process_cpu_seconds', 'counter', 'Processor time of the lab.', (user + system) / 1e6),
    plain('process_resident_memory_bytes', 'gauge', 'Memory of the lab.', process.memoryUsage.rss()),
    plain('process_start_time_seconds', 'gauge', 'When the lab was started (Unix time).', start),
  ];
}
