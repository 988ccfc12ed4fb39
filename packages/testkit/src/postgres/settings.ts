/** Settings of a server that we start: loopback only, UTC, and room for logical replication. */
export function serverSettings(temporary: boolean): Readonly<Record<string, string | number | boolean>> {
  return {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    wal_level: 'logical',
    max_wal_senders: 40,
    max_replication_slots: 80,
    max_connections: 200,
    max_prepared_transactions: 20,
    timezone: 'UTC',
    log_timezone: 'UTC',
    // A machine that loses power may lose a temporary server; a process that is killed loses nothing.
    ...(temporary ? { fsync: 'off', full_page_writes: 'off' } : {}),
  };
}
