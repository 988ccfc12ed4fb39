/** What is to be closed at the end: the last that was added first. */
export class Closing {
  private readonly steps: (() => Promise<unknown>)[] = [];
  private ending: Promise<void> | undefined;

  /** Whether it has been asked for. */
  get begun(): boolean {
    return this.ending !== undefined;
  }

  add(step: () => Promise<unknown>): void {
    this.steps.push(step);
  }

  /** Goes on past a step that fails, and rejects with the first failure at the end. Safe to call twice. */
  close(): Promise<void> {
    this.ending ??= this.closeAll();
    return this.ending;
  }

  private async closeAll(): Promise<void> {
    const errors: unknown[] = [];
    for (const step of this.steps.reverse()) await step().catch((error: unknown) => errors.push(error));
    if (errors.length > 0) throw errors[0];
  }
}
