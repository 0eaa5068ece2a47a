/** A data directory of many finished blocks, as a node leaves it, and that node without a cluster around it. */

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { encodeRecord } from '../../../crdt/block/record-codec.ts';
import { mergeRecords, recordOf } from '../../../crdt/block/record.ts';
import { viewOf } from '../../../crdt/block/view.ts';
import type { generateKey } from '../../../net/identity/identity.ts';
import { verifySignature, verifySignatureLater } from '../../../net/identity/verify.ts';
import { MemberList } from '../../../net/membership/member-list.ts';
import { MemoryHub } from '../../../net/memory/hub.ts';
import { configureNode } from '../../../src/config/program-config.ts';
import { datadirLayout, type DatadirLayout } from '../../../src/datadir/layout.ts';
import { prepareDatadir } from '../../../src/datadir/prepare.ts';
import type { ScannedFile } from '../../../src/disk/disk.ts';
import { NodeDisk } from '../../../src/disk/node-disk.ts';
import { blockFileName } from '../../../src/files/file-names.ts';
import { encodeValidateFile } from '../../../src/files/validate-file.ts';
import type { NodeEvent } from '../../../src/node/events.ts';
import { randomInteger, systemClock } from '../../../src/node/machine.ts';
import { DriftlockNode } from '../../../src/node/node.ts';
import { fileView } from '../../../src/store/validate-view.ts';
import type { Validator } from '../../../src/validators/validator.ts';
import type { ScaleBlocks } from './blocks.ts';
import { runChild } from './child.ts';

const FILES_IN_FLIGHT = 64;
/** The newest blocks are whole; what lies further back is settled, as it is by default. */
export const UNSETTLED_BLOCKS = 16_384;

/** Writes the `.v` of `count` blocks and gives their names. */
export async function fillValidate(layout: DatadirLayout, source: ScaleBlocks, count: number): Promise<string[]> {
  await mkdir(layout.validate, { recursive: true });
  const names: string[] = [];
  const settled = recordOf({ settled: true });
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let at = next++; at < count; at = next++) {
      const key = source.key(at);
      const whole = source.signedRecord(at);
      const record = at < count - UNSETTLED_BLOCKS ? mergeRecords(whole, settled) : whole;
      const info = fileView(
        key,
        viewOf(record, () => false),
        0,
      );
      const name = blockFileName('validate', key);
      await writeFile(join(layout.validate, name), encodeValidateFile(info, encodeRecord(record)));
      names.push(name);
    }
  };
  await Promise.all(Array.from({ length: FILES_IN_FLIGHT }, worker));
  return names;
}

export interface LoneNode {
  readonly node: DriftlockNode;
  readonly layout: DatadirLayout;
  /** Resolves when the directories have been scanned once. */
  readonly firstScan: Promise<void>;
}

/** A node whose network reaches nobody. `identity` has to be the same for a restart. */
export async function loneNode(
  datadir: string,
  identity: ReturnType<typeof generateKey>,
  validator: Validator | undefined,
  onEvent: (event: NodeEvent) => void,
): Promise<LoneNode> {
  const layout = datadirLayout(datadir);
  const disk = new ScanningDisk(layout);
  await prepareDatadir(disk, layout);
  const config = configureNode({ datadir });
  const hub = new MemoryHub({ clock: systemClock, random: randomInteger });
  const node = new DriftlockNode(
    { ...config, bounds: config.clockBounds, region: '', scanIntervalMs: 60_000 },
    {
      clock: systemClock,
      random: randomInteger,
      disk,
      network: hub.join(new MemberList(identity.node, [])),
      signer: identity,
      verify: verifySignature,
      verifyLater: verifySignatureLater,
      isMember: () => true,
      members: () => [identity.node],
      layout,
      validator,
      onEvent,
    },
  );
  return { node, layout, firstScan: disk.firstScan };
}

/** Tells when the directories of the blocks were scanned once. */
class ScanningDisk extends NodeDisk {
  readonly #unscanned: Set<string>;
  readonly #scanned = Promise.withResolvers<void>();

  constructor({ validate, witness }: DatadirLayout) {
    super();
    this.#unscanned = new Set([validate, witness]);
  }

  get firstScan(): Promise<void> {
    return this.#scanned.promise;
  }

  override async *scan(directory: string): AsyncGenerator<readonly ScannedFile[]> {
    yield* super.scan(directory);
    this.#unscanned.delete(directory);
    if (this.#unscanned.size === 0) this.#scanned.resolve();
  }
}

const startFigures = z.object({
  startMs: z.number(),
  stopMs: z.number(),
  /** After the start. */
  residentBytes: z.number(),
  blocks: z.number(),
  fromIndex: z.number(),
  /** From a witness's place in the directory to the call of the validator. */
  claimsMs: z.array(z.number()),
  /** The same, of claims that were made while the directory was scanned for the first time. */
  scanningClaimsMs: z.array(z.number()),
});

/** What a node took that was started on a directory, in a process of its own. */
export type StartFigures = z.infer<typeof startFigures>;

export async function startChild(datadir: string, claims = 0): Promise<StartFigures> {
  return startFigures.parse(await runChild('start-child.ts', [datadir, `${claims}`]));
}
