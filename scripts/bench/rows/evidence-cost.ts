/**
 * `evidence-cost`: claims with evidence against claims without, the same store on the same disk, at 64 in flight.
 *
 * Every claim is taken for one that a peer sent and that changed the block's view, so each costs two looks at the view and a
 * record, which is more than a node ever writes of its own claims. The evidence is written while the claims go on.
 */

import { join } from 'node:path';
import { generateKey } from '../../../net/identity/identity.ts';
import { datadirLayout } from '../../../src/datadir/layout.ts';
import { NodeDisk } from '../../../src/disk/node-disk.ts';
import { EvidenceLog } from '../../../src/evidence/evidence-log.ts';
import { systemClock } from '../../../src/node/machine.ts';
import { newsOf } from '../../../src/node/news.ts';
import { benchDirectory } from '../parts/bench-directory.ts';
import { IN_FLIGHT, inFlight, openBenchStore } from '../parts/bench-store.ts';
import type { BenchRow, BenchWork } from '../row.ts';

const CLAIMS = 6_000;

export const evidenceCost: BenchRow = {
  id: 'evidence-cost',
  what: `claims at ${IN_FLIGHT} in flight on one node, each of them a record of evidence, against the same without`,
  unit: 'claims/s',
  ours: 'sign, merge, write the .v, and a record of evidence',
  against: 'sign, merge, write the .v',
  target: { kind: 'at-least', bound: 0.95 },
  pairs: 9,
  async prepare(): Promise<BenchWork> {
    const root = await benchDirectory();
    const self = generateKey().node;
    let runs = 0;
    const directory = (): string => join(root, `${runs++}`);
    return {
      ours: async () => {
        const datadir = directory();
        const log = new EvidenceLog({
          disk: new NodeDisk(),
          clock: systemClock,
          directory: datadirLayout(datadir).evidence,
          self,
          onFailure: (file, error) => {
            throw new Error(`${file} was not written`, { cause: error });
          },
        });
        const store = await openBenchStore(datadir, (change) => {
          for (const event of newsOf({ ...change, origin: 'peer' })) log.note(event);
        });
        await log.open();
        const { perSecond } = await inFlight(CLAIMS, (at) => store.claim(at));
        await store.stop();
        await log.close();
        return perSecond;
      },
      against: async () => {
        const store = await openBenchStore(directory());
        const { perSecond } = await inFlight(CLAIMS, (at) => store.claim(at));
        await store.stop();
        return perSecond;
      },
      close: () => Promise.resolve(),
    };
  },
};
