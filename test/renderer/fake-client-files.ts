const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`

/** Files of a person who has several AI clients, by their paths in the home. */
export const sampleClientFiles: Record<string, { text: string; mode?: number }> = {
  '.cursor/mcp.json': {
    text: `{
  // What I need every day.
  "mcpServers": {
    "playwright": { "command": "npx", "args": ["-y", "@playwright/mcp@latest"] }
  }
}
`,
  },
  '.config/Claude/claude_desktop_config.json': {
    text: json({
      globalShortcut: 'Ctrl+Space',
      mcpServers: {
        notes: {
          command: 'npx',
          args: ['-y', '@modelcontextprotocol/server-filesystem', '/home/ada/notes'],
        },
        'brave-search': {
          command: 'npx',
          args: ['-y', '@modelcontextprotocol/server-brave-search'],
          env: { BRAVE_API_KEY: 'BSAq7Wn2xkP0v8yT3rLmZ5cD' },
        },
      },
    }),
  },
  '.config/Code/User/mcp.json': { text: json({ servers: {} }) },
  '.config/Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json': {
    text: json({
      mcpServers: {
        linear: {
          type: 'streamableHttp',
          url: 'https://mcp.linear.app/mcp',
          headers: { Authorization: 'Bearer lin_api_Yx81Kd02mPqRsTuVwXyZ4a6b' },
          disabled: false,
        },
        search: {
          command: 'npx',
          args: ['-y', '@modelcontextprotocol/server-brave-search'],
          env: { BRAVE_API_KEY: 'BSAq7Wn2xkP0v8yT3rLmZ5cD' },
        },
      },
    }),
  },
  '.config/Code/User/globalStorage/rooveterinaryinc.roo-cline/settings/mcp_settings.json': {
    text: json({ mcpServers: {} }),
  },
  '.codex/config.toml': {
    text: 'model = "o3"   # for the hard ones\n\n[history]\npersistence = "none"\n',
  },
  '.config/zed/settings.json': {
    text: `// Zed settings
{
  "theme": "One Dark",
  "buffer_font_size": 14,
}
`,
  },
  '.gemini/settings.json': { text: '{ "mcpServers": { "half": \n' },
  '.claude.json': { text: json({ numStartups: 42, mcpServers: {} }) },
  '.local/bin/claude': {
    text: `#!/bin/sh
[ "$1 $2" = "mcp add-json" ] && printf '{"mcpServers":{"%s":%s}}' "$5" "$6" > "$HOME/.claude.json"
[ "$1 $2" = "mcp remove" ] && printf '{"mcpServers":{}}' > "$HOME/.claude.json"
exit 0
`,
    mode: 0o755,
  },
  '.local/bin/node': { text: '#!/bin/sh\n', mode: 0o755 },
  '.local/lib/gateway-stdio.cjs': { text: '' },
}
