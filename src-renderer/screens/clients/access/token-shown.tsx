import { CodeBlock } from '../../../components/code-block.tsx'
import { useRead } from '../../../queries.ts'
import { NoteLine } from '../note-line.tsx'

/** A token, the one time that it is there to be seen, and how a client uses it. */
export function TokenShown({ token }: { token: string }) {
  const url = useRead('gateway.info', {}).data?.url ?? ''
  const entry = {
    type: 'http',
    url: `${url}/mcp`,
    headers: { Authorization: `Bearer ${token}` },
  }
  return (
    <div className="flex flex-col gap-3">
      <NoteLine kind="warn">
        Copy it now: the gateway keeps a fingerprint of it alone, and cannot show it again.
      </NoteLine>
      <div>
        <p className="mb-1 font-medium">Token</p>
        <CodeBlock label="Token" text={token} />
      </div>
      <div>
        <p className="mb-1 font-medium">As an entry of a client that speaks HTTP</p>
        <CodeBlock label="Entry" text={JSON.stringify(entry, undefined, 2)} />
      </div>
    </div>
  )
}
