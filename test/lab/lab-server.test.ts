import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { checkin, register, startLabProcess, type LabProcess } from '../helpers/lab-process.ts';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';

const MACS = '080027AABBCC_080027AABBCD';
const IPXE = '08:00:27:aa:bb:cc_08:00:27:aa:bb:cd______';

describe('a machine’s whole way through razor-mk lab', () => {
  let lab: LabProcess;
  let files: string;

  before(async () => {
    files = temporaryDirectory();
    mkdirSync(join(files, 'mk/boot'), { recursive: true });
    writeFileSync(join(files, 'mk/boot/vmlinuz'), 'the microkernel');
    writeFileSync(join(files, 'mk/boot/core.gz'), 'its initrd');
    mkdirSync(join(files, 'ubuntu/install/netboot/ubuntu-installer/amd64'), { recursive: true });
    writeFileSync(join(files, 'ubuntu/install/netboot/ubuntu-installer/amd64/linux'), 'the installer');
    writeFileSync(join(files, 'ubuntu/install/netboot/ubuntu-installer/amd64/initrd.gz'), 'its ramdisk');
    lab = await startLabProcess();
  });
  after(() => lab.stop());

  const boot = async (): Promise<string> => {
    const reply = await fetch(`${lab.nodesUrl}/razor/api/boot?hw_id=${IPXE}&dhcp_mac=01-08-00-27-aa-bb-cc`);
    assert.equal(reply.status, 200);
    return await reply.text();
  };
  /** What a boot loader would load: the text behind each kernel, initrd and module line. */
  const loaded = async (script: string): Promise<string[]> => {
    const urls = [...script.matchAll(/^(?:kernel|initrd|module) (\S+)/gm)].map((match) => match[1] ?? '');
    return await Promise.all(
      urls.map(async (url) => {
        const reply = await fetch(url);
        assert.equal(reply.status, 200, url);
        return await reply.text();
      }),
    );
  };
  const state = async (): Promise<string> => {
    const { body } = await lab.api('GET', '/active-models');
    return (body as { state: string }[])[0]?.state ?? 'none';
  };

  it('goes from unknown by register, bind, reboot, installer and callbacks to its local disk', async () => {
    // an unknown machine boots the microkernel
    assert.equal((await lab.verb('image', 'add', join(files, 'mk'))).status, 0);
    const unknown = await boot();
    assert.match(unknown, /^#!ipxe\nkernel http.*\/razor\/image\/mk\/\w{22}\/boot\/vmlinuz maxcpus=1 /);
    assert.deepEqual(await loaded(unknown), ['the microkernel', 'its initrd']);
    assert.deepEqual((await lab.api('GET', '/nodes')).body, [], 'asking for a script makes no node');

    // it checks in, registers, and waits: nobody has a policy for it
    assert.equal(await checkin(lab.nodesUrl, MACS, '&first_checkin=true'), 'register');
    assert.equal(
      (await register(lab.nodesUrl, MACS, { mk_hw_nic_count: '2', hostname: 'mk080027AABBCC' })).status,
      200,
    );
    assert.equal(await checkin(lab.nodesUrl, MACS), 'acknowledge');

    // somebody makes one, with the verbs
    const add = async (...words: string[]): Promise<void> => {
      const result = await lab.verb(...words);
      assert.equal(result.status, 0, result.err);
    };
    await add('image', 'add', join(files, 'ubuntu'), '--type', 'os', '--name', 'ubuntu', '--image-version', '12.04');
    await add(
      'model',
      'add',
      '--label',
      'precise',
      '--template',
      'ubuntu_precise',
      '--image',
      'ubuntu',
      '--set',
      'root_password=not so secret',
    );
    await add('policy', 'add', '--label', 'twin nics', '--model', 'precise', '--tags', 'nics_2');
    assert.equal(await checkin(lab.nodesUrl, MACS), 'acknowledge', 'this one binds');
    assert.equal(await checkin(lab.nodesUrl, MACS), 'reboot');

    // it boots the installer, which asks for its answers and says how far it is
    const installer = await boot();
    assert.match(installer, /^echo Razor precise model boot_call$/m);
    assert.match(installer, /^echo Installation node UUID : \w{22}$/m);
    assert.match(installer, /^echo Active Model node state: init$/m);
    assert.match(installer, /BOOTIF=01-08-00-27-aa-bb-cc/);
    for (const line of installer.match(/^(kernel|initrd|boot).*$/gm) ?? []) assert.match(line, / \|\| goto error$/);
    assert.deepEqual(await loaded(installer), ['the installer', 'its ramdisk']);
    const base = (/url=(\S+)\/preseed\/file/.exec(installer) ?? [])[1] ?? '';
    const call = async (path: string): Promise<string> => {
      const reply = await fetch(`${base}/${path}`);
      assert.equal(reply.status, 200, path);
      return await reply.text();
    };
    const preseed = await call('preseed/file');
    assert.match(preseed, /^d-i netcfg\/get_hostname string node1$/m);
    assert.match(preseed, /^d-i netcfg\/hostname string node1$/m);
    assert.match(preseed, /^d-i passwd\/root-password-crypted password \$6\$[\w./]{16}\$[\w./]{86}$/m);
    assert.equal(await state(), 'init');
    assert.equal(await call('preseed/start'), 'ok');
    assert.equal(await state(), 'preinstall');
    assert.match(await boot(), /^echo Active Model node state: preinstall$/m);
    assert.match(await call('postinstall/inject'), /^#!\/bin\/sh\n[^]*postinstall\/final/);
    assert.equal(await call('preseed/end'), 'ok');
    assert.equal(await state(), 'postinstall');

    // from here it boots its disk, and the system on it has the last word
    // an old iPXE finds no local drive under UEFI, where the firmware has to
    assert.match(
      await boot(),
      /\nsanboot --no-describe --drive 0x80 \|\|\niseq \$\{platform\} efi && set razor_local yes && exit 1\n$/,
    );
    assert.equal(await checkin(lab.nodesUrl, MACS), 'reboot', 'a microkernel would be sent to its disk');
    assert.equal(await call('postinstall/boot'), 'ok');
    assert.equal(await call('postinstall/final'), 'ok');
    assert.equal(await state(), 'complete_no_broker');
    assert.equal(await checkin(lab.nodesUrl, MACS), 'acknowledge');
    assert.match(await boot(), /sanboot/);

    // all of it is in the log of the active model
    const list = (await lab.api('GET', '/active-models')).body as { uuid: string }[];
    const { body } = await lab.api('GET', `/active-models/${list[0]?.uuid}`);
    const log = (body as { log: { action: string; oldState: string; state: string }[] }).log;
    const moves = log
      .filter((entry) => entry.oldState !== entry.state)
      .map((entry) => `${entry.action}>${entry.state}`);
    assert.deepEqual(moves, [
      'preseed_start>preinstall',
      'preseed_end>postinstall',
      'postinstall_final>os_complete',
      'no_broker>complete_no_broker',
    ]);
    assert.ok(log.some((entry) => entry.action === 'boot_call'));
    assert.ok(log.some((entry) => entry.action === 'mk_call'));
    const types = new Set(lab.events.map((event) => event['type']));
    for (const type of ['boot', 'checkin', 'registered', 'tagged', 'bound', 'callback', 'state']) {
      assert.ok(types.has(type), `an event of type ${type}`);
    }
  });

  it('answers a callback of nobody, and one that does not exist, with the original’s codes', async () => {
    const list = (await lab.api('GET', '/active-models')).body as { uuid: string }[];
    const answer = async (path: string): Promise<[number, string]> => {
      const reply = await fetch(`${lab.nodesUrl}/razor/api/policy/callback/${path}`);
      return [reply.status, await reply.text()];
    };
    for (const [path, code] of [
      ['nobody/preseed/file', 160],
      [`${list[0]?.uuid}/kickstart/file`, 157],
    ] as const) {
      const [status, text] = await answer(path);
      assert.deepEqual([status, (JSON.parse(text) as { std_err_code: number }).std_err_code], [400, code], path);
    }
    assert.deepEqual(await answer(`${list[0]?.uuid}/preseed/a%20b`), [200, 'error\n']);
  });
});
