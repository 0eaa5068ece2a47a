import assert from 'node:assert/strict';
import type { Interval } from '../../net/clock-sync/interval.ts';
import { decideStanding, type Standing } from '../../src/clock/standing.ts';

const BOUND_MS = 500;
const at = (ms: number, errorMs = 0): Interval => ({ minMs: ms - errorMs, maxMs: ms + errorMs });

describe('whether a clock lies within the bound', () => {
  const table: readonly [name: string, before: Standing, own: Interval | undefined, after: Standing][] = [
    ['at the bound it does', 'unknown', at(500), 'within'],
    ['at the bound behind, too', 'unknown', at(-500), 'within'],
    ['beyond the bound it does not', 'within', at(501), 'outside'],
    ['beyond the bound behind, neither', 'within', at(-501), 'outside'],
    ['what an error of measurement may explain does not move it out', 'within', at(900, 450), 'within'],
    ['nor is it known to be within then', 'unknown', at(900, 450), 'unknown'],
    ['nor does an error bring it back', 'outside', at(0, 451), 'outside'],
    ['once outside it stays so up to nine tenths of the bound', 'outside', at(451), 'outside'],
    ['and is within again from there', 'outside', at(450), 'within'],
    ['with nobody to compare with nothing is known', 'outside', undefined, 'unknown'],
  ];
  for (const [name, before, own, after] of table) {
    it(name, () => assert.equal(decideStanding(before, own, BOUND_MS), after));
  }
});
