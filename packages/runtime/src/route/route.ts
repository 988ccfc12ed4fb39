import { ComponentError, type Source } from '@sluice/contracts';
import { RunningPipeline } from '../pipeline/running-pipeline.js';
import { type RouteOptions, routeBuffer } from './route-options.js';
import { RoutedPipeline } from './routed-pipeline.js';
import { SourceTee } from './source-tee.js';

/** What a route is made of. */
export interface RouteParts<C> {
  readonly pipeline: string;
  readonly source: Source<unknown>;
  /** The composition as it was when it was routed, over another source. */
  readonly over: (source: Source<unknown>) => C;
  readonly branches: Readonly<Record<string, (branch: C) => RunningPipeline>>;
  readonly options: RouteOptions;
}

/**
 * Composes the branches, each over its part of the source.
 *
 * @throws ComponentError `OPTIONS_INVALID` without a branch, when two branches have a sink of the same name, or when what a
 * branch answers was not made of what it was given.
 */
export function route<C>({ pipeline, source, over, branches, options }: RouteParts<C>): RoutedPipeline {
  const tee = new SourceTee(source, routeBuffer(options));
  const made = new Map<string, RunningPipeline>();
  const sinks = new Map<string, string>();
  for (const [branch, compose] of Object.entries(branches)) {
    const part = tee.branch(branch, () => made.get(branch)?.plan.sink.features.delivery ?? 'plain');
    const running = compose(over(part));
    if (!(running instanceof RunningPipeline) || running.plan.source !== part) {
      throw invalid(pipeline, branch, 'does not end its own composition with .to(sink)');
    }
    const { name } = running.plan.sink;
    const other = sinks.get(name);
    // Checkpoints are kept by the name of the sink.
    if (other !== undefined) throw invalid(pipeline, branch, `has a sink named ${name}, as ${other} has`);
    sinks.set(name, branch);
    made.set(branch, running);
  }
  if (made.size === 0) throw new ComponentError('OPTIONS_INVALID', `pipeline ${pipeline}: a route needs a branch`);
  return new RoutedPipeline(pipeline, made, (branch) => tee.leave(branch));
}

function invalid(pipeline: string, branch: string, message: string): ComponentError {
  return new ComponentError('OPTIONS_INVALID', `pipeline ${pipeline}: branch \`${branch}\` ${message}`, {
    details: { option: `route.${branch}` },
  });
}
