/** `razor-mk demo`: the whole story on this machine. */
import { defineVerb, type Host } from '../../platform/process/verb.ts';
import { playDemo } from '../demo/demo.ts';
import type { Scene, Summary } from '../demo/story.ts';
import type { Lab } from '../lab-server.ts';

const COLOURS: Readonly<Record<Scene['who'], number>> = { demo: 35, lab: 34, agent: 32 };

export const verb = defineVerb({
  options: (yargs) =>
    yargs
      .option('keep', { type: 'boolean', default: false, describe: 'leave lab and agent running until Ctrl-C' })
      .option('json', { type: 'boolean', default: false, describe: 'print the story as JSON lines, the summary last' }),
  run: async ({ keep, json }, host) => {
    const tell = (scene: Scene): void =>
      host.out(json ? `${JSON.stringify({ event: 'scene', ...scene })}\n` : sceneLine(scene, host));
    if (!json) host.out(`${INTRODUCTION}\n\n`);
    let told = false;
    const close = (summary: Summary): void => {
      if (told) return;
      told = true;
      host.out(json ? `${JSON.stringify(summary)}\n` : summaryText(summary));
    };
    const summary = await playDemo({
      self: host.self,
      tell,
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

const INTRODUCTION = `A provisioning server (the lab) and a node's agent meet on this machine. The agent gathers real facts; nothing is
changed, and nothing leaves the loopback interface.`;

function sceneLine(scene: Scene, host: Host): string {
  const who = scene.who.padEnd(5);
  const name = host.colour ? `\u001b[${COLOURS[scene.who]}m${who}\u001b[0m` : who;
  return `${(scene.ms / 1000).toFixed(2).padStart(6)} s  ${name}  ${scene.text}\n`;
}

function summaryText(summary: Summary): string {
  const time = summary.factsMs === undefined ? '' : `, gathered in ${summary.factsMs.toFixed(1)} ms`;
  return `
  facts     ${summary.facts} sent${time}
  tags      ${summary.tags.join(', ')}
  policy    ${summary.policy ?? 'none'}
  commands  ${summary.commands.join(', ')}

Done in ${summary.seconds.toFixed(1)} s: discovered, registered, bound, told to reboot.
Next: npm test, or npm run -s razor-mk -- facts, or the README.
`;
}
