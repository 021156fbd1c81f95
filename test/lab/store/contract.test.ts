import { join } from 'node:path';
import { openStore } from '../../../lab/store/sqlite/open-store.ts';
import type { Store } from '../../../lab/store/store.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';
import { storeContract } from '../../store/store-contract.ts';

storeContract('SQLite', async (t) => {
  const path = join(temporaryDirectory(t), 'lab.db');
  let store: Store = openStore(path);
  t.after(() => store.close());
  return await Promise.resolve({
    store,
    async again() {
      await store.close();
      return (store = openStore(path));
    },
  });
});
