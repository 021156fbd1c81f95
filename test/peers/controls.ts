/** What the operator of a server does in a story: by a program of theirs, or by themselves in the lab. */
import { spawn } from 'node:child_process';
import type { Lab } from '../../lab/lab-server.ts';
import { NotTried } from './outcome.ts';

/** The node as the server knows it. */
export interface PeerNode {
  /** The server's own name of it: a UUID, or a number. */
  readonly id: string;
  readonly macs: readonly string[];
  readonly uuid: string;
}

export interface PeerControls {
  /** Makes a policy that binds this node, by a tag that it has. */
  bind(node: PeerNode): Promise<void>;
  /** Removes the node, and what binds it. */
  forget(node: PeerNode): Promise<void>;
}

/**
 * A program that is run with `bind` or `forget`, and the node in PEER_NODE, PEER_MACS and PEER_UUID; it may ask a person. Undefined
 * for none: then these steps are not tried.
 */
export function programControls(program: string | undefined, variable: string): PeerControls {
  const act = async (word: string, node: PeerNode): Promise<void> => {
    if (program === undefined || program === '') {
      throw new NotTried(`needs a program that does it: ${variable}=PROGRAM, which is run with ${word}`);
    }
    const env = { ...process.env, PEER_NODE: node.id, PEER_MACS: node.macs.join(' '), PEER_UUID: node.uuid };
    const status = await new Promise<number | null>((resolve, reject) => {
      const child = spawn(program, [word], { stdio: ['inherit', process.stderr, 'inherit'], env });
      child.once('error', reject);
      child.once('exit', resolve);
    });
    if (status !== 0) throw new NotTried(`${program} ${word} ended with status ${String(status)}`);
  };
  return { bind: (node) => act('bind', node), forget: (node) => act('forget', node) };
}

/** The same in a lab of this process: a policy that asks for a tag, which a rule on an address of the node gives. */
export function labControls({ store }: Lab): PeerControls {
  const known = ({ macs }: PeerNode) => {
    const ids = macs.map((mac) => mac.replaceAll(':', '').toUpperCase());
    return store.nodes.list().filter(({ id }) => store.nodes.hwIds(id).some((one) => ids.includes(one.toUpperCase())));
  };
  return {
    async bind({ macs }) {
      await store.write(() => {
        const rule = ['has_macaddress', macs[0] ?? ''];
        store.tagRules.add({ name: 'peer', tag: 'peer', matchers: [], rule });
        const model = store.models.add({ label: 'debian', template: 'debian', image: undefined, metadata: {} });
        const policy = { label: 'peer', line: 0, enabled: true, maximum: 0, broker: undefined };
        store.policies.add({ ...policy, tags: ['peer'], model: model.uuid });
      });
    },
    async forget(node) {
      await store.write(() => {
        for (const { uuid } of store.policies.list()) store.policies.remove(uuid);
        for (const { id, uuid } of [...known(node), ...store.nodes.list().filter((each) => each.uuid === node.id)]) {
          const active = store.activeModels.ofNode(id);
          if (active !== undefined) store.activeModels.remove(active.uuid);
          if (store.nodes.get(uuid) !== undefined) store.nodes.remove(id);
        }
      });
    },
  };
}
