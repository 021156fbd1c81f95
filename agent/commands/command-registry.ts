/** The commands that a server may give. One file a command; a reply names it, and nothing else is ever done. */
import { acknowledge, none } from './acknowledge.ts';
import type { CommandHandler } from './command-handler.ts';
import { findExternal } from './external.ts';
import { createIdentify } from './identify.ts';
import { createKexec, type KexecOptions } from './kexec.ts';
import { admit, type LoopBreaker } from './loop-breaker.ts';
import { poweroff } from './poweroff.ts';
import { reboot } from './reboot.ts';
import { register } from './register.ts';
import { createWriteImage, NO_WRITER, type WriteImageOptions } from './write-image/write-image.ts';

export interface CommandRegistry {
  /** Undefined for a command that this agent does not know. */
  find(name: string): CommandHandler | undefined;
  readonly names: readonly string[];
}

/** For a registry that only plans. */
const NO_FILES: KexecOptions = { openFiles: () => Promise.reject(new Error('nothing is fetched here')) };

interface RegistryOptions {
  /** How kexec gets its files. */
  readonly kexec?: KexecOptions;
  /** Whether images may be written, and how they are fetched. */
  readonly writeImage?: WriteImageOptions;
  /** Holds back destructive commands that come again and again; without one each is carried out. */
  readonly breaker?: LoopBreaker;
  /** Directory whose executables are commands; asked at each look-up, because an extension may bring some. */
  readonly commandsDir?: () => string;
  /** Environment of those executables (PATH and LD_LIBRARY_PATH of an extension). */
  readonly programEnvironment?: () => Readonly<Record<string, string>>;
}

/** The built-in commands, then `more`, then the commands directory. A later one does not replace an earlier one. */
export function createRegistry(more: readonly CommandHandler[] = [], options: RegistryOptions = {}): CommandRegistry {
  const handlers = new Map<string, CommandHandler>();
  const builtIn = [
    acknowledge,
    none,
    register,
    reboot,
    poweroff,
    createKexec(options.kexec ?? NO_FILES),
    createIdentify(),
    createWriteImage(options.writeImage ?? NO_WRITER),
  ];
  for (const handler of [...builtIn, ...more]) {
    if (!handlers.has(handler.name)) handlers.set(handler.name, guarded(handler, options.breaker));
  }
  return {
    find: (name) =>
      handlers.get(name) ?? findExternal(options.commandsDir?.() ?? '', name, options.programEnvironment?.()),
    names: [...handlers.keys()],
  };
}

/** A destructive command behind the loop breaker: what is held back is reported and not done, and turns go on. */
function guarded(handler: CommandHandler, breaker: LoopBreaker | undefined): CommandHandler {
  if (!handler.destructive || breaker === undefined) return handler;
  return {
    ...handler,
    async run(runtime, request) {
      const holdMs = admit(breaker, handler.name, 'the policy and the installer’s log', runtime);
      if (holdMs > 0) return { summary: `${handler.name} is held back for ${Math.ceil(holdMs / 1000)} s` };
      await breaker.record(handler.name);
      const { kernelParameter } = breaker;
      return await handler.run(runtime, { ...request, kernelParameter });
    },
  };
}
