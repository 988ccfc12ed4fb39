import { findings } from './findings.mjs';

const longest = 400;
const longestMedian = 100;
const noConcept = new Set(['utils', 'util', 'common', 'helpers', 'helper', 'types', 'misc', 'shared', 'lib']);

export function fileSize({ packages }) {
  const found = findings('file-size');
  for (const file of packages.flatMap((one) => one.files)) {
    if (file.lines > longest) {
      found.add(
        `${file.path}:${longest}`,
        `${file.lines} lines, at most ${longest}`,
        'Give each concept in it a file.',
      );
    }
  }
  return found.all;
}

export function medianSize({ packages }) {
  const found = findings('median-size');
  for (const one of packages) {
    const sizes = one.files
      .filter((file) => file.part === 'src')
      .map((file) => file.lines)
      .sort((a, b) => a - b);
    const median = sizes[Math.floor(sizes.length / 2)] ?? 0;
    if (median >= longestMedian) {
      found.add(
        one.path,
        `its median file has ${median} lines, below ${longestMedian} wanted`,
        'Split the larger files by concept.',
      );
    }
  }
  return found.all;
}

/** A folder or file is named for a concept of the field, not for being left over. */
export function plainNames({ packages }) {
  const found = findings('plain-names');
  for (const one of packages) {
    const named = new Set();
    for (const path of one.entries) {
      const parts = path.slice(one.path.length + 1).split('/');
      parts.forEach((part, index) => {
        const place = [one.path, ...parts.slice(0, index + 1)].join('/');
        const bare = part.replace(/\.(?:d\.)?[cm]?[jt]sx?$/, '').replace(/\.(?:[a-z]+\.)?test$/, '');
        if (!noConcept.has(bare.toLowerCase()) || named.has(place)) return;
        named.add(place);
        found.add(
          place,
          `the name ${part} says nothing`,
          'Name it for what is in it; move each function to its concept.',
        );
      });
    }
  }
  return found.all;
}

export function readme({ packages }) {
  const found = findings('readme');
  for (const one of packages) {
    if (one.library && !one.entries.includes(`${one.path}/README.md`)) {
      found.add(one.path, 'has no README.md', 'Say in one screen what the package does and how it is used.');
    }
  }
  return found.all;
}
