import { useNavigate } from '@tanstack/react-router'
import { Download, Plus, Server } from 'lucide-react'
import { actionWords } from '../../../src-shared/action-words.ts'
import { Button } from '../../components/button.tsx'
import { EmptyState } from '../../components/states.tsx'

export function NoServers() {
  const navigate = useNavigate()
  return (
    <EmptyState
      icon={Server}
      title="No servers yet."
      action={
        <div className="flex flex-wrap justify-center gap-2">
          <Button
            icon={Download}
            onClick={() => void navigate({ to: '/clients', search: { import: '1' } })}
          >
            {actionWords.importServers}
          </Button>
          <Button
            kind="primary"
            icon={Plus}
            onClick={() => void navigate({ to: '/catalog', search: { add: '1' } })}
          >
            {actionWords.addServer}
          </Button>
        </div>
      }
    >
      Import those that your AI clients have already, paste an mcpServers snippet, or pick a
      template.
    </EmptyState>
  )
}
