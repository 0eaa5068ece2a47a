import assert from 'node:assert/strict';
import { CHUNK_BYTES } from '../../crdt/block/payload-digest.ts';
import { ContractBook } from '../../src/contracts/contract-book.ts';
import { parseContracts } from '../../src/files/contracts.ts';
import { Cluster, type Machine } from '../node/memory-cluster.ts';
import { payloadOf } from '../net/witness/peers.ts';
import { lineOf, lines } from './lines.ts';

async function pair(): Promise<{ cluster: Cluster; a: Machine; b: Machine }> {
  const cluster = new Cluster();
  const [a, b] = cluster.add(2);
  assert(a !== undefined && b !== undefined);
  await cluster.start();
  await cluster.clock.advance(1_000);
  return { cluster, a, b };
}

async function append(machine: Machine, ...texts: readonly string[]): Promise<void> {
  for (const text of texts) await machine.disk.append(machine.layout.contracts, Buffer.from(text));
}

async function textOf(machine: Machine): Promise<string> {
  const content = await machine.disk.read(machine.layout.contracts, 2 ** 30);
  return Buffer.from(content?.bytes ?? []).toString();
}

function sorted(text: string): string[] {
  return text.split('\n').sort();
}

describe('contracts of several nodes', () => {
  it('reach every node, each line once, whichever program appended it where', async () => {
    const { cluster, a, b } = await pair();
    await append(a, ...lines.slice(0, 3));
    await append(b, ...lines.slice(2));
    await cluster.clock.advance(20_000);
    assert.deepEqual(sorted(await textOf(a)), sorted(lines.join('')));
    assert.deepEqual(sorted(await textOf(b)), sorted(lines.join('')));
    const before = await textOf(b);
    await cluster.clock.advance(20_000);
    assert.equal(await textOf(b), before, 'nothing is appended twice');
    await cluster.stop();
  });

  it('whose line is longer than an answer arrive in parts', async () => {
    const { cluster, a, b } = await pair();
    const long = lineOf(payloadOf(CHUNK_BYTES + 1_000));
    await append(a, long, lines[0] ?? '');
    await cluster.clock.advance(10_000);
    assert.equal(await textOf(b), await textOf(a));
    await cluster.stop();
  });

  it('whose line does not verify are passed on by nobody', async () => {
    const { cluster, a, b } = await pair();
    const [good = '', other = ''] = lines;
    await append(a, good.replace(good.slice(2, 70), other.slice(2, 70)), good);
    await cluster.clock.advance(10_000);
    assert.equal(await textOf(b), good);
    await cluster.stop();
  });

  it('leave a torn last line alone, on a line of its own', async () => {
    const { cluster, a, b } = await pair();
    const [first = '', second = ''] = lines;
    await append(a, first);
    await append(b, second.slice(0, 30));
    await cluster.clock.advance(10_000);
    const { lines: read } = parseContracts(Buffer.from(await textOf(b)));
    assert.deepEqual(
      read.map(({ text }) => `${text}\n`),
      [first],
    );
    await append(b, second);
    await cluster.clock.advance(10_000);
    assert.deepEqual(sorted(await textOf(a)), sorted(first + second));
    await cluster.stop();
  });

  it('are read anew when another program has written the file anew', async () => {
    const { cluster, a, b } = await pair();
    await append(a, ...lines.slice(0, 2));
    await cluster.clock.advance(10_000);
    a.disk.overwrite(a.layout.contracts, Buffer.from(lines[3] ?? ''));
    await cluster.clock.advance(10_000);
    assert.equal((await textOf(b)).includes(lines[3] ?? '?'), true);
    assert.deepEqual(sorted(await textOf(a)), sorted(await textOf(b)), 'what it dropped comes back');
    await cluster.stop();
  });

  it('whose line is damaged in place come back from a peer, on a line of their own', async () => {
    const { cluster, a, b } = await pair();
    const [first = '', second = ''] = lines;
    await append(a, first, second);
    await cluster.clock.advance(10_000);
    const damaged = first.replace('"0x', '"0y');
    a.disk.overwrite(a.layout.contracts, Buffer.from(damaged + second));
    await cluster.clock.advance(20_000);
    assert.equal(await textOf(a), damaged + second + first);
    assert.deepEqual(sorted(await textOf(b)), sorted(first + second));
    await cluster.stop();
  });

  it('whose line has rotted without a sign are given to nobody, and are read again', async () => {
    const { cluster, a } = await pair();
    await append(a, lines[0] ?? '');
    const book = new ContractBook(a.disk, a.layout.contracts);
    await book.refresh();
    const contract = parseContracts(Buffer.from(lines[0] ?? '')).lines[0]?.hash ?? '0x';
    assert.notEqual(await book.linePart(contract, 0), undefined);
    a.disk.rot(a.layout.contracts, () => 80);
    await book.refresh();
    assert.equal(book.has(contract), true, 'nothing has told of it');
    assert.equal(await book.linePart(contract, 0), undefined);
    await book.refresh();
    assert.equal(book.has(contract), false);
    await cluster.stop();
  });

  it('that a peer invents are refused, and it is named', async () => {
    const { cluster, a, b } = await pair();
    await append(a, ...lines.slice(0, 1));
    await cluster.clock.advance(10_000);
    // What it says it has, it answers with another contract's line.
    await append(a, ...lines.slice(1, 2));
    const { contracts } = a.node.witnesses;
    contracts.linePart = async () => Buffer.from((lines[4] ?? '').trimEnd());
    await cluster.clock.advance(10_000);
    assert.equal(await textOf(b), lines[0]);
    assert.equal(b.eventsOf('contracts-failed').at(-1)?.from, a.id);
    await cluster.stop();
  });
});
