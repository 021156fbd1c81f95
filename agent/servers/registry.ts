/** The dialects by name. */
import { RazorMkError } from '../../platform/errors/errors.ts';
import type { Dialect, DialectName } from './dialect.ts';
import type { Exchange } from '../http/exchange.ts';
import type { ForemanOptions } from './foreman/foreman.ts';
import { createHanlon } from './hanlon/hanlon.ts';
import type { ByHandOptions } from './ironic/by-hand.ts';
import { createRazorServer } from './razor-server/razor-server.ts';
import { createRazorDialect } from './razor/razor.ts';

export interface DialectOptions {
  /** Base URL without a slash at its end: `http://10.0.0.1:8026`; for razor-server the URL of `razor.register=`. */
  readonly serverUrl: string;
  readonly exchange: Exchange;
  /** Paths of the configuration (mk_checkin_path, mk_register_path); the dialect's own by default. */
  readonly checkinPath?: string;
  readonly registerPath?: string;
  /** Told when razor-server knows this machine under another id. */
  readonly onSwitch?: (from: string | undefined, to: string) => void;
  /** What Foreman's dialect knows besides: its kernel parameters and who this program is. */
  readonly foreman?: Pick<ForemanOptions, 'parameters' | 'release' | 'kexec' | 'onFacts'>;
  /** What the verbs that act by hand know of an Ironic. */
  readonly ironic?: Pick<ByHandOptions, 'parameters' | 'set'>;
}

/** A dialect talking to one server; those that most nodes never use are loaded only now. */
export async function loadDialect(name: DialectName, options: DialectOptions): Promise<Dialect> {
  if (name === 'ironic' && options.ironic !== undefined) {
    return (await import('./ironic/by-hand.ts')).createIronicByHand({ ...options, ...options.ironic });
  }
  if (name !== 'foreman') return createDialect(name, options);
  const { createForeman, readForemanParameters } = await import('./foreman/foreman.ts');
  const nothing = { parameters: readForemanParameters(() => undefined), release: 'razor-mk', kexec: () => undefined };
  return createForeman({ ...options, ...(options.foreman ?? nothing) });
}

/** A dialect whose check-ins are answered. Throws RAZOR_MK_DIALECT for Ironic, which `run` serves by a job of its own, and Foreman. */
export function createDialect(name: DialectName, options: DialectOptions): Dialect {
  switch (name) {
    case 'razor':
      return createRazorDialect(options);
    case 'hanlon':
      return createHanlon(options);
    case 'razor-server':
      return createRazorServer(options);
    case 'ironic':
    case 'foreman':
      throw new RazorMkError('RAZOR_MK_DIALECT', `${name} has no check-ins that are answered`, {
        remedy: `Use razor-mk run for it; docs/${name}.md describes the exchange.`,
      });
  }
}
