/**
 * Who may get an order to write an image (docs/contracts/write-image.md): only a microkernel of this project knows the command, and only
 * one that says so in a fact is given it.
 */
import type { LabCore } from '../../lab-core.ts';
import type { ActiveModel, NodeRecord } from '../../store/records.ts';
import { noteOrder } from '../tries.ts';

/** The fact by which an agent says whether it writes images: `on`, or `off: WHY`. */
const FACT = 'razor_mk_write_image';

/**
 * Why a node gets no order; undefined where it gets one, which is counted. What cannot be done is stopped, so that it is seen. Call
 * within `Store.write`.
 */
export function orderObstacle(core: LabCore, node: NodeRecord, active: ActiveModel): string | undefined {
  const why = unable(core, node);
  if (why === undefined) return noteOrder(core, active);
  const entry = { oldState: active.state, state: 'error_catch', action: 'image_error', method: 'mk_call', result: why };
  core.store.activeModels.record(active, { at: core.wall(), ...entry });
  core.events.emit({
    type: 'state',
    node: node.uuid,
    message: `${active.policyLabel}: ${why}; lab active-model retry ${active.uuid} tries again`,
    details: { from: active.state, to: 'error_catch', action: 'image_error', activeModel: active.uuid },
  });
  return why;
}

function unable(core: LabCore, node: NodeRecord): string | undefined {
  if (core.settings.faithful) return 'a faithful lab gives only the commands of its original, and none writes an image';
  const said = core.store.nodes.facts(node.id)[FACT];
  if (said === 'on') return undefined;
  const what = 'its microkernel does not write images';
  if (typeof said !== 'string') return `${what}: it is not of this project, or too old (it sends no fact ${FACT})`;
  return `${what} (${said.slice(0, 200)})`;
}
