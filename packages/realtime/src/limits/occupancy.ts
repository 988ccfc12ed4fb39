/** How many places each name has taken, of those that one name may have. */
export class Occupancy {
  private readonly taken = new Map<string, number>();
  private readonly most: number;

  constructor(most: number) {
    this.most = most;
  }

  /** Takes a place; false when this name has all of its own. */
  take(name: string): boolean {
    const taken = this.taken.get(name) ?? 0;
    if (taken >= this.most) return false;
    this.taken.set(name, taken + 1);
    return true;
  }

  /** Gives a place back. */
  give(name: string): void {
    const left = (this.taken.get(name) ?? 0) - 1;
    if (left > 0) this.taken.set(name, left);
    else this.taken.delete(name);
  }
}
