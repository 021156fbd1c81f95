/** The get_*_steps and execute_*_step commands of the extensions clean, deploy and service, made from the table of steps. */
import { RazorMkError } from '../../../../platform/errors/errors.ts';
import type { Settings } from '../../../config/settings.ts';
import type { CommandContext, IronicCommand, IronicStep, Params, StepKind } from '../ironic-options.ts';
import { STEPS } from '../steps/step-table.ts';

/** Both are constant through one operation: the conductor compares them and ends it when they change. */
const MANAGER = 'RazorMicrokernel';
const MANAGER_VERSION = '1.0';

const KINDS: readonly StepKind[] = ['clean', 'deploy', 'service'];

/** Two commands for each kind: the list of its steps, and the one that runs a step. */
export function stepCommands(steps: readonly IronicStep[] = STEPS): IronicCommand[] {
  return KINDS.flatMap((kind) => [getSteps(kind, steps), executeStep(kind, steps)]);
}

function getSteps(kind: StepKind, steps: readonly IronicStep[]): IronicCommand {
  return {
    name: `${kind}.get_${kind}_steps`,
    async: false,
    run: (_, { settings, kernel }) =>
      Promise.resolve({
        [`${kind}_steps`]: {
          [MANAGER]: steps
            .filter(({ kinds }) => kinds.includes(kind))
            .map((step) => wireStep(step, { kind, settings, kernel })),
        },
        hardware_manager_version: { [MANAGER]: MANAGER_VERSION },
      }),
  };
}

interface Offer {
  readonly kind: StepKind;
  readonly settings: Settings;
  readonly kernel: CommandContext['kernel'];
}

function wireStep(step: IronicStep, { kind, settings, kernel }: Offer): Record<string, unknown> {
  return {
    step: step.name,
    priority: step.priority(settings, kind, kernel),
    interface: step.interface,
    reboot_requested: step.rebootRequested ?? false,
    abortable: step.abortable ?? false,
    argsinfo: step.argsinfo,
  };
}

function executeStep(kind: StepKind, steps: readonly IronicStep[]): IronicCommand {
  return {
    name: `${kind}.execute_${kind}_step`,
    async: true,
    changesMachine: true,
    async run(params, context) {
      const asked = record(params['step']);
      const name = asked?.['step'];
      const step = steps.find((each) => each.kinds.includes(kind) && each.name === name);
      if (asked === undefined || step === undefined) {
        throw new RazorMkError('RAZOR_MK_REPLY', `there is no ${kind} step ${JSON.stringify(name)?.slice(0, 80)}`, {
          remedy: `This agent knows: ${steps
            .filter(({ kinds }) => kinds.includes(kind))
            .map((each) => each.name)
            .join(', ')}.`,
        });
      }
      const result = await step.run({ kind, args: record(asked['args']) ?? {}, ports: params['ports'] }, context);
      // the step goes back as it came: the conductor compares it with the one that it holds
      return { [`${kind}_result`]: result ?? null, [`${kind}_step`]: asked };
    },
  };
}

function record(value: unknown): Params | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Params) : undefined;
}
