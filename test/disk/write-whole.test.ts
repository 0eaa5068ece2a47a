import assert from 'node:assert/strict';
import fc from 'fast-check';
import { writeAll, writeParts, type DescriptorWrites } from '../../src/disk/write-whole.ts';
import { holdsAsync } from '../properties.ts';

/** A file in memory on a system that takes at most `takenBytesMax` bytes at a call, in as many calls. */
class ShortWrites implements DescriptorWrites {
  readonly #takenBytesMax: number;
  content = Buffer.alloc(0);
  calls = 0;

  constructor(takenBytesMax: number) {
    this.#takenBytesMax = takenBytesMax;
  }

  write(_descriptor: number, bytes: Uint8Array, start: number, lengthBytes: number, position: number | null) {
    return this.#take(bytes.subarray(start, start + lengthBytes), position ?? this.content.length);
  }

  writev(_descriptor: number, parts: readonly Uint8Array[], position: number) {
    return this.#take(Buffer.concat(parts), position);
  }

  #take(bytes: Uint8Array, position: number): Promise<{ bytesWritten: number }> {
    this.calls++;
    const taken = bytes.subarray(0, this.#takenBytesMax);
    const grown = Buffer.alloc(Math.max(this.content.length, position + taken.length));
    grown.set(this.content);
    grown.set(taken, position);
    this.content = grown;
    return Promise.resolve({ bytesWritten: taken.length });
  }
}

const bytes = fc.uint8Array({ maxLength: 40 });

describe('writing to an open file', () => {
  it('writes all parts at their places, however few bytes the system takes at a call', async () => {
    await holdsAsync(
      fc.asyncProperty(
        fc.array(bytes, { maxLength: 6 }),
        fc.nat(20),
        fc.integer({ min: 1, max: 50 }),
        async (parts, offset, max) => {
          const system = new ShortWrites(max);
          await writeParts(0, parts, offset, system);
          const all = Buffer.concat(parts);
          const expected = all.length === 0 ? all : Buffer.concat([Buffer.alloc(offset), all]);
          assert.deepEqual(system.content, expected);
        },
      ),
    );
  });

  it('writes what follows where the last call ended, without an offset', async () => {
    const system = new ShortWrites(3);
    await writeAll(0, Buffer.from('begun, '), undefined, system);
    await writeAll(0, Buffer.from('and gone on'), undefined, system);
    assert.equal(system.content.toString(), 'begun, and gone on');
  });

  it('takes one call for any number of parts that the system takes whole, and one for a part alone', async () => {
    for (const parts of [[Buffer.from('one')], [Buffer.from('one'), Buffer.from('two'), Buffer.from('three')]]) {
      const system = new ShortWrites(100);
      await writeParts(0, parts, 0, system);
      assert.equal(system.calls, 1);
    }
  });
});
