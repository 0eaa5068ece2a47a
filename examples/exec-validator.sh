#!/bin/sh
# A validator for `driftlock run --validator exec:examples/exec-validator.sh`, to be replaced by a real stateless client.
#
# usage: exec-validator.sh NUMBER HASH EPOCH WITNESS-FILE
#
# It executes nothing: it repeats the state root that the block's header claims, which it finds in the folder named by
# BLOCKS as {number}.{hash}.json, each one block as eth_getBlockByHash answers it.
#
#   exit 0, last line {"stateRoot":"0x…"}   success
#   exit 1                                  the block is wrong
#   anything else                           no verdict; driftlock asks again later
set -eu

number=$1 hash=$2 epoch=$3 witness=$4
block=${BLOCKS:?the folder of blocks}/$number.$hash.json

if [ ! -r "$block" ]; then
  echo "no header of $number.$hash in $BLOCKS" >&2
  exit 75 # EX_TEMPFAIL: nothing is known against the block
fi

# Here a real client replays the block from the witness and compares the root that it arrives at with the header's.
echo "block $number, epoch $epoch, witness of $(wc -c < "$witness") bytes" >&2

sed -n 's/.*\("stateRoot": *"0x[0-9a-fA-F]*"\).*/{\1}/p' "$block"
