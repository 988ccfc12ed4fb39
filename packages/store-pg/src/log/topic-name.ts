import { ComponentError } from '@sluice/contracts';

/**
 * Refuses what is no name of a topic or a group. The rule is that of Kafka, so that a topic can move there.
 *
 * @throws ComponentError `STORE_PG_LOG_NAME_INVALID`
 */
export function checkLogName(kind: 'topic' | 'group', name: string): string {
  if (typeof name === 'string' && /^[\w.-]{1,249}$/.test(name) && name !== '.' && name !== '..') return name;
  throw new ComponentError('STORE_PG_LOG_NAME_INVALID', `what was given is not the name of a ${kind}`, {
    details: { kind, length: typeof name === 'string' ? name.length : 0 },
  });
}
