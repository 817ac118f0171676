/** The part of cli-progress 3.12 that is used here; the package brings no types. */
declare module 'cli-progress' {
  interface Options {
    readonly format?: string;
    readonly stream?: NodeJS.WritableStream;
    readonly barCompleteChar?: string;
    readonly barIncompleteChar?: string;
    readonly fps?: number;
    readonly clearOnComplete?: boolean;
    readonly autopadding?: boolean;
  }

  class SingleBar {
    constructor(options: Options);
    start(total: number, startValue: number, payload?: object): void;
    setTotal(total: number): void;
    update(current: number, payload?: object): void;
    stop(): void;
  }

  const progress: { readonly SingleBar: typeof SingleBar };
  export default progress;
  export type { SingleBar };
}
