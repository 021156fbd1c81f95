import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openStore } from '../../../lab/store/sqlite/open-store.ts';
import type { Store } from '../../../lab/store/store.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';
import { storeContract } from '../../store/store-contract.ts';

storeContract('SQLite', async (t) => {
  const path = join(temporaryDirectory(t), 'lab.db');
  let store: Store | undefined = openStore(path);
  t.after(() => store?.close());
  return await Promise.resolve({
    store,
    keyFile: `${path}.key`,
    async again() {
      const old = store;
      store = undefined;
      await old?.close();
      return (store = openStore(path));
    },
    content: () => Promise.resolve(['', '-wal'].map((end) => readFileSync(path + end, 'latin1')).join('')),
  });
});
