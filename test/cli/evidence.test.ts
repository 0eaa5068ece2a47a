import assert from 'node:assert/strict';
import { datadirLayout } from '../../src/datadir/layout.ts';
import { prepareDatadir } from '../../src/datadir/prepare.ts';
import { NodeDisk } from '../../src/disk/node-disk.ts';
import { EvidenceLog } from '../../src/evidence/evidence-log.ts';
import { EVIDENCE_TYPES, evidenceSchema } from '../../src/evidence/evidence-record.ts';
import { parseSince } from '../../src/cli/evidence-command.ts';
import { VirtualClock } from '../../src/sim/virtual-clock.ts';
import { nodeOf } from '../crdt/block/arbitraries.ts';
import { EVIDENT_EVENTS, KEY_OF } from '../evidence/records.ts';
import { driftlock, jsonLines, temporaryFolder } from './cli.ts';

async function writeEvidence(datadir: string): Promise<void> {
  const layout = datadirLayout(datadir);
  const disk = new NodeDisk();
  await prepareDatadir(disk, layout);
  const log = new EvidenceLog({
    disk,
    clock: new VirtualClock(),
    directory: layout.evidence,
    self: nodeOf(1),
    onFailure: (_file, error) => assert.fail(String(error)),
  });
  await log.open();
  for (const event of EVIDENT_EVENTS) log.note(event);
  await log.close();
}

describe('driftlock evidence', () => {
  it('prints the records that are asked for, as JSON or as lines', async () => {
    await using folder = await temporaryFolder();
    await writeEvidence(folder.path);
    const all = await driftlock(['evidence', '--datadir', folder.path, '--json']);
    assert.deepEqual([all.code, all.stderr], [0, '']);
    const records = jsonLines(all.stdout).map((line) => evidenceSchema.parse(line));
    assert.deepEqual(
      records.map(({ type }) => type),
      EVIDENT_EVENTS.map(({ type }) => type),
    );
    const types = ['--type', 'mode-changed', '--type', 'lease-lost', '--since', '2000-01-01T00:00:00Z'];
    const some = await driftlock(['evidence', '--datadir', folder.path, ...types]);
    assert.equal(some.stderr, '');
    const [mode, lease, ...rest] = some.stdout.trimEnd().split('\n');
    assert.match(
      mode ?? '',
      /mode-changed +normal to degraded: too-few-reachable; 1 of 3 members in reach, claims nothing$/,
    );
    assert.match(lease ?? '', /lease-lost +1\.0x[0-9a-f]{8} epoch 1: outbid$/);
    assert.deepEqual(rest, []);
    const block = await driftlock([
      'evidence',
      '--datadir',
      folder.path,
      '--block',
      KEY_OF(3).number.toString(),
      '--json',
    ]);
    assert.equal(jsonLines(block.stdout).length, 2);
    const nothing = await driftlock(['evidence', '--datadir', folder.path, '--since', '1s']);
    assert.deepEqual([nothing.code, nothing.stdout], [0, '']);
  });

  it('has a line for people for every type', async () => {
    await using folder = await temporaryFolder();
    await writeEvidence(folder.path);
    const { stdout } = await driftlock(['evidence', '--datadir', folder.path]);
    for (const type of EVIDENCE_TYPES) if (type !== 'evidence-lost') assert.match(stdout, new RegExp(`  ${type} +\\S`));
  });

  it('names the flag that cannot be used', async () => {
    const cases: readonly [args: string[], message: RegExp][] = [
      [[], /--datadir: expected a directory, found nothing/],
      [['--datadir', 'x', '--type', 'y'], /--type: expected one of mode-changed, .*, found "y"/],
      [['--datadir', 'x', '--block', '1.2'], /--block: expected a block number, or number\.hash, found "1\.2"/],
      [['--datadir', 'x', '--since', 'yesterday'], /--since: expected 90s, 15m, .*, found "yesterday"/],
    ];
    for (const [args, message] of cases) {
      const { code, stderr } = await driftlock(['evidence', ...args]);
      assert.equal(code, 2);
      assert.match(stderr, message);
    }
  });

  it('takes a time ago in seconds, minutes, hours and days, and a date', () => {
    const nowMs = Date.parse('2026-11-21T12:00:00Z');
    assert.equal(parseSince('90s', nowMs), nowMs - 90_000);
    assert.equal(parseSince('15m', nowMs), nowMs - 900_000);
    assert.equal(parseSince('2h', nowMs), nowMs - 7_200_000);
    assert.equal(parseSince('3d', nowMs), nowMs - 259_200_000);
    assert.equal(parseSince('2026-11-20T12:00:00Z', nowMs), nowMs - 86_400_000);
  });
});
