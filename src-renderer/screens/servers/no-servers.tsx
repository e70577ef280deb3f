import { useNavigate } from '@tanstack/react-router'
import { Plus, Server } from 'lucide-react'
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
        <Button
          kind="primary"
          icon={Plus}
          onClick={() => void navigate({ to: '/catalog', search: { add: '1' } })}
        >
          {actionWords.addServer}
        </Button>
      }
    >
      Paste an mcpServers snippet or pick a template.
    </EmptyState>
  )
}
