import { execFileSync } from 'node:child_process';
import { chmod, chown, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { PostgresServer } from '@sluice/testkit/postgres';
import { testDatabase } from '@sluice/testkit/postgres';

/** Turns TLS on, with a certificate for 127.0.0.1, and resolves with that. */
export async function turnOnTls(server: PostgresServer): Promise<string> {
  const key = join(server.dataDir, 'server.key');
  const cert = join(server.dataDir, 'server.crt');
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject];
  execFileSync('openssl', [...request, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  const { uid, gid } = await stat(server.dataDir);
  for (const file of [key, cert]) await chown(file, uid, gid);
  await chmod(key, 0o600);
  await using database = await testDatabase({ url: server.url });
  await database.query('ALTER SYSTEM SET ssl = on');
  await database.query('SELECT pg_reload_conf()');
  return await readFile(cert, 'utf8');
}
