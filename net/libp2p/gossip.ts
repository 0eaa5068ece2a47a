/**
 * gossipsub (v1.2) as driftlock uses it: unsigned messages with content-addressed ids, judged before they are forwarded.
 *
 * Invariants: an RPC that our own nodes send always fits `GOSSIP_RPC_BYTES_MAX`, because one that does not silently ends
 * gossip on that link until it reconnects. Hence one message in one RPC, and no lazy gossip (IHAVE), whose answers pack
 * as many messages as were asked for into one RPC. It is not missed: a publisher sends to every peer it has (flood
 * publish), and reconciliation repairs the rest.
 *
 * Unsigned, because records carry their authors' signatures: 1,500 messages a second against 390 signed ones.
 */

import { gossipsub, StrictNoSign, TopicValidatorResult, type TopicValidatorFn } from '@libp2p/gossipsub';
import { defaultTopicScoreParams, type TopicScoreParams } from '@libp2p/gossipsub/score';
import { bytesToHex } from '@noble/hashes/utils.js';
import { nodeOfPeer } from '../identity/peer-id.ts';
import { gossipMessageId } from '../message-id.ts';
import { GOSSIP_MESSAGE_BYTES_MAX, GOSSIP_SEEN_MS, type GossipHandler, type GossipVerdict } from '../network.ts';

/** A message, and 64 KiB for its topic and the control messages that ride along (subscriptions, GRAFT, PRUNE). */
export const GOSSIP_RPC_BYTES_MAX = GOSSIP_MESSAGE_BYTES_MAX + 64 * 1024;
/** Bytes of gossip waiting for one slow peer. Beyond it gossipsub's stream is reset, and the link is renewed. */
export const GOSSIP_SEND_BUFFER_BYTES_MAX = 16 * 1024 * 1024;
/** Bytes of messages that wait for their verdict. Beyond it messages are ignored: a loss, which reconciliation repairs. */
export const GOSSIP_JUDGED_BYTES_MAX = 32 * 1024 * 1024;

/** What one RPC may hold. Ours hold one message and a control message for each topic. */
const RPC_LIMITS = {
  maxSubscriptions: 64,
  maxMessages: 16,
  maxIhaveMessageIDs: 16,
  maxIwantMessageIDs: 16,
  maxIdontwantMessageIDs: 512,
  maxControlMessages: 64,
  maxPeerInfos: 0,
};

/**
 * Only invalid messages cost score. Silence does not (a cluster may be idle), nor does sharing an address (machines of
 * one site sit behind one, and identities are limited by the member list). The penalty is the square of the invalid
 * messages: 4 at once stop gossip with the peer (threshold −10), 9 make us drop whatever it says (−80), within the second
 * for which gossipsub caches scores. At 5 % decay a second, 9 are forgiven within a minute.
 */
const TOPIC_SCORE: TopicScoreParams = {
  ...defaultTopicScoreParams,
  topicWeight: 1,
  timeInMeshWeight: 0,
  firstMessageDeliveriesWeight: 0,
  meshMessageDeliveriesWeight: 0,
  meshFailurePenaltyWeight: 0,
  invalidMessageDeliveriesWeight: -1,
  invalidMessageDeliveriesDecay: 0.95,
};

/** The gossipsub service for these topics, and no others: what peers say of other topics is dropped unread. */
export function gossipService(topics: readonly string[]): ReturnType<typeof gossipsub> {
  return gossipsub({
    globalSignaturePolicy: StrictNoSign,
    msgIdFn: (message) => gossipMessageId(message.topic, message.data),
    // Most arrivals in a mesh are repetitions; with this they end here, before anything asynchronous is begun.
    fastMsgIdFn: (message) => bytesToHex(gossipMessageId(message.topic, message.data ?? new Uint8Array())),
    seenTTL: GOSSIP_SEEN_MS,
    allowedTopics: [...topics],
    allowPublishToZeroTopicPeers: true,
    ignoreDuplicatePublishError: true,
    floodPublish: true,
    emitSelf: false,
    fallbackToFloodsub: false,
    doPX: false,
    tagMeshPeers: false,
    Dlazy: 0,
    gossipFactor: 0,
    maxInboundDataLength: GOSSIP_RPC_BYTES_MAX,
    maxOutboundBufferSize: GOSSIP_SEND_BUFFER_BYTES_MAX,
    decodeRpcLimits: RPC_LIMITS,
    scoreParams: {
      IPColocationFactorWeight: 0,
      topics: Object.fromEntries(topics.map((topic) => [topic, TOPIC_SCORE])),
    },
  });
}

const RESULT: Record<GossipVerdict, TopicValidatorResult> = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject,
};

/** Bytes that are with a handler now, over all topics of a node. */
export interface JudgedBytes {
  now: number;
}

/** `handler` as gossipsub calls it. A handler that throws counts as `ignore`; so does a message beyond `GOSSIP_JUDGED_BYTES_MAX`. */
export function topicValidator(handler: GossipHandler, judged: JudgedBytes): TopicValidatorFn {
  return async (peer, { data }) => {
    const relayedBy = nodeOfPeer(peer);
    if (relayedBy === undefined || judged.now + data.length > GOSSIP_JUDGED_BYTES_MAX) return RESULT.ignore;
    judged.now += data.length;
    try {
      return RESULT[await handler({ relayedBy, bytes: data })];
    } catch {
      return RESULT.ignore;
    } finally {
      judged.now -= data.length;
    }
  };
}
