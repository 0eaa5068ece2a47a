/**
 * What the server answers to GET, by path. Nothing of a request reaches a page but its path and the headers that say in
 * which form the answer will do.
 */

export interface PageRequest {
  /** `Accept-Encoding`; undefined: anything, which to a careful server means none. */
  readonly acceptEncoding: string | undefined;
  readonly ifNoneMatch: string | undefined;
}

export interface PageAnswer {
  readonly status: number;
  /** Media type. */
  readonly type: string;
  readonly body: string | Buffer;
  /** Beside the type; `cache-control: no-store` unless they say otherwise. Names are in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
}

export type Page = (request: PageRequest) => PageAnswer | Promise<PageAnswer>;
export type Pages = ReadonlyMap<string, Page>;
