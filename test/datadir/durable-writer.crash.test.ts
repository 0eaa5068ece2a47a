import assert from 'node:assert/strict';
import fc from 'fast-check';
import { datadirLayout } from '../../src/datadir/layout.ts';
import { DurableWriter } from '../../src/datadir/durable-writer.ts';
import { prepareDatadir } from '../../src/datadir/prepare.ts';
import type { FileIdentity } from '../../src/disk/disk.ts';
import { MemoryDisk } from '../../src/disk/memory-disk.ts';
import { holdsAsync } from '../properties.ts';

const LAYOUT = datadirLayout('/data');

interface Issued {
  readonly text: string;
  readonly durable: boolean;
  /** It took a free name, without a file to endanger. */
  readonly isFirst: boolean;
  isAcknowledged: boolean;
}

interface Run {
  /** Whether each write of each file is durable, in order; files are written side by side. */
  readonly files: readonly (readonly boolean[])[];
  /** Before which disk operation the power goes; beyond the last one: after it. */
  readonly crashAt: number;
  /** How many turns each operation waits, over and over. */
  readonly turns: readonly number[];
  /** What a power loss keeps, as fractions of what it may, over and over. */
  readonly kept: readonly number[];
}

const runs: fc.Arbitrary<Run> = fc.record({
  files: fc.array(fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 4 }),
  crashAt: fc.nat({ max: 80 }),
  turns: fc.array(fc.constantFrom(0, 1, 5, 30), { minLength: 1, maxLength: 24 }),
  kept: fc.array(fc.constantFrom(0, 0, 0.5, 1), { minLength: 1, maxLength: 12 }),
});

/** Writes as `run` says until the power goes, and gives the disk as the next boot finds it. */
async function play(run: Run): Promise<{ booted: MemoryDisk; issued: readonly (readonly Issued[])[] }> {
  let operations = 0;
  let keeps = 0;
  let isRunning = false;
  let booted: MemoryDisk | undefined;
  const keep = (below: number): number => Math.round((below - 1) * (run.kept[keeps++ % run.kept.length] ?? 0));
  const disk = new MemoryDisk({
    beforeOperation: async () => {
      if (!isRunning) return;
      const operation = operations++;
      for (let turn = run.turns[operation % run.turns.length] ?? 0; turn > 0; turn--) await Promise.resolve();
      if (operation === run.crashAt) booted ??= disk.crash(keep, {});
    },
  });
  await prepareDatadir(disk, LAYOUT);
  isRunning = true;
  const writer = new DurableWriter({ disk, temporaryDirectory: LAYOUT.temporary, random: () => 0 });
  const issued = run.files.map((): Issued[] => []);
  const writeFile = async (file: number): Promise<void> => {
    let expected: FileIdentity | undefined;
    for (const [version, durable] of (run.files[file] ?? []).entries()) {
      const write: Issued = {
        text: `file ${file}, version ${version}, to the end.`,
        durable,
        isFirst: version === 0,
        isAcknowledged: false,
      };
      issued[file]?.push(write);
      const outcome = await writer.write(pathOf(file), Buffer.from(write.text), {
        durability: durable ? 'durable' : 'hint',
        expected,
      });
      assert(outcome.replaced);
      write.isAcknowledged = true;
      expected = outcome.identity;
    }
  };
  const outcomes = await Promise.allSettled(run.files.map((_, file) => writeFile(file)));
  assert(booted !== undefined || outcomes.every(({ status }) => status === 'fulfilled'));
  return { booted: booted ?? disk.crash(keep, {}), issued };
}

function pathOf(file: number): string {
  return `${LAYOUT.validate}/${file}`;
}

/** `text` is what a power loss may leave of a file to which `writes` were made. */
function assertSurvived(text: string | undefined, writes: readonly Issued[]): void {
  const acknowledged = writes.findLastIndex(({ durable, isAcknowledged }) => durable && isAcknowledged);
  const version = writes.findIndex((write) => write.text === text);
  if (acknowledged >= 0) {
    assert(version >= acknowledged, `version ${acknowledged} was acknowledged, found ${String(text)}`);
    return;
  }
  const first = writes[0];
  const isTornHint = text !== undefined && first?.durable === false && first.text.startsWith(text);
  assert(text === undefined || version >= 0 || isTornHint, `found ${String(text)}`);
}

describe('the durable writer and a power loss at any operation', () => {
  it('keeps every acknowledged result whole, or a later write, and shows no part of one', () =>
    holdsAsync(
      fc.asyncProperty(runs, async (run) => {
        const { booted, issued } = await play(run);
        const before = await Promise.all(issued.map((_, file) => booted.read(pathOf(file), 1024)));
        for (const [file, writes] of issued.entries()) {
          const bytes = before[file]?.bytes;
          assertSurvived(bytes === undefined ? undefined : Buffer.from(bytes).toString(), writes);
        }
        await prepareDatadir(booted, LAYOUT);
        assert.deepEqual(await booted.list(LAYOUT.temporary), []);
        assert.deepEqual(await Promise.all(issued.map((_, file) => booted.read(pathOf(file), 1024))), before);
      }),
    ));
});
