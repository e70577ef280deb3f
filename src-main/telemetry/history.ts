import type {
  ActivityDetail,
  ActivityEntry,
  ParsedInput,
  ProcedureOutput,
} from '../../src-shared/api.ts'

/** A request of the past in the form in which it can be sent again, by a caller without a session. */
export interface PastRequest {
  serverId: string
  method: string
  /** A JSON object, as its client wrote it, with the server's own names; without what belonged to that client alone. */
  params: string | undefined
}

/**
 * The last requests of clients to servers, bounded, on disk. Entries are written some time after their call has ended:
 * `flush` waits for what has ended until now. If the disk fails, the history is off from then on (`enabled`), says so
 * once in the log, and answers as if it was empty.
 */
export interface History {
  readonly enabled: boolean
  /** Newest first. */
  list(filter: ParsedInput<'activity.list'>): Promise<ProcedureOutput<'activity.list'>>
  /** Rejects with GatewayError `not_found`. */
  get(id: number): Promise<ActivityDetail>
  /** Rejects with GatewayError `not_found`; `conflict` where it cannot be sent again (`replay_reason`). */
  pastRequest(id: number): Promise<PastRequest>
  clear(): Promise<void>
  /** Called with each entry once it is kept, oldest first. Returns how to stop. */
  onEntry(fn: (entry: ActivityEntry) => void): () => void
  flush(): Promise<void>
  /** Writes what is left. Idempotent. */
  close(): Promise<void>
}
