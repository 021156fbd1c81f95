/** What a case is: one line of the run, true or not. Cases build on each other and run in their order. */
import type { World } from './world.ts';

export interface Case {
  readonly title: string;
  /** The node is `active` behind it. */
  readonly leavesActive?: boolean;
  /** What it found worth telling is shown behind its title. */
  readonly run: (world: World) => Promise<string | undefined>;
}
