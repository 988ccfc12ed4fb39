import { spawn } from 'node:child_process';

/** Runs a tool that fetches or unpacks to its end; rejects with the end of what it said, or when it is not installed. */
export function runTool(program: string, args: readonly string[], { cwd }: { readonly cwd: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    const listen = (text: string) => {
      said = (said + text).slice(-1000);
    };
    child.stdout.setEncoding('utf8').on('data', listen);
    child.stderr.setEncoding('utf8').on('data', listen);
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${program} ${args[0]} ended with ${code}: ${said.trim()}`));
    });
  });
}

/** The npm that started us, if one did: the same version, and found without a PATH. */
export function runNpm(args: readonly string[], options: { readonly cwd: string }): Promise<void> {
  const cli = process.env['npm_execpath'];
  return cli?.endsWith('npm-cli.js')
    ? runTool(process.execPath, [cli, ...args], options)
    : runTool('npm', args, options);
}
