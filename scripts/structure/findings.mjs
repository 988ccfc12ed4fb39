/** Collects what one rule found. `where` is a path, with `:line` where there is one. */
export function findings(rule) {
  const all = [];
  return { all, add: (where, message, advice) => all.push({ where, rule, message, advice }) };
}
