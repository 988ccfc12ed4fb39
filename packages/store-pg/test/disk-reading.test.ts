import { open } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { bytesOfFile } from '../src/disk/reading.js';

test('a disk that fails in the middle of an object is one of our errors, which may be tried again', async () => {
  const broken = async () => {
    const file = await open(import.meta.filename);
    await file.close();
    return file;
  };
  const read = async () => {
    for await (const _ of bytesOfFile(broken, { from: 0, to: 10 }));
  };
  await expect(read()).rejects.toMatchObject({ code: 'OBJECT_DISK_FAILED', retry: 'backoff' });
});
