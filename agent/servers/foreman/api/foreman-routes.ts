/**
 * The routes of the image's API as Foreman and its smart proxies call them (docs/contracts/foreman.md#orders). Pure but
 * for what it is handed.
 */
import * as z from 'zod/mini';
import { messageOf } from '../../../../platform/errors/errors.ts';

interface ApiRequest {
  readonly method: string;
  /** Path without query. */
  readonly path: string;
  readonly body: string;
}

export interface ApiReply {
  readonly status: number;
  readonly value: unknown;
  readonly retryAfterS?: number;
  /** Done after the reply was sent. */
  readonly after?: 'reboot' | 'kexec';
}

/** What an order's outcome may be before it is carried out. */
export type Verdict =
  | { readonly kind: 'go' }
  /** The same order is under way: it is answered as done and nothing more happens. */
  | { readonly kind: 'again' }
  /** The loop breaker holds it back. */
  | { readonly kind: 'held'; readonly seconds: number };

export interface ApiActions {
  /** What the server would be sent now, under its names. */
  facts(): Promise<Readonly<Record<string, unknown>>>;
  /** Whether an order may be carried out now; it is then under way. */
  judge(order: 'reboot' | 'kexec'): Verdict;
  /** Undefined when Foreman may not use kexec here, else what it is (`kexec-tools 2.0.25`). */
  readonly kexec: string | undefined;
  /** Takes the parameters of a kexec order over. Throws RazorMkError for bad ones. */
  prepareKexec(param: unknown): void;
}

const KexecBody = z.object({
  kernel: z.string(),
  initram: z.optional(z.string()),
  append: z.optional(z.string()),
  extra: z.optional(z.union([z.string(), z.array(z.string())])),
});

/** Answers one request. Never throws. */
export async function answerApi(request: ApiRequest, actions: ApiActions): Promise<ApiReply> {
  const { method, path } = request;
  const get = method === 'GET' || method === 'HEAD';
  if (path === '/inventory/facter' || path === '/facts') {
    if (!get) return wrongMethod('GET');
    try {
      return { status: 200, value: await actions.facts() };
    } catch (error) {
      return { status: 500, value: { message: messageOf(error) } };
    }
  }
  if (path === '/power/reboot')
    return method === 'PUT' ? order('reboot', { result: true }, actions) : wrongMethod('PUT');
  // smart proxies and plugins of before 2015, whose BMC module names the action in its answer
  if (/^\/bmc\/[^/]{1,64}\/chassis\/power\/cycle$/.test(path)) {
    return method === 'PUT' ? order('reboot', { action: 'cycle', result: true }, actions) : wrongMethod('PUT');
  }
  if (path === '/power/kexec') return method === 'PUT' ? kexec(request.body, actions) : wrongMethod('PUT');
  return { status: 404, value: { message: 'unknown route' } };
}

function wrongMethod(right: string): ApiReply {
  return { status: 405, value: { message: `${right} it` } };
}

function order(name: 'reboot' | 'kexec', value: unknown, actions: ApiActions): ApiReply {
  const verdict = actions.judge(name);
  if (verdict.kind === 'go') return { status: 200, value, after: name };
  if (verdict.kind === 'again') return { status: 200, value };
  const message = `${name} is held back for ${verdict.seconds} s: it came again and again, which looks like a loop`;
  return { status: 503, value: { result: false, message }, retryAfterS: verdict.seconds };
}

function kexec(body: string, actions: ApiActions): ApiReply {
  const refuse = (message: string): ApiReply => ({ status: 500, value: { result: false, message } });
  if (actions.kexec === undefined) {
    return refuse('kexec is not allowed on this node, or not installed: razor.api_kexec=on allows it');
  }
  try {
    const parsed = KexecBody.safeParse(JSON.parse(body));
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      return refuse(`${issue?.path.join('.') || 'the order'}: ${issue?.message ?? 'wrong shape'}`);
    }
    const { kernel, initram, append, extra } = parsed.data;
    const options = typeof extra === 'string' ? extra.split(' ').filter((word) => word !== '') : extra;
    actions.prepareKexec({
      kernel,
      ...(initram === undefined || initram === '' ? {} : { initrd: initram }),
      cmdline: append,
      options,
    });
  } catch (error) {
    return refuse(error instanceof SyntaxError ? 'the order is not JSON' : messageOf(error));
  }
  return order('kexec', { result: true }, actions);
}
