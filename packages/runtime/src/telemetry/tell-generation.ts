import type { Plan } from '../pipeline/plan.js';
import { causeOf } from '../retry/failure-class.js';
import { CHANNELS, type GenerationMessage } from './channels.js';

/** Tells those who listen that source and sink of a pipeline were opened, or closed. */
export function tellGeneration(
  { name, sink }: Plan,
  generation: number,
  phase: GenerationMessage['phase'],
  failure?: { readonly error: unknown },
): void {
  if (!CHANNELS.generation.hasSubscribers) return;
  const code = failure && { code: causeOf(failure.error).code };
  const message: GenerationMessage = { pipeline: name, sink: sink.name, generation, phase, ...code };
  CHANNELS.generation.publish(message);
}
