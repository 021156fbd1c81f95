import { createEvents } from '../../lab/lab-events.ts';
import { openPostgresStore } from '../../lab/store/postgres/open-postgres-store.ts';
import type { Store } from '../../lab/store/store.ts';
import { NO_POSTGRES, startPostgres, type PostgresServer } from '../helpers/postgres-server.ts';
import { after, before } from 'node:test';
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
    let store: Store = await openPostgresStore(
      url,
      createEvents(() => 0),
    );
    t.after(() => store.close());
    return {
      store,
      async again() {
        await store.close();
        return (store = await openPostgresStore(
          url,
          createEvents(() => 0),
        ));
      },
    };
  },
  NO_POSTGRES,
);
