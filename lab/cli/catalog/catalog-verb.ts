/** What `lab node`, `lab policy` and their like share: list, get, add, remove, and what else a kind can do. */
import type { Argv } from 'yargs';
import { RazorMkError } from '../../../platform/errors/errors.ts';
import { defineVerb, type VerbModule } from '../../../platform/process/verb.ts';
import { clientOptions, openClient, type ClientArgs, type LabClient } from '../management-client.ts';
import { print } from '../print.ts';
import { labNames, pathOf } from './names.ts';

/** The options of all kinds. */
interface CatalogArgs extends ClientArgs {
  readonly action: string | undefined;
  readonly id: string | undefined;
  readonly value: string | undefined;
  readonly force: boolean;
}

/** A kind of things that a lab has. */
interface CatalogKind<T> {
  /** For the help. */
  readonly examples: VerbModule['examples'];
  /** Below /api. */
  readonly path: string;
  readonly columns: readonly string[];
  readonly options: (yargs: Argv<CatalogArgs>) => Argv<T>;
  /** What `add` posts; undefined where it cannot be added. */
  readonly add?: (args: T & CatalogArgs) => unknown;
  /** What is done with the answer of `add` and of an action before it is printed. */
  readonly after?: (answer: unknown, args: T & CatalogArgs) => Promise<unknown>;
  /** Further actions on one kind. */
  readonly actions?: Readonly<
    Record<string, (client: LabClient, path: string, args: T & CatalogArgs) => Promise<unknown>>
  >;
  /** Questions about one, and what is printed of the answer unless JSON is asked for. */
  readonly texts?: Readonly<Record<string, (answer: unknown) => string>>;
  /** What is asked along with them. */
  readonly query?: (args: T & CatalogArgs) => string;
}

/** The verb of a kind. */
export function catalogVerb<T>(kind: CatalogKind<T>): VerbModule {
  const more = Object.keys(kind.actions ?? {});
  const actions = ['list', 'get', ...(kind.add ? ['add'] : []), ...Object.keys(kind.texts ?? {}), ...more, 'remove'];
  return defineVerb<T & CatalogArgs>({
    usage: '[action] [id] [value]',
    examples: kind.examples,
    options: (yargs) =>
      kind.options(
        clientOptions(yargs)
          .positional('action', { type: 'string', choices: actions, describe: 'list by default; get with an id' })
          .positional('id', { type: 'string', describe: 'UUID, the start of it, or a name' })
          .positional('value', { type: 'string', describe: 'what force and move need' })
          .option('force', {
            type: 'boolean',
            default: false,
            describe: 'also what is refused with a reason: a tag that no rule gives, an image that installs nothing',
          }) as Argv<CatalogArgs>,
      ) as Argv<T & CatalogArgs>,
    complete: async (asked, host) => await labNames(pathOf(kind.path, asked), asked, host),
    run: async (args, host) => {
      const client = await openClient(args, host);
      const action = args.action ?? 'list';
      const show = (value: unknown): number => {
        print(value, kind.columns, args, host);
        return 0;
      };
      if (action === 'list') return show(await client.call('GET', kind.path));
      const after = async (answer: unknown): Promise<unknown> => (kind.after ? await kind.after(answer, args) : answer);
      if (action === 'add') return show(await after(await client.call('POST', kind.path, await kind.add?.(args))));
      if (args.id === undefined) throw new RazorMkError('RAZOR_MK_USAGE', `${action} what? Its id is missing`);
      const path = `${kind.path}/${encodeURIComponent(args.id)}`;
      if (action === 'get') return show(await client.call('GET', path));
      if (action === 'remove') return show(await client.call('DELETE', args.force ? `${path}?force=1` : path));
      const asked = kind.texts?.[action];
      if (asked !== undefined) {
        const value = await client.call('GET', `${path}/${action}${kind.query?.(args) ?? ''}`);
        if ((args.format ?? 'table') === 'json') return show(value);
        host.out(asked(value));
        return 0;
      }
      return show(await after(await kind.actions?.[action]?.(client, path, args)));
    },
  });
}
