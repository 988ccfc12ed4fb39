import { channel } from 'node:diagnostics_channel';
import type { Lane, Position } from '@sluice/contracts';

/** On `sluice:write`: a write to a sink has ended. */
export interface WriteMessage {
  readonly pipeline: string;
  readonly sink: string;
  readonly events: number;
  /** How often these events were tried before. */
  readonly attempt: number;
  readonly tookMs: number;
  /** The code of the error that it ended with. */
  readonly code?: string;
}

/** On `sluice:checkpoint`: checkpoints were stored, with a write or apart from one, or could not be. */
export interface CheckpointMessage {
  readonly pipeline: string;
  readonly sink: string;
  /** `null` removes the checkpoint of a lane. */
  readonly positions: readonly { readonly lane: Lane; readonly position: Position | null }[];
  readonly tookMs: number;
  readonly outcome: 'saved' | 'fenced' | 'failed';
  readonly code?: string;
}

/** On `sluice:generation`: source and sink of a pipeline were opened, or closed. */
export interface GenerationMessage {
  readonly pipeline: string;
  readonly sink: string;
  /** Counts from 1. */
  readonly generation: number;
  readonly phase: 'opened' | 'closed';
  /** For `closed`: the code of the error that ended it. */
  readonly code?: string;
}

/** On `sluice:dead-letter`: events became dead letters, durably. */
export interface DeadLetterMessage {
  readonly pipeline: string;
  readonly sink: string;
  readonly lane: Lane;
  /** How many, by the code of what failed them. */
  readonly events: Readonly<Record<string, number>>;
  readonly attempts: number;
}

/** What is published has no subscriber as a rule: ask `hasSubscribers` before a message is made. */
export const CHANNELS = {
  write: channel('sluice:write'),
  checkpoint: channel('sluice:checkpoint'),
  generation: channel('sluice:generation'),
  deadLetter: channel('sluice:dead-letter'),
};
