/**
 * What firmware and GRUB ask for by HTTP before they know a dialect (UEFI HTTP boot): the boot loaders of a directory, and the
 * grub.cfg that leads to the boot API. shim asks for `/boot//grubx64.efi`, GRUB for `/grub/grub.cfg` at the root. Not in a faithful
 * lab: the originals have neither.
 */
import type { FastifyInstance } from 'fastify';
import { grubBootstrap } from '../../platform/netboot/grub-bootstrap.ts';
import { findBelow, pathWords, sendFile } from '../images/image-service.ts';
import type { LabCore } from '../lab-core.ts';
import { PLAIN, sendText } from '../listeners/replies.ts';

/** Adds `GET /grub/grub.cfg` and `GET /boot/PATH`. */
export function netbootFiles(app: FastifyInstance, core: LabCore): void {
  const { faithful, microkernel } = core.settings;
  if (faithful) return;
  app.get('/grub/grub.cfg', (request, reply) => {
    const { host } = new URL(core.addresses(request).nodes);
    return sendText(reply, 200, grubBootstrap(host), PLAIN);
  });
  const { bootDir } = microkernel;
  if (bootDir === '') return;
  app.get('/boot/*', async (request, reply) => {
    const words = pathWords(request, '/boot/', true);
    const file = await findBelow(bootDir, words);
    if (file && !file.directory) return sendFile(core, request, reply, file);
    core.events.emit({ type: 'image', message: `/boot/${words.join('/')}: no such file`, details: { status: 404 } });
    return sendText(reply, 404, 'no such file\n', PLAIN);
  });
}
