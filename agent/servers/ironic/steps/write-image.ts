/** Ironic's own name for the step that writes the instance's image. */
import type { FetchOptions } from '../../../disk-image/fetch.ts';
import { parseSwitch } from '../../../config/switch.ts';
import { RazorMkError } from '../../../../platform/errors/errors.ts';
import type { ImageRules } from '../../../disk-image/image-info.ts';
import { openSignatures } from '../../../http/tls/trust.ts';
import type { CommandContext, IronicStep, Params } from '../ironic-options.ts';

/** Listed always: a conductor that is told of no deploy step waits for ever (agent_base.py takes an empty list for none). */
export const writeImageStep: IronicStep = {
  name: 'write_image',
  kinds: ['deploy'],
  priority: () => 0,
  interface: 'deploy',
  argsinfo: {
    image_info: { description: 'the image: urls, disk_format, os_hash_algo, os_hash_value …', required: true },
    configdrive: { description: 'URL, or base64 of a gzip, of the config drive', required: false },
  },
  async run({ args }, context) {
    const { deployImage } = await import('../../../disk-image/deploy-image.ts');
    const { kernel } = context;
    const seconds = (name: string, byDefault: number): number => {
      const value = kernel.value(name) ?? '';
      return (/^\d{1,5}$/.test(value) ? Number(value) : byDefault) * 1000;
    };
    const said = await deployImage({
      ...context,
      allowed: context.settings.allowDeploy,
      imageInfo: args['image_info'],
      configDrive: args['configdrive'],
      rootDevice: context.node?.instance_info['root_device'] ?? context.node?.properties['root_device'],
      rules: { ...imageRules(context.config), signatures: await openSignatures(context.settings, context.stateDir) },
      fetch: await fetchOptions(context),
      attempts: 1 + seconds('ipa-image-download-connection-retries', 9) / 1000,
      pauseMs: seconds('ipa-image-download-connection-retry-interval', 10),
    });
    context.say(`Ironic: ${said}`);
    return said;
  },
};

/** What the server allows of images (`config` of the lookup). Throws RAZOR_MK_DEPLOY_IMAGE for words that cannot be read. */
function imageRules(config: Params): ImageRules {
  const { agent_md5_checksum_enable: md5, permitted_image_formats: formats } = config;
  if (formats === undefined || formats === null) return { md5: md5 !== false };
  if (!Array.isArray(formats) || !formats.every((each) => typeof each === 'string')) {
    throw new RazorMkError('RAZOR_MK_DEPLOY_IMAGE', 'permitted_image_formats of the server is not a list of names');
  }
  return { md5: md5 !== false, formats };
}

/** Images come through a client of their own: the certificates of the API count, its token and client certificate stay there. */
async function fetchOptions({ kernel, openFiles, signal }: CommandContext): Promise<FetchOptions> {
  const seconds = Number(kernel.value('ipa-image-download-connection-timeout') ?? 60);
  const insecure = parseSwitch(kernel.value('ipa-insecure')) === true;
  return {
    files: await openFiles({ insecure }),
    idleMs: (seconds >= 1 && seconds <= 3600 ? seconds : 60) * 1000,
    signal,
  };
}
