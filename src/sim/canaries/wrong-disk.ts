/** Canaries in the disk: what was promised to be durable is not, or a file is not written that should be. */

import type { Disk, FileIdentity } from '../../disk/disk.ts';
import { placeEach } from '../../disk/place.ts';
import { STATE_DATA_HEADER_BYTES } from '../../files/state-data.ts';
import { decodeValidateFile, VALIDATE_FILE_BYTES_MAX } from '../../files/validate-file.ts';
import { parseBlockFileName } from '../../files/file-names.ts';
import { basename } from 'node:path';
import { SOUND_PARTS, type Canary } from './canary.ts';

export const PUBLISH_BEFORE_FSYNC: Canary = {
  name: 'publish-before-fsync',
  what: 'a result is published when it is written, before it is synced',
  parts: {
    ...SOUND_PARTS,
    disk: (disk) =>
      withChanges(disk, {
        create: (path, bytes) => disk.create(path, bytes, { sync: false }),
        append: (path, bytes) => appendUnsynced(disk, path, bytes),
        syncFile: () => Promise.resolve(),
        syncDirectory: () => Promise.resolve(),
      }),
  },
};

export const STALE_TRAILER: Canary = {
  name: 'stale-trailer',
  what: 'a file that another program wrote is not written again with the record behind it',
  parts: {
    ...SOUND_PARTS,
    disk: (disk) =>
      withChanges(disk, {
        replace: async (from, to, expected) => {
          if (expected === undefined || !(await isForeign(disk, to))) return disk.replace(from, to, expected);
          await disk.remove(from);
          return true;
        },
      }),
  },
};

/** A file of the old content and the new takes the old one's place, and nothing of it is synced. */
async function appendUnsynced(disk: Disk, path: string, bytes: Uint8Array): Promise<void> {
  const before = await disk.read(path, Infinity);
  await disk.create(`${path}.tmp`, Buffer.concat([before?.bytes ?? new Uint8Array(), bytes]), { sync: false });
  await disk.move(`${path}.tmp`, path);
}

/** Whether another program wrote the `.v` at `path`. */
async function isForeign(disk: Disk, path: string): Promise<boolean> {
  const name = basename(path);
  const content = await disk.read(path, VALIDATE_FILE_BYTES_MAX);
  const isValidateFile = parseBlockFileName(name)?.kind === 'validate';
  if (!isValidateFile || content === undefined || content.bytes.length < STATE_DATA_HEADER_BYTES) return false;
  return decodeValidateFile(content.bytes, name).trailer.kind !== 'valid';
}

/** `disk`, with some of its operations done otherwise. */
function withChanges(disk: Disk, changes: Partial<Disk>): Disk {
  const changed: Disk = {
    read: (path, maxBytes) => disk.read(path, maxBytes),
    readRange: (path, offset, lengthBytes, into) => disk.readRange(path, offset, lengthBytes, into),
    identify: (path) => disk.identify(path),
    list: (directory) => disk.list(directory),
    scan: (directory) => disk.scan(directory),
    names: (directory) => disk.names(directory),
    readBatch: (paths, maxBytes) => disk.readBatch(paths, maxBytes),
    listDirectories: (directory) => disk.listDirectories(directory),
    makeDirectory: (directory) => disk.makeDirectory(directory),
    create: (path, bytes, options): Promise<FileIdentity> => disk.create(path, bytes, options),
    writeAt: (path, offset, ...parts) => disk.writeAt(path, offset, ...parts),
    syncFile: (path) => disk.syncFile(path),
    syncDirectory: (directory) => disk.syncDirectory(directory),
    replace: (from, to, expected) => disk.replace(from, to, expected),
    move: (from, to) => disk.move(from, to),
    append: (path, bytes) => disk.append(path, bytes),
    remove: (path) => disk.remove(path),
    watch: (directory, onChange) => disk.watch(directory, onChange),
    place: (batch, options) => placeEach(changed, batch, options),
    ...changes,
  };
  return changed;
}
