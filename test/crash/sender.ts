/** A client under test: sends without end, keeps the ledger, and goes on over the end of any daemon. */
export interface Sender {
  readonly name: string;
  /** Sends until `settle` is called. Rejects when something happens that should not. */
  run(): Promise<void>;
  /** Sends nothing new; resolves when everything it sent has its receipt. */
  settle(): Promise<void>;
  /** Gives up, whatever has no receipt. */
  abandon(): void;
}
