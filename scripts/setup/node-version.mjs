const oldest = [20, 19];

/** Ends the process with one clear sentence when this Node is older than what Sluice supports. */
export function requireNode(version = process.versions.node) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) return;
  console.error(
    `Sluice needs Node ${oldest.join('.')} or newer; this is Node ${version}. Get one from https://nodejs.org.`,
  );
  process.exit(1);
}
