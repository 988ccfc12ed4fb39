import { createHook } from 'node:async_hooks';
import { ComponentError } from '@sluice/contracts';
import { waitFor } from '../wait/wait-for.js';

/** How `assertNoLeaks` looks. */
export interface NoLeaksOptions {
  /** How long things may take to close, in milliseconds. Default: 5,000. */
  readonly timeoutMs?: number;
  /** Whether something counts, by the stack line of where it was opened. Default: all but a test framework's own, and idle timers of pools. */
  readonly counts?: (opener: string) => boolean;
}

/** Follows what is opened. Disposing it stops that. */
export interface ResourceTracker extends Disposable {
  /**
   * Checks that what was opened since, and still is open, closes within the deadline. What is opened after this call does
   * not count.
   *
   * @throws ComponentError `TEST_RESOURCES_LEAKED` saying what is left, and where it was opened.
   */
  assertNoLeaks(options?: NoLeaksOptions): Promise<void>;
}

const KINDS =
  /^(Timeout|TCPWRAP|TCPSERVERWRAP|TLSWRAP|PIPEWRAP|PIPESERVERWRAP|PROCESSWRAP|UDPWRAP|FSEVENTWRAP|WORKER|HTTP2SESSION)$/;
const FOREIGN = /node_modules\/(vitest|@vitest|tinypool|pg-pool)\/|node:internal\/test_runner/;

/**
 * Follows sockets, servers, timers that keep a process alive, child processes and workers opened from now on.
 * Each is followed by its own identity: counting would mix ours with those of the test framework.
 */
export function trackResources(): ResourceTracker {
  const open = new Map<number, Opened>();
  const hook = createHook({
    init(id, kind, _, resource) {
      if (KINDS.test(kind)) open.set(id, { kind, resource, stack: stackHere() });
    },
    destroy(id) {
      open.delete(id);
    },
  }).enable();
  return {
    [Symbol.dispose]: () => void hook.disable(),
    async assertNoLeaks({ timeoutMs = 5_000, counts = isOurs }: NoLeaksOptions = {}) {
      const suspects = [...open].filter(([, { stack }]) => counts(openerIn(stack))).map(([id]) => id);
      const left = () =>
        suspects.flatMap((id) => {
          const opened = open.get(id);
          return opened && keepsAlive(opened) ? [`${opened.kind} opened ${openerIn(opened.stack)}`] : [];
        });
      try {
        await waitFor(() => left().length === 0, { what: 'resources to close', timeoutMs });
      } catch {
        // The wait's own message says less than what is left.
        throw new ComponentError('TEST_RESOURCES_LEAKED', left().join('; '), { details: { left: left() } });
      }
    },
  };
}

const isOurs = (opener: string) => !FOREIGN.test(opener);

interface Opened {
  readonly kind: string;
  readonly resource: object;
  readonly stack: string;
}

function keepsAlive({ resource }: Opened): boolean {
  return (resource as { hasRef?(): boolean }).hasRef?.() !== false;
}

function stackHere(): string {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 25;
  const { stack = '' } = new Error('opened');
  Error.stackTraceLimit = limit;
  return stack;
}

/** The first line of the stack outside of Node, below the two of this file. */
function openerIn(stack: string): string {
  const lines = stack.split('\n').slice(3);
  return (lines.find((line) => !line.includes('node:')) ?? 'by Node').trim();
}
