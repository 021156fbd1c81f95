/** What a network of the table is. */
import type { Namespace } from '../../lab/vm/namespace.ts';
import type { TestNode } from './node.ts';
import type { Plug, TestSite } from './site.ts';

export interface Play {
  /** The site, with the addresses of its bridge. */
  site(...addresses: readonly string[]): Promise<TestSite>;
  /** The node, plugged in with eth0 unless `cards` says otherwise. */
  node(site: TestSite, cmdline: string, plugged?: Plug | 'unplugged'): Promise<TestNode>;
  /** The moment from which the network lets a client through; by default the boot. */
  opens(): void;
  /** Boots the node and waits until it registered, `timeoutS` (60) at most. */
  boots(site: TestSite, node: TestNode, timeoutS?: number): Promise<void>;
  /** Throws what is wrong on the node, when the pattern does not fit. */
  expect(node: TestNode, command: string, pattern: RegExp): Promise<void>;
}

export interface Network {
  readonly id: string;
  readonly title: string;
  /** Part of the short form. */
  readonly short?: true;
  /** Why it cannot be had here. */
  readonly lacks?: () => string | undefined;
  play(play: Play, options: { readonly short: boolean }): Promise<void>;
}

/** Waits until `ip -d link` of a port says that the bridge forwards its frames. */
export async function forwarding(namespace: Namespace, port: string, timeoutMs = 60_000): Promise<void> {
  for (const end = performance.now() + timeoutMs; performance.now() < end;) {
    const shown = await namespace.must(['ip', '-d', 'link', 'show', port]);
    if (shown.stdout.toString().includes('state forwarding')) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${port} never forwarded`);
}
