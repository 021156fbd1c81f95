/**
 * The image as released: no open port, no login, no shell on any console, also where the kernel line asks for one; and an image that
 * was built to let it. Kernel and initrd are booted directly.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { typeAt } from '../console.ts';
import { bootDirectly, readySite } from '../ready.ts';
import type { ImageChoice } from '../images.ts';
import { isEvent, type Scenario } from '../scenario.ts';

/** `openssl passwd -6 -salt abcdefgh secret` */
const HASH = '$6$abcdefgh$ltjgWl6579NluT/Vi1nwEvcil.G5Nbc4NiXZaNGStk8PSwGfQv72N2CKPPrVACtLtip/cZ/1GM/O6IND4WQhG.';
const KEY = 'AAAAC3NzaC1lZDI1NTE5AAAAIJmYZm1WkfD4sC3nH5QzE3yl5cQZ5Ck8o5GkV0M3xkQb';
const LOGIN = `razor.rootpwd=${HASH} razor.sshkey=ssh-ed25519,${KEY}`;

export const scenario: Scenario = {
  id: 'm',
  title: 'the image as released: no open port, no login, no shell on any console',
  gate: true,
  minutes: 6,
  async run(world) {
    const { site, lab } = await readySite(world, { discoverOnly: true });
    await site.lan.addTap('tap0');
    const second = join(site.dir, 'ttyS1.sock');
    const machine = await bootDirectly(
      world,
      site,
      { kernel: 'cloud', flavour: 'prod' },
      {
        name: 'node1',
        nics: [{ mac: '52:54:00:00:00:6d', tap: 'tap0' }],
        // this image was not built for it
        append: LOGIN,
        args: [
          ...['-chardev', `socket,id=second,path=${second},server=on,wait=off,logfile=${second}.log`],
          ...['-serial', 'chardev:second'],
        ],
      },
    );
    world.step('it registers');
    await lab.waitFor('registered', isEvent('registered'));
    await machine.expect(/MK Loaded/);
    await machine.expect(/refused: razor\.rootpwd= razor\.sshkey= of the kernel line/);
    const lease = site.timeline.moments.find((moment) => /^lease (\S+)/.test(moment.text));
    const address = /^lease (\S+)/.exec(lease?.text ?? '')?.[1];
    assert.ok(address, 'no lease was seen');
    world.step(`every TCP port of ${address} is tried from outside`);
    const open = await openPorts(site.namespace.inside, address);
    assert.deepEqual(open, [], 'open TCP ports');
    world.step('keys on the serial console open nothing');
    await pressKeys(machine.consoleSocket, ['\r', '\r', 'root\r', '\u0003', 'id; echo SHELL-IS-$((40+2))\r']);
    await new Promise((resolve) => setTimeout(resolve, 5000));
    const console = await machine.console();
    assert.doesNotMatch(console, /SHELL-IS-42|uid=0/, 'a shell answered on the console');
    assert.doesNotMatch(console, /\blogin:|[Pp]assword:/, 'a login is offered on the console');
    world.step('keys on the second serial port open nothing');
    await pressKeys(second, ['\r', 'root\r', 'id\r']);
    assert.doesNotMatch(readFileSync(`${second}.log`, 'latin1'), /login|assword|uid=|[$#] $/);
    world.step('keys on the screen’s virtual terminals open nothing');
    // scenario l types the same on an image that has a shell there, and gets one
    const shows = await machine.screenText();
    assert.match(shows, /razor-mk/, 'the screen shows what the agent does');
    for (const terminal of [1, 2, 3, 4, 5, 6, 7, 12]) {
      await typeAt(machine, terminal, '\nroot\nid\n');
      await new Promise((resolve) => setTimeout(resolve, 500));
      const text = await machine.screenText();
      assert.doesNotMatch(text, /uid=|\blogin|[Pp]assword|not found/, `tty${terminal}`);
    }
  },
};

export const chosenAtBoot: Scenario = {
  id: 'm2',
  title:
    'an image built with --boot-login: root of the kernel line logs in on the serial console, and an ssh server answers',
  gate: false,
  minutes: 6,
  async run(world) {
    const choice: ImageChoice = {
      kernel: 'cloud',
      flavour: 'prod',
      args: ['--boot-login', '--debian', 'dropbear-bin'],
      variant: 'boot-login',
    };
    const { site, lab } = await readySite(world, { discoverOnly: true });
    await site.lan.addTap('tap0');
    world.step('power on with a login on the kernel line');
    const nics = [{ mac: '52:54:00:00:00:6e', tap: 'tap0' }];
    const machine = await bootDirectly(world, site, choice, { name: 'node1', nics, append: LOGIN });
    await machine.expect(/box login:|\blogin: $/m, { timeoutMs: 240_000 });
    await pressKeys(machine.consoleSocket, ['root\r']);
    await machine.expect(/assword:/);
    await pressKeys(machine.consoleSocket, ['secret\r']);
    await machine.expect(/# $/m);
    await pressKeys(machine.consoleSocket, ['id; cat /root/.ssh/authorized_keys\r']);
    await machine.expect(/uid=0\(root\)/);
    await machine.expect(new RegExp(`ssh-ed25519 ${KEY.replaceAll('+', '\\+')}`));
    await lab.waitFor('registered', isEvent('registered'));
    const lease = site.timeline.moments.find((moment) => /^lease (\S+)/.test(moment.text));
    const address = /^lease (\S+)/.exec(lease?.text ?? '')?.[1] ?? '';
    world.step(`an ssh server answers at ${address}, and nothing else`);
    assert.deepEqual(await openPorts(site.namespace.inside, address), [22]);
  },
};

/** The open TCP ports of a machine, found by connecting to each from inside the namespace, once, 500 at a time. */
async function openPorts(
  inside: (argv: readonly [string, ...string[]]) => [string, ...string[]],
  address: string,
): Promise<number[]> {
  const { run } = await import('../../../platform/process/run.ts');
  const script = `
    const net = require('node:net'); const open = []; let next = 1;
    const one = () => new Promise((done) => { const s = net.connect({ host: '${address}', port: next++ });
      const end = () => { s.destroy(); done(); };
      s.setTimeout(3000, end); s.on('connect', () => { open.push(s.remotePort); end(); }); s.on('error', end); });
    const worker = async () => { while (next < 65536) await one(); };
    Promise.all(Array.from({ length: 500 }, worker)).then(() => console.log(JSON.stringify(open)));`;
  const result = await run(inside([process.execPath, '-e', script]), { timeoutMs: 180_000 });
  if (result.status !== 0) throw new Error(`the port scan failed: ${result.stderr.toString()}`);
  return JSON.parse(result.stdout.toString()) as number[];
}

/** Types on a machine's serial console. */
function pressKeys(socketPath: string, keys: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath, async () => {
      for (const key of keys) {
        socket.write(key);
        await new Promise((done) => setTimeout(done, 300));
      }
      socket.end();
      resolve();
    });
    socket.on('data', () => undefined);
    socket.on('error', reject);
  });
}
