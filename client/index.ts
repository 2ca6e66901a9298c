/** What `import … from 'daybook'` gives. */
export type { RecordCounters, Recovery } from './record-counters.ts';
export { Client } from './client.ts';
export { parseCondition } from './condition-text.ts';
export { connect, type ConnectOptions } from './connect.ts';
export {
  createEventPersistence,
  type EventPersistence,
  type EventPersistenceConfig,
  type PatternInput,
} from './event-persistence.ts';
export { connectWithNet } from './net-transport.ts';
export { connectWithNodeIpc } from './transport.ts';
export type { GapQuery } from './gaps.ts';
export type { EventsToMark, Listing } from './listings.ts';
export type { CountDimension, CountQuery, EventCount } from './count.ts';
export type { EventQuery } from './query.ts';
export type { ReplayClock } from './pace.ts';
export type { Replay, ReplayOptions } from './replay.ts';
export type { EventSearch } from './search.ts';
export type { SpoolOptions } from './spool/settings.ts';
export type { Tail, TailOptions } from './tail.ts';
export type { ByteStream, StreamHandlers, Transport } from '../shared/byte-stream.ts';
export { DaybookError, type ErrorCode, errorCodes } from '../shared/errors.ts';
export type { EventInput, Json, StoredEvent } from '../shared/event.ts';
export type { WireLimits } from '../shared/limits.ts';
export type { Condition, ConditionOperator, Scalar } from '../shared/messages/condition.ts';
export type { EventFilter } from '../shared/messages/filter.ts';
export type { NamedCursor } from '../shared/messages/cursors.ts';
export type { Gap } from '../shared/messages/gaps.ts';
export type { HelloReply } from '../shared/messages/hello.ts';
export type { Pattern, PatternFilter } from '../shared/messages/patterns.ts';
export type { Order, QueryReply, QueryRequest } from '../shared/messages/query.ts';
export type { Durability, Receipt, Rejection } from '../shared/messages/record.ts';
export type {
  PlannedType,
  RetentionPlanReply,
  RetentionPlanRequest,
  RetentionRunReply,
} from '../shared/messages/retention.ts';
export type { RetentionRule } from '../shared/retention-rule.ts';
export type { Sample, SampleFigures, StoreSampleRequest } from '../shared/messages/samples.ts';
export type { CanaryReply } from '../shared/messages/canary.ts';
export type { SourceActivity, SourcesReply, SourceState } from '../shared/messages/sources.ts';
export type { DatabaseStats, StatsReply } from '../shared/messages/stats.ts';
export type { DaemonPerformance, DaemonSettings, StatusReply, StorageState } from '../shared/messages/status.ts';
export type { StorePatternReply, StorePatternRequest } from '../shared/messages/store-pattern.ts';
export type { TailPosition, TailReset } from '../shared/messages/tail.ts';
export type { SearchReply, SearchRequest } from '../shared/messages/search.ts';
export type { VacuumReply } from '../shared/messages/vacuum.ts';
export type { DamagedEvent, SearchCheck, VerifyReply, VerifyRequest } from '../shared/messages/verify.ts';
