import type { Move, RowChange, RowEncoder, Shape } from './row-change.js';

/** What a write does to a table, in few statements: each key occurs once. */
export interface NetEffect {
  /** Keys whose row goes first, also where one is made again. */
  readonly deletes: readonly (readonly string[])[];
  /** Rows by the columns that they have. */
  readonly upserts: ReadonlyMap<Shape, readonly (readonly (string | null)[])[]>;
}

interface KeyEffect {
  deleted: readonly string[] | undefined;
  shape: Shape | undefined;
  values: readonly (string | null)[];
}

/** Rows of one shape that move, none from where or to where another one does. */
export type Moves = readonly [Move, ...Move[]];

/**
 * Puts changes into few steps, which give the same as the changes one by one: between moves, those of each key become one.
 * No change passes a move, since the row behind its key is another one afterwards.
 */
export function stepsOf(changes: readonly (RowChange | undefined)[], encoder: RowEncoder): (NetEffect | Moves)[] {
  const steps: (NetEffect | Moves)[] = [];
  let moves: Move[] = [];
  let others: Exclude<RowChange, Move>[] = [];
  const touched = new Set<string>();
  const end = () => {
    const [first, ...rest] = moves;
    if (first) steps.push([first, ...rest]);
    if (others.length > 0) steps.push(netEffect(others, encoder));
    [moves, others] = [[], []];
    touched.clear();
  };
  for (const change of changes) {
    if (change === undefined) continue;
    if (change.kind !== 'move') {
      if (moves.length > 0) end();
      others.push(change);
      continue;
    }
    const joins = moves[0]?.shape === change.shape && !touched.has(change.key) && !touched.has(change.previousKey);
    if (!joins) end();
    moves.push(change);
    touched.add(change.key).add(change.previousKey);
  }
  end();
  return steps;
}

/** Joins the changes of each key into one: what stands in the table after all of them. */
function netEffect(changes: readonly Exclude<RowChange, Move>[], encoder: RowEncoder): NetEffect {
  const keys = new Map<string, KeyEffect>();
  for (const change of changes) {
    const effect = keys.get(change.key);
    if (change.kind === 'delete') {
      keys.set(change.key, { deleted: change.values, shape: undefined, values: [] });
    } else if (effect === undefined) {
      keys.set(change.key, { deleted: undefined, shape: change.shape, values: change.values });
    } else if (effect.shape === undefined || effect.shape === change.shape) {
      effect.shape = change.shape;
      effect.values = change.values;
    } else {
      const shape = encoder.union(effect.shape, change.shape);
      effect.values = joined(shape, [effect.shape, effect.values], [change.shape, change.values]);
      effect.shape = shape;
    }
  }
  return grouped(keys.values());
}

type ShapedValues = readonly [Shape, readonly (string | null)[]];

function joined(shape: Shape, ...rows: readonly ShapedValues[]): (string | null)[] {
  const byColumn = new Map(rows.flatMap(([{ columns }, values]) => columns.map((column, at) => [column, values[at]])));
  return shape.columns.map((column) => byColumn.get(column) ?? null);
}

function grouped(effects: Iterable<KeyEffect>): NetEffect {
  const deletes: (readonly string[])[] = [];
  const upserts = new Map<Shape, (readonly (string | null)[])[]>();
  for (const { deleted, shape, values } of effects) {
    if (deleted) deletes.push(deleted);
    if (!shape) continue;
    const rows = upserts.get(shape);
    if (rows) rows.push(values);
    else upserts.set(shape, [values]);
  }
  return { deletes, upserts };
}
