import type { Database, Statement } from 'better-sqlite3';
import { createHmac, randomBytes } from 'node:crypto';

const KEY_BYTES = 32;
const MAC_BYTES = 16;
/** Bits of a bucket: the map of those that are taken has 512 KiB, and a hundred thousand take one in forty. */
const BUCKET_BITS = 22;

/**
 * Events that were forgotten on request, so that no copy of one is taken again: by a keyed hash of their identity, from
 * which nothing can be read without the key. The key is in the same database: whoever has all of it can test a guess.
 *
 * Without tombstones an event costs nothing here. With some, a few bits of its hash, mixed with the key, rule out nearly
 * every other event; only what is left is hashed and looked up.
 */
export class Tombstones {
  readonly #db: Database;
  #isKeyUnsaved = false;
  readonly #find: Statement<[Buffer], 1>;
  readonly #add: Statement<[Buffer, number]>;
  /** One bit a bucket. What was rolled back leaves its bit, which costs a look-up. */
  #buckets: Uint8Array | undefined;
  #key: Buffer | undefined;
  #mixer: readonly [number, number, number, number] = [0, 1, 0, 1];

  constructor(db: Database) {
    this.#db = db;
    this.#find = db.prepare<[Buffer], 1>('SELECT 1 FROM tombstone WHERE mac = ?').pluck();
    this.#add = db.prepare('INSERT INTO tombstone (mac, bucket) VALUES (?, ?) ON CONFLICT DO NOTHING');
    const key = db.prepare<[], Buffer>('SELECT key FROM tombstone_key').pluck().get();
    if (key === undefined) return;
    this.#use(key);
    for (const bucket of db.prepare<[], number>('SELECT bucket FROM tombstone').pluck().iterate()) this.#note(bucket);
  }

  get isEmpty(): boolean {
    return this.#buckets === undefined;
  }

  /** @param hash the identity of an event, 16 bytes */
  has(hash: Buffer): boolean {
    if (this.#buckets === undefined) return false;
    const bucket = this.#bucketOf(hash);
    if (((this.#buckets[bucket >>> 3] ?? 0) & (1 << (bucket & 7))) === 0) return false;
    return this.#find.get(this.#macOf(hash)) !== undefined;
  }

  /** Call inside the transaction that deletes the event. Returns whether it is a new one. */
  add(hash: Buffer): boolean {
    if (this.#key === undefined) this.#makeKey();
    const bucket = this.#bucketOf(hash);
    this.#note(bucket);
    return this.#add.run(this.#macOf(hash), bucket).changes > 0;
  }

  /** The transaction is committed. */
  saved(): void {
    this.#isKeyUnsaved = false;
  }

  /** The transaction is rolled back; if it was that of the first tombstone, the key is gone with it. */
  rollback(): void {
    if (!this.#isKeyUnsaved) return;
    this.#isKeyUnsaved = false;
    this.#key = undefined;
    this.#buckets = undefined;
  }

  #makeKey(): void {
    const key = randomBytes(KEY_BYTES);
    this.#db.prepare('INSERT INTO tombstone_key (id, key) VALUES (1, ?)').run(key);
    this.#isKeyUnsaved = true;
    this.#use(key);
  }

  #use(key: Buffer): void {
    this.#key = key;
    const mixed = createHmac('sha256', key).update('buckets').digest();
    this.#mixer = [mixed.readInt32LE(0), mixed.readInt32LE(4) | 1, mixed.readInt32LE(8), mixed.readInt32LE(12) | 1];
  }

  #note(bucket: number): void {
    this.#buckets ??= new Uint8Array(2 ** (BUCKET_BITS - 3));
    const at = (bucket >>> 3) % this.#buckets.length;
    this.#buckets[at] = (this.#buckets[at] ?? 0) | (1 << (bucket & 7));
  }

  #bucketOf(hash: Buffer): number {
    const [a, b, c, d] = this.#mixer;
    const sum = Math.imul(hash.readInt32LE(0) ^ a, b) + Math.imul(hash.readInt32LE(4) ^ c, d);
    return sum >>> (32 - BUCKET_BITS);
  }

  #macOf(hash: Buffer): Buffer {
    return createHmac('sha256', this.#key ?? '')
      .update(hash)
      .digest()
      .subarray(0, MAC_BYTES);
  }
}
