/**
 * JSON-RPC 2.0 (https://www.jsonrpc.org/specification), from the text of a request to the text of its answer. Knows nothing
 * of HTTP and nothing of the methods.
 *
 * Invariant: every call that has an id is answered exactly once and no notification is; a batch is answered by an array,
 * also when it holds one call; no input makes it throw. Where a method says so, params may be a bare value: the
 * reference's `stateless_getWitness` takes a string, which the specification does not have.
 */

import { isJsonObject, type JsonObject } from '../files/json.ts';

export const PARSE_ERROR = -32700;
export const INVALID_REQUEST = -32600;
export const METHOD_NOT_FOUND = -32601;
export const INVALID_PARAMS = -32602;
export const INTERNAL_ERROR = -32603;
/** Of the range that the specification leaves to servers; the number that go-ethereum uses for it. */
export const RESPONSE_TOO_LARGE = -32003;

export interface RpcLimits {
  /** Of one HTTP body. */
  readonly requestBytesMax: number;
  /** Calls in one batch, each of which can ask for a witness. */
  readonly batchCallsMax: number;
  /** UTF-16 units of all results of one HTTP request together. V8 ends a string at 512 Mi, so this is half of what it can do. */
  readonly responseCharactersMax: number;
}

export const RPC_LIMITS: RpcLimits = {
  requestBytesMax: 1024 * 1024,
  batchCallsMax: 100,
  responseCharactersMax: 256 * 1024 * 1024,
};

/** What a method throws to answer with an error of its own. */
export class RpcError extends Error {
  override readonly name = 'RpcError';
  readonly code: number;
  /** A JSON value for programs; undefined: none. */
  readonly data: unknown;

  constructor(code: number, message: string, data?: unknown) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

/** The request that a call is part of. */
export interface RequestContext {
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  readonly isBatch: boolean;
  /** Runs `wait`, which waits and works on nothing meanwhile. Others may be served until it resolves. */
  readonly idle: <T>(wait: () => Promise<T>) => Promise<T>;
}

/** `params` is what arrived, or undefined. Resolves to a JSON value; throws {@link RpcError}. */
export type RpcMethod = (params: unknown, context: RequestContext) => unknown;
export type RpcMethods = ReadonlyMap<string, RpcMethod>;

type Id = string | number | null;

interface Call {
  readonly method: string;
  readonly params: unknown;
  /** Undefined: a notification. */
  readonly id: Id | undefined;
}

export interface DispatchOptions {
  readonly methods: RpcMethods;
  readonly limits: RpcLimits;
  /** Told what a method threw that is no {@link RpcError}: a defect, of which the caller hears "Internal error" alone. */
  readonly onDefect: (method: string, error: unknown) => void;
  readonly context: Omit<RequestContext, 'isBatch'>;
}

/** The answer to the request `text`; undefined when it is none but notifications, to which nothing is answered. */
export async function dispatch(text: string, options: DispatchOptions): Promise<string | undefined> {
  let request: unknown;
  try {
    request = JSON.parse(text);
  } catch {
    return errorResponse(null, PARSE_ERROR, 'Parse error');
  }
  const budget = { charactersLeft: options.limits.responseCharactersMax };
  if (!Array.isArray(request)) return answer(request, false, options, budget);

  const calls: readonly unknown[] = request;
  const { batchCallsMax } = options.limits;
  if (calls.length === 0) return errorResponse(null, INVALID_REQUEST, 'Invalid Request');
  if (calls.length > batchCallsMax) {
    const message = `Invalid Request: a batch holds at most ${batchCallsMax} calls, found ${calls.length}`;
    return errorResponse(null, INVALID_REQUEST, message);
  }
  const responses: string[] = [];
  // One after the other: the memory that one HTTP request can take is that of one result, and what was answered.
  for (const call of calls) {
    const response = await answer(call, true, options, budget);
    if (response !== undefined) responses.push(response);
  }
  return responses.length === 0 ? undefined : `[${responses.join(',')}]`;
}

interface Budget {
  charactersLeft: number;
}

async function answer(
  request: unknown,
  isBatch: boolean,
  options: DispatchOptions,
  budget: Budget,
): Promise<string | undefined> {
  const call = readCall(request);
  if (call === undefined) return errorResponse(idOf(request) ?? null, INVALID_REQUEST, 'Invalid Request');
  const outcome = await run(call, isBatch, options, budget);
  return call.id === undefined ? undefined : outcome(call.id);
}

/** Runs the call. What it returns makes the response, once the id is known to be wanted. */
async function run(
  call: Call,
  isBatch: boolean,
  { methods, onDefect, context }: DispatchOptions,
  budget: Budget,
): Promise<(id: Id) => string> {
  const method = methods.get(call.method);
  if (method === undefined) return (id) => errorResponse(id, METHOD_NOT_FOUND, 'Method not found');
  try {
    const result = JSON.stringify(await method(call.params, { ...context, isBatch }));
    if (result.length > budget.charactersLeft) {
      return (id) => errorResponse(id, RESPONSE_TOO_LARGE, 'response too large');
    }
    budget.charactersLeft -= result.length;
    return (id) => `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${result}}`;
  } catch (error) {
    if (error instanceof RpcError) return (id) => errorResponse(id, error.code, error.message, error.data);
    onDefect(call.method, error);
    return (id) => errorResponse(id, INTERNAL_ERROR, 'Internal error');
  }
}

function readCall(request: unknown): Call | undefined {
  if (!isJsonObject(request) || request['jsonrpc'] !== '2.0') return undefined;
  const { method, params } = request;
  if (typeof method !== 'string') return undefined;
  const id = idOf(request);
  return id === undefined && 'id' in request ? undefined : { method, params, id };
}

/** The id of what may be a call; undefined when it has none, or one that is no string, number or null. */
function idOf(request: unknown): Id | undefined {
  if (!isJsonObject(request)) return undefined;
  const { id }: JsonObject = request;
  return typeof id === 'string' || typeof id === 'number' || id === null ? id : undefined;
}

/** An error as JSON text; `id` is null when the call's own could not be read. */
export function errorResponse(id: Id, code: number, message: string, data?: unknown): string {
  return JSON.stringify({ jsonrpc: '2.0', id, error: { code, message, data } });
}
