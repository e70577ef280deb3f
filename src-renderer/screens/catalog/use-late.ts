import { useEffect, useState } from 'react'

const patienceMs = 1000

/** True once something has been so for a second; false at once. What only passes by while a person types is not shown. */
export function useLate(isSo: boolean): boolean {
  const [isLate, setLate] = useState(isSo)
  useEffect(() => {
    if (!isSo) {
      setLate(false)
      return undefined
    }
    const timer = setTimeout(() => setLate(true), patienceMs)
    return () => clearTimeout(timer)
  }, [isSo])
  return isSo && isLate
}
