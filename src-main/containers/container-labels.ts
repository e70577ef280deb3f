const prefix = 'io.github.open-mcp-gateway'

/** What tells our containers from everybody else's. */
export const labels = {
  /** Of the state directory's gateway; see ContainerRecords. */
  instance: `${prefix}.gateway.instance`,
  server: `${prefix}.gateway.server`,
  /** One for each launch: what is alive is known by it before the engine has given an id. */
  launch: `${prefix}.gateway.launch`,
} as const
