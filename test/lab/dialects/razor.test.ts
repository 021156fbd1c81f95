import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startLab, type Lab } from '../../../lab/lab-server.ts';
import { fakeClock } from '../../helpers/fake-clock.ts';

const NO_PORTS = { nodes: 0, images: 0, people: 0, razorServer: 0 };

describe('Razor 0.x check-in and register', () => {
  const clock = fakeClock();
  let lab: Lab;
  before(async () => {
    lab = await startLab({ ports: NO_PORTS, clock });
  });
  after(() => lab.close());

  const get = async (path: string): Promise<{ status: number; type: string | null; text: string }> => {
    const reply = await fetch(`${lab.nodesUrl}${path}`);
    return { status: reply.status, type: reply.headers.get('content-type'), text: await reply.text() };
  };
  const command = async (query: string): Promise<unknown> => {
    const { text } = await get(`/razor/api/node/checkin?${query}`);
    return (JSON.parse(text) as { response: { command_name: string } }).response.command_name;
  };
  const register = async (hwId: string, facts: Record<string, unknown>): Promise<Response> =>
    fetch(`${lab.nodesUrl}/razor/api/node/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: `json_hash=${encodeURIComponent(JSON.stringify({ '@hw_id': hwId, '@attributes_hash': facts, '@last_state': 'idle' }))}`,
    });

  it('answers the literal exchange of a first check-in byte for byte', async () => {
    const reply = await get(
      '/razor/api/node/checkin?hw_id=5254000000C1_5254000000C2&last_state=idle&first_checkin=true',
    );
    assert.equal(reply.status, 200);
    assert.equal(reply.type, 'application/json');
    assert.equal(
      reply.text,
      '{"resource":"ProjectRazor::Slice::Node","command":"checkin_node","result":"Ok","http_err_code":200,"errcode":0,' +
        '"response":{"command_name":"register","command_param":{}},' +
        '"client_config":{"mk_tce_mirror_port":2157,"mk_checkin_interval":60,"mk_checkin_skew":5,' +
        '"mk_register_path":"/razor/api/node/register","mk_checkin_path":"/razor/api/node/checkin",' +
        '"mk_fact_excl_pattern":"(^facter.*$)|(^id$)|(^kernel.*$)|(^memoryfree$)|(^operating.*$)|(^osfamily$)|(^path$)|(^ps$)|(^ruby.*$)|(^selinux$)|(^ssh.*$)|(^swap.*$)|(^timezone$)|(^uniqueid$)|(^uptime.*$)|(.*json_str$)",' +
        '"mk_log_level":"Logger::ERROR","mk_gem_mirror_uri":"http://localhost:2158/gem-mirror",' +
        `"mk_gemlist_uri":"http://localhost:2158/gem-mirror/gems/gem.list","mk_uri":"${lab.nodesUrl}",` +
        '"mk_tce_mirror_uri":"http://localhost:2157/tinycorelinux","mk_tce_install_list_uri":"http://localhost:2157/tinycorelinux/tce-install-list",' +
        '"mk_kmod_install_list_uri":"http://localhost:2157/tinycorelinux/kmod-install-list"}}\n',
    );
  });

  it('walks a machine from unknown to reboot in three check-ins', async () => {
    const model = await lab.store.write(() =>
      lab.store.models.add({ label: 'precise', template: 'ubuntu_precise', image: undefined, metadata: {} }),
    );
    assert.equal(await command('hw_id=080027AABBCC_080027AABBCD&last_state=idle&first_checkin=true'), 'register');
    const registered = await register('080027AABBCC_080027AABBCD', {
      mk_hw_cpu_count: '2',
      mk_hw_bus_vendor: 'Intel Corporation',
      mk_hw_mem_size: '4GiB',
      mk_hw_nic_count: '2',
    });
    assert.equal(registered.status, 200);
    const body = (await registered.json()) as { response: Record<string, unknown> };
    assert.match(String(body.response['@uuid']), /^[0-9A-Za-z]{22}$/);
    assert.deepEqual(body.response['@tags'], ['cpus_2', 'IntelCorporation', 'memsize_4GiB', 'nics_2']);
    assert.deepEqual(body.response['@hw_id'], ['080027AABBCC', '080027AABBCD']);
    assert.equal(body.response['@status'], 'active');
    assert.equal(await command('hw_id=080027AABBCC&last_state=idle'), 'acknowledge', 'no policy yet');
    await lab.store.write(() =>
      lab.store.policies.add({
        label: 'servers',
        line: 0,
        enabled: true,
        maximum: 0,
        tags: ['nics_2'],
        model: model.uuid,
        broker: undefined,
      }),
    );
    assert.equal(await command('hw_id=080027AABBCD&last_state=idle'), 'acknowledge', 'bound by this one');
    assert.equal(await command('hw_id=080027AABBCC&last_state=idle'), 'reboot');
    const bound = lab.events.since(0).find((event) => event.type === 'bound');
    assert.match(bound?.message ?? '', /servers is the first policy that fits: it has nics_2/);
  });

  it('asks a machine to register again that was silent for longer than the register timeout, bound or not', async () => {
    await clock.advance(121_000);
    assert.equal(await command('hw_id=080027AABBCC&last_state=idle'), 'register');
    assert.equal(
      await command('hw_id=080027AABBCC&last_state=idle'),
      'reboot',
      'the check-in itself counted as contact',
    );
  });

  it('refuses what is missing as the original does', async () => {
    const error = (result: string, name: string): string =>
      `{"std_err_code":114,"err_class":"ProjectRazor::Error::Slice::MissingArgument","result":"${result}","http_err_code":400,"slice":"ProjectRazor::Slice::Node","command":"${name}"}\n`;
    const noId = await get('/razor/api/node/checkin?last_state=idle');
    assert.equal(noId.status, 400);
    assert.equal(noId.text, error('Must Provide Hardware IDs[hw_id]', 'checkin_node'));
    const noState = await get('/razor/api/node/checkin?hw_id=AA');
    assert.equal(noState.text, error('Must Provide Last State[last_state]', 'checkin_node'));
    const noFacts = await register('AA', {});
    assert.equal(noFacts.status, 400);
    assert.equal(await noFacts.text(), error('Must Provide Attributes Hash[attributes_hash]', 'register_node'));
  });
});
