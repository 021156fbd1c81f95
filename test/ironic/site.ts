/**
 * A real Ironic inside a virtual site, and its operator: run as a program in the site's network namespace. It starts Ironic, its
 * inspector and a file server on ADDRESS, waits for the machine with MAC to be enrolled by its own inspection, and deploys the
 * image in DIR/http/image.raw onto it. What happens goes to standard output, a JSON line each.
 *
 *     node test/ironic/site.ts BUILD-DIR DIR ADDRESS MAC
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../platform/errors/errors.ts';
import { ask, createApi, type IronicApi } from './api.ts';
import { serveFiles } from './file-server.ts';
import { sha256Of } from './operations.ts';
import { ironicFiles } from './packages.ts';
import { releaseOf } from './releases.ts';
import { startPeer } from './peer.ts';
import { startBound } from './world.ts';

export type SiteEvent =
  | { readonly event: 'ready'; readonly api: string; readonly inspector: string }
  | { readonly event: 'enrolled'; readonly node: string; readonly properties: Readonly<Record<string, unknown>> }
  | { readonly event: 'state'; readonly state: string }
  | { readonly event: 'failed'; readonly message: string };

function tell(event: SiteEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

async function enrolled(api: IronicApi, inspector: string, mac: string): Promise<string> {
  for (;;) {
    const { json } = await api.must('GET', `/v1/ports/detail?address=${mac}`);
    const node = (json as { ports: { node_uuid: string }[] }).ports[0]?.node_uuid;
    const { json: state } = await ask('GET', `${inspector}/v1/introspection/${node ?? ''}`);
    if (node !== undefined && (state as { finished?: boolean }).finished === true) return node;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

async function operate(api: IronicApi, node: string, files: string, image: string): Promise<void> {
  const onState = (state: string): void => tell({ event: 'state', state });
  const long = { timeoutMs: 1_500_000, onState };
  await api.patch(node, {
    'driver_info/deploy_kernel': `${files}/kernel`,
    'driver_info/deploy_ramdisk': `${files}/ramdisk`,
    'properties/capabilities': 'boot_option:local,boot_mode:bios',
    'instance_info/image_source': `${files}/image.raw`,
    'instance_info/image_os_hash_algo': 'sha256',
    'instance_info/image_os_hash_value': sha256Of(image),
    'instance_info/image_disk_format': 'raw',
    'instance_info/root_gb': 4,
  });
  await api.provision(node, 'manage');
  await api.follow(node, ['manageable'], long);
  await api.provision(node, 'provide');
  await api.follow(node, ['available'], long);
  await api.provision(node, 'active');
  await api.follow(node, ['active'], long);
}

async function main([build = '', dir = '', address = '', mac = '']: readonly string[]): Promise<void> {
  const files = await ironicFiles(build, releaseOf('debian12'), () => undefined);
  if (typeof files === 'string') throw new Error(files);
  const httpRoot = join(dir, 'http');
  mkdirSync(httpRoot, { recursive: true });
  for (const name of ['kernel', 'ramdisk']) writeFileSync(join(httpRoot, name), `stands for the ${name}\n`);
  const server = await serveFiles(httpRoot, address);
  const peer = await startPeer({
    files,
    dir: join(dir, 'peer'),
    host: address,
    ports: [6385, 8089, 5050],
    httpRoot,
    httpUrl: server.url,
    start: startBound,
  });
  const end = new Promise<void>((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => resolve());
  });
  tell({ event: 'ready', api: peer.apiUrl, inspector: peer.inspectorUrl });
  const api = createApi(peer.apiUrl);
  const work = (async () => {
    const node = await enrolled(api, peer.inspectorUrl, mac);
    tell({ event: 'enrolled', node, properties: (await api.node(node)).properties });
    await operate(api, node, server.url, join(httpRoot, 'image.raw'));
  })();
  await Promise.race([end, work.then(() => end)]).finally(async () => {
    await peer.close();
    await server.close();
  });
}

if (import.meta.main) {
  await main(process.argv.slice(2)).catch((error: unknown) => {
    tell({ event: 'failed', message: messageOf(error) });
    process.exitCode = 1;
  });
  process.exit();
}
