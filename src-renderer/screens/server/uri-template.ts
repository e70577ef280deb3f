/** The variables of a URI template (RFC 6570), each once, in their order. */
export function variablesOf(template: string): string[] {
  return [...new Set([...template.matchAll(/\{([^{}]+)\}/g)].flatMap(([, body]) => namesIn(body)))]
}

/**
 * The address with its variables filled in, by the operators of RFC 6570 with one value for each name. What is not
 * filled in yet is left out, as the RFC has it.
 */
export function fillTemplate(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{([^{}]+)\}/g, (_, body: string) => {
    const operator = /^[+#./;?&]/.exec(body)?.[0] ?? ''
    const given = namesIn(body).filter((name) => (values[name] ?? '') !== '')
    if (given.length === 0) return ''
    const isNamed = [';', '?', '&'].includes(operator)
    const keepsReserved = operator === '+' || operator === '#'
    const parts = given.map((name) => {
      const value = values[name] ?? ''
      const text = keepsReserved ? encodeURI(value) : encodeURIComponent(value)
      return isNamed ? `${name}=${text}` : text
    })
    const first = operator === '+' ? '' : operator
    const between = { '': ',', '+': ',', '#': ',', '?': '&' }[operator] ?? operator
    return first + parts.join(between)
  })
}

function namesIn(body = ''): string[] {
  return body
    .replace(/^[+#./;?&]/, '')
    .split(',')
    .map((name) => name.replace(/(\*|:\d+)$/, '').trim())
    .filter((name) => name !== '')
}
