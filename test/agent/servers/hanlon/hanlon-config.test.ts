import assert from 'node:assert/strict';
import { test } from 'node:test';
import { examinePushed } from '../../../../agent/config/pushed.ts';
import { agentConfig } from '../../../../agent/servers/hanlon/hanlon-config.ts';
import { createHanlon, parseHanlonCheckin } from '../../../../agent/servers/hanlon/hanlon.ts';
import { machine } from '../../../helpers/agent-parts.ts';

/** What Hanlon of 2015 pushes when nobody changed anything. */
const USUAL = {
  mk_checkin_interval: 60,
  mk_checkin_skew: 5,
  mk_log_level: 'Logger::ERROR',
  mk_gem_mirror: 'http://localhost:2158/gem-mirror',
  mk_gemlist_uri: '/gems/gem.list',
  mk_tce_mirror: 'http://localhost:2157/tinycorelinux',
  mk_tce_install_list_uri: '/tce-install-list',
  mk_kmod_install_list_uri: '/kmod-install-list',
};

test('the configuration of an untouched Hanlon is taken whole: lists are joined with their mirror, gems are left', () => {
  const reply = {
    errcode: 0,
    response: { command_name: 'acknowledge', command_param: {} },
    client_config: USUAL,
  };
  const { clientConfig } = parseHanlonCheckin({ status: 200, headers: {}, body: JSON.stringify(reply) });
  const { accepted, refused } = examinePushed(clientConfig ?? {}, {}, 'http://10.0.0.1:8026');
  assert.deepEqual(refused, []);
  assert.deepEqual(accepted, {
    mk_checkin_interval: 60,
    mk_checkin_skew: 5,
    mk_log_level: 'Logger::ERROR',
    mk_tce_mirror_uri: 'http://localhost:2157/tinycorelinux',
    mk_tce_install_list_uri: 'http://localhost:2157/tinycorelinux/tce-install-list',
    mk_kmod_install_list_uri: 'http://localhost:2157/tinycorelinux/kmod-install-list',
  });
});

test('a list that is a whole URL stays, a slash at the end of the mirror is not doubled, and what is no text is left to the check', () => {
  const list = 'http://10.0.0.2/list';
  const one = agentConfig({
    mk_tce_mirror: 'http://10.0.0.1/tcl/',
    mk_tce_install_list_uri: list,
    mk_kmod_install_list_uri: '/k',
  });
  assert.equal(one['mk_tce_install_list_uri'], list);
  assert.equal(one['mk_kmod_install_list_uri'], 'http://10.0.0.1/tcl/k');
  const { refused } = examinePushed(agentConfig({ mk_tce_mirror: 7, mk_tce_install_list_uri: '/x' }), {}, 'http://h');
  assert.deepEqual(
    refused.map(({ key }) => key),
    ['mk_tce_install_list_uri', 'mk_tce_mirror_uri'],
  );
});

test('a register goes as application/json, and the server’s own sentence is shown when it is refused', async () => {
  const requests: Readonly<Record<string, string>>[] = [];
  const hanlon = createHanlon({
    serverUrl: 'http://10.0.0.1:8026',
    exchange: ({ headers }) => {
      requests.push(headers);
      return Promise.resolve({
        status: 415,
        headers: {},
        body: '{"error":"The provided content-type is not supported."}',
      });
    },
  });
  const report = { identity: machine().identity, facts: {}, firstCheckin: false, lastState: 'idle' };
  await assert.rejects(hanlon.register(report), /HTTP 415.*The provided content-type is not supported/);
  assert.equal(requests[0]?.['content-type'], 'application/json');
});
