/**
 * What Hanlon answers: its envelope for success, its own nested one for errors (docs/contracts/hanlon.md#check-in,
 * docs/contracts/hanlon.md#errors).
 */
import type { FastifyReply } from 'fastify';
import { sendText } from '../../listeners/replies.ts';
import type { LabSettings } from '../../lab-settings.ts';

export const JSON_TYPE = 'application/json';

/** Facts that a Hanlon microkernel leaves out. */
const HANLON_FACT_EXCLUSION =
  '(^facter.*$)|(^id$)|(^kernel.*$)|(^memoryfree$)|(^memoryfree_mb$)|(^operating.*$)|(^osfamily$)|(^path$)|(^ps$)|(^ruby.*$)|(^selinux$)|(^ssh.*$)|(^swap.*$)|(^timezone$)|(^uniqueid$)|(^.*uptime.*$)|(.*json_str$)';

/** Address and paths, which a Hanlon node finds by itself. */
const NOT_PUSHED = new Set(['mk_uri', 'mk_checkin_path', 'mk_register_path']);

/**
 * The pushed configuration (docs/contracts/hanlon.md#pushed-configuration). Not Razor's: one mirror, and lists as paths that the
 * node joins to it. What the lab was given with --mk comes over it.
 */
export function hanlonConfig(settings: LabSettings): Record<string, unknown> {
  const config = {
    mk_checkin_interval: 60,
    mk_checkin_skew: 5,
    mk_log_level: 'Logger::ERROR',
    mk_gem_mirror: 'http://localhost:2158/gem-mirror',
    mk_gemlist_uri: '/gems/gem.list',
    mk_tce_mirror: 'http://localhost:2157/tinycorelinux',
    mk_tce_install_list_uri: '/tce-install-list',
    mk_kmod_install_list_uri: '/kmod-install-list',
    ...settings.microkernel.pushed,
    mk_fact_excl_pattern: HANLON_FACT_EXCLUSION,
  };
  return Object.fromEntries(Object.entries(config).filter(([key]) => !NOT_PUSHED.has(key)));
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

type HanlonErrorType = 'MissingArgument' | 'InvalidCommand' | 'InvalidUUID' | 'CouldNotRegisterNode';

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
