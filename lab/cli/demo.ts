/** `razor-mk demo`: the whole story on this machine. */
import { defineVerb, type Host } from '../../platform/process/verb.ts';
import { wrapWords } from '../../platform/process/wrap.ts';
import { playDemo } from '../demo/demo.ts';
import type { Scene, Summary } from '../demo/story.ts';
import type { Lab } from '../lab-server.ts';

const COLOURS: Readonly<Record<Scene['who'], number>> = { demo: 35, lab: 34, agent: 32 };

export const verb = defineVerb({
  examples: [
    ['demo', 'discovered, registered, matched, told to reboot, in some seconds'],
    ['demo --keep', 'leaves lab and agent running, with the address of the page'],
    ['demo --vm', 'with a virtual machine that boots from power-on'],
  ],
  options: (yargs) =>
    yargs
      .option('vm', { type: 'boolean', default: false, describe: 'with a virtual machine that boots from power-on' })
      .option('keep', { type: 'boolean', default: false, describe: 'leave lab and agent running until Ctrl-C' })
      .option('json', { type: 'boolean', default: false, describe: 'print the story as JSON lines, the summary last' }),
  run: async ({ keep, json, vm }, host) => {
    if (vm) return await (await import('./vm.ts')).playMachines({ ...ONE_MACHINE, keep }, host);
    const tell = (scene: Scene): void =>
      host.out(json ? `${JSON.stringify({ event: 'scene', ...scene })}\n` : sceneLine(scene, host));
    if (!json) host.out(`${wrap(INTRODUCTION, host, 0)}\n\n`);
    let told = false;
    const close = (summary: Summary): void => {
      if (told) return;
      told = true;
      host.out(json ? `${JSON.stringify(summary)}\n` : summaryText(summary, host));
    };
    const summary = await playDemo({
      self: host.self,
      tell,
      ...(host.interactive &&
        !json && { onLab: (lab: Lab) => host.out(`  The lab's page while this runs: ${lab.peopleUrl}/\n`) }),
      signal: host.signal,
      ...(keep && {
        keep: async (sum: Summary, lab: Lab) => {
          close(sum);
          host.err(
            `\nThe lab's page is at ${lab.peopleUrl}/ and nodes reach it at ${lab.nodesUrl}; Ctrl-C ends both.\n`,
          );
          await new Promise<void>((resolve) => host.signal.addEventListener('abort', () => resolve(), { once: true }));
        },
      }),
    });
    close(summary);
    return 0;
  },
});

/** `demo --vm`: what `lab vm` does without options. */
const ONE_MACHINE = {
  image: undefined,
  machines: 1,
  uefi: false,
  memory: 512,
  minutes: 5,
  dir: undefined,
  pcap: false,
  network: 'auto',
} as const;

const INTRODUCTION =
  "A provisioning server (the lab) and a node's agent meet on this machine. The agent gathers real facts; nothing is " +
  'changed, and nothing leaves the loopback interface.';

function sceneLine(scene: Scene, host: Host): string {
  const who = scene.who.padEnd(5);
  const name = host.colour ? `\u001b[${COLOURS[scene.who]}m${who}\u001b[0m` : who;
  const head = `${(scene.ms / 1000).toFixed(2).padStart(6)} s  ${name}  `;
  return `${head}${wrap(scene.text, host, 17)}\n`;
}

/** Wrapped at the terminal's width; a pipe gets one line. */
function wrap(text: string, host: Host, indent: number): string {
  return host.interactive ? wrapWords(text, Math.max(indent + 30, host.columns), indent) : text;
}

const NEXT = "Next: npm start -- --keep shows the lab's page; npx razor-mk facts; npm test; the README.";

function summaryText(summary: Summary, host: Host): string {
  const time = summary.factsMs === undefined ? '' : `, gathered in ${summary.factsMs.toFixed(1)} ms`;
  return `
  facts     ${wrap(`${summary.facts} sent${time}`, host, 12)}
  tags      ${wrap(summary.tags.join(', '), host, 12)}
  policy    ${wrap(summary.policy ?? 'none', host, 12)}
  commands  ${wrap(summary.commands.join(', '), host, 12)}

  why it fitted    ${wrap(summary.whyFitted ?? 'nothing bound it', host, 19)}
  what would miss  ${wrap(missText(summary), host, 19)}

Done in ${summary.seconds.toFixed(1)} s: discovered, registered, bound, told to reboot.
${wrap(NEXT, host, 0)}
`;
}

/** The other sentence that nobody else says: which fact the policy hangs on. */
function missText({ wouldMiss }: Summary): string {
  return wouldMiss === undefined ? 'unknown' : `a machine without that fact ${wouldMiss}`;
}
