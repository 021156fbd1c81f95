import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { openImageDirectory, type ImageDirectory } from '../../../lab/images/image-directory.ts';
import { resolveSettings, type LabOptions } from '../../../lab/lab-settings.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

const open = (options: LabOptions): ImageDirectory => openImageDirectory(resolveSettings(options));

describe('where images are kept', () => {
  it('is beside the database, made when it is asked for, and stays', (t) => {
    const db = join(temporaryDirectory(t), 'lab.db');
    const directory = open({ db });
    assert.equal(existsSync(`${db}.images`), false);
    assert.equal(directory.path(), `${db}.images`);
    assert.equal(statSync(directory.path()).isDirectory(), true);
    directory.close();
    assert.equal(existsSync(`${db}.images`), true);
  });

  it('is the directory that was named, whatever the database is', (t) => {
    const imageDir = join(temporaryDirectory(t), 'a', 'b');
    for (const db of [':memory:', '/nowhere/lab.db', 'postgres://db/lab']) {
      const directory = open({ db, imageDir });
      assert.equal(directory.path(), imageDir);
      directory.close();
      assert.equal(existsSync(imageDir), true);
    }
  });

  it('goes with the lab where there is no file to put it beside', () => {
    for (const db of [':memory:', 'postgresql://db/lab']) {
      const directory = open({ db });
      directory.close();
      const path = directory.path();
      assert.equal(directory.path(), path);
      assert.equal(existsSync(path), true);
      directory.close();
      assert.equal(existsSync(path), false);
    }
  });
});
