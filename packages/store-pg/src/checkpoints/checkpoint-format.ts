import { ComponentError } from '@sluice/contracts';

/** The form in which checkpoints are written now. */
export const CHECKPOINT_FORMAT = 1;

/** A checkpoint as its row has it. */
export interface CheckpointRow {
  readonly resume: string;
  readonly within: number;
  readonly identity: string;
}

/**
 * What makes a row of one format a row of the next, by the format that it starts from. An entry is never removed: a process
 * may have stood still for years.
 *
 * - 0: `resume` held the whole position, as `resume+within`; `within` was always 0.
 */
const UPGRADES: ReadonlyMap<number, (row: CheckpointRow) => CheckpointRow> = new Map([
  [
    0,
    (row: CheckpointRow) => {
      const plus = row.resume.lastIndexOf('+');
      return plus < 0
        ? row
        : { ...row, resume: row.resume.slice(0, plus), within: Number(row.resume.slice(plus + 1)) || 0 };
    },
  ],
]);

/**
 * What brings a row from `format` to the present one. Nothing is written: the next save of the lane stores it so.
 *
 * @throws ComponentError `CHECKPOINT_FORMAT` when it is newer than this package, or unknown.
 */
export function upgradeFrom(
  format: number,
  place: { readonly sink: string; readonly lane: string },
): (row: CheckpointRow) => CheckpointRow {
  const steps: ((row: CheckpointRow) => CheckpointRow)[] = [];
  for (let at = format; at !== CHECKPOINT_FORMAT; at += 1) {
    const step = UPGRADES.get(at);
    if (step === undefined) {
      throw new ComponentError('CHECKPOINT_FORMAT', `sink ${place.sink}, lane ${place.lane}: format ${format}`, {
        details: { ...place, format, known: CHECKPOINT_FORMAT },
      });
    }
    steps.push(step);
  }
  return (row) => steps.reduce((upgraded, step) => step(upgraded), row);
}
