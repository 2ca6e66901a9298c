/**
 * Every bound of the protocol and of the daemon, in one place. The ones a client must respect are sent to it in the
 * `hello` reply (see `wireLimits`). Units are in the names.
 */

const KiB = 1024;
const MiB = 1024 * KiB;

export const limits = {
  /** One event as it stands in a record body, msgpack bytes. */
  eventBytes: 1 * MiB,
  /** One frame: header and body, without the four length bytes. */
  frameBytes: 8 * MiB,
  /** Body of every request other than `record`. */
  controlBodyBytes: 64 * KiB,
  /** Nested maps and arrays in an event, the event itself being level 1. */
  nestingDepth: 64,
  /** Values in one event: keys, values, items, maps and lists, at all levels. */
  valuesPerEvent: 65_536,
  /** Events in one record request. */
  eventsPerFrame: 10_000,
  /** `type`, `source` and `action`, UTF-8 bytes each. */
  nameBytes: 256,
  /** Distinct names of one kind (types, sources, actions) in a database. */
  namesPerKind: 65_536,
  /** Timestamps are seconds since 1970 and lie in [min, max): the year 10000 is out. */
  timestampMinSeconds: 0,
  timestampMaxSeconds: 253_402_300_800,
  /** Nested maps and arrays in the body of every other request. */
  controlNestingDepth: 16,
  connections: 1_024,
  /** Sockets accepted beyond that, so that they can be told why they are refused. */
  refusalReserve: 64,
  /** A connection must say hello within this time. */
  helloTimeoutMs: 5_000,
  /** A frame that has begun must be complete within this time. */
  frameTimeoutMs: 30_000,
  /** Record bytes accepted from all connections and not yet handed to the writer. */
  ingestQueueBytes: 32 * MiB,
  /** Record bytes of one connection that wait in the queue; past it the daemon stops reading that socket. */
  ingestQueueBytesPerConnection: 4 * MiB,
  /** Record bytes the writer thread holds at a time. One whole frame is always allowed. */
  writerWindowBytes: 2 * MiB,
  /** What a queued request counts besides its body: about what it takes while it waits. */
  requestOverheadBytes: 512,
  /** What each event of a queued request counts besides its bytes: ten thousand tiny events are no small request. */
  eventOverheadBytes: 64,
  /** Other requests of one connection that may be under way; past it the daemon stops reading that socket. */
  requestsPerConnection: 64,
  /** Reply bytes a client has not read yet; past it the daemon drops the connection. */
  pendingReplyBytes: 32 * MiB,
  /** Rows in one page of a query or a tail. */
  pageRows: 1_000,
  /** JSON text of the events in one page, characters; a page holds at least one event. */
  pageBytes: 2 * MiB,
  /** Rows a query looks at in one statement before it checks its deadline. */
  scanRows: 2_000,
  /** A query that has run this long returns what it has, with a cursor. */
  queryDeadlineMs: 1_000,
  /** Requests that wait for the reader thread. */
  readerQueueRequests: 4_096,
  /** How long the reader thread stays without a question. */
  readerIdleMs: 60_000,
  /** Verifications that wait for their process, and how long it stays without any. */
  verifyQueueRequests: 64,
  verifyIdleMs: 2_000,
  /** Requests for housekeeping that wait for the writer. */
  housekeepingQueueRequests: 64,
  /** Tails of one connection. */
  tailsPerConnection: 16,
  /** Named cursors in a database. */
  cursors: 1_024,
  /** Sources with a cadence in a database, and sources in one listing. */
  declaredSources: 1_024,
  sourcesListed: 4_096,
  /** Cadences that can be declared. */
  cadenceMinMs: 100,
  cadenceMaxSeconds: 31_622_400,
  /** Without a cadence, a source is live for so long after a commit. */
  liveSeconds: 600,
  /** The daemon sends itself an event at most this often; asked sooner it gives the last answer. */
  canaryIntervalMs: 10_000,
  /** For so long it is the same event again, which leaves no other row. */
  canaryEventMs: 86_400_000,
  /** How long a tail waits for the end of another under the same name. */
  cursorHandoverMs: 250,
  /** Events that one request can mark as processed by their ids. */
  idsPerMark: 5_000,
  /** Events that a tail passes over before it says how far it is, if it was asked to. */
  tailProgressEvents: 1_000,
  /** Answer bytes a client may leave untaken before its tails wait for it. */
  tailHighWaterBytes: 256 * KiB,
  /** Values in one filter list (types, sources, actions). */
  filterValues: 64,
  /** A full-text query: UTF-16 code units, and words in it. */
  searchQueryCharacters: 4_096,
  searchWords: 64,
  /** Gaps in one report of a producer. */
  gapsPerReport: 256,
  /** The highest number a producer can give an event of one epoch. */
  counterMax: 2 ** 48,
  /** Payload bytes from which the payload is compressed. */
  compressFromBytes: 1 * KiB,
  /** A stored payload never expands past this, whatever its gzip stream claims. */
  payloadJsonBytes: 8 * MiB,
  /** Pages of the write-ahead log, of 4 KiB, from which they are moved into the database. */
  checkpointPages: 4_000,
  /** Bytes of the write-ahead log from which somebody must be told: another program keeps it from being reused. */
  walAlarmBytes: 256 * MiB,
  /** The longest a maintenance slice may hold the writer. */
  maintenanceSliceMs: 50,
  /** From SIGTERM to the end of the process. */
  shutdownMs: 2_000,
  /** One log file before it is rotated, and how many rotated ones are kept. */
  logFileBytes: 5 * MiB,
  logFilesKept: 3,
  /** Log lines with the same message in a minute; the rest are counted. */
  sameLogMessagesPerMinute: 60,
  /** Bytes of frames that have begun and are not complete, of all connections. */
  partialFrameBytes: 64 * MiB,
  /** File descriptors that connections leave for the database, the log and what the system needs. */
  reservedDescriptors: 52,
  /** How often the daemon looks whether its socket is still where clients look for it. */
  socketCheckMs: 60_000,
  /** Rules of retention by type and source. */
  retentionRules: 256,
  /** Configuration file. */
  configFileBytes: 1 * MiB,
  /** Unix socket path, bytes without the final NUL. */
  socketPathBytesDarwin: 103,
  socketPathBytesLinux: 107,
} as const;

/** The bounds a client is told in the `hello` reply. */
export const wireLimits = {
  eventBytes: limits.eventBytes,
  frameBytes: limits.frameBytes,
  controlBodyBytes: limits.controlBodyBytes,
  nestingDepth: limits.nestingDepth,
  valuesPerEvent: limits.valuesPerEvent,
  eventsPerFrame: limits.eventsPerFrame,
  nameBytes: limits.nameBytes,
  namesPerKind: limits.namesPerKind,
  timestampMinSeconds: limits.timestampMinSeconds,
  timestampMaxSeconds: limits.timestampMaxSeconds,
  connections: limits.connections,
  helloTimeoutMs: limits.helloTimeoutMs,
  frameTimeoutMs: limits.frameTimeoutMs,
  ingestQueueBytes: limits.ingestQueueBytes,
  ingestQueueBytesPerConnection: limits.ingestQueueBytesPerConnection,
  requestsPerConnection: limits.requestsPerConnection,
  pendingReplyBytes: limits.pendingReplyBytes,
  pageRows: limits.pageRows,
  pageBytes: limits.pageBytes,
  queryDeadlineMs: limits.queryDeadlineMs,
  tailsPerConnection: limits.tailsPerConnection,
  cursors: limits.cursors,
  declaredSources: limits.declaredSources,
  sourcesListed: limits.sourcesListed,
  idsPerMark: limits.idsPerMark,
  filterValues: limits.filterValues,
  searchQueryCharacters: limits.searchQueryCharacters,
  searchWords: limits.searchWords,
  gapsPerReport: limits.gapsPerReport,
  counterMax: limits.counterMax,
} as const;

export type WireLimits = { [name in keyof typeof wireLimits]: number };
