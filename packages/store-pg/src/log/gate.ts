/** A promise that is kept from outside; the first value counts. */
export interface Gate<T = void> {
  readonly promise: Promise<T>;
  readonly keep: (value: T) => void;
}

export function gate<T = void>(): Gate<T> {
  let keep: (value: T) => void = () => undefined;
  const promise = new Promise<T>((resolve) => {
    keep = resolve;
  });
  return { promise, keep };
}
