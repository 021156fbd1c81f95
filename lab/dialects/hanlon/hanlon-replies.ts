/**
 * What Hanlon answers: its envelope for success, its own nested one for errors (docs/contracts/hanlon.md#check-in,
 * docs/contracts/hanlon.md#errors).
 */
import type { FastifyReply } from 'fastify';
import { sendText } from '../../listeners/replies.ts';
import { clientConfig, type LabSettings } from '../../lab-settings.ts';

export const JSON_TYPE = 'application/json';

/** Facts that a Hanlon microkernel leaves out. */
export const HANLON_FACT_EXCLUSION =
  '(^facter.*$)|(^id$)|(^kernel.*$)|(^memoryfree$)|(^memoryfree_mb$)|(^operating.*$)|(^osfamily$)|(^path$)|(^ps$)|(^ruby.*$)|(^selinux$)|(^ssh.*$)|(^swap.*$)|(^timezone$)|(^uniqueid$)|(^.*uptime.*$)|(.*json_str$)';

const NOT_PUSHED = new Set(['mk_uri', 'mk_checkin_path', 'mk_register_path', 'mk_tce_mirror_port']);

/** All settings named `mk_*` but the address and the paths, which a Hanlon node finds by itself. */
export function hanlonConfig(settings: LabSettings): Record<string, unknown> {
  const pushed = Object.entries(clientConfig(settings, '')).filter(([key]) => !NOT_PUSHED.has(key));
  return { ...Object.fromEntries(pushed), mk_fact_excl_pattern: HANLON_FACT_EXCLUSION };
}

/** The envelope of an answered request. `http_err_code` is 200 even where the status is 201. */
export function envelope(command: string, response: unknown, config: Record<string, unknown>): string {
  return JSON.stringify({
    resource: 'ProjectHanlon::Slice::Node',
    command,
    result: 'Ok',
    http_err_code: 200,
    errcode: 0,
    response,
    client_config: config,
  });
}

export type HanlonErrorType = 'MissingArgument' | 'InvalidCommand' | 'InvalidUUID' | 'CouldNotRegisterNode';

/** An error of Hanlon's own. It has no `errcode` at the top, so that a node does nothing. */
export function refuse(reply: FastifyReply, status: number, type: HanlonErrorType, description: string): FastifyReply {
  return send(reply, status, `ProjectHanlon::Error::Slice::${type}`, description);
}

/** What its web framework says of a parameter that is not there and of a body that is no JSON: status 500. */
export function invalid(reply: FastifyReply, description: string): FastifyReply {
  return send(reply, 500, 'Grape::Exceptions::ValidationErrors', description);
}

function send(reply: FastifyReply, status: number, type: string, description: string): FastifyReply {
  const body = { response: { result: { code: status, type, description } } };
  return sendText(reply, status, JSON.stringify(body), JSON_TYPE);
}
