/** What every store does with secrets; a part of its contract. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { openKeyFile } from '../../lab/store/secrets/key-ring.ts';
import { openStore } from '../../lab/store/sqlite/open-store.ts';
import type { Store } from '../../lab/store/store.ts';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';
import { binding, MADE, MODEL, type Opened } from './contract-samples.ts';

const SECRETS = ['correct-horse-root', '#!cloud-config-battery', 'whsec_staple-of-a-broker', 'token-in-an-address'];
const [ROOT = '', CLOUD = '', SIGNED = '', ADDRESS = ''] = SECRETS;

/** Model, broker and active model with secrets. */
async function addSecrets(store: Store): Promise<void> {
  await store.write(() => {
    const model = store.models.add({ ...MODEL, metadata: { root_password: ROOT, user_data: CLOUD } });
    store.brokers.add({ name: 'b', url: `http://b/?${ADDRESS}`, secret: SIGNED, attempts: 3 });
    const { id } = store.nodes.create({ ...MADE, hwIds: ['A'] });
    store.activeModels.bind({ ...binding(id), model });
  });
}

function assertSecrets(store: Store): void {
  assert.deepEqual({ ...store.models.list()[0]?.metadata }, { root_password: ROOT, user_data: CLOUD });
  assert.deepEqual({ ...store.activeModels.list()[0]?.model.metadata }, { root_password: ROOT, user_data: CLOUD });
  const [broker] = store.brokers.list();
  assert.deepEqual([broker?.url, broker?.secret], [`http://b/?${ADDRESS}`, SIGNED]);
}

/** Registers its tests. */
export function secretsContract(
  check: (name: string, work: (opened: Opened, t: TestContext) => Promise<void>) => void,
): void {
  check('secrets come back as they were, and no byte on the disk tells them', async ({ store, again, content }) => {
    await addSecrets(store);
    assertSecrets(store);
    const [broker] = store.brokers.list();
    await store.write(() => broker && store.brokers.replace({ ...broker, attempts: 4 }));
    assertSecrets(store);
    const later = await again();
    assertSecrets(later);
    const bytes = await content();
    assert.ok(bytes.includes('ubuntu_jammy'), 'what is no secret is found');
    for (const secret of SECRETS) assert.ok(!bytes.includes(secret), secret);
  });

  check('another key seals everything, and the old one stays for backups', async ({ store, again, keyFile }, t) => {
    await addSecrets(store);
    const old = openKeyFile(keyFile).newest();
    const backup = join(temporaryDirectory(t), 'backup.db');
    await store.backup(backup);
    openKeyFile(keyFile).add();
    const { key, sealed } = await store.rotateSecrets();
    assert.deepEqual([sealed, key === old?.id, key === openKeyFile(keyFile).newest()?.id], [4, false, true]);
    assertSecrets(store);
    const later = await again();
    assertSecrets(later);
    await later.backup(join(temporaryDirectory(t), 'new.db'));
    await later.write(() => later.models.remove(later.models.list()[0]?.uuid ?? ''));
    await later.restore(backup);
    assertSecrets(later);
    assert.equal((await later.rotateSecrets()).sealed, 4, 'the backup brought the old key back');
    writeFileSync(keyFile, readFileSync(keyFile, 'utf8').replace(new RegExp(`^${old?.id ?? ''} .*\n`, 'm'), ''));
    assertSecrets(await again());
  });

  check('without its key a store is not opened, and with it everything is there', async ({ store, again, keyFile }) => {
    await addSecrets(store);
    const text = readFileSync(keyFile, 'utf8');
    assert.equal(statSync(keyFile).mode & 0o777, 0o600);
    rmSync(keyFile);
    await assert.rejects(async () => await again(), { code: 'RAZOR_MK_LAB_SECRETS', message: /there is no key in/ });
    assert.ok(!existsSync(keyFile), 'no other key takes its place');
    openKeyFile(keyFile).add();
    await assert.rejects(async () => await again(), { code: 'RAZOR_MK_LAB_SECRETS', message: /has other keys/ });
    writeFileSync(keyFile, text.replace(/.{9}\n$/, '\n'));
    await assert.rejects(async () => await again(), { code: 'RAZOR_MK_LAB_SECRETS', message: /key 1 is damaged/ });
    writeFileSync(keyFile, text);
    assertSecrets(await again());
  });

  check('a backup with another key is refused, and nothing has changed', async ({ store }, t) => {
    await addSecrets(store);
    const path = join(temporaryDirectory(t), 'other.db');
    await openStore(path).close();
    await assert.rejects(store.restore(path), { code: 'RAZOR_MK_LAB_SECRETS', message: /has other keys/ });
    assertSecrets(store);
  });
}
