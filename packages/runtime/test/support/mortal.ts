/** Whether a process is alive; what it has begun when it dies never ends. */
export interface Life {
  dead: boolean;
}

const never = new Promise<never>(() => {});

/** An object as a process holds it: once that is dead, no call begins and none comes back. */
export function mortal<T extends object>(of: T, life: Life): T {
  return new Proxy(of, {
    get(target, name, receiver) {
      const value: unknown = Reflect.get(target, name, receiver);
      if (typeof value !== 'function') return value;
      return (...given: unknown[]) => {
        if (life.dead) return never;
        const answer: unknown = Reflect.apply(value, target, given);
        if (!(answer instanceof Promise)) return answer;
        return answer.then(
          (result: unknown) => (life.dead ? never : result),
          (error: unknown) => (life.dead ? never : Promise.reject(error)),
        );
      };
    },
  });
}
