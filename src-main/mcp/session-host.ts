/** What a carrier of whole messages (the shim's socket) asks of the protocol. */
export interface DuplexOptions {
  /** One server with its names untouched; absent: all servers as one. */
  serverId?: string
  /** The AI client's id, as its entry gives it (`--client`): for logs, statistics and limits. */
  client?: string
  /** Who it is, for what belongs to a principal. */
  principal: string
  /** One message to the client, in chunks, without a line end. */
  send(chunks: readonly Buffer[]): void
  /** The session is over on the gateway's side: the carrier closes once everything is sent. */
  end(): void
}

export interface Duplex {
  /** One message from the client, without a line end. Never throws. */
  receive(message: Buffer): void
  /** The client is gone. Idempotent. */
  close(): void
}

/** Opens sessions for carriers that keep a connection for each. */
export interface SessionHost {
  /** Throws GatewayError: `server_not_found`, `too_many`, `forbidden` for a client that was disconnected. */
  openDuplex(options: DuplexOptions): Duplex
}
