/** The verbs for people at a shell. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { commandLine, type Ran } from '../../helpers/command-line.ts';
import { command, scriptedServer } from '../../helpers/scripted-server.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

const dir = temporaryDirectory();

const razorMk = (...words: string[]): Promise<Ran> => commandLine(words);

test('a dry check-in and a dry registration show the request and send nothing', async () => {
  const server = await scriptedServer();
  try {
    const at = ['--server', server.url, '--hw-id', '52:54:00:ab:cd:ef_525400000002', '--dry-run'];
    const [checkin, register] = await Promise.all([razorMk('checkin', '--first', ...at), razorMk('register', ...at)]);
    assert.match(
      checkin.out,
      /^GET http:\/\/127\.0\.0\.1:\d+\/razor\/api\/node\/checkin\?hw_id=525400ABCDEF_525400000002&last_state=idle&first_checkin=true\n$/,
    );
    assert.match(
      register.out,
      /^POST .*\/razor\/api\/node\/register\ncontent-type: application\/x-www-form-urlencoded\n\njson_hash=%7B/,
    );
    assert.deepEqual([checkin.status, register.status, server.asked.length], [0, 0, 0]);
  } finally {
    await server.close();
  }
});

test('a check-in by hand shows the command and does not obey it', async () => {
  const server = await scriptedServer();
  server.checkins(command('reboot', { mk_checkin_interval: 60 }));
  try {
    const { status, out } = await razorMk('checkin', '--server', server.url);
    assert.equal(status, 0);
    assert.match(out, /the server says reboot\n {2}an agent would: /);
    assert.equal(server.asked.length, 1);
  } finally {
    await server.close();
  }
});

test('a server that cannot be used is refused by hand, instead of asking another one; its password is not shown', async () => {
  const { status, out, err } = await razorMk('checkin', '--server', 'http://bob:hush@127.0.0.1:1');
  assert.deepEqual([status, out], [64, '']);
  assert.match(err, /--server=http:\/\/\S+ is not a valid address: it must not have a user, a password, \? or #/);
  assert.doesNotMatch(err, /hush/);
});

test('discover --explain tells every step and its dialect; without a server it exits 69', async () => {
  const cmdline = join(dir, 'cmdline');
  writeFileSync(cmdline, 'quiet razor.ip=false razor.ip=10.0.0.9:80\n');
  const nowhere = ['--resolv-conf', join(dir, 'none'), '--next-server-file', join(dir, 'none'), '--dns-port', '1'];
  const [found, lost] = await Promise.all([
    razorMk('discover', '--explain', '--cmdline', cmdline, ...nowhere),
    razorMk('discover', '--cmdline', '/dev/null', ...nowhere),
  ]);
  assert.match(found.out, /^dialect razor, because razor\.ip= on the kernel line\n/);
  assert.match(found.out, /given 2 times \(false, 10\.0\.0\.9:80\): the last one counts/);
  assert.match(found.out, /server http:\/\/10\.0\.0\.9:80 by kernel line razor\.ip\n$/);
  assert.equal(lost.status, 69);
  assert.match(lost.err, /code: {3}RAZOR_MK_NO_SERVER/);
});

test('explain-reply says what would be done with a reply, its configuration included', async () => {
  const file = join(dir, 'reply.json');
  const reply = {
    errcode: 0,
    response: { command_name: 'reboot' },
    client_config: { mk_checkin_interval: 0, mk_checkin_skew: 9 },
  };
  writeFileSync(file, JSON.stringify(reply));
  writeFileSync(join(dir, 'page.html'), '<html>');
  const commands = join(dir, 'commands');
  mkdirSync(commands);
  writeFileSync(join(commands, 'burn-in'), '#!/bin/sh\n', { mode: 0o755 });
  writeFileSync(join(dir, 'own.json'), JSON.stringify({ errcode: 0, response: { command_name: 'burn-in' } }));
  writeFileSync(join(dir, 'kexec.json'), JSON.stringify({ errcode: 0, response: { command_name: 'kexec' } }));
  const [good, bad, own, kexec] = await Promise.all([
    razorMk('explain-reply', file),
    razorMk('explain-reply', join(dir, 'page.html')),
    razorMk('explain-reply', join(dir, 'own.json'), '--commands-dir', commands),
    razorMk('explain-reply', join(dir, 'kexec.json')),
  ]);
  assert.match(own.out, /^command burn-in: Run .*\n {2}would run \S+\/burn-in in \/tmp/);
  assert.equal(kexec.status, 0);
  assert.match(kexec.out, /^command kexec: .*\n {2}would do nothing: kexec: /);
  assert.equal(good.status, 0);
  assert.match(good.out, /^command reboot: /);
  assert.match(
    good.out,
    /configuration: 1 keys would change, 1 are refused\n {2}mk_checkin_skew: unset -> 9\n {2}refused mk_checkin_interval = 0/,
  );
  assert.equal(bad.status, 75);
  assert.match(bad.err, /RAZOR_MK_REPLY/);
});
