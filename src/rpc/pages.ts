/** What the server answers to GET, by path. Nothing of a request but its path reaches a page. */

export interface PageAnswer {
  readonly status: number;
  /** Media type. */
  readonly type: string;
  readonly body: string;
}

export type Page = () => PageAnswer | Promise<PageAnswer>;
export type Pages = ReadonlyMap<string, Page>;
