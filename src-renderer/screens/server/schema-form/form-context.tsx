import { createContext, use, type ComponentType, type ReactNode } from 'react'
import type { Field } from './schema.ts'

export interface SchemaFieldProps {
  schema: unknown
  name: string
  path: string
  required: boolean
  value: unknown
  /** `undefined` leaves it out. */
  onChange: (value: unknown) => void
  /** Buttons at the end of its label. */
  actions?: ReactNode
}

/** What the field of each kind gets: the schema made ready. */
export interface KindProps extends Omit<SchemaFieldProps, 'schema'> {
  field: Field
}

interface FormSurroundings {
  /** The whole schema: references point into it. */
  root: unknown
  /** What is wrong, by path; empty until there was an attempt. */
  problems: ReadonlyMap<string, string>
  /** Draws any field: objects hold fields that may be objects, so it is passed down and not imported. */
  Draw: ComponentType<SchemaFieldProps>
}

export const FormContext = createContext<FormSurroundings | null>(null)

function useForm(): FormSurroundings {
  const form = use(FormContext)
  if (form === null) throw new Error('There is no form around this field.')
  return form
}

export function useFormRoot(): unknown {
  return useForm().root
}

export function useProblem(path: string): string | undefined {
  return useForm().problems.get(path)
}

/** One value, drawn by what its schema says. */
export function SchemaField(props: SchemaFieldProps) {
  const { Draw } = useForm()
  return <Draw {...props} />
}
