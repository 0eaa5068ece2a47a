/**
 * `npm run docs:examples`: runs the examples of the documentation as a user would, and fails when one of them does.
 *
 * An example is a fenced block of `sh` or `ts` below a line `<!-- example -->`. Each runs in a new directory that holds
 * nothing but a link to `examples/`, against the package as it is installed: `driftlock` is on the PATH, and
 * `import … from 'driftlock'` gets what was built, types included. What an example leaves running is ended with it.
 *
 * Exit code 0 when every example ended with 0 in time, 1 when one did not.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, relative } from 'node:path';
import { PAGE_FOLDER } from '../src/dashboard/page-files.ts';
import { buildPage } from './build-page.ts';

const EXAMPLE_TIMEOUT_MS = 90_000;
const BUILD_TIMEOUT_MS = 120_000;
/** Of what a failed example printed. */
const OUTPUT_CHARACTERS_SHOWN = 4_000;

const REPOSITORY = join(import.meta.dirname, '..');
const MODULES = join(REPOSITORY, 'node_modules');
const MARK = '<!-- example -->';

interface Example {
  /** `README.md:40`, the line of the fence. */
  readonly name: string;
  readonly language: 'sh' | 'ts';
  readonly text: string;
}

interface Outcome {
  readonly ok: boolean;
  readonly output: string;
  readonly seconds: number;
}

/** A folder that is absent has no examples. */
async function documents(): Promise<string[]> {
  const folders = [REPOSITORY, join(REPOSITORY, 'docs'), join(REPOSITORY, 'docker')].filter((folder) =>
    existsSync(folder),
  );
  const lists = await Promise.all(
    folders.map(async (folder) => (await readdir(folder)).map((name) => join(folder, name))),
  );
  return lists.flat().filter((path) => path.endsWith('.md'));
}

/** Throws when a mark is not followed by a fence of `sh` or `ts`: a mark that does nothing would go unnoticed. */
function examplesIn(path: string, text: string): readonly Example[] {
  const lines = text.split('\n');
  return lines.flatMap((line, at) => {
    if (line.trim() !== MARK) return [];
    const name = `${relative(REPOSITORY, path)}:${at + 2}`;
    const language = /^```(sh|ts)$/.exec(lines[at + 1] ?? '')?.[1];
    const length = lines.slice(at + 2).indexOf('```');
    if ((language !== 'sh' && language !== 'ts') || length === -1) {
      throw new Error(`${name}: expected a fence of sh or ts below ${MARK}, found ${JSON.stringify(lines[at + 1])}`);
    }
    return [{ name, language, text: `${lines.slice(at + 2, at + 2 + length).join('\n')}\n` }];
  });
}

/** Builds the package and lays it out below `root` as npm would install it. */
async function installPackage(root: string): Promise<void> {
  const installed = join(root, 'node_modules', 'driftlock');
  await mkdir(join(installed, 'src'), { recursive: true });
  const built = await run('tsc', ['-p', 'tsconfig.build.json', '--outDir', join(installed, 'dist')], {
    cwd: REPOSITORY,
    timeoutMs: BUILD_TIMEOUT_MS,
  });
  if (!built.ok) throw new Error(`the package does not build:\n${built.output}`);
  for (const file of ['package.json', join('src', 'driftlock.js')]) {
    await cp(join(REPOSITORY, file), join(installed, file));
  }
  await buildPage();
  await cp(PAGE_FOLDER, join(installed, 'dist', 'page'), { recursive: true });
  await symlink(MODULES, join(installed, 'node_modules'));
  await symlink(join(MODULES, '@types'), join(root, 'node_modules', '@types'));
  await mkdir(join(root, 'bin'));
  await symlink(join(installed, 'src', 'driftlock.js'), join(root, 'bin', 'driftlock'));
  await writeFile(join(root, 'package.json'), '{"private":true,"type":"module"}\n');
}

async function runExample({ language, text }: Example, root: string, place: string): Promise<Outcome> {
  const cwd = join(root, place);
  await mkdir(cwd);
  await symlink(join(REPOSITORY, 'examples'), join(cwd, 'examples'));
  const options = { cwd, timeoutMs: EXAMPLE_TIMEOUT_MS, path: join(root, 'bin') };
  if (language === 'sh') return await run('bash', ['-euo', 'pipefail', '-c', text], options);
  await writeFile(join(cwd, 'example.ts'), text);
  const checked = await run(
    'tsc',
    [...'--noEmit --strict --module nodenext --target es2024 --skipLibCheck --types node'.split(' '), 'example.ts'],
    options,
  );
  return checked.ok ? await run(process.execPath, ['example.ts'], options) : checked;
}

interface RunOptions {
  readonly cwd: string;
  readonly timeoutMs: number;
  /** A folder that comes first on the PATH. */
  readonly path?: string;
}

/** Runs a program in a process group of its own, which has ended when this resolves. */
async function run(program: string, args: readonly string[], { cwd, timeoutMs, path }: RunOptions): Promise<Outcome> {
  const searched = [...(path === undefined ? [] : [path]), join(MODULES, '.bin'), process.env['PATH'] ?? ''];
  const startedAtMs = performance.now();
  const child = spawn(program, args, {
    cwd,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH: searched.join(delimiter) },
  });
  let output = '';
  for (const pipe of [child.stdout, child.stderr]) pipe.on('data', (chunk) => (output += String(chunk)));
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    endGroup(child.pid);
  }, timeoutMs);
  const closed = once(child, 'close');
  const [status]: unknown[] = await once(child, 'exit');
  clearTimeout(timer);
  endGroup(child.pid);
  await closed;
  if (isLate) output += `\nstopped after ${timeoutMs / 1_000} s`;
  return { ok: status === 0 && !isLate, output, seconds: (performance.now() - startedAtMs) / 1_000 };
}

function endGroup(leader: number | undefined): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

const examples: Example[] = [];
for (const path of await documents()) examples.push(...examplesIn(path, await readFile(path, 'utf8')));
const root = await mkdtemp(join(tmpdir(), 'driftlock-examples-'));
try {
  await installPackage(root);
  let failed = examples.length === 0 ? 1 : 0;
  for (const [at, example] of examples.entries()) {
    const { ok, output, seconds } = await runExample(example, root, `example-${at + 1}`);
    console.log(`${ok ? 'ok    ' : 'FAILED'}  ${example.name} (${example.language}), ${seconds.toFixed(1)} s`);
    if (ok) continue;
    failed++;
    console.log(output.slice(-OUTPUT_CHARACTERS_SHOWN));
  }
  console.log(`${examples.length - failed} of ${examples.length} examples of the documentation run`);
  process.exitCode = failed === 0 ? 0 : 1;
} finally {
  await rm(root, { recursive: true, force: true });
}
