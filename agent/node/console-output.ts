/** What is said on the machine's console besides the boot sequence: whoever stands in front of it must not need a log. */
import { redactText } from '../../platform/log/redact.ts';
import type { AgentEvent } from '../loop/events.ts';

/** Listens to events. `say` writes a line to the console, whatever the log level is. */
export function createVoice(say: (line: string) => void): (event: AgentEvent) => void {
  const unknown = new Set<string>();
  return (event) => {
    if (event.event === 'command-failed') {
      const what = firstLine(event.message).replace(/\.$/, '');
      say(`razor-mk: the command ${event.name} failed: ${what}. What to do: ${event.remedy}`);
    } else if (event.event === 'command' && !event.known) {
      // once: it comes with every check-in
      if (unknown.has(event.name) || unknown.size >= 20) return;
      unknown.add(event.name);
      const remedy = 'put an executable of that name into the commands directory, or look at the policy on the server.';
      say(
        `razor-mk: the server asks for the command ${event.name.slice(0, 64)}, which this agent does not know. What to do: ${remedy}`,
      );
    } else if (event.event === 'error' && event.code === 'RAZOR_MK_NO_SERVER') {
      // what each way found is in the log and on the status page
      const [what] = firstLine(event.message).split(':');
      say(`discovery: ${what}. Check: ${event.remedy} Trying again, without end.`);
    }
  };
}

/** Without secrets and control characters: a server's text must not move the cursor. */
function firstLine(text: string): string {
  return redactText(text.split('\n')[0] ?? '')
    .replaceAll(/[^\x20-\x7e\u00a0-\uffff]/g, '?')
    .slice(0, 500);
}
