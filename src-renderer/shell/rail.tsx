import { Link } from '@tanstack/react-router'
import {
  Activity,
  BookText,
  Logs,
  Plug,
  Search,
  Server,
  Settings,
  type LucideIcon,
} from 'lucide-react'
import { screenWords } from '../../src-shared/action-words.ts'
import { cx } from '../components/class-names.ts'
import { useDesktop } from '../desktop.ts'
import { useRead } from '../queries.ts'
import { counted } from '../words.ts'
import { useConnection } from './connection-banner.tsx'
import { GatewayMark } from './gateway-mark.tsx'

const screens = [
  { to: '/servers', word: screenWords.servers, icon: Server },
  { to: '/activity', word: screenWords.activity, icon: Activity },
  { to: '/catalog', word: screenWords.catalog, icon: BookText },
  { to: '/clients', word: screenWords.clients, icon: Plug },
  { to: '/logs', word: screenWords.logs, icon: Logs },
] as const

const item =
  'flex h-8 items-center gap-2.5 rounded px-2.5 text-base text-muted transition-colors duration-[120ms] hover:bg-hover hover:text-text max-wide:justify-center max-wide:px-0'

/** The left rail: icons and words, icons alone in a narrow window. */
export function Rail({ onPalette }: { onPalette: () => void }) {
  return (
    <nav
      aria-label="Screens"
      className="flex w-[184px] shrink-0 flex-col gap-0.5 bg-bg p-2.5 max-wide:w-[52px]"
    >
      <div className="mb-2 flex h-9 items-center gap-2 px-2.5 max-wide:justify-center max-wide:px-0">
        <GatewayMark className="shrink-0 text-accent" />
        <span className="truncate font-semibold max-wide:sr-only">MCP Gateway</span>
      </div>
      <button
        type="button"
        onClick={onPalette}
        title="Search (Ctrl+K)"
        className={cx(item, 'mb-2')}
      >
        <Search size={16} aria-hidden className="shrink-0" />
        <span className="max-wide:sr-only">Search</span>
        <kbd className="ml-auto font-sans text-xs max-wide:hidden">{modifier}K</kbd>
      </button>
      {screens.map((screen) => (
        <ScreenLink key={screen.to} {...screen} />
      ))}
      <div className="mt-auto flex flex-col gap-1">
        <ScreenLink to="/settings" word={screenWords.settings} icon={Settings} />
        <GatewayLine />
      </div>
    </nav>
  )
}

function ScreenLink({
  to,
  word,
  icon: Icon,
}: {
  to: '/servers' | '/activity' | '/catalog' | '/clients' | '/logs' | '/settings'
  word: string
  icon: LucideIcon
}) {
  return (
    <Link
      to={to}
      title={word}
      className={item}
      activeProps={{ className: 'bg-line/70 font-medium !text-text', 'aria-current': 'page' }}
    >
      <Icon size={16} aria-hidden className="shrink-0" />
      <span className="max-wide:sr-only">{word}</span>
    </Link>
  )
}

const modifier = navigator.platform.startsWith('Mac') ? '⌘' : 'Ctrl '

/** The gateway's state and address. */
function GatewayLine() {
  const info = useRead('gateway.info', {})
  const connected = useConnection()
  const desktop = useDesktop()
  const { colour, word } =
    desktop?.gateway === 'none'
      ? { colour: 'bg-bad', word: 'No gateway' }
      : !connected
        ? { colour: 'bg-bad', word: 'Not connected' }
        : info.data === undefined
          ? { colour: 'bg-idle', word: 'Connecting' }
          : info.data.paused
            ? { colour: 'bg-warn', word: 'Paused' }
            : { colour: 'bg-ok', word: 'Listening' }
  const address = info.data?.url.replace(/^https?:\/\//, '')
  return (
    <div
      className="flex flex-col px-2.5 pb-1 text-xs text-muted max-wide:items-center max-wide:px-0"
      title={[word, info.data?.url].filter(Boolean).join(', ')}
    >
      <span className="flex items-center gap-2">
        <span aria-hidden className={cx('mx-1 size-2 rounded-full', colour)} />
        <span className="max-wide:sr-only">
          {word}
          {info.data !== undefined && connected && <>, {counted(info.data.sessions, 'session')}</>}
        </span>
      </span>
      {address !== undefined && (
        <span className="truncate pl-6 font-mono max-wide:hidden">{address}</span>
      )}
    </div>
  )
}
