/** Orders that Foreman gave by a call: admitted by the loop breaker, and carried out after the call was answered. */
import { messageOf } from '../../../../platform/errors/errors.ts';
import { createKexec, type KexecOptions } from '../../../commands/kexec.ts';
import { admit, type LoopBreaker } from '../../../commands/loop-breaker.ts';
import { reboot } from '../../../commands/reboot.ts';
import type { CommandRunner } from '../../../loop/command-runner.ts';
import type { Runtime } from '../../../loop/runtime.ts';
import type { Verdict } from './foreman-routes.ts';

/** Foreman reads the answer, and a smart proxy in front of it too, before the machine goes down. */
const AFTER_ANSWER_MS = 2000;

type OrderName = 'reboot' | 'kexec';

export interface ForemanOrdersOptions extends Pick<KexecOptions, 'openFiles'> {
  readonly breaker: LoopBreaker;
}

interface ForemanOrders {
  /** Whether an order is carried out: not while another is, and not when the loop breaker holds it back. */
  judge(order: OrderName): Verdict;
  /** Keeps what kexec is to boot. Throws RazorMkError for a parameter that kexec would not take. */
  prepareKexec(param: unknown): void;
  /** Carries out what was judged to go. Never rejects. */
  carryOut(order: OrderName, runner: CommandRunner): Promise<void>;
}

/** State: the orders that are being carried out, and the parameter of kexec. */
export function createForemanOrders(runtime: Runtime, { breaker, openFiles }: ForemanOrdersOptions): ForemanOrders {
  const { clock, log, emit, signal } = runtime;
  const kexec = createKexec({ openFiles });
  const running = new Set<OrderName>();
  let kexecParam: unknown;
  return {
    judge(order) {
      if (running.size > 0) return { kind: 'again' };
      const holdMs = admit(breaker, order, 'the host, its build and the discovery rules', { log, emit });
      if (holdMs > 0) return { kind: 'held', seconds: Math.ceil(holdMs / 1000) };
      running.add(order);
      return { kind: 'go' };
    },
    prepareKexec(param) {
      kexec.plan(param);
      kexecParam = param;
    },
    async carryOut(order, runner) {
      try {
        await clock.sleep(AFTER_ANSWER_MS, signal);
        await breaker.record(order);
        await (order === 'reboot' ? runner.run(reboot, {}) : runner.run(kexec, kexecParam));
      } catch (error) {
        if (signal.aborted) return;
        const message = `the order ${order} failed: ${messageOf(error)}`;
        log.error(message);
        emit({ event: 'warning', message });
      } finally {
        running.delete(order);
      }
    },
  };
}
