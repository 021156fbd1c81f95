import { createEvents } from '../../lab/lab-events.ts';
import { openPostgresStore } from '../../lab/store/postgres/open-postgres-store.ts';
import type { Store } from '../../lab/store/store.ts';
import { NO_POSTGRES, startPostgres, type PostgresServer } from '../helpers/postgres-server.ts';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';
import { storeContract } from './store-contract.ts';

let server: PostgresServer;
before(async () => {
  if (NO_POSTGRES === false) server = await startPostgres(undefined);
});
after(() => server?.stop());

storeContract(
  'PostgreSQL',
  async (t) => {
    const url = await server.newDatabase();
    const keyFile = join(temporaryDirectory(t), 'secrets.key');
    const open = (): Promise<Store> =>
      openPostgresStore(
        url,
        createEvents(() => 0),
        keyFile,
      );
    let store: Store | undefined = await open();
    t.after(() => store?.close());
    return {
      store,
      keyFile,
      async again() {
        const old = store;
        store = undefined;
        await old?.close();
        return (store = await open());
      },
      async content() {
        await server.sql('CHECKPOINT');
        return readdirSync(server.data, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
          .join('');
      },
    };
  },
  NO_POSTGRES,
);
