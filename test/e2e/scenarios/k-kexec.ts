/** The command kexec: from the microkernel into an installer's kernel without a firmware pass, against a reboot into it. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LabEvent } from '../../../lab/lab-events.ts';
import { shellOn } from '../console.ts';
import { addInstaller, emptyDisk, installEverything, readySite } from '../ready.ts';
import { isEvent, type Scenario } from '../scenario.ts';

export const scenario: Scenario = {
  id: 'k',
  title: 'kexec: from the command to the installer’s kernel without a firmware pass, its time beside that of a reboot',
  gate: false,
  minutes: 35,
  async run(world) {
    const image = { kernel: 'cloud', variant: 'kexec', args: ['--debian', 'kexec-tools'] } as const;
    const { site, lab } = await readySite(world, { image, discoverOnly: true, lab: ['--node-expire', '0'] });
    await site.lan.addTap('tap0');
    const machine = await site.machine({
      name: 'node1',
      memoryMiB: 768,
      nics: [{ mac: '52:54:00:00:4b:01', tap: 'tap0', bootindex: 1 }],
      args: emptyDisk(site, 'disk', 64),
    });
    world.step('it registers');
    const { node = '' } = await lab.waitFor('registered', isEvent('registered'), 600_000);

    world.step('it is told to kexec into the installer');
    const installer = await world.images.installer();
    const os = await addInstaller(site, installer);
    const base = `http://${site.address}:8027/razor/image/os/${os}`;
    const param = {
      kernel: `${base}/linux`,
      initrd: `${base}/initrd.gz`,
      kernel_sha256: sha256(join(installer, 'linux')),
      initrd_sha256: sha256(join(installer, 'initrd.gz')),
      cmdline: 'maxcpus=1 console=ttyS0,115200 installer=by-kexec',
    };
    await site.lab('node', 'force', node, 'kexec', '--param', JSON.stringify(param));
    const told = await lab.waitFor('told to kexec', isEvent('checkin', node, 'kexec'));
    await site.lab('node', 'unforce', node);
    const kexecStart = performance.now() - (Date.now() - told.at);
    const from = await machine
      .expect(/installer: its kernel line is .*installer=by-kexec/, { timeoutMs: 400_000 })
      .catch(async (error: unknown) => {
        const log = await shellOn(machine, 'tail -n 12 /var/log/razor-mk.out').catch(() => undefined);
        throw new Error(`no kexec; the agent says: ${log?.text ?? 'nothing'}`, { cause: error });
      });
    const kexecMs = performance.now() - kexecStart;
    const before = (await machine.console()).slice(0, from);
    const passes = before.match(/SeaBIOS \(version/g)?.length;
    assert.equal(passes, 1, 'the firmware ran again');

    world.step('the installer has nothing to install and restarts: firmware, iPXE, microkernel');
    const again = lab.events.length;
    const later = (matches: (event: LabEvent) => boolean) => (event: LabEvent) =>
      lab.events.indexOf(event) >= again && matches(event);
    await lab.waitFor('registered again', later(isEvent('registered', node)), 600_000);
    world.step('a policy binds it, and it is told to reboot into the same installer');
    await installEverything(site, os);
    const reboot = await lab.waitFor('told to reboot', isEvent('checkin', node, 'reboot'));
    const rebootStart = performance.now() - (Date.now() - reboot.at);
    await machine.expect(/installer: answers are at/, { from, timeoutMs: 400_000 });
    const rebootMs = performance.now() - rebootStart;
    const seconds = (ms: number): string => (ms / 1000).toFixed(1);
    world.step(
      `from the command to the installer: kexec ${seconds(kexecMs)} s, reboot ${seconds(rebootMs)} s (${(rebootMs / kexecMs).toFixed(1)} times)`,
    );
  },
};

function sha256(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}
