import { Copy } from 'lucide-react'
import { IconButton } from '../../components/button.tsx'
import { copyText } from '../../components/copy.ts'
import { SettingRow } from './setting-row.tsx'

/** Something to read and copy: an address, a path. */
export function CopyRow({ label, help, text }: { label: string; help: string; text: string }) {
  return (
    <SettingRow label={label} help={help}>
      {({ id, ...ids }) => (
        <>
          <output
            id={id}
            {...ids}
            title={text}
            // The end of a path says more than its beginning.
            className="min-w-0 flex-1 truncate text-right font-mono text-sm [direction:rtl]"
          >
            <bdi>{text}</bdi>
          </output>
          <IconButton icon={Copy} label={`Copy ${label}`} onClick={() => copyText(text, label)} />
        </>
      )}
    </SettingRow>
  )
}
