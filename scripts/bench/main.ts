/**
 * `npm run bench [-- --only ID... --json]`: the project's headline numbers, as ratios taken in one run.
 */

import { dashboardBrowser, dashboardBytes, dashboardNode } from './rows/dashboard.ts';
import { evidenceCost } from './rows/evidence-cost.ts';
import { killToClaim, killToClaimP50, killToClaimReal } from './rows/kill-to-claim.ts';
import { mergeVsYjs, mergeVsYjsBytes } from './rows/merge-vs-yjs.ts';
import { resultVsDisk, resultVsDiskSustained } from './rows/result-vs-disk.ts';
import { simSpeed } from './rows/sim-speed.ts';
import { spreadVsGossip } from './rows/spread-vs-gossip.ts';
import { claimLatencyVsEtcd, claimVsEtcd, resultVsEtcd } from './rows/vs-etcd.ts';
import { witnessBulk, witnessGossip, witnessMemory, witnessSmall } from './rows/witness-transfer.ts';
import { witnessVsRsync } from './rows/witness-vs-rsync.ts';
import { witnessVsSyncthing, witnessVsSyncthing4 } from './rows/witness-vs-syncthing.ts';
import { runBench } from './run.ts';

await runBench('npm run bench', [
  mergeVsYjs,
  mergeVsYjsBytes,
  resultVsDisk,
  resultVsDiskSustained,
  claimVsEtcd,
  claimLatencyVsEtcd,
  resultVsEtcd,
  spreadVsGossip,
  killToClaimP50,
  killToClaim,
  killToClaimReal,
  evidenceCost,
  dashboardBytes,
  dashboardBrowser,
  dashboardNode,
  simSpeed,
  witnessBulk,
  witnessSmall,
  witnessMemory,
  witnessGossip,
  witnessVsRsync,
  witnessVsSyncthing,
  witnessVsSyncthing4,
]);
