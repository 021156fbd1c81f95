/** Ironic's own name for the step that writes the instance's image. */
import { RazorMkError } from '../../../../platform/errors.ts';
import type { IronicStep } from '../options.ts';

/** Listed always: a conductor that is told of no deploy step waits for ever (agent_base.py takes an empty list for none). */
export const writeImage: IronicStep = {
  name: 'write_image',
  kinds: ['deploy'],
  priority: 0,
  interface: 'deploy',
  run: () =>
    Promise.reject(
      new RazorMkError('RAZOR_MK_DEPLOY', 'this microkernel was not built to write images: nothing was written', {
        remedy: 'Deploy with the ramdisk of ironic-python-agent, or allow it with razor.allow-deploy=1.',
      }),
    ),
};
