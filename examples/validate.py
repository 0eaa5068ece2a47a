#!/usr/bin/env python3
"""A validator for driftlock's local API, in Python with its standard library alone; to be given a real stateless client.

usage: validate.py RPC-URL [BLOCKS-TO-DO]

It loops: ask the node for the next block, validate it, report the result. While it works, a thread renews the lease; when
the lease is lost, the work is dropped, since somebody else has the block. See docs/local-api.md.

IT EXECUTES NOTHING: it repeats the state root of the block's header, which it finds in the folder named by BLOCKS as
{number}.{hash}.json, each one block as eth_getBlockByHash answers it.
"""

import json
import os
import sys
import threading
import time
import urllib.request

SUPERSEDED, EXPIRED, NOT_HELD, FINISHED = -32010, -32011, -32012, -32013
LOST = {SUPERSEDED, EXPIRED, NOT_HELD, FINISHED}
LOCK_SECONDS = 30
WAIT_MS = 10_000


class RpcError(Exception):
    def __init__(self, error):
        super().__init__(error["message"])
        self.code = error["code"]


def call(url, method, **params):
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    request = urllib.request.Request(url, body, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=WAIT_MS / 1000 + 30) as response:
        answer = json.load(response)
    if "error" in answer:
        raise RpcError(answer["error"])
    return answer["result"]


def renew_until(done, lost, url, block, remaining_ms):
    """Renews at half of the time left, until the validation is done or the lease lost."""
    while not done.wait(remaining_ms / 2000):
        try:
            remaining_ms = call(url, "driftlock_renew", **block)["remainingMs"]
        except RpcError:
            lost.set()
            return
        except OSError:
            remaining_ms /= 2  # the node restarts, perhaps; a lease that runs out meanwhile is refused then


def validate(claim, lost):
    """The block's state root; None when the block is wrong. Here a real client replays it, and stops once `lost` is set."""
    path = os.path.join(os.environ["BLOCKS"], f"{claim['block']}.{claim['hash']}.json")
    with open(path, encoding="utf-8") as file:
        return json.load(file)["stateRoot"]


def work_on(url, claim):
    block = {"block": claim["block"], "hash": claim["hash"], "epoch": claim["epoch"]}
    done, lost = threading.Event(), threading.Event()
    args = (done, lost, url, block, claim["remainingMs"])
    threading.Thread(target=renew_until, args=args, daemon=True).start()
    try:
        root = validate(claim, lost)
    except OSError as error:  # nothing is known against the block
        done.set()
        print(f"block {block['block']}: no verdict, {error}", file=sys.stderr)
        call(url, "driftlock_release", **block)
        return
    done.set()
    verdict = {"verdict": "failed"} if root is None else {"verdict": "success", "stateRoot": root}
    answer = call(url, "driftlock_complete", **block, **verdict)
    print(f"block {block['block']} epoch {block['epoch']}: {answer['status']}", flush=True)


def main(url, blocks_left=None):
    while blocks_left is None or blocks_left > 0:
        try:
            claim = call(url, "driftlock_next", lockTime=LOCK_SECONDS, waitMs=WAIT_MS)
            if claim is None:
                continue
            work_on(url, claim)
            blocks_left = None if blocks_left is None else blocks_left - 1
        except RpcError as error:
            if error.code not in LOST:
                raise
            print(f"lost: {error}", file=sys.stderr)
        except OSError as error:
            print(f"{url}: {error}; trying again", file=sys.stderr)
            time.sleep(1)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else None)
