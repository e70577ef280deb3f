import { ChevronRight } from 'lucide-react'
import { useState } from 'react'
import type { ServerRow } from '../../../../src-shared/api-servers.ts'
import { messageOf } from '../../../api-error.ts'
import { Button } from '../../../components/button.tsx'
import { cx } from '../../../components/class-names.ts'
import { Field, Input } from '../../../components/field.tsx'
import { useAct } from '../../../queries.ts'

/**
 * The browser ends at an address of the gateway's machine. On another machine nothing answers there, but the address
 * has all that is needed.
 */
export function PasteAddress({ server }: { server: Pick<ServerRow, 'id'> }) {
  const [open, setOpen] = useState(isElsewhere)
  const [text, setText] = useState('')
  const [refusal, setRefusal] = useState<string>()
  const finish = useAct('sign_in.finish')
  const address = text.trim()
  const send = () => {
    if (address === '' || finish.isPending) return
    if (!/^https?:\/\//i.test(address))
      return setRefusal('This is no address. It begins with http://127.0.0.1.')
    setRefusal(undefined)
    finish.mutate(
      { id: server.id, redirect_url: address },
      { onError: (error) => setRefusal(messageOf(error)) },
    )
  }
  return (
    <div className="flex flex-col gap-2">
      <button
        type="button"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        className="-ml-0.5 flex items-center gap-1 self-start rounded-sm text-muted hover:text-text"
      >
        <ChevronRight
          size={14}
          aria-hidden
          className={cx('transition-transform duration-[120ms]', open && 'rotate-90')}
        />
        The browser is on another machine
      </button>
      {open && (
        <form
          className="flex flex-wrap items-start gap-2"
          onSubmit={(event) => {
            event.preventDefault()
            send()
          }}
        >
          <div className="min-w-60 flex-1">
            <Field
              label="Address that the browser ended at"
              hint="Its page cannot be shown there. Copy the whole address from the address bar."
              error={refusal}
            >
              {(ids) => (
                <Input
                  {...ids}
                  value={text}
                  spellCheck={false}
                  placeholder="http://127.0.0.1:…/callback?code=…"
                  className="font-mono text-sm"
                  onChange={(event) => {
                    setText(event.target.value)
                    setRefusal(undefined)
                  }}
                />
              )}
            </Field>
          </div>
          <Button type="submit" className="mt-6" disabled={address === ''} busy={finish.isPending}>
            Go on
          </Button>
        </form>
      )}
    </div>
  )
}

/** A dashboard that is not at this machine's own address: so is its browser. */
function isElsewhere(): boolean {
  const { protocol, hostname } = window.location
  return /^https?:$/.test(protocol) && !/^(?:localhost|127\.[\d.]+|\[::1\])$/.test(hostname)
}
