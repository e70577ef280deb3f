import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useCallback } from 'react'
import {
  Activity,
  BookText,
  CirclePause,
  CirclePlay,
  CirclePlus,
  Download,
  Keyboard,
  KeyRound,
  LogIn,
  Logs,
  Moon,
  Play,
  Plug,
  Power,
  RefreshCw,
  RotateCw,
  Server,
  Settings,
  Square,
  Sun,
  SunMoon,
  type LucideIcon,
} from 'lucide-react'
import { actionWords, actOn, screenWords, signInTo } from '../../src-shared/action-words.ts'
import type { ClientRow } from '../../src-shared/api-clients.ts'
import type { ServerRow } from '../../src-shared/api-servers.ts'
import { shownState } from '../../src-shared/shown-state.ts'
import { ApiError } from '../api-error.ts'
import { notify, notifyFailure } from '../components/toast.tsx'
import { keyOf, useGateway, useRead } from '../queries.ts'
import { setTheme } from '../theme.ts'
import { counted } from '../words.ts'
import { useSignIn } from './sign-in.ts'

export interface Action {
  /** Unique, also the palette's value. */
  id: string
  label: string
  group: 'Screens' | 'Servers' | 'Clients' | 'Gateway' | 'Window'
  icon: LucideIcon
  /** Other words that find it. */
  keywords?: string[]
  run: () => void
}

export type ServerAct = 'start' | 'stop' | 'restart'

/** Starts, stops and restarts servers; a failure is a notice with its remedy. */
export function useServerActs() {
  const gateway = useGateway()
  const navigate = useNavigate()
  const signIn = useSignIn()
  const cache = useQueryClient()
  return useCallback(
    (act: ServerAct, server: Pick<ServerRow, 'id' | 'display_name'>) => {
      gateway.call(`server.${act}`, { id: server.id }).then(
        (row) => {
          cache.setQueryData<ServerRow[]>(keyOf('servers.list', {}), (rows) =>
            rows?.map((one) => (one.id === row.id ? row : one)),
          )
        },
        (thrown: unknown) => {
          if (!(thrown instanceof ApiError && thrown.code === 'sign_in_needed'))
            return notifyFailure(`${server.display_name} did not ${act}.`, thrown)
          // No failure, but something to do.
          const run = () => {
            void navigate({ to: '/servers/$id', params: { id: server.id } })
            signIn(server)
          }
          notify({
            title: `${server.display_name} needs a sign-in`,
            action: { label: actionWords.signIn, run },
          })
        },
      )
    },
    [gateway, cache, navigate, signIn],
  )
}

/** What Space does to a server. */
export function startOrStop(server: Pick<ServerRow, 'status'>): 'start' | 'stop' {
  return server.status === 'running' || server.status === 'starting' ? 'stop' : 'start'
}

/** Everything that the palette reaches; the tray's words. `onHelp` shows the keys. */
export function useActions(onHelp: () => void): Action[] {
  const gateway = useGateway()
  const navigate = useNavigate()
  const servers = useRead('servers.list', {})
  const clients = useRead('clients.list', {})
  const info = useRead('gateway.info', {})
  const act = useServerActs()
  const signIn = useSignIn()
  const go =
    (to: '/servers' | '/activity' | '/catalog' | '/clients' | '/logs' | '/settings') => () =>
      void navigate({ to })
  const attempt = (title: string, work: Promise<unknown>, done: string) => {
    work.then(
      () => notify({ title: done }),
      (thrown: unknown) => notifyFailure(title, thrown),
    )
  }
  const paused = info.data?.paused === true
  const inApp = window.openMcpGateway !== undefined
  const attemptQuit = () => {
    gateway
      .call('desktop.quit', {})
      .catch((thrown: unknown) => notifyFailure('The app did not quit.', thrown))
  }
  return [
    {
      id: 'screen:servers',
      label: screenWords.servers,
      group: 'Screens',
      icon: Server,
      run: go('/servers'),
    },
    {
      id: 'screen:activity',
      label: screenWords.activity,
      group: 'Screens',
      icon: Activity,
      run: go('/activity'),
    },
    {
      id: 'screen:catalog',
      label: actionWords.editCatalog,
      group: 'Screens',
      icon: BookText,
      keywords: ['yaml'],
      run: go('/catalog'),
    },
    {
      id: 'screen:clients',
      label: actionWords.connectClients,
      group: 'Screens',
      icon: Plug,
      keywords: ['ai', 'cursor', 'claude', 'cline'],
      run: go('/clients'),
    },
    {
      id: 'screen:logs',
      label: screenWords.logs,
      group: 'Screens',
      icon: Logs,
      run: go('/logs'),
    },
    {
      id: 'screen:settings',
      label: screenWords.settings,
      group: 'Screens',
      icon: Settings,
      keywords: ['preferences', 'key', 'address'],
      run: go('/settings'),
    },
    {
      id: 'gateway:add',
      label: actionWords.addServer,
      group: 'Gateway',
      icon: CirclePlus,
      keywords: ['new', 'paste', 'template'],
      run: () => void navigate({ to: '/catalog', search: { add: '1' } }),
    },
    {
      id: 'gateway:import',
      label: actionWords.importServers,
      group: 'Gateway',
      icon: Download,
      keywords: ['mcp.json', 'bundle', 'clients'],
      run: () => void navigate({ to: '/clients', search: { import: '1' } }),
    },
    {
      id: 'gateway:grant',
      label: actionWords.giveAccess,
      group: 'Gateway',
      icon: KeyRound,
      keywords: ['token', 'client'],
      run: () => void navigate({ to: '/clients', search: { grant: '1' } }),
    },
    paused
      ? {
          id: 'gateway:resume',
          label: actionWords.resumeAll,
          group: 'Gateway',
          icon: CirclePlay,
          run: () =>
            attempt('The gateway was not resumed.', gateway.call('gateway.resume', {}), 'Resumed'),
        }
      : {
          id: 'gateway:pause',
          label: actionWords.pauseAll,
          group: 'Gateway',
          icon: CirclePause,
          keywords: ['stop all'],
          run: () =>
            attempt(
              'The gateway was not paused.',
              gateway.call('gateway.pause', {}),
              'All servers paused',
            ),
        },
    {
      id: 'gateway:reload',
      label: actionWords.reloadCatalog,
      group: 'Gateway',
      icon: RefreshCw,
      run: () => {
        gateway.call('catalog.reload', {}).then(
          ({ servers_loaded: loaded }) =>
            notify({ title: `Catalog reloaded, ${counted(loaded, 'server')}` }),
          (thrown: unknown) => notifyFailure('The catalog was not reloaded.', thrown),
        )
      },
    },
    {
      id: 'theme:light',
      label: 'Light theme',
      group: 'Window',
      icon: Sun,
      run: () => setTheme('light'),
    },
    {
      id: 'theme:dark',
      label: 'Dark theme',
      group: 'Window',
      icon: Moon,
      run: () => setTheme('dark'),
    },
    {
      id: 'theme:system',
      label: 'Theme of the system',
      group: 'Window',
      icon: SunMoon,
      run: () => setTheme('system'),
    },
    { id: 'window:keys', label: 'Show keys', group: 'Window', icon: Keyboard, run: onHelp },
    ...(inApp
      ? [
          {
            id: 'window:quit',
            label: actionWords.quit,
            group: 'Window' as const,
            icon: Power,
            keywords: ['exit'],
            run: attemptQuit,
          },
        ]
      : []),
    ...(servers.data ?? []).flatMap((server) =>
      serverActions(
        server,
        act,
        (id) => void navigate({ to: '/servers/$id', params: { id } }),
        signIn,
      ),
    ),
    ...(clients.data ?? []).flatMap((client) =>
      clientActions(
        client,
        (connect) =>
          void navigate({
            to: '/clients/$id',
            params: { id: client.id },
            search: connect ? { connect: '1' } : {},
          }),
      ),
    ),
  ]
}

function serverActions(
  server: ServerRow,
  act: ReturnType<typeof useServerActs>,
  open: (id: string) => void,
  signIn: ReturnType<typeof useSignIn>,
): Action[] {
  const name = server.display_name
  const keywords = [server.id, ...server.tags]
  const main = startOrStop(server)
  const state = shownState(server)
  const shared = { group: 'Servers', keywords } as const
  return [
    { ...shared, id: `server:${server.id}`, label: name, icon: Server, run: () => open(server.id) },
    ...(state === 'sign_in_needed' || state === 'signing_in'
      ? [
          {
            ...shared,
            id: `sign_in:${server.id}`,
            label: signInTo(name),
            icon: LogIn,
            run: () => {
              open(server.id)
              signIn(server)
            },
          },
        ]
      : []),
    ...(server.enabled
      ? [
          {
            ...shared,
            id: `${main}:${server.id}`,
            label: actOn(main, name),
            icon: main === 'start' ? Play : Square,
            run: () => act(main, server),
          },
          {
            ...shared,
            id: `restart:${server.id}`,
            label: actOn('restart', name),
            icon: RotateCw,
            run: () => act('restart', server),
          },
        ]
      : []),
  ]
}

/** Of those on this machine; the others are in the list. */
function clientActions(
  { id, name, found, kinds, connections, file, choices }: ClientRow,
  open: (connect: boolean) => void,
): Action[] {
  if (!found && connections.length === 0) return []
  const shared = { group: 'Clients' as const, keywords: [id, 'client'], icon: Plug }
  const canConnect =
    connections.length === 0 && kinds.length > 0 && (file !== null || choices.length > 0)
  return [
    { ...shared, id: `client:${id}`, label: name, run: () => open(false) },
    ...(canConnect
      ? [{ ...shared, id: `connect:${id}`, label: `Connect ${name}`, run: () => open(true) }]
      : []),
  ]
}
