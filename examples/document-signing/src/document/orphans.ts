const UUID = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\//;

/** The document that an object lies under: `{id}/…`; what is not under an id is none of ours. */
export function documentOf(key: string): string | undefined {
  return UUID.exec(key)?.[1];
}
